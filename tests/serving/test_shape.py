"""Shapes against golden numbers and published totals, and what holds for any of them."""

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.serving.shapes import GOLDEN
from tokenmill.serving import PRECISION_BYTES, ModelShape, model, models


def dense(**fields: object) -> ModelShape:
    values = {
        "layers": 4,
        "hidden": 64,
        "heads": 8,
        "kv_heads": 2,
        "head_dim": 8,
        "vocab": 1000,
        "dense_width": 256,
    }
    return ModelShape(**(values | fields))  # type: ignore[arg-type]


MOE = {"experts": 16, "top_k": 2, "expert_width": 32}
MLA = {
    "attention": "mla",
    "kv_heads": 8,
    "head_dim": 12,
    "kv_rank": 16,
    "nope_dim": 8,
    "rope_dim": 4,
    "v_dim": 10,
}


def test_every_model_has_golden_numbers() -> None:
    assert set(models()) == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_shape_meets_its_golden_numbers(name: str) -> None:
    shape = model(name)
    found = (
        shape.total_parameters,
        shape.active_parameters,
        shape.kv_bytes_per_token(),
        shape.decode_core_flops(4096),
        shape.prefill_core_flops(4096),
    )
    assert found == GOLDEN[name]


def test_the_golden_numbers_are_those_of_the_reference(data_folder):  # type: ignore[no-untyped-def]
    import json

    content = json.loads((data_folder / "serving" / "reference_values.json").read_text())
    for spelling, parameters in content["params_b"].items():
        shape = model(spelling)
        assert shape.total_parameters == pytest.approx(parameters["total"] * 1e9, rel=1e-9)
        assert shape.active_parameters == pytest.approx(parameters["active"] * 1e9, rel=1e-9)
        assert shape.kv_bytes_per_token() == content["kv_bytes_per_token_bf16"][spelling]
        assert shape.decode_core_flops(4096) == content["decode_attn_flops_S4096"][spelling]
        assert shape.prefill_core_flops(4096) == content["prefill_attn_flops_4096"][spelling]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_shape_adds_up_to_what_its_maker_reports(name: str) -> None:
    shape = model(name)
    # Kimi-K2 is reported as 1000 B, and DeepSeek-V3.2 with its draft layer.
    drafts = shape.draft_parameters if name == "deepseek_v32" else 0
    assert shape.total_parameters + drafts == pytest.approx(shape.reported_total, rel=0.027)
    # Makers of small models count the embedding as active, too.
    assert shape.active_parameters == pytest.approx(shape.reported_active, rel=0.081)


def test_published_cache_sizes() -> None:
    # DeepSeek, arXiv 2505.09343, table 1: KB a token in bf16.
    assert model("deepseek_v3").kv_bytes_per_token("bf16") == 70_272
    assert model("llama_3_1_405b").kv_bytes_per_token("bf16") == 516_096
    # and in the formats with scales
    assert model("deepseek_v3").kv_bytes_per_token("fp8") == 35_136
    assert model("deepseek_v3").kv_bytes_per_token("nvfp4") == 70_272 / 2 * 0.5625


def test_the_draft_layer_of_deepseek_v3_is_the_published_one() -> None:
    # README of DeepSeek-V3: 11.5 B unique parameters of its multi-token prediction.
    assert model("deepseek_v3").draft_parameters == pytest.approx(11.5e9, rel=0.01)


def test_worked_example_of_mla() -> None:
    shape = model("deepseek_v3")
    assert shape.attention_parameters == 187_105_280
    assert shape.decode_pair_flops == 278_528
    assert shape.prefill_pair_flops == 81_920


def test_windows_and_chunks_by_hand() -> None:
    shape = dense(windowed_layers=1, window=3, chunked_layers=1, chunk=4)
    flops = shape.decode_pair_flops
    assert shape.full_layers == 2
    assert shape.decode_core_flops(10) == (2 * 10 + 3 + 4) * flops
    # ten tokens: 55 pairs, a window of 3 at most 30, chunks of 4, 4 and 2 have 10 + 10 + 3
    assert shape.prefill_core_flops(10) == (2 * 55 + 30 + 23) * shape.prefill_pair_flops
    # the last four of them, six cached: 6 + 2 + 1 + 2 pairs more in chunks
    assert shape.prefill_core_flops(4, 6) == (2 * 34 + 12 + 10) * shape.prefill_pair_flops
    assert shape.kv_bytes_per_token("fp8") == 3 * 2 * 2 * 8


def test_a_prompt_in_two_parts_costs_as_much_as_in_one() -> None:
    shape = dense(chunked_layers=2, chunk=5)
    for first in range(18):
        parts = shape.prefill_core_flops(first) + shape.prefill_core_flops(17 - first, first)
        assert parts == shape.prefill_core_flops(17)


def test_tied_embeddings_are_counted_once() -> None:
    free, tied = dense(), dense(tied_embeddings=True)
    assert free.total_parameters - tied.total_parameters == 1000 * 64
    assert free.active_parameters == tied.active_parameters


def test_a_shared_expert_may_have_a_width_of_its_own() -> None:
    shape = dense(**MOE, shared_experts=2)
    assert shape.shared_parameters == 2 * 3 * 64 * 32
    assert dataclasses.replace(shape, shared_width=40).shared_parameters == 2 * 3 * 64 * 40


SHAPES = st.builds(
    lambda layers, hidden, groups, per_group, width, experts, top_k, dense_layers: dense(
        layers=layers,
        hidden=hidden,
        heads=groups * per_group,
        kv_heads=groups,
        experts=experts,
        top_k=min(top_k, experts),
        expert_width=width if experts else 0,
        dense_layers=min(dense_layers, layers - 1) if experts else 0,
    ),
    layers=st.integers(1, 100),
    hidden=st.integers(1, 20_000),
    groups=st.integers(1, 64),
    per_group=st.integers(1, 16),
    width=st.integers(1, 5000),
    experts=st.integers(0, 512),
    top_k=st.integers(1, 16),
    dense_layers=st.integers(0, 5),
)


@given(SHAPES)
def test_counts_are_positive_whole_numbers(shape: ModelShape) -> None:
    assert 0 < shape.active_parameters < shape.total_parameters
    assert isinstance(shape.total_parameters, int)
    assert 0 < shape.kv_bytes_per_token("mxfp4") < shape.kv_bytes_per_token("fp32")
    assert 0 < shape.decode_core_flops(1) <= shape.decode_core_flops(2)


@given(SHAPES, st.sampled_from(["layers", "hidden", "vocab", "experts", "expert_width"]))
def test_more_of_anything_weighs_more(shape: ModelShape, field: str) -> None:
    assume(shape.experts or field not in ("experts", "expert_width"))
    larger = dataclasses.replace(shape, **{field: getattr(shape, field) + 1})
    assert larger.total_parameters > shape.total_parameters
    assert larger.active_parameters >= shape.active_parameters


@given(SHAPES)
def test_all_experts_active_is_a_model_without_choice(shape: ModelShape) -> None:
    assume(shape.experts)
    every = dataclasses.replace(shape, top_k=shape.experts)
    assert every.total_parameters - every.active_parameters == every.embedding_parameters


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"layers": 0}, "layers: expected a whole number from 1 to 10000, found 0"),
        ({"hidden": -1}, "hidden: expected a whole number from 1"),
        ({"heads": 10**30}, "heads: expected a whole number from 1 to 65536, found an integer of"),
        ({"kv_heads": 3}, "kv_heads: expected a divisor of heads = 8, found 3"),
        ({"attention": "mha"}, "attention: expected one of gqa, mla, found the string 'mha'"),
        ({"kv_rank": 16}, 'kv_rank: expected 0 with attention "gqa", found 16'),
        ({**MLA, "v_dim": 0}, 'v_dim: expected at least 1 with attention "mla", found 0'),
        ({**MLA, "head_dim": 8}, "head_dim: expected nope_dim + rope_dim = 12, found 8"),
        ({**MOE, "top_k": 17}, "top_k: expected from 1 to experts = 16, found 17"),
        ({**MOE, "top_k": 0}, "top_k: expected from 1 to experts = 16, found 0"),
        ({**MOE, "expert_width": 0}, "expert_width: expected at least 1 with experts, found 0"),
        ({**MOE, "dense_layers": 4}, "dense_layers: expected fewer than layers = 4"),
        ({"top_k": 2}, "top_k: expected 0 without experts, found 2"),
        ({"dense_width": 0}, "dense_width: expected at least 1 without experts, found 0"),
        ({"dense_layers": 2}, "dense_layers: expected 0 or all 4 without experts, found 2"),
        ({"windowed_layers": 1}, "window: expected at least 1 with windowed_layers, found 0"),
        ({"chunk": 8}, "chunk: expected 0 without chunked_layers, found 8"),
        (
            {"windowed_layers": 3, "window": 8, "chunked_layers": 2, "chunk": 8},
            "windowed_layers: expected at most 4 layers with chunked_layers, found 3",
        ),
        ({"sparse_top_k": 8}, "sparse_heads: expected at least 1 with sparse attention, found 0"),
        (
            {"reported_total": float("nan")},
            "reported_total: expected a number from 0 to 1e+18 parameters",
        ),
    ],
)
def test_a_shape_that_is_at_odds_with_itself_is_refused(
    fields: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError) as refused:
        dense(**fields)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("value", [1.0, "4", True, None])
def test_a_count_is_a_whole_number(value: object) -> None:
    with pytest.raises(TypeError, match="layers: expected a whole number from 1 to 10000, found"):
        dense(layers=value)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r"precision: expected one of fp32, .*, found 'fp7'"):
        dense().kv_bytes_per_token("fp7")
    assert all(dense().kv_bytes_per_token(name) > 0 for name in PRECISION_BYTES)
