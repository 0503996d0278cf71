"""Cost sweeps: scenario by scenario what the twin says, and what is refused."""

import math

import pytest

from tokenmill.economics import cost_sweep
from tokenmill.montecarlo import PERT, Constant, Normal, SplitLogNormal, Triangular, Uniform
from tokenmill.reference import serving_modes
from tokenmill.serving import PUBLISHED, Deployment, Pool, Workload
from tokenmill.serving.resolve import records_of

DEPLOYMENT = Deployment(
    mode="disaggregated", data_parallel=128, batch=64, prefill=Pool(data_parallel=32)
)
WORKLOAD = Workload(in_len=2000.0, out_len=600.0, imbalance=1.2)
UNCERTAIN = {
    "usd_per_hour": SplitLogNormal.from_quantiles(1.3, 2.0, 3.0),
    "utilisation": PERT(0.15, 0.45, 0.85),
    "accelerator.hbm_bytes_per_s": Uniform(3.0e12, 3.4e12),
    "prefill.chunk_tokens": Uniform(8192.0, 16384.0),
    "workload.in_len": SplitLogNormal.from_quantiles(1000.0, 2000.0, 6000.0),
    "workload.cache_hit": Triangular(0.2, 0.56, 0.92),
    "efficiency.memory": PERT(0.6, 0.8, 0.9),
}


def run(**changes):  # type: ignore[no-untyped-def]
    arguments = {
        "usd_per_hour": 2.0,
        "utilisation": 0.5,
        "uncertain": UNCERTAIN,
        "n": 40_000,
        "seed": 3,
        "threads": 1,
    }
    return cost_sweep("deepseek_v3", "H200", DEPLOYMENT, WORKLOAD, **(arguments | changes))


@pytest.fixture(scope="module")
def result():  # type: ignore[no-untyped-def]
    return run()


def replaced(record, name, inputs):  # type: ignore[no-untyped-def]
    return record._replace(**{field: inputs[f"{name}.{field}"] for field in record._fields})


def test_every_scenario_is_that_of_the_twin(result) -> None:  # type: ignore[no-untyped-def]
    given = records_of("deepseek_v3", "H200", DEPLOYMENT, WORKLOAD, None)
    for index in range(40):
        inputs, outputs = result.replay(index)
        found = serving_modes.disaggregated(
            given.shape,
            replaced(given.machine, "accelerator", inputs),
            given.layout,
            replaced(given.pool, "prefill", inputs),
            replaced(given.load, "workload", inputs),
            replaced(given.efficiency, "efficiency", inputs),
            64.0,
            0.0,
            0.0,
        )
        usd = inputs["usd_per_hour"] / 3600.0 / inputs["utilisation"] * 1e6
        expected = {
            "usd_per_mtok": usd / found["rate"],
            "usd_per_mtok_in": usd / found["prefill_rate"],
            "usd_per_mtok_out": usd / found["decode_rate"],
            "tpot_s": found["tpot"],
            "ttft_s": found["ttft"],
            "tokens_per_s_gpu": found["rate"],
            "batch": 64.0,
        }
        assert outputs == pytest.approx(expected, rel=1e-11)


def test_cost_is_decoding_plus_the_prompts_computed(result) -> None:  # type: ignore[no-untyped-def]
    for index in range(100, 120):
        inputs, outputs = result.replay(index)
        computed = inputs["workload.in_len"] * (1.0 - inputs["workload.cache_hit"]) / 600.0
        parts = outputs["usd_per_mtok_out"] + computed * outputs["usd_per_mtok_in"]
        assert outputs["usd_per_mtok"] == pytest.approx(parts, rel=1e-12)


def test_threads_and_cuts_leave_the_bits_alone(result) -> None:  # type: ignore[no-untyped-def]
    assert run(threads=2).digest == result.digest
    assert (run(n=15_000) + run(n=25_000, start=15_000)).digest == result.digest


def test_what_is_certain_is_part_of_the_digest(result) -> None:  # type: ignore[no-untyped-def]
    other = run(n=10, start=40_000, efficiency=PUBLISHED.constants._replace(network=0.7))
    with pytest.raises(ValueError, match="inputs, streams or seed differ"):
        result + other


def test_a_number_replaces_a_number_and_streams_rise_together() -> None:
    fixed = {"usd_per_hour": 4.0, "workload.in_len": Constant(1000.0)}
    one = run(uncertain=fixed, n=2)
    assert one["usd_per_mtok"].min == one["usd_per_mtok"].max
    assert one.replay(0).inputs["workload.in_len"] == 1000.0
    together = {"usd_per_hour": Uniform(1.0, 3.0), "utilisation": Uniform(0.25, 0.75)}
    moved = run(uncertain=together, n=1000, streams={"utilisation": "usd_per_hour"})
    # rent over utilisation is 4 in every scenario
    assert moved["usd_per_mtok"].max == pytest.approx(moved["usd_per_mtok"].min, rel=1e-12)


def test_an_aggregated_deployment_that_does_not_fit_costs_infinitely() -> None:
    found = cost_sweep(
        "deepseek_v3",
        "H800",
        Deployment(data_parallel=16, batch=64),
        WORKLOAD,
        usd_per_hour=2.0,
        utilisation=0.5,
        uncertain={"accelerator.hbm_bytes": Uniform(60e9, 200e9)},
        n=2000,
        seed=1,
        thresholds={"usd_per_mtok": [1e300]},
    )
    cost = found["usd_per_mtok"]
    assert 0.0 < cost.probability_below(1e300) < 1.0
    assert cost.max == math.inf
    assert found["tokens_per_s_gpu"].min == 0.0
    assert all(found[name].nan_count == 0 for name in found.outputs)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"uncertain": {"efficiency.memori": 1.0}}, ValueError, "did you mean 'efficiency.mem"),
        ({"uncertain": {"memory": 1.0}}, ValueError, "uncertain: no input 'memory'"),
        ({"uncertain": {3: 1.0}}, ValueError, "uncertain: no input 3"),
        ({"uncertain": {"utilisation": "x"}}, TypeError, "'utilisation' must be a distribution"),
        ({"uncertain": {"utilisation": True}}, TypeError, "'utilisation' must be a distribution"),
        ({"uncertain": [1]}, TypeError, "uncertain: expected a mapping of paths, found list"),
        ({"uncertain": {"utilisation": Normal(0.5, 0.1)}}, ValueError, "a share in .0, 1., found"),
        ({"uncertain": {}, "utilisation": 0.0}, ValueError, "utilisation: .* found 0.0"),
        ({"uncertain": {}, "utilisation": 1.1}, ValueError, "utilisation: .* found 1.1"),
        ({"usd_per_hour": "2"}, TypeError, "usd_per_hour: expected a number, found '2'"),
        ({"efficiency": 0.5}, TypeError, "efficiency: expected a Calibration, found float"),
        ({"uncertain": {"pool.replicas": 1.0}}, ValueError, "no input .pool.replicas"),
        ({"n": -1}, ValueError, "n: expected an integer"),
        ({"seed": -1}, ValueError, "seed"),
        ({"threads": 0}, ValueError, "threads"),
        ({"streams": {"utilization": "x"}}, ValueError, "streams: no input 'utilization'"),
        ({"progress": 3}, TypeError, "progress"),
        ({"usd_per_hours": 2.0}, TypeError, "usd_per_hours"),
    ],
)
def test_bad_arguments_are_named(changes, error, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        run(**changes)


@pytest.mark.parametrize(
    ("place", "value", "error", "words"),
    [
        (0, "deepsek_v3", ValueError, "deepseek"),
        (1, "H201", ValueError, "H201"),
        (2, None, TypeError, "deployment: expected a Deployment, found NoneType"),
        (3, {"in_len": 3}, TypeError, "workload: expected a Workload, found dict"),
    ],
)
def test_what_is_served_is_checked(place, value, error, words) -> None:  # type: ignore[no-untyped-def]
    given = ["deepseek_v3", "H200", DEPLOYMENT, WORKLOAD]
    given[place] = value
    with pytest.raises(error, match=words):
        cost_sweep(*given, usd_per_hour=2.0, utilisation=0.5, uncertain={}, n=10, seed=1)
