"""The search: against trying every configuration, ties, threads, limits, and what is refused."""

import math
from dataclasses import replace

import pytest

from tokenmill.serving import accelerator, model, pareto, search, serve
from tokenmill.serving.deployment import Deployment, Pool, Workload
from tokenmill.serving.search_arguments import BATCHES

WORKLOAD = Workload(in_len=2000.0, out_len=500.0, cache_hit=0.5, imbalance=1.2)
CHOICES = {
    "usd_per_hour": {"H200": 2.6, "H100": 2.4},
    "tensor_parallel": (1, 4, 8),
    "data_parallel": (1, 8),
    "expert_parallel": (None, 8, 3, 512),
    "precisions": ("fp8", ("bf16", "fp8", "fp8")),
    "batches": (1, 8, 64, 512),
}
ACCELERATORS = ("H200", "H100")
PRICES = CHOICES["usd_per_hour"]


def find(function=search, **changes):  # type: ignore[no-untyped-def]
    options = CHOICES | {"threads": 1} | changes
    return function("deepseek_v3", ACCELERATORS, WORKLOAD, **options)


@pytest.fixture(scope="module")
def everything():  # type: ignore[no-untyped-def]
    return find(top=10_000)


def figures(candidate):  # type: ignore[no-untyped-def]
    """Return what `serve` says of a candidate."""
    found = serve("deepseek_v3", candidate.accelerator, candidate.deployment, WORKLOAD)
    usd = PRICES[candidate.accelerator] / (3600.0 * found.tokens_per_s_gpu) * 1e6
    return usd, found.tokens_per_s_gpu, found.tpot_s, found.ttft_s


def test_every_candidate_has_the_figures_of_serve(everything) -> None:  # type: ignore[no-untyped-def]
    for one in everything.candidates[::7]:
        expected = figures(one)
        found = (one.usd_per_mtok, one.tokens_per_s_gpu, one.tpot_s, one.ttft_s)
        assert found == pytest.approx(expected, rel=1e-12)
        assert one.tokens_per_s_user == 1.0 / one.tpot_s


def test_nothing_is_lost_and_the_order_is_total(everything) -> None:  # type: ignore[no-untyped-def]
    combinations = 2 * 2 * 3 * 2 * 4 * 4
    assert everything.configurations == combinations
    assert everything.feasible + sum(everything.rejected.values()) == combinations
    assert len(everything.candidates) == everything.feasible > 20
    assert len({(c.accelerator, c.deployment) for c in everything.candidates}) == len(
        everything.candidates
    )
    keys = [(c.usd_per_mtok, -c.tokens_per_s_user) for c in everything.candidates]
    assert keys == sorted(keys)
    assert set(everything.rejected) >= {
        "expert-parallel ranks do not divide the accelerators of an instance",
        "the same layout as another choice of expert-parallel ranks",
        "weights and batch do not fit into memory",
    }
    assert everything.best == everything.candidates[0]


def test_what_was_left_out_does_not_run(everything) -> None:  # type: ignore[no-untyped-def]
    kept = {(c.accelerator, c.deployment) for c in everything.candidates}
    for batch in CHOICES["batches"]:
        deployment = Deployment(tensor_parallel=8, expert_parallel=8, batch=batch)
        found = serve("deepseek_v3", "H100", deployment, WORKLOAD)
        assert found.feasible == (("H100", deployment) in kept)


def test_goal_limits_and_front(everything) -> None:  # type: ignore[no-untyped-def]
    fast = find(goal="tokens_per_s_gpu", usd_per_hour=None, top=3)
    rates = sorted((c.tokens_per_s_gpu for c in everything.candidates), reverse=True)
    assert [c.tokens_per_s_gpu for c in fast.candidates] == rates[:3]
    assert [c.usd_per_mtok for c in fast.candidates] == [None] * 3
    tpot, ttft = 0.03, 0.3
    limited = find(tpot_limit_s=tpot, ttft_limit_s=ttft, top=10_000)
    expected = [c for c in everything.candidates if c.tpot_s <= tpot and c.ttft_s <= ttft]
    assert list(limited.candidates) == expected
    over = sum(c.tpot_s > tpot for c in everything.candidates)
    assert limited.rejected["over tpot_limit_s"] == over > 0
    front, best = [], -math.inf
    for one in everything.candidates:
        if one.tokens_per_s_user > best:
            front.append(one)
            best = one.tokens_per_s_user
    assert list(find(pareto).candidates) == front
    assert len(front) > 3


def test_threads_give_the_same_answer() -> None:
    choices = {"batches": BATCHES, "expert_parallel": (None,), "data_parallel": (1, 2, 4, 8, 16)}
    one = [find(search, **choices), find(pareto, **choices)]
    for threads in (2, 3):
        assert [find(f, threads=threads, **choices) for f in (search, pareto)] == one


def test_ties_follow_the_arguments() -> None:
    twin = replace(accelerator("H200"), name="H200 twin")
    for chips in (("H200", twin), (twin, "H200")):
        found = search("deepseek_v3", chips, WORKLOAD, usd_per_hour=2.0, top=2, threads=1)
        first, second = found.candidates
        assert [first.accelerator, second.accelerator] == [getattr(c, "name", c) for c in chips]
        assert first.usd_per_mtok == second.usd_per_mtok


def test_a_prefill_pool_is_searched_with_its_deployment() -> None:
    deployment = Deployment(mode="disaggregated", prefill=Pool(data_parallel=16))
    found = find(deployment=deployment, tensor_parallel=(1,), top=1).best
    assert found.deployment.prefill == Pool(data_parallel=16)
    assert (found.usd_per_mtok, found.tokens_per_s_gpu) == pytest.approx(figures(found)[:2])
    assert find(mode="chunked", top=1).best.deployment.mode == "chunked"


def test_nothing_feasible_is_no_error() -> None:
    found = find(tpot_limit_s=1e-9)
    assert (found.candidates, found.best, found.feasible) == ((), None, 0)
    assert find(expert_parallel=(7,)).configurations == 2 * 2 * 3 * 2 * 1 * 4


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"goal": "usd"}, ValueError, "goal: expected one of usd_per_mtok"),
        ({"top": 0}, ValueError, "top"),
        ({"threads": 0}, ValueError, "threads"),
        ({"usd_per_hour": None}, ValueError, "usd_per_hour: expected a price"),
        ({"usd_per_hour": -1.0}, ValueError, "usd_per_hour: expected a finite number >= 0"),
        ({"usd_per_hour": "2"}, TypeError, "usd_per_hour: expected USD per hour"),
        ({"usd_per_hour": {"H200": 2.0}}, ValueError, "usd_per_hour: expected a price of 'H100'"),
        ({"usd_per_hour": PRICES | {"B200": 2.0}}, ValueError, "'B200' is not searched"),
        ({"usd_per_hour": PRICES | {"H2000": 2.0}}, ValueError, "H2000"),
        ({"tpot_limit_s": 0.0}, ValueError, "tpot_limit_s: expected seconds above 0"),
        ({"ttft_limit_s": "1"}, TypeError, "ttft_limit_s: expected seconds or None"),
        ({"tensor_parallel": 8}, TypeError, "tensor_parallel: expected a sequence, found 8"),
        ({"tensor_parallel": ()}, ValueError, "tensor_parallel: expected at least one"),
        ({"data_parallel": (1, 1)}, ValueError, "data_parallel: expected each once"),
        ({"expert_parallel": (0,)}, ValueError, "expert_parallel: expected integers >= 1"),
        ({"batches": (1.5,)}, TypeError, "batches: expected integers, found 1.5"),
        ({"precisions": ("fp9",)}, ValueError, "precision.*found 'fp9'"),
        ({"precisions": (("fp8", "fp8"),)}, TypeError, "precisions: expected a format or"),
        ({"mode": "agg"}, ValueError, "mode: expected one of aggregated"),
        ({"deployment": "x"}, TypeError, "deployment: expected a Deployment, found str"),
        ({"efficiency": 0.5}, TypeError, "efficiency: expected a Calibration"),
        ({"batch": (1,)}, TypeError, "batch"),
    ],
)
def test_bad_arguments_are_named(changes, error, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        find(**changes)


def test_bad_names_are_refused() -> None:
    with pytest.raises(ValueError, match="deepseek"):
        search("deepseek_v33", "H200", WORKLOAD, usd_per_hour=2.0)
    with pytest.raises(ValueError, match="H2OO"):
        search(model("deepseek_v3"), "H2OO", WORKLOAD, usd_per_hour=2.0)
    with pytest.raises(TypeError, match="accelerators: expected one or a sequence"):
        search("deepseek_v3", 3, WORKLOAD, usd_per_hour=2.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="workload: expected a Workload, found dict"):
        search("deepseek_v3", "H200", {}, usd_per_hour=2.0)  # type: ignore[arg-type]
