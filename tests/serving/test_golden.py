"""Golden values of the performance model, met by twin and kernels to 1e-9."""

from __future__ import annotations

import pytest

from tests.serving.records import (
    DEEPSEEK_V3,
    EXACT,
    H100,
    H200,
    H800,
    LLAMA_70B,
    QWEN3_30B,
    layout,
    load,
)
from tokenmill.reference import routing_load, serving, serving_modes
from tokenmill.serving import communication, decode, drafts, experts, memory, prefill
from tokenmill.serving import shares as routed

NAMES = {
    "attn_proj": "attention",
    "attn_core": "core",
    "dense_ffn": "dense",
    "routed": "routed",
    "comm": "all_to_all",
    "act": "activation",
    "lm_head": "head",
    "fixed": "fixed",
}
V3_EP128 = (DEEPSEEK_V3, H800, layout(data=128, experts=128), load())
BF16 = H100._replace(gemm_flops=989e12, expert_flops=989e12)
STEPS_MS = [
    (
        V3_EP128,
        {
            "attn_proj": 4.258739582089552,
            "attn_core": 18.0136747662366,
            "dense_ffn": 1.3967971343283583,
            "routed": 5.329416704559161,
            "comm": 32.6900992,
            "act": 1.7266290626865672,
            "lm_head": 0.6915515223880596,
            "fixed": 4.915,
            "step": 53.65927934733818,
        },
    ),
    (
        (LLAMA_70B, H200, layout(kv=1), load(batch=64, in_len=2048)),
        {
            "attn_proj": 3.145728,
            "attn_core": 5.592405333333333,
            "dense_ffn": 14.680064,
            "routed": 0.0,
            "comm": 0.0,
            "act": 0.26214400000000004,
            "lm_head": 0.5472256,
            "fixed": 5.2,
            "step": 29.427566933333335,
        },
    ),
    (
        (QWEN3_30B, BF16, layout(weights=2), load(batch=32, in_len=2048)),
        {
            "attn_proj": 0.6760967641791045,
            "attn_core": 2.403899605970149,
            "dense_ffn": 0.0,
            "routed": 18.892008831213403,
            "comm": 0.0,
            "act": 0.10564011940298507,
            "lm_head": 0.2322126328358209,
            "fixed": 4.720000000000001,
            "step": 27.02985795360146,
        },
    ),
]


def close(value: float, tolerance: float = 1e-9) -> object:
    return pytest.approx(value, rel=tolerance, abs=1e-15)


def known(shape, asked):  # type: ignore[no-untyped-def]
    return experts.known_popularity(shape.experts, shape.top_k, asked.skew)


@pytest.mark.parametrize(("case", "golden"), STEPS_MS, ids=["v3", "l70", "q30"])
def test_decode_steps(case, golden) -> None:  # type: ignore[no-untyped-def]
    shape, machine, lay, asked = case
    twin = serving.decode(shape, machine, lay, asked, EXACT, asked.batch)
    step = decode.decode_step(*case, EXACT, known(shape, asked), asked.batch)
    assert twin["step"] * 1e3 == close(golden["step"])
    assert step.seconds * 1e3 == close(golden["step"])
    for name, part in NAMES.items():
        assert twin[part] * 1e3 == close(golden[name])
        assert getattr(step.parts, part).seconds * 1e3 == close(golden[name])


def test_prefill() -> None:
    case = (DEEPSEEK_V3, H800, layout(data=32, experts=32), load())
    twin = serving.prefill(*case, EXACT, 16384.0)["step"] / 16384.0
    fast = prefill.prompt_token_s(*case, EXACT, known(DEEPSEEK_V3, load()))
    assert twin * 1e6 == close(102.86881296112722)
    assert fast * 1e6 == close(102.86881296112722)


@pytest.mark.parametrize(
    ("case", "golden"),
    [
        ((LLAMA_70B, H200, layout(kv=1), load(in_len=2048)), (158.0, 72.653733888)),
        (V3_EP128, (152.0, 23.972216832)),
    ],
    ids=["l70", "v3"],
)
def test_max_batch(case, golden) -> None:  # type: ignore[no-untyped-def]
    shape, _, lay, _ = case
    assert serving_modes.max_batch(*case, EXACT) == golden[0]
    assert memory.max_batch(*case, EXACT) == golden[0]
    assert serving_modes.weights_bytes(shape, lay) / 1e9 == close(golden[1])
    assert memory.weights_bytes(shape, lay) / 1e9 == close(golden[1])


DISTINCT = [
    (8, 2, 1, 2.0),
    (8, 2, 4, 5.46875),
    (8, 2, 128, 7.999999999999999),
    (128, 8, 4, 29.123046875),
    (128, 8, 32, 111.77103534374396),
    (128, 4, 16, 50.98108116069474),
    (256, 8, 1, 8.0),
    (256, 8, 32, 163.31384595038296),
    (256, 8, 4096, 256.0),
    (384, 8, 16, 109.81912799252335),
    (512, 10, 64, 367.11268783684136),
]


@pytest.mark.parametrize(("count", "top_k", "tokens", "golden"), DISTINCT)
def test_distinct_experts(count: float, top_k: float, tokens: float, golden: float) -> None:
    assert routing_load.distinct_uniform(count, top_k, tokens) == close(golden)
    assert experts.distinct_uniform(count, top_k, tokens) == close(golden)


ZIPF = [
    (128, 0.5, {1: 8.0, 8: 48.3757419261104, 32: 103.9532470648642, 512: 127.99999979008413}),
    (128, 1.2, {1: 8.0, 8: 33.88466855258212, 32: 72.47261041382818, 128: 115.14988518163663}),
    (256, 0.0, {8: 57.42083078599535, 32: 163.31384595038259, 128: 251.60114596586976}),
    (256, 1.0, {8: 42.302980346909465, 32: 106.0110180853818, 128: 201.685053874871}),
]
SUMMARY = {
    (128, 0.5): (0.3270884350404918, 0.03440837291354415, 88.66855009706516, 0.3930489759354244),
    (128, 1.2): (0.9566362819061877, 0.009247056594498315, 24.21133770694208, 0.7205910124800853),
    (256, 0.0): (0.03125, 0.03125, 256.0, 0.19921875),
    (256, 1.0): (0.7845304938060307, 0.005977904092254183, 40.02436743512165, 0.6942229852214992),
}


@pytest.mark.parametrize(("count", "skew", "golden"), ZIPF)
def test_zipf(count: int, skew: float, golden: dict[int, float]) -> None:
    shares = routed.inclusion_probabilities(routed.zipf(count, skew), 8.0)
    twin = routing_load.inclusion_probabilities(routing_load.zipf(count, skew), 8.0)
    assert shares.tolist() == close(twin)
    largest, least, effective, top = SUMMARY[count, skew]
    assert (shares.max(), shares.min()) == (close(largest), close(least))
    assert 64.0 / (shares**2).sum() == close(effective)
    assert shares[: count // 5].sum() / 8.0 == close(top)
    for tokens, value in golden.items():
        assert routing_load.distinct_skewed(twin, tokens) == close(value)
        assert routed.distinct_from(shares, float(tokens)) == close(value)


@pytest.mark.parametrize(
    ("count", "tokens", "ranks", "golden"),
    [
        (256, 128, 8, 1.124770133410421),
        (256, 4096, 32, 1.0635681289313907),
        (256, 16384, 128, 1.0794995659925366),
        (128, 1024, 8, 1.043395572918698),
    ],
)
def test_imbalance(count: float, tokens: float, ranks: float, golden: float) -> None:
    assert routing_load.uniform_imbalance(count, 8, tokens, ranks) == close(golden)
    assert experts.uniform_imbalance(float(count), 8.0, float(tokens), float(ranks)) == close(
        golden
    )


@pytest.mark.parametrize(
    ("first", "count", "decay", "golden"),
    [(0.85, 1, 1.0, 1.85), (0.79, 3, 0.78, 2.5107706435280006), (0.8, 3, 1.0, 2.952)],
)
def test_accept_length(first: float, count: float, decay: float, golden: float) -> None:
    assert serving_modes.accept_length(first, decay, count) == close(golden)
    assert drafts.accept_length(first, decay, float(count)) == close(golden)


def test_all_to_all_identity() -> None:
    """Two micro-batches of 61 layers; arXiv 2505.09343 prints 120.96 us, 14.76 ms and 0.82 ms."""
    one = communication.exchange_s(32.0, 9.0, 7000.0, 3.0, 50e9)
    assert one * 1e6 == close(120.96, 1e-12)
    assert one * 2 * 61 * 1e3 == close(14.757119999999999, 1e-12)
    wide = communication.exchange_s(32.0, 9.0, 7000.0, 3.0, 900e9)
    assert wide * 2 * 61 * 1e3 == close(0.8198399999999999, 1e-12)


def test_the_published_day_needs_the_published_nodes() -> None:
    """608e9 input tokens, 168e9 output tokens a day on 226.75 nodes: github DeepSeek, day 6."""
    prefill_nodes = 608e9 / 86400 / 73_700
    decode_nodes = 168e9 / 86400 / 14_800
    assert prefill_nodes == close(95.48218503442385)
    assert decode_nodes == close(131.38138138138137)
    assert prefill_nodes + decode_nodes == pytest.approx(226.75, rel=1e-3)
