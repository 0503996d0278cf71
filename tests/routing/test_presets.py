"""Presets and config files against rows that the real router classes gave.

model_rows.json holds, for a config, what its router in transformers 5.23.0 with torch 2.13.0 (CPU,
float32) emits for one token with the logits and bias below; ids ascending.
"""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from tokenmill.routing import RouterSpec, preset, presets, route

ROWS = json.loads(Path(__file__).with_name("model_rows.json").read_text(encoding="utf-8"))
TABLES = {
    name: tomllib.loads(
        files("tokenmill.catalogue").joinpath("routers", f"{name}.toml").read_text("utf-8")
    )
    for name in ("model_types", "presets")
}


def logits(columns):
    """Return distinct multiples of 1/128."""
    return ((np.arange(columns) * 7919 + 13) % 1009 / 128.0 - 4.0).astype(np.float32)[None]


def bias(choices):
    return ((np.arange(choices) * 31) % 61 - 30) / 512.0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["config"])[1:60])
def test_a_config_gives_what_the_real_router_gives(row):
    spec = RouterSpec.from_hf_config(row["config"])
    found = route(logits(spec.columns), spec, bias=bias(spec.choices) if spec.bias else None)
    order = np.argsort(found.expert_ids[0], kind="stable")
    assert found.expert_ids[0][order].tolist() == row["expert_ids"]
    np.testing.assert_allclose(found.weights[0][order], row["weights"], rtol=2e-6)


def test_every_type_of_the_library_has_a_row():
    # not in transformers; hash tables, capacities and per-expert scales have tests of their own
    others = {"arctic", "grok-1", "kimi_k2", "kimi_k3"}
    others |= {"deepseek_v4_hash", "doge", "switch_transformers", "nllb-moe"}
    wrappers = {"dbrx": "dbrx_ffn"}
    seen = {row["config"]["model_type"] for row in ROWS}
    seen = {wrappers.get(name, name) for name in seen}
    assert set(TABLES["model_types"]["types"]) - seen == others


def test_presets_are_listed_with_rule_and_source():
    listed = presets()
    assert [one.name for one in listed] == sorted(TABLES["presets"]["presets"])
    for one in listed:
        assert preset(one.name) == one.spec
        assert one.model and one.source and one.rule in TABLES["model_types"]["rules"]


@pytest.mark.parametrize(
    ("name", "experts", "top_k", "groups", "kept", "scale", "output_scale"),
    [
        ("deepseek_v3", 256, 8, 8, 4, 2.5, 1.0),
        ("deepseek_v2", 160, 6, 8, 3, 16.0, 1.0),
        ("deepseek_v2_lite", 64, 6, 1, 1, 1.0, 1.0),
        ("deepseek_v4_pro_hash", 384, 6, 1, 1, 2.5, 1.0),
        ("kimi_k3", 896, 16, 1, 1, 1.0, 1.0),
        ("nemotron_h_ultra", 512, 22, 1, 1, 5.0, 1.0),
        ("longcat_flash", 512, 12, 1, 1, 6.0, 1.0),
        ("step3p7", 288, 8, 1, 1, 1.0, 3.0),
        ("openai_privacy_filter", 128, 4, 1, 1, 0.25, 1.0),
        ("llama4_maverick", 128, 1, 1, 1, 1.0, 1.0),
    ],
)
def test_sizes(name, experts, top_k, groups, kept, scale, output_scale):
    one = next(one for one in presets() if one.name == name)
    spec = one.spec
    assert (spec.experts, spec.top_k, spec.groups, spec.groups_kept) == (
        experts,
        top_k,
        groups,
        kept,
    )
    assert (spec.scale, one.output_scale) == (scale, output_scale)


def test_an_unknown_preset_has_neighbours():
    with pytest.raises(ValueError, match=r"'deepseek_v3'.*; found 'deepseek-v3'"):
        preset("deepseek-v3")


def test_the_rule_follows_the_switches():
    rules = {one.name: one.rule for one in presets()}
    assert (rules["qwen3_moe"], rules["qwen2_moe"], rules["deepseek_v2"]) == ("R1", "R2", "R6")


def test_a_file_and_its_folder_are_read(tmp_path):
    config = {"model_type": "mixtral", "num_local_experts": 16}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    expected = RouterSpec(experts=16, top_k=2, norm="sum")
    for source in (config, path, str(path), tmp_path):
        assert RouterSpec.from_hf_config(source) == expected


def test_a_wrapper_without_its_part_has_class_defaults():
    assert RouterSpec.from_hf_config({"model_type": "llama4"}) == preset("llama4")


@pytest.mark.parametrize("value", [[8, 8, 8], 8])
def test_one_value_per_layer_is_one_value(value):
    config = {"model_type": "hunyuan_v1_moe", "num_experts": 64, "moe_topk": value}
    assert RouterSpec.from_hf_config(config) == preset("hunyuan_v1_moe")


def test_a_norm_of_null_is_no_norm():
    part = {"moe_num_experts": 16, "moe_top_k": 4, "moe_normalize_expert_weights": None}
    found = RouterSpec.from_hf_config({"model_type": "dbrx", "ffn_config": part})
    assert found == RouterSpec(experts=16, top_k=4)


@pytest.mark.parametrize(
    ("message", "config"),
    [
        ("model_type: expected a string", {}),
        ("such as 'mixtral'.*; found 'mixtrol'", {"model_type": "mixtrol"}),
        ("text_config: expected an object, found int", {"model_type": "llama4", "text_config": 4}),
        (
            "num_experts_per_tok: model_type 'deepseek_v2' has no default",
            {"model_type": "deepseek_v2"},
        ),
        (
            "experts: expected keys that agree, found {'num_experts': 8, 'num_local_experts': 9}",
            {"model_type": "mixtral", "num_local_experts": 9, "num_experts": 8},
        ),
        (
            r"moe_topk: expected one value for all layers, found \[1, 2\]",
            {"model_type": "hunyuan_v1_moe", "num_experts": 8, "moe_topk": [1, 2]},
        ),
        (
            "topk_method: expected one of 'greedy', 'group_limited_greedy', found 'noaux_tc'",
            {"model_type": "deepseek_v2", "num_experts_per_tok": 6, "topk_method": "noaux_tc"},
        ),
        (
            "top_k and experts clash",
            {"model_type": "mixtral", "num_experts_per_tok": 9},
        ),
        (
            "experts: expected an integer from 1 to 4096, found '8'",
            {"model_type": "mixtral", "num_local_experts": "8"},
        ),
        ("experts: expected an integer from 1 to 4096, found 16384", {"model_type": "doge"}),
    ],
)
def test_configs_that_are_refused(message, config):
    with pytest.raises(ValueError, match=message):
        RouterSpec.from_hf_config(config)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "config: expected JSON in .*config.json"),
        (b"\xff\xfe\x00", "config: expected JSON in .*config.json"),
        (b"[1]", "config: expected an object in .*, found list"),
        (b" " * (2**20 + 1), "config: expected at most 1048576 bytes"),
    ],
)
def test_files_that_are_refused(content, message, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        RouterSpec.from_hf_config(path)


def test_what_is_no_config():
    with pytest.raises(TypeError, match="config: expected a mapping or a path, found int"):
        RouterSpec.from_hf_config(5)
    with pytest.raises(FileNotFoundError, match=re.escape("none.json")):
        RouterSpec.from_hf_config("none.json")
