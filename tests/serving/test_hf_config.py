"""Shapes from configs: every family that is read, and what is refused by name."""

import dataclasses
import json
from pathlib import Path

import pytest

from tests.serving.configs import DEEPSEEK_V3, KNOWN, OTHERS, Config
from tokenmill.serving import ModelShape, model
from tokenmill.serving.hf_config import FAMILIES


def bare(shape: ModelShape) -> ModelShape:
    """Leave out what no config says."""
    empty = {"name": "", "title": "", "note": "", "aliases": (), "weight_precision": ""}
    return dataclasses.replace(shape, **empty, reported_total=None, reported_active=None)


def changed(config: Config, **keys: object) -> Config:
    return {key: value for key, value in (config | keys).items() if value is not ...}


@pytest.mark.parametrize("name", KNOWN)
def test_a_config_gives_the_shape_of_the_catalogue(name: str) -> None:
    assert bare(ModelShape.from_hf_config(KNOWN[name])) == bare(model(name))


@pytest.mark.parametrize("name", OTHERS)
def test_a_config_adds_up_to_the_model_card(name: str) -> None:
    config, total, active = OTHERS[name]
    shape = ModelShape.from_hf_config(config)
    assert shape.total_parameters / 1e9 == pytest.approx(total, rel=0.015)
    assert shape.active_parameters / 1e9 == pytest.approx(active, rel=0.06)


def test_published_cache_sizes_of_configs() -> None:
    # arXiv 2505.09343: 327 KB a token; windowed layers of Gemma 3 stop growing.
    qwen = ModelShape.from_hf_config(OTHERS["Qwen2.5-72B"][0])
    assert qwen.kv_bytes_per_token() == 327_680
    gemma = ModelShape.from_hf_config(OTHERS["Gemma-3-27B"][0])
    assert (gemma.windowed_layers, gemma.window, gemma.tied_embeddings) == (52, 1024, True)
    assert gemma.kv_bytes_per_token() == 10 * 2 * 16 * 128 * 2


def test_a_wrapper_may_say_that_embeddings_are_free() -> None:
    wrapper = OTHERS["Gemma-3-27B"][0] | {"tie_word_embeddings": False}
    assert not ModelShape.from_hf_config(wrapper).tied_embeddings


def test_groups_limit_the_nodes_of_a_token() -> None:
    assert ModelShape.from_hf_config(OTHERS["DeepSeek-V2"][0]).node_limit == 3
    assert ModelShape.from_hf_config(OTHERS["DeepSeek-V2-Lite"][0]).node_limit == 0


def test_a_file_and_its_folder_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(DEEPSEEK_V3), encoding="utf-8")
    expected = ModelShape.from_hf_config(DEEPSEEK_V3)
    assert ModelShape.from_hf_config(path) == ModelShape.from_hf_config(tmp_path) == expected
    path.write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(ValueError, match="expected at most 1048576 bytes"):
        ModelShape.from_hf_config(path)


@pytest.mark.parametrize(
    ("keys", "windowed"),
    [
        ({}, 18),
        ({"layer_types": ...}, 18),
        ({"layer_types": ["full_attention"] * 36}, 0),
        ({"layer_types": ["sliding_attention"] * 35 + ["full_attention"]}, 35),
    ],
)
def test_listed_layers_go_before_the_rule_of_the_type(
    keys: dict[str, object], windowed: int
) -> None:
    config = changed(KNOWN["gpt_oss_120b"], **keys)
    assert ModelShape.from_hf_config(config).windowed_layers == windowed


def test_windows_of_qwen_begin_late() -> None:
    keys = {"use_sliding_window": True, "sliding_window": 4096, "max_window_layers": 28}
    shape = ModelShape.from_hf_config(KNOWN["qwen3_8b"] | keys)
    assert (shape.windowed_layers, shape.window) == (8, 4096)


def test_layers_without_position_see_everything() -> None:
    text = KNOWN["llama_4_maverick"]["text_config"]
    config = {"model_type": "llama4", "text_config": text | {"no_rope_layers": [1, 0] * 24}}
    assert ModelShape.from_hf_config(config).chunked_layers == 24


@pytest.mark.parametrize(
    ("name", "keys", "dense_layers"),
    [
        ("qwen3_235b_a22b", {"decoder_sparse_step": 2}, 47),
        ("qwen3_235b_a22b", {"mlp_only_layers": [0, 5]}, 2),
        ("deepseek_v3", {"moe_layer_freq": 2}, 61 - 29),
        ("deepseek_v3", {"mlp_layer_types": ["dense"] * 10 + ["sparse"] * 51}, 10),
        ("ernie_4_5_300b_a47b", {"moe_layer_interval": 2, "moe_layer_end_index": -1}, 54 - 26),
    ],
)
def test_dense_layers_between_and_before(
    name: str, keys: dict[str, object], dense_layers: int
) -> None:
    assert ModelShape.from_hf_config(KNOWN[name] | keys).dense_layers == dense_layers


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("qwen3_8b", "head_dim"),
        ("qwen3_8b", "num_key_value_heads"),
        ("gpt_oss_120b", "head_dim"),
        ("llama_4_maverick", "head_dim"),
        ("mixtral_8x7b", "num_key_value_heads"),
    ],
)
def test_no_width_is_guessed(name: str, key: str) -> None:
    config = changed(KNOWN[name], **{key: ...})
    if "text_config" in config:
        config["text_config"] = changed(config["text_config"], **{key: ...})
    with pytest.raises(ValueError, match=f"{key}: expected a whole number >= 1"):
        ModelShape.from_hf_config(config)


def test_an_old_llama_has_one_group_for_each_head() -> None:
    config = changed(KNOWN["llama_3_1_8b"], num_key_value_heads=...)
    assert ModelShape.from_hf_config(config).kv_heads == 32


def test_ernie_has_two_shared_experts_unless_it_says_otherwise() -> None:
    config = changed(KNOWN["ernie_4_5_300b_a47b"], moe_num_shared_experts=...)
    assert ModelShape.from_hf_config(config).shared_experts == 2


def test_interleaved_experts_may_be_listed() -> None:
    text = KNOWN["llama_4_maverick"]["text_config"] | {"moe_layers": [1, 3, 5]}
    config = {"model_type": "llama4", "text_config": text}
    assert ModelShape.from_hf_config(config).moe_layers == 3


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("qwen3_8b", {"model_type": "qwen3_next"}, "model_type: expected one whose layers are"),
        ("qwen3_8b", {"model_type": "mamba2"}, "found 'mamba2'"),
        ("qwen3_8b", {"model_type": ...}, "model_type: expected a string in the config, found N"),
        ("qwen3_8b", {"hidden_size": ...}, "hidden_size: expected a whole number >= 1 in the con"),
        ("qwen3_8b", {"num_hidden_layers": 36.0}, "num_hidden_layers: expected a whole number"),
        ("qwen3_8b", {"vocab_size": True}, "vocab_size: expected a whole number >= 1"),
        ("qwen3_8b", {"tie_word_embeddings": 0}, "tie_word_embeddings: expected true or false"),
        ("qwen3_8b", {"kv_lora_rank": 512}, "kv_lora_rank: expected none in a config of 'qwen3'"),
        ("qwen3_8b", {"num_key_value_heads": 7}, "kv_heads: expected a divisor of heads = 32"),
        (
            "qwen3_8b",
            {"layer_types": ["linear_attention"] * 36},
            "layer_types: expected full_attention, sliding_attention, chunked_attention, found 'li",
        ),
        ("qwen3_8b", {"layer_types": ["full_attention"]}, "layer_types: expected a list with a"),
        ("gpt_oss_120b", {"sliding_window": None}, "sliding_window: expected a whole number >= 1"),
        ("minimax_m2", {"attn_type_list": [0, 1] * 31}, "attn_type_list: expected 1, softmax"),
        ("mixtral_8x7b", {"num_experts_per_tok": 9}, "top_k"),
        ("deepseek_v3", {"first_k_dense_replace": ...}, "first_k_dense_replace: expected a whole"),
        ("deepseek_v3", {"num_hidden_layers": 10**12}, "layers: expected a whole number from 1 to"),
        ("llama_4_maverick", {"text_config": None}, "text_config: expected an object, found None"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    name: str, keys: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError) as refused:
        ModelShape.from_hf_config(changed(KNOWN[name], **keys))
    assert message in str(refused.value)


def test_a_config_is_a_mapping_or_a_path() -> None:
    with pytest.raises(TypeError, match="config: expected a mapping or a path, found int"):
        ModelShape.from_hf_config(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_names_what_it_lacks(family: str) -> None:
    with pytest.raises(ValueError, match="expected a whole number >= 1 in the config, found none"):
        ModelShape.from_hf_config({"model_type": family})
