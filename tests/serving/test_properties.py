"""What holds for any deployment: never NaN, monotone where physics is, the limits of formulas."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serving.records import (
    DEEPSEEK_V3,
    EXACT,
    H100,
    H200,
    H800,
    LLAMA_70B,
    PATCHWORK,
    QWEN3_30B,
    layout,
    load,
)
from tokenmill.serving import decode, experts, memory, modes, prefill, reasons
from tokenmill.serving.efficiency import Efficiency
from tokenmill.serving.records import Layout, Load, Machine, Shape

SHAPES = st.sampled_from((DEEPSEEK_V3, LLAMA_70B, QWEN3_30B, PATCHWORK))
MACHINES = st.sampled_from((H100, H200, H800)).map(lambda m: m._replace(hbm_bytes=1e16))
LAYOUTS = st.builds(
    lambda tensor, data, cut, overlap: layout(
        tensor=tensor, data=data, experts=max(tensor * data // cut, 1)
    )._replace(overlap=overlap),
    st.sampled_from((1, 2, 4, 8)),
    st.sampled_from((1, 4, 32)),
    st.sampled_from((1, 2)),
    st.sampled_from((0.0, 1.0)),
)
LOADS = st.builds(
    lambda batch, in_len, out_len, hit, drafts, accepted, uneven, skew, busy: load(
        batch=batch,
        in_len=in_len,
        out_len=out_len,
        cache_hit=hit,
        drafts=drafts,
        accept_len=1.0 + accepted * drafts,
        imbalance=uneven,
        skew=skew,
        utilisation=busy,
    ),
    st.floats(1e-3, 2048),
    st.floats(0, 1e5),
    st.floats(1, 1e5),
    st.floats(0, 1),
    st.integers(0, 4),
    st.floats(0, 1),
    st.sampled_from((0.0, 1.0, 1.7)),
    st.floats(0, 1.5),
    st.floats(0, 0.99),
)
CASES = st.tuples(SHAPES, MACHINES, LAYOUTS, LOADS)
# From nothing over small and large to what is no number at all.
ANY = st.one_of(
    st.sampled_from((0.0, -1.0, 1.0, math.inf, -math.inf, math.nan, 5e-324, 1e308)),
    st.floats(allow_nan=True, allow_infinity=True),
)


def estimates(shape, machine, lay, asked, constants):  # type: ignore[no-untyped-def]
    yield modes.aggregated(shape, machine, lay, asked, constants)
    yield modes.chunked(shape, machine, lay, asked, constants)
    yield modes.disaggregated(shape, machine, lay, lay, asked, constants, 0.0, 0.0)
    yield modes.disaggregated(shape, machine, lay, lay, asked, constants, 2.0, 3.0)


@settings(max_examples=150, deadline=None)
@given(CASES)
def test_a_deployment_that_fits_has_finite_figures(case) -> None:  # type: ignore[no-untyped-def]
    for found in estimates(*case, EXACT):
        assert found.reason == reasons.FEASIBLE
        assert 0.0 < found.tpot_s < math.inf
        assert 0.0 < found.ttft_s < math.inf
        assert 0.0 < found.tokens_per_s_gpu <= found.decode_tokens_per_s_gpu * (1 + 1e-12)
        assert found.roof in (0.0, 1.0, 2.0, 3.0)
        assert not any(math.isnan(value) for value in found)


@settings(max_examples=400, deadline=None)
@given(CASES, st.data())
def test_whatever_a_field_holds_no_result_is_nan(case, data) -> None:  # type: ignore[no-untyped-def]
    records = [*case, EXACT]
    which = data.draw(st.integers(0, 4))
    name = data.draw(st.sampled_from(type(records[which])._fields))
    records[which] = records[which]._replace(**{name: data.draw(ANY)})
    try:
        found = list(estimates(*records))
    except (ZeroDivisionError, OverflowError) as error:
        pytest.fail(f"{name}: {error}")
    for one in found:
        assert not any(math.isnan(value) for value in one if value is not records[3].batch)
        if one.reason != reasons.FEASIBLE:
            assert one.tpot_s == one.ttft_s == one.step_s == math.inf
            assert one.tokens_per_s_gpu == 0.0


BETTER = [
    (1, "gemm_flops"),
    (1, "expert_flops"),
    (1, "core_flops"),
    (1, "head_flops"),
    (1, "hbm_bytes_per_s"),
    (1, "scale_up_bytes_per_s"),
    (1, "scale_out_bytes_per_s"),
    (1, "gemm_scale"),
    (4, "memory"),
    (4, "network"),
    (4, "overlap"),
    (4, "core"),
]


@settings(max_examples=120, deadline=None)
@given(CASES, st.sampled_from(BETTER), st.floats(1.0, 1.9))
def test_more_of_anything_is_never_slower(case, field, factor) -> None:  # type: ignore[no-untyped-def]
    records = [*case, EXACT]
    which, name = field
    more = list(records)
    more[which] = records[which]._replace(**{name: getattr(records[which], name) * factor})
    if more[4].overlap > 1.0:
        return
    for before, after in zip(estimates(*records), estimates(*more), strict=True):
        assert after.tpot_s <= before.tpot_s * (1 + 1e-12)
        assert after.step_s <= before.step_s * (1 + 1e-12)


@settings(max_examples=80, deadline=None)
@given(CASES, st.floats(1.0, 4.0))
def test_a_larger_batch_never_decodes_fewer_tokens_a_second(case, factor) -> None:  # type: ignore[no-untyped-def]
    shape, machine, lay, asked = case
    asked = asked._replace(imbalance=max(asked.imbalance, 1.0))
    known = experts.known_popularity(shape.experts, shape.top_k, asked.skew)
    steps = [
        decode.decode_step(shape, machine, lay, asked, EXACT, known, batch).seconds / batch
        for batch in (asked.batch, asked.batch * factor)
    ]
    assert steps[1] <= steps[0] * (1 + 1e-9)


@given(st.floats(1, 512), st.floats(0.001, 0.5), st.floats(0, 1e6), st.floats(0, 1.5))
def test_experts_hit_lie_between_none_and_all(count, share, tokens, skew) -> None:  # type: ignore[no-untyped-def]
    top_k = share * count
    hit = experts.distinct_experts(count, top_k, tokens, skew)
    assert 0.0 <= hit <= count
    assert experts.distinct_experts(count, top_k, tokens * 1.5, skew) >= hit * (1 - 1e-12)
    assert experts.expert_imbalance(count, top_k, tokens, 8.0, 0.0, skew) >= 1.0


def test_limits() -> None:
    assert experts.distinct_uniform(256.0, 8.0, 1.0) == pytest.approx(8.0, rel=1e-15)
    assert experts.distinct_uniform(256.0, 8.0, 1e-9) == pytest.approx(
        -256e-9 * math.log1p(-8 / 256), rel=1e-9
    )
    assert experts.distinct_uniform(8.0, 8.0, 0.5) == 8.0
    assert experts.distinct_experts(8.0, 8.0, 3.0, 1.0) == 8.0
    assert experts.expert_imbalance(256.0, 8.0, 64.0, 1.0, 0.0, 1.0) == 1.0
    assert experts.expert_imbalance(256.0, 8.0, 1e15, 32.0, 0.0, 0.0) == pytest.approx(1, rel=1e-6)
    assert experts.expert_imbalance(8.0, 8.0, 64.0, 4.0, 0.0, 1.0) == 1.0
    # One rank sends nothing, and one accelerator reduces nothing.
    known = experts.known_popularity(256.0, 8.0, 0.0)
    alone = decode.decode_step(DEEPSEEK_V3, H800, layout(), load(), EXACT, known, 1.0)
    assert alone.parts.all_to_all.seconds == alone.parts.all_reduce.seconds == 0.0
    # Full overlap shows the longer side only; none shows both.
    lay = layout(data=128, experts=128)
    both = [
        decode.decode_step(
            DEEPSEEK_V3, H800, lay, load(), EXACT._replace(overlap=share), known, 128.0
        )
        for share in (0.0, 1.0)
    ]
    sent = both[0].parts.all_to_all.seconds
    hidden = both[0].seconds - both[1].seconds
    compute = sum(part.seconds for part in both[0].parts[:5])
    assert hidden == pytest.approx(min(sent, compute), rel=1e-12)


def test_an_empty_batch_costs_what_does_not_depend_on_it() -> None:
    known = experts.known_popularity(256.0, 8.0, 0.0)
    lay = layout(data=128, experts=128)
    step = decode.decode_step(DEEPSEEK_V3, H800, lay, load(), EXACT, known, 0.0)
    assert step.parts.routed.seconds == step.parts.core.seconds == 0.0
    assert step.parts.attention.seconds == pytest.approx(4.258739582089552e-3, rel=1e-9)


def test_windowed_chunked_and_sparse_layers_read_less() -> None:
    known = experts.known_popularity(128.0, 8.0, 0.0)
    asked = load(batch=8, in_len=20_000, out_len=2000)
    full = QWEN3_30B._replace(draft_layers=1.0)
    for fields in (
        {"full_layers": 24.0, "window_layers": 24.0, "window": 4096.0},
        {"full_layers": 12.0, "chunk_layers": 36.0, "chunk": 8192.0},
        {"sparse_top_k": 2048.0},
    ):
        less = full._replace(**fields)
        both = [
            decode.decode_step(s, H100, layout(), asked, EXACT, known, 8.0) for s in (less, full)
        ]
        assert both[0].parts.core.seconds < both[1].parts.core.seconds
        passes = [
            prefill.prefill_pass(s, H100, layout(), asked, EXACT, known, 8192.0)
            for s in (less, full)
        ]
        assert passes[0].parts.core.seconds < passes[1].parts.core.seconds
    held = memory.sequence_bytes(full, layout(), 20_000.0)
    chunked = full._replace(full_layers=12.0, chunk_layers=36.0, chunk=8192.0)
    assert memory.sequence_bytes(chunked, layout(), 20_000.0) < held


CHANGES: list[tuple[type, str, float, float]] = [
    (Shape, "top_k", 300.0, reasons.TOO_MANY_CHOICES),
    (Machine, "hbm_bytes", 1e9, reasons.NO_MEMORY),
    (Machine, "core_flops", 0.0, reasons.NO_PEAK),
    (Machine, "expert_flops", math.nan, reasons.NO_PEAK),
    (Machine, "hbm_bytes_per_s", 0.0, reasons.NO_BANDWIDTH),
    (Machine, "scale_out_bytes_per_s", 0.0, reasons.NO_BANDWIDTH),
    (Layout, "tensor_parallel", 0.0, reasons.BAD_LAYOUT),
    (Load, "out_len", 0.0, reasons.BAD_LOAD),
    (Load, "batch", 1e6, reasons.NO_MEMORY),
    (Efficiency, "memory", 0.0, reasons.NO_EFFICIENCY),
]


@pytest.mark.parametrize(("kind", "name", "value", "why"), CHANGES)
def test_the_reason_is_named(kind, name: str, value: float, why: float) -> None:  # type: ignore[no-untyped-def]
    asked = load(batch=16, out_len=1000)
    records = [DEEPSEEK_V3, H800, layout(data=32, experts=32), asked, EXACT]
    changed = [r._replace(**{name: value}) if isinstance(r, kind) else r for r in records]
    for found in estimates(*changed):
        assert found.reason == why
        assert found.tpot_s == math.inf
