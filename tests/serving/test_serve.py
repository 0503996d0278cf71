"""serve(): the worked example to its printed digits, text, and the refusals."""

from __future__ import annotations

import math

import pytest

from tokenmill.serving import (
    PUBLISHED,
    Calibration,
    Deployment,
    Efficiency,
    Performance,
    Pool,
    Workload,
    accelerator,
    fitted,
    model,
    serve,
)
from tokenmill.serving.build import machine_record, math_precision, shape_record
from tokenmill.serving.efficiency import PUBLISHED as CONSTANTS

DAY = Deployment(
    mode="disaggregated",
    data_parallel=128,
    batch=128,
    prefill=Pool(data_parallel=32),
)
# A single token is answered, so that the context is that of the published profile.
PROFILE = Workload(in_len=4095.5, out_len=1.0, imbalance=1.0)


def blended(found: Performance, inputs: float, hit: float, usd_per_hour: float) -> float:
    per_input = inputs * (1.0 - hit) / found.prefill_tokens_per_s_gpu
    seconds = 1.0 / found.decode_tokens_per_s_gpu + per_input
    return usd_per_hour / 3600.0 * seconds * 1e6


def test_the_worked_example() -> None:
    """DeepSeek-V3 on H800, EP128 decode and EP32 prefill, two dollars an hour."""
    found = serve("deepseek_v3", "H800", DAY, PROFILE, efficiency=PUBLISHED)
    printed = {
        "attention": "4.259",
        "core": "18.01",
        "dense": "1.397",
        "routed": "5.329",
        "all_to_all": "32.69",
        "activation": "1.727",
        "head": ".692",
        "fixed": "4.915",
    }
    for name, digits in printed.items():
        places = len(digits.partition(".")[2])
        assert round(found.parts[name].seconds * 1e3, places) == float(digits)
    roofs = {name: part.roof for name, part in found.parts.items()}
    assert roofs == {
        "attention": "memory",
        "core": "compute",
        "dense": "memory",
        "routed": "compute",
        "activation": "memory",
        "all_to_all": "network",
        "head": "memory",
        "fixed": "fixed",
    }
    assert found.step_s * 1e3 == pytest.approx(53.66, abs=0.005)
    assert found.decode_tokens_per_s_gpu == pytest.approx(2266, abs=0.5)
    assert found.prefill_tokens_per_s_gpu == pytest.approx(9235, abs=1)
    assert 2.0 / 3600 / found.decode_tokens_per_s_gpu * 1e6 == pytest.approx(0.245, abs=5e-4)
    assert 2.0 / 3600 / found.prefill_tokens_per_s_gpu * 1e6 == pytest.approx(0.0602, abs=5e-5)
    assert blended(found, 608 / 168, 0.5625, 2.0) == pytest.approx(0.340, abs=5e-4)


def test_explain_names_parts_and_roofs() -> None:
    text = serve("deepseek_v3", "H800", DAY, PROFILE, efficiency=PUBLISHED).explain()
    lines = text.splitlines()
    assert lines[0].startswith("2.")
    assert any(line.split()[:2] == ["all-to-all", "32.690"] for line in lines)
    assert "prefill instances per decode instance" in text
    tiny = serve("deepseek_v3", "H800", Deployment(), Workload()).explain()
    assert tiny == "not feasible: weights and batch do not fit into memory"


def test_modes_and_formats() -> None:
    workload = Workload(in_len=1000, out_len=1000, skew=0.8, drafts=1, accept_len=1.8)
    for mode in ("aggregated", "chunked", "disaggregated"):
        found = serve("deepseek_v3", "H200", Deployment(mode=mode, data_parallel=16), workload)
        assert found.feasible
        assert found.batch == found.max_batch > 0
        assert found.parts["draft"].seconds > 0.0
        assert 0.0 < found.tokens_per_s_gpu < math.inf
    four = Deployment(tensor_parallel=8, expert_precision="nvfp4", kv_precision="fp8")
    found = serve("deepseek_v3", "H200", four, workload)
    assert found.notes == ("H200 computes expert in fp8, not in nvfp4",)
    assert found.parts["all_reduce"].roof == "network"
    assert "all_to_all" not in found.parts
    assert serve("deepseek_v3", "B200", four, workload).notes == ()
    assert math_precision(accelerator("A100"), "fp8") == "int8"


def test_a_given_ratio_of_pools_leaves_one_waiting() -> None:
    ideal = serve("deepseek_v3", "H800", DAY, Workload(in_len=2000, out_len=500))
    assert ideal.prefill_per_decode > 0.0
    shares = []
    for instances in (1, 4, 16):
        pool = Pool(data_parallel=32, replicas=instances)
        given = Deployment(mode="disaggregated", data_parallel=128, batch=128, prefill=pool)
        found = serve("deepseek_v3", "H800", given, Workload(in_len=2000, out_len=500))
        assert found.tokens_per_s_gpu <= ideal.tokens_per_s_gpu * (1 + 1e-12)
        shares.append(found.tokens_per_s_gpu / ideal.tokens_per_s_gpu)
    assert shares[1] > min(shares[0], shares[2])


def test_calibration_reaches_the_records() -> None:
    chip, lay = accelerator("B200"), Deployment(engine="slow")
    scales = Calibration(CONSTANTS, {"blackwell": 0.9}, {chip.name: 0.4}, {"slow": 2.0})
    record = machine_record(chip, lay, scales)
    assert (record.gemm_scale, record.core_scale) == (0.9, 0.4)
    assert machine_record(chip, lay, PUBLISHED).gemm_scale == chip.gemm_scale
    assert scales.efficiency("slow").fixed_scale == 2.0
    dense = Deployment(tensor_parallel=8, attention_precision="bf16", engine="slow")
    workload = Workload()
    plain = serve("llama_3_1_70b", "H100", dense, workload, efficiency=PUBLISHED)
    slowed = serve("llama_3_1_70b", "H100", dense, workload, efficiency=scales)
    assert slowed.parts["fixed"].seconds == pytest.approx(2 * plain.parts["fixed"].seconds)
    same = serve("llama_3_1_70b", "H100", dense, workload, efficiency=CONSTANTS)
    assert same == plain


def test_without_constants_those_fitted_to_measurements_count() -> None:
    found = serve("deepseek_v3", "H800", DAY, PROFILE)
    assert found == serve("deepseek_v3", "H800", DAY, PROFILE, efficiency=fitted())
    assert found != serve("deepseek_v3", "H800", DAY, PROFILE, efficiency=PUBLISHED)


def test_shapes_become_records() -> None:
    record = shape_record(model("deepseek_v3"))
    assert record.attention_params == 61 * 187_105_280
    assert (record.kv_shards, record.kv_elements, record.core_flops) == (1.0, 576.0, 278_528.0)
    assert shape_record(model("llama_3_1_70b")).kv_shards == 8.0
    for value in record:
        assert type(value) is float


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Deployment(mode="mixed"), "mode: expected one of aggregated"),
        (lambda: Deployment(tensor_parallel=0), "tensor_parallel: expected an integer >= 1"),
        (lambda: Deployment(batch=0), "batch: expected an integer >= 1"),
        (lambda: Deployment(data_parallel=8, expert_parallel=3), "expert_parallel: expected"),
        (lambda: Deployment(kv_precision="fp3"), "precision: expected one of"),
        (lambda: Deployment(prefill=Pool()), "prefill: expected None in mode 'aggregated'"),
        (lambda: Workload(cache_hit=1.5), "cache_hit: expected a finite number in"),
        (lambda: Workload(accept_len=1.5), "accept_len: expected"),
        (lambda: Workload(imbalance=0.5), "imbalance: expected"),
        (lambda: Workload(in_len=math.nan), "in_len: expected"),
        (lambda: Workload(utilisation=1.0), "utilisation: expected"),
        (lambda: serve("deepseek_v9", "H800", DAY, PROFILE), "model: expected"),
        (lambda: serve("deepseek_v3", "H8000", DAY, PROFILE), "accelerator: expected"),
    ],
)
def test_wrong_values_are_named(make, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        make()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Deployment(tensor_parallel=2.0), "tensor_parallel: expected an integer"),
        (lambda: Workload(in_len="long"), "in_len: expected a number"),
        (lambda: serve("deepseek_v3", "H800", None, PROFILE), "deployment: expected a Deployment"),
        (lambda: serve("deepseek_v3", "H800", DAY, {}), "workload: expected a Workload"),
        (lambda: serve("deepseek_v3", "H800", DAY, PROFILE, efficiency=0.5), "efficiency: "),
        (lambda: serve(3, "H800", DAY, PROFILE), "model: expected"),
    ],
)
def test_wrong_kinds_are_named(make, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match=words):
        make()


def test_what_does_not_fit_says_so() -> None:
    found = serve("deepseek_v3", "H100", Deployment(), Workload())
    assert not found.feasible
    assert found.tpot_s == found.ttft_s == math.inf
    assert found.tokens_per_s_gpu == 0.0
    assert found.roof == "" and found.parts == {}
    assert "fit" in found.reason
    assert isinstance(CONSTANTS, Efficiency)
