"""The kernels against their twin, to 1e-12, over models, layouts, loads and constants."""

from __future__ import annotations

import math
import random

import numba
import pytest

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
from tokenmill.reference import routing_load, serving_modes
from tokenmill.serving import drafts, experts, memory, modes, queueing
from tokenmill.serving import shares as routed

LAYOUTS = {
    "one": layout(),
    "tensor": layout(tensor=4, data=1, experts=1),
    "tensor and expert": layout(tensor=8, data=1, experts=8, kv=1),
    "wide": layout(tensor=1, data=32, experts=32)._replace(redundant_experts=32.0),
    "cut experts": layout(tensor=1, data=16, experts=4),
    "both": layout(tensor=2, data=8, experts=16)._replace(overlap=0.0, chunk_tokens=2048.0),
}
LOADS = {
    "plain": load(batch=24, in_len=3000, out_len=700),
    "drafts": load(batch=9, in_len=9000, out_len=500, drafts=3, accept_len=2.4, skew=0.8),
    "skew": load(batch=16, in_len=1000, out_len=4000, skew=1.1, imbalance=0, utilisation=0.7),
    "cached": load(batch=3, in_len=5000, out_len=100, cache_hit=0.9, imbalance=1.6),
    "no prompt": load(batch=5, in_len=0, out_len=100, utilisation=0.5),
}


def draws(seed: int):  # type: ignore[no-untyped-def]
    """Yield (shape, machine, layout, load, efficiency) with constants off their defaults."""
    source = random.Random(seed)
    for shape in (DEEPSEEK_V3, LLAMA_70B, QWEN3_30B, PATCHWORK):
        for lay in LAYOUTS.values():
            for asked in LOADS.values():
                machine = source.choice((H100, H200, H800))._replace(
                    hbm_bytes=4e12, gemm_fp4=float(source.random() < 0.5)
                )
                scaled = [value * source.uniform(0.8, 1.05) for value in EXACT]
                yield shape, machine, lay, asked, type(EXACT)(*scaled)


def same(fast: float, twin: float) -> None:
    assert fast == pytest.approx(twin, rel=1e-12, abs=0.0) or fast == twin


def test_aggregated() -> None:
    for records in draws(1):
        fast = modes.aggregated(*records)
        twin = serving_modes.aggregated(*records, records[3].batch)
        assert fast.reason == 0.0
        same(fast.tpot_s, twin["tpot"])
        same(fast.ttft_s, twin["ttft"])
        same(fast.tokens_per_s_gpu, twin["rate"])
        same(fast.max_batch, serving_modes.max_batch(*records))


def test_chunked() -> None:
    for records in draws(2):
        fast = modes.chunked(*records)
        twin = serving_modes.chunked(*records, records[3].batch)
        same(fast.tpot_s, twin["tpot"])
        same(fast.ttft_s, twin["ttft"])
        same(fast.tokens_per_s_gpu, twin["rate"])


@pytest.mark.parametrize("instances", [(0.0, 0.0), (3.0, 4.0)], ids=["ideal", "given"])
def test_disaggregated(instances: tuple[float, float]) -> None:
    pools = list(LAYOUTS.values())
    for number, (shape, machine, lay, asked, constants) in enumerate(draws(3)):
        pool = pools[number % len(pools)]
        fast = modes.disaggregated(shape, machine, lay, pool, asked, constants, *instances)
        twin = serving_modes.disaggregated(
            shape, machine, lay, pool, asked, constants, asked.batch, *instances
        )
        same(fast.tpot_s, twin["tpot"])
        same(fast.ttft_s, twin["ttft"])
        same(fast.tokens_per_s_gpu, twin["rate"])
        same(fast.decode_tokens_per_s_gpu, twin["decode_rate"])
        same(fast.prefill_tokens_per_s_gpu, twin["prefill_rate"])
        same(fast.prefill_per_decode, twin["prefill_per_decode"])


def test_compiled_and_interpreted_agree_bit_for_bit() -> None:
    @numba.njit(nogil=True, error_model="numpy")
    def compiled(shape, machine, lay, pool, asked, constants):  # type: ignore[no-untyped-def]
        return (
            modes.aggregated(shape, machine, lay, asked, constants),
            modes.chunked(shape, machine, lay, asked, constants),
            modes.disaggregated(shape, machine, lay, pool, asked, constants, 3.0, 4.0),
        )

    pool = LAYOUTS["wide"]
    for shape, machine, lay, asked, constants in draws(6):
        single = shape, machine, lay, asked, constants
        expected = (
            modes.aggregated(*single),
            modes.chunked(*single),
            modes.disaggregated(shape, machine, lay, pool, asked, constants, 3.0, 4.0),
        )
        assert compiled(shape, machine, lay, pool, asked, constants) == expected


def test_the_smaller_formulas() -> None:
    source = random.Random(4)
    for _ in range(200):
        count = source.uniform(1.0, 512.0)
        top_k = source.uniform(0.01, 0.5) * count
        tokens, skew = 10.0 ** source.uniform(-3, 5), source.choice((0.0, source.uniform(0, 1.5)))
        ranks, spare = source.uniform(1.0, 64.0), source.uniform(0.0, 64.0)
        same(
            experts.distinct_experts(count, top_k, tokens, skew),
            routing_load.distinct_experts(count, top_k, tokens, skew),
        )
        same(
            experts.expert_imbalance(count, top_k, tokens, ranks, spare, skew),
            routing_load.expert_imbalance(count, top_k, tokens, ranks, spare, skew),
        )
        given = source.uniform(0, 8), source.uniform(1, 9), source.uniform(0, 1.2)
        same(queueing.wait_s(*given, 1.0, 0.5), serving_modes.wait_s(*given, 1.0, 0.5))
        chances = source.random(), source.random(), source.uniform(0, 8)
        same(drafts.accept_length(*chances), serving_modes.accept_length(*chances))


def test_memory() -> None:
    for shape, machine, lay, asked, constants in draws(5):
        same(memory.weights_bytes(shape, lay), serving_modes.weights_bytes(shape, lay))
        same(
            memory.max_batch(shape, machine, lay, asked, constants),
            serving_modes.max_batch(shape, machine, lay, asked, constants),
        )


def test_the_classes_stand_for_the_exact_sum() -> None:
    """The share of experts hit is within 1e-3 up to skew 1.2 and within 2e-3 up to 1.5."""
    sizes = ((8, 2), (32, 4), (64, 6), (128, 8), (128, 1), (256, 8), (384, 8), (512, 10))
    for count, top_k in sizes:
        for skew in (0.1, 0.5, 0.8, 1.0, 1.2, 1.5):
            shares = routed.inclusion_probabilities(routed.zipf(count, skew), top_k)
            for power in range(18):
                tokens = 2.0**power
                exact = routed.distinct_from(shares, tokens)
                fast = routing_load.distinct_experts(float(count), float(top_k), tokens, skew)
                assert abs(fast - exact) / count < (1e-3 if skew <= 1.2 else 2e-3)


def test_how_busy_servers_may_be() -> None:
    busy = queueing.max_busy(2.0, 4.0, 0.5, 1.0, 1.0)
    assert queueing.wait_s(2.0, 4.0, busy, 1.0, 1.0) == pytest.approx(0.5, rel=1e-9)
    assert queueing.max_busy(2.0, 4.0, -1.0, 1.0, 1.0) == 0.0
    assert queueing.wait_s(2.0, 1.0, 0.5, 1.0, 1.0) == pytest.approx(2.0, rel=1e-12)  # M/M/1
    assert queueing.wait_s(2.0, 1.0, 1.0, 1.0, 1.0) == math.inf
