"""Every golden number of the serving model in the reference file, met by twin and kernels."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.serving.records import DEEPSEEK_V3, EXACT, H800, layout, load
from tests.serving.test_golden import NAMES, STEPS_MS, V3_EP128, known
from tokenmill.reference import routing_load, serving, serving_modes
from tokenmill.serving import communication, decode, drafts, experts, memory, prefill, shares


@pytest.fixture(scope="module")
def golden(data_folder: Path) -> dict[str, Any]:
    return json.loads((data_folder / "serving" / "reference_values.json").read_text())


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-15)


def test_distinct_experts_of_uniform_routing(golden: dict[str, Any]) -> None:
    assert len(golden["distinct_uniform"]) == 72
    for count, top_k, tokens, expected in golden["distinct_uniform"]:
        assert routing_load.distinct_uniform(count, top_k, tokens) == near(expected)
        assert experts.distinct_uniform(count, top_k, tokens) == near(expected)


def test_distinct_experts_of_skewed_routing(golden: dict[str, Any]) -> None:
    for case in golden["distinct_zipf"]:
        count, top_k = case["E"], case["k"]
        found = shares.inclusion_probabilities(shares.zipf(count, case["s"]), top_k)
        twin = routing_load.inclusion_probabilities(routing_load.zipf(count, case["s"]), top_k)
        assert max(found) == near(case["pi_max"])
        assert min(found) == near(case["pi_min"])
        assert top_k**2 / sum(p * p for p in twin) == near(case["eff_experts"])
        for tokens, expected in case["distinct"]:
            assert shares.distinct_from(found, tokens) == near(expected)
            assert routing_load.distinct_skewed(twin, tokens) == near(expected)
            # what a sweep computes: a few classes of experts
            fast = experts.distinct_experts(count, top_k, tokens, case["s"])
            assert fast == pytest.approx(expected, abs=1e-3 * count)


def test_imbalance_of_uniform_routing(golden: dict[str, Any]) -> None:
    for count, top_k, tokens, ranks, expected in golden["imbalance_uniform_gauss"]:
        assert routing_load.uniform_imbalance(count, top_k, tokens, ranks) == near(expected)
        assert experts.uniform_imbalance(count, top_k, tokens, ranks) == near(expected)


def test_accepted_tokens(golden: dict[str, Any]) -> None:
    for first, count, decay, expected in golden["accept_len"]:
        assert drafts.accept_length(first, decay, count) == near(expected)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("decode_step_dsv3_h800_ep128_b128_s4096_ms", 0),
        ("decode_step_l70_h200_tp1_b64_s2048_ms", 1),
        ("decode_step_q30_h100_b32_s2048_bf16_ms", 2),
    ],
)
def test_decode_steps(golden: dict[str, Any], name: str, number: int) -> None:
    case = STEPS_MS[number][0]
    twin = serving.decode(*case, EXACT, case[3].batch)
    step = decode.decode_step(*case, EXACT, known(case[0], case[3]), case[3].batch)
    expected = {part: golden[name][theirs] for theirs, part in NAMES.items()}
    for part, milliseconds in expected.items():
        assert twin[part] * 1e3 == near(milliseconds)
        assert getattr(step.parts, part).seconds * 1e3 == near(milliseconds)
    assert twin["step"] * 1e3 == near(golden[name]["step"])
    assert step.seconds * 1e3 == near(golden[name]["step"])


def test_prefill_and_memory(golden: dict[str, Any]) -> None:
    case = (DEEPSEEK_V3, H800, layout(data=32, experts=32), load())
    fast = prefill.prompt_token_s(*case, EXACT, known(DEEPSEEK_V3, load()))
    assert fast * 1e6 == near(golden["prefill_us_per_token_dsv3_h800_ep32_4k"])
    batch, gigabytes = golden["max_batch"]["dsv3_h800_ep128_s4096_bf16kv"]
    assert memory.max_batch(*V3_EP128, EXACT) == batch
    assert serving_modes.weights_bytes(V3_EP128[0], V3_EP128[2]) / 1e9 == near(gigabytes)


def test_the_latency_bound_of_a_network(golden: dict[str, Any]) -> None:
    expected = golden["insights_identity_us"]
    narrow, wide = (
        communication.exchange_s(32.0, 9.0, 7000.0, 3.0, link) for link in (50e9, 900e9)
    )
    assert narrow * 1e6 == near(expected["per_layer_one_mb"])
    assert 2 * narrow * 61 * 1e3 == near(expected["tpot_ms"])
    assert 2 * wide * 61 * 1e3 == near(expected["nvl72_tpot_ms"])
