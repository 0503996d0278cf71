"""The cheapest or fastest deployment of a grid, and the front of cost against interactivity."""

from __future__ import annotations

from collections.abc import Sequence

from .._native import as_integer, resolve_threads
from .calibration import Calibration
from .deployment import Deployment, Workload
from .efficiency import Efficiency
from .frontier import best_few, pareto_front
from .search_arguments import (
    BATCHES,
    DEGREES,
    PRECISIONS,
    Accelerators,
    Choices,
    Precision,
    Prices,
    checked_limit,
    make_grid,
)
from .search_run import BY_PRICE, BY_RATE, Run, SearchResult
from .shape import ModelShape

GOALS = (BY_PRICE, BY_RATE)

_MOST_KEPT = 1 << 20


def search(
    model: str | ModelShape,
    accelerators: Accelerators,
    workload: Workload,
    *,
    goal: str = "usd_per_mtok",
    usd_per_hour: Prices = None,
    tpot_limit_s: float | None = None,
    ttft_limit_s: float | None = None,
    tensor_parallel: Sequence[int] = DEGREES,
    data_parallel: Sequence[int] = DEGREES,
    expert_parallel: Sequence[int | None] = (None,),
    precisions: Sequence[Precision] = PRECISIONS,
    batches: Sequence[int] = BATCHES,
    mode: str | None = None,
    deployment: Deployment | None = None,
    efficiency: Calibration | Efficiency | None = None,
    top: int = 10,
    threads: int | None = None,
) -> SearchResult:
    """Return the best deployments of a grid of choices.

    Parameters
    ----------
    model : str or ModelShape
    accelerators : accelerator, or sequence of them
        By name in the catalogue, or any other.
    workload : Workload
    goal : str
        "usd_per_mtok", least first, or "tokens_per_s_gpu", most first.
    usd_per_hour : float, mapping of accelerator name to float, or None
        USD per accelerator-hour; the first goal needs it.
    tpot_limit_s, ttft_limit_s : float or None
        Longest time per output token and to the first one, seconds.
    tensor_parallel, data_parallel : sequence of int
    expert_parallel : sequence of int or None
        None spreads the experts over every accelerator of an instance; an expert is cut over as
        many accelerators as are left.
    precisions : sequence of str or (str, str, str)
        Weights with a cache in bf16, or formats of attention weights, expert weights and cache.
    batches : sequence of int
        Sequences decoded together on one attention replica. By default all up to 64, then every
        few per cent up to 4,096.
    mode : str or None
        Serving mode; None is the deployment's.
    deployment : Deployment or None
        All that is not searched: core precision, chunk, overlap, replicas, prefill pool, engine.
        None is ``Deployment()``.
    efficiency : Calibration, Efficiency or None
        As of :func:`tokenmill.serving.serve`.
    top : int
        How many to return, >= 1.
    threads : int or None
        None means TOKENMILL_NUM_THREADS, else every core this process may use.

    Returns
    -------
    SearchResult
        Of equal configurations the one of more tokens per second and user goes first, then the one
        that comes first in the order of the arguments, the first of which varies slowest.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.

    Notes
    -----
    0.7 us per configuration that can be laid out, 2 us where imbalance follows from the skew, after
    several seconds of compiling at the first search of a process. Memory does not grow with the
    batches. The same answer for any threads.
    """
    if goal not in GOALS:
        raise ValueError(f"goal: expected one of {', '.join(GOALS)}, found {goal!r}")
    count = as_integer("top", top, 1, _MOST_KEPT)
    choices = Choices(
        usd_per_hour,
        tensor_parallel,
        data_parallel,
        expert_parallel,
        precisions,
        batches,
        mode,
        deployment,
        efficiency,
    )
    grid, chosen = make_grid(model, accelerators, workload, choices, needs_price=goal == BY_PRICE)
    run = Run(
        grid,
        chosen,
        goal,
        checked_limit("tpot_limit_s", tpot_limit_s),
        checked_limit("ttft_limit_s", ttft_limit_s),
        lambda seen: best_few(seen, count),
    )
    return run.result(resolve_threads(threads))


def pareto(
    model: str | ModelShape,
    accelerators: Accelerators,
    workload: Workload,
    *,
    usd_per_hour: Prices,
    tpot_limit_s: float | None = None,
    ttft_limit_s: float | None = None,
    tensor_parallel: Sequence[int] = DEGREES,
    data_parallel: Sequence[int] = DEGREES,
    expert_parallel: Sequence[int | None] = (None,),
    precisions: Sequence[Precision] = PRECISIONS,
    batches: Sequence[int] = BATCHES,
    mode: str | None = None,
    deployment: Deployment | None = None,
    efficiency: Calibration | Efficiency | None = None,
    threads: int | None = None,
) -> SearchResult:
    """Return the deployments of a grid that none betters in cost and interactivity together.

    Cost is USD per million output tokens, interactivity output tokens per second and user; with one
    price for all, the front is that of tokens per second and accelerator against interactivity.

    Parameters
    ----------
    model, accelerators, workload
        As of :func:`search`, and so are all others.
    usd_per_hour : float or mapping of accelerator name to float

    Returns
    -------
    SearchResult
        Its candidates are the front, by ascending cost and interactivity. Of configurations alike
        in both the first in the order of the arguments stays.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.
    """
    choices = Choices(
        usd_per_hour,
        tensor_parallel,
        data_parallel,
        expert_parallel,
        precisions,
        batches,
        mode,
        deployment,
        efficiency,
    )
    grid, chosen = make_grid(model, accelerators, workload, choices, needs_price=True)
    run = Run(
        grid,
        chosen,
        BY_PRICE,
        checked_limit("tpot_limit_s", tpot_limit_s),
        checked_limit("ttft_limit_s", ttft_limit_s),
        pareto_front,
    )
    return run.result(resolve_threads(threads))
