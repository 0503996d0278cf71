"""Computed speeds: within the ranges that were assumed before, each from published measurements."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tokenmill.economics import ScenarioError, load_scenario, parse_scenario
from tokenmill.economics.lineup import Lineup, line_up
from tokenmill.economics.quantity import Quantity
from tokenmill.serving import fitted, workloads
from tokenmill.serving.points import read_points
from tokenmill.serving.predicted import predict
from tokenmill.serving.validation import cases

Dump = Callable[[dict[str, Any]], bytes]

# Tokens/s of one accelerator, decode and prefill of DeepSeek-V3's shape: the ranges of the first
# edition, all from published measurements.
PUBLISHED = {
    # SGLang on 96 H100 (2025-05), DeepSeek's profile and day (2025-02, 2025-03), TRT-LLM.
    "us_startup": ((1400, 2785), (4000, 7840)),
    "neocloud": ((1400, 2785), (4000, 7840)),
    # SGLang on GB200 NVL72 (2025-06, 2025-09), InferenceX.
    "us_lab": ((4500, 13400), (12000, 26200)),
    # No measurement is public: GB200 in 8 bits scaled by memory bandwidth, less tuned.
    "us_hyperscaler": ((1500, 9000), (5000, 18500)),
    # Ant Group and SGLang on H20 (2025-09).
    "cn_lab": ((420, 715), (1600, 2200)),
    # CloudMatrix384 (arXiv 2506.12708, 2025-06).
    "cn_full_stack": ((540, 1943), (4000, 6690)),
}
# Of all these measurements: about 4,096 tokens of context, nothing from a prefix cache.
MEASURED_AT = {"in_len": 4096.0, "out_len": 512.0, "cache_hit": 0.0}


# Beginnings of the ids of the points that a ratio rests on.
POINTS = {
    "us_startup.decode_ratio": ("sg-decode-2000", "ds-profile-decode"),
    "us_startup.prefill_ratio": ("sg-prefill-", "ds-profile-prefill"),
    "us_lab.decode_ratio": ("gb200-p2-decode-",),
    "us_lab.prefill_ratio": ("gb200-p2-prefill-",),
    "cn_lab.decode_ratio": ("ant-decode-",),
    "cn_lab.prefill_ratio": ("ant-prefill",),
    "cn_full_stack.decode_ratio": ("cm384-decode",),
    "cn_full_stack.prefill_ratio": ("cm384-prefill",),
}


@pytest.fixture(scope="module")
def lineup() -> Lineup:
    """The embedded scenario's line-up."""
    return line_up(load_scenario())


@pytest.fixture(scope="module")
def measured() -> Lineup:
    """The same where every request is like those of the measurements."""
    scenario = load_scenario()
    constants = {key: Quantity.of(value) for key, value in MEASURED_AT.items()}
    return line_up(replace(scenario, world={**scenario.world, **constants}))


def index_of(lineup: Lineup, key: str) -> int:
    return [player.key for player in lineup.scenario.players].index(key)


@pytest.mark.parametrize("key", PUBLISHED)
def test_computed_speeds_lie_within_published_ranges(measured: Lineup, key: str) -> None:
    """With every other input at its median."""
    speed = measured.speed_at(measured.medians(), index_of(measured, key))
    for value, (low, high) in zip(speed, PUBLISHED[key], strict=True):
        assert low <= value <= high


@pytest.mark.parametrize("name", POINTS)
def test_a_ratio_spans_the_points_that_it_rests_on(lineup: Lineup, name: str) -> None:
    """Measured over modelled with the fitted constants, at the race's median imbalance."""
    imbalance = lineup.medians()["world.imbalance"]
    points = [
        point
        for point in read_points()
        if point.id.startswith(POINTS[name]) and point.quality == "ok" and not point.dup_of
    ]
    ratio = lineup.inputs[f"players.{name}"]
    assert points
    for case in cases(points):
        load = case.load if case.point.balanced else case.load._replace(imbalance=imbalance)
        found = case.point.value / predict(replace(case, load=load), fitted())
        assert ratio.quantile(0.03) < found < ratio.quantile(0.97)


def test_constants_are_those_fitted_and_spread_around_them(lineup: Lineup) -> None:
    for key, value in fitted().constants._asdict().items():
        quantity = lineup.inputs[f"efficiency.{key}"]
        assert quantity.centre == pytest.approx(value, rel=0.03)
        if key in lineup.scenario.efficiency:
            assert dict(quantity.arguments)["mode"] == value


def test_accelerators_have_their_fitted_factors(lineup: Lineup) -> None:
    values = lineup.medians()
    assert values["players.us_lab.machine.gemm_scale"] == fitted().gemm_scale["blackwell"]
    assert values["players.cn_lab.machine.gemm_scale"] == fitted().gemm_scale["H20"]
    assert values["players.cn_lab.machine.core_scale"] == fitted().core_scale["H20"]


def test_everybody_keeps_the_common_pace(lineup: Lineup) -> None:
    """The batch is the largest within the limit of the actual time per token, at the medians."""
    values = lineup.medians()
    for index, player in enumerate(lineup.scenario.players):
        seat = lineup.seats[index]
        if seat is None or player.service is None:
            continue
        batch = values[f"players.{player.key}.load.batch"]
        ratio = values[f"players.{player.key}.decode_ratio"]
        limit = player.service.tpot_limit_s
        assert limit == 0.05
        assert seat.serve_at(values).tpot_s / ratio <= limit
        more = {**values, f"players.{player.key}.load.batch": batch + 1.0}
        assert seat.serve_at(more).tpot_s / ratio > limit


def test_a_batch_that_does_not_fit_is_cut(lineup: Lineup) -> None:
    """Prompts of 200,000 tokens leave room for a few sequences, and none at ten million."""
    values = {**lineup.medians(), "world.in_len": 200_000.0}
    seat = lineup.seats[index_of(lineup, "us_startup")]
    assert seat is not None
    few = seat.serve_at(values)
    assert few.batch == few.max_batch < values["players.us_startup.load.batch"]
    none = lineup.speed_at({**values, "world.in_len": 1e7}, index_of(lineup, "us_startup"))
    assert none.decode == 0.0


def test_the_requests_are_quantiles_of_the_catalogue() -> None:
    traces = [workloads()[name] for name in ("azure_conv", "mooncake_conversation")]
    world = load_scenario().world
    prompts = dict(world["in_len"].arguments)["values"]
    assert list(prompts) == [tokens for trace in traces for tokens in trace.in_tokens]
    answers = dict(world["out_len"].arguments)
    assert list(answers["values"]) == [tokens for trace in traces for tokens in trace.out_tokens]
    for place, trace in enumerate(traces):
        weights = answers["weights"][place * 20 : place * 20 + 20]
        assert sum(weights) == pytest.approx(1000.0, abs=1.0)
        for weight, tokens in zip(weights, trace.out_tokens, strict=True):
            assert weight == pytest.approx(1000.0 * tokens / sum(trace.out_tokens), abs=0.06)


def _serving(**changes: Any) -> dict[str, Any]:
    """Two players of computed speed in a world of constants."""
    world = dict.fromkeys(load_scenario().world, 0.2)
    world |= {"in_len": 2000, "out_len": 400, "imbalance": 1.2}
    player = {
        "owns": ["model", "app"],
        "model": "deepseek_v3",
        "accelerator": "H100",
        "rent_usd_h": 2,
        "deployment": {"mode": "disaggregated", "data_parallel": 32, "batch": 64},
        **changes,
    }
    defaults = {
        "utilisation": 0.5,
        "research_usd": 0,
        "research_mtok": 1,
        "decode_ratio": 1,
        "prefill_ratio": 1,
        "accept_len": 1,
    }
    return {
        "format": 1,
        "name": "twins",
        "world": world,
        "defaults": defaults,
        "players": {"a": {"title": "A", **player}, "b": {"title": "B", **player}},
    }


DEPLOYED: Mapping[str, Any] = {"mode": "disaggregated", "data_parallel": 32}
WRONG = {
    "an accelerator nobody knows": (
        {"accelerator": "H1000"},
        "players.a: expected a model on accelerators .*, found accelerator: .*did you mean 'H100'",
    ),
    "no name": ({"accelerator": 3}, "players.a: .* found accelerator: expected str"),
    "a model nobody knows": ({"model": "gpt-9"}, "players.a: .* found model: expected a name"),
    "a key that is none": (
        {"deployment": {**DEPLOYED, "tensor_paralel": 2}},
        "players.a: .* found expected keys of a deployment, found 'tensor_paralel'",
    ),
    "a mode without a speed of prompts alone": (
        {"deployment": {"mode": "chunked", "data_parallel": 32}},
        "players.a: .* found mode: expected one of aggregated, disaggregated, found 'chunked'",
    ),
    "a number of instances that plays no part": (
        {"deployment": {**DEPLOYED, "replicas": 2}},
        "players.a: .* found expected keys of a deployment, found 'replicas'",
    ),
    "an engine that plays no part": (
        {"deployment": {**DEPLOYED, "engine": "vllm"}},
        "players.a: .* found expected keys of a deployment, found 'engine'",
    ),
    "experts over too many": (
        {"deployment": {**DEPLOYED, "expert_parallel": 31}},
        "players.a: .* found expert_parallel: expected",
    ),
    "a pool that is no table": (
        {"deployment": {**DEPLOYED, "prefill": 3}},
        r"players.a.deployment.prefill: expected a table, found 3",
    ),
    "a limit below any step": (
        {"deployment": {**DEPLOYED, "tpot_limit_s": 1e-4}},
        r"players.a.deployment.tpot_limit_s: expected at least the time per output token",
    ),
    "a limit of no time": (
        {"deployment": {**DEPLOYED, "tpot_limit_s": 0}},
        r"players.a.deployment.tpot_limit_s: expected a number > 0, found 0",
    ),
    "more accepted than drafted": (
        {"accept_len": 1.8},
        r"players.a.accept_len: expected at most 1, one more than the drafts, found 1.8",
    ),
    "an override of no field": (
        {"machine": {"flops": 1}},
        r"players.a.machine.flops: expected a field of Machine, found the unknown key 'flops'",
    ),
    "a region that is not there": (
        {"region": "mars"},
        r"players.a.region: expected no region, as there are none, found the string 'mars'",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_service_that_cannot_be_is_refused(what: str, dump: Dump) -> None:
    changes, message = WRONG[what]
    with pytest.raises(ScenarioError, match=message):
        line_up(parse_scenario(dump(_serving(**changes))))


def test_overrides_and_regions(dump: Dump) -> None:
    table = _serving(region="here", machine={"gemm_scale": {"value": 0.5, "confidence": "D"}})
    table["regions"] = {"here": {"utilisation": 0.25}}
    scenario = parse_scenario(dump(table))
    assert scenario.players[0].values["utilisation"].centre == 0.25
    assert scenario.warnings == (
        "players.a.machine.gemm_scale is unverified (grade D)",
        "players.b.machine.gemm_scale is unverified (grade D)",
    )
    slow, fast = (line_up(parse_scenario(dump(t))) for t in (table, _serving()))
    assert slow.speed_at(slow.medians(), 0).prefill < fast.speed_at(fast.medians(), 0).prefill


def test_an_accelerator_of_grade_d_is_noted(dump: Dump) -> None:
    table = _serving(accelerator="Cambricon590")
    try:
        warnings = parse_scenario(dump(table)).warnings
    except ScenarioError as error:
        assert "Cambricon590" in str(error)
    else:
        assert any("grade D" in warning for warning in warnings)


def test_a_constant_of_the_model_can_be_stated(dump: Dump) -> None:
    table = _serving()
    fast = line_up(parse_scenario(dump(table)))
    table["efficiency"] = {"memory": 0.4, "step_s": 0.1}
    slow = line_up(parse_scenario(dump(table)))
    assert slow.speed_at(slow.medians(), 0).decode < fast.speed_at(fast.medians(), 0).decode
    table["efficiency"] = {"memroy": 0.4}
    with pytest.raises(ScenarioError, match=r"efficiency.memroy: .* .did you mean 'memory'"):
        parse_scenario(dump(table))
