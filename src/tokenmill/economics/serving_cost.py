"""What a token costs to serve when its inputs are uncertain: the serving model priced in a sweep.

Cost of a million output tokens, prompts included: ``usd_per_hour / (3600 R utilisation) * 1e6``, R
the output tokens per second and accelerator; the two parts of it are the same formula with the rate
of decoding and the rate of reading prompts (``economics.md`` 5.14).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numba

from ..jit.kernel import kernel
from ..montecarlo import Distribution, SweepResult, sweep
from ..serving import modes
from ..serving.modes import Estimate
from ..serving.records import PUBLISHED, Efficiency, Layout, Load, Machine, Shape
from .record_inputs import (
    Records,
    check_utilisation,
    checked_uncertain,
    record_inputs,
    record_model,
)
from .token import usd_per_mtok

Progress = Callable[[int, int], object]

# The loop over scenarios calls this once; inlined, records never pass through memory.
_INLINED: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": True}
_INFINITY = float("inf")


class Rent(NamedTuple):
    """What an accelerator costs.

    Attributes
    ----------
    usd_per_hour : float
        Cost of one accelerator-hour, rented or owned.
    utilisation : float
        Busy share of the paid hours, in (0, 1]; 0 makes every cost infinite.
    """

    usd_per_hour: float
    utilisation: float


class Pools(NamedTuple):
    """How many instances a disaggregated deployment has; 0 decode instances is the best ratio."""

    prefill_instances: float = 0.0
    decode_instances: float = 0.0


class ServingCost(NamedTuple):
    """One scenario. Infeasible: costs and times inf, rate 0.

    Attributes
    ----------
    usd_per_mtok : float
        USD per million output tokens, their prompts included.
    usd_per_mtok_in : float
        USD per million computed prompt tokens.
    usd_per_mtok_out : float
        USD per million output tokens, decoding alone.
    tpot_s, ttft_s : float
        Time per output token and to the first one, seconds.
    tokens_per_s_gpu : float
        Output tokens per second and accelerator while busy, prefill's accelerators counted in.
    batch : float
        Sequences decoded together on one attention replica.
    """

    usd_per_mtok: float
    usd_per_mtok_in: float
    usd_per_mtok_out: float
    tpot_s: float
    ttft_s: float
    tokens_per_s_gpu: float
    batch: float


@kernel
def priced(found: Estimate, rent: Rent) -> ServingCost:
    """Return what a deployment's estimate costs."""
    usd = rent.usd_per_hour if rent.utilisation > 0.0 else _INFINITY
    share = rent.utilisation
    return ServingCost(
        usd_per_mtok(usd, found.tokens_per_s_gpu, share),
        usd_per_mtok(usd, found.prefill_tokens_per_s_gpu, share),
        usd_per_mtok(usd, found.decode_tokens_per_s_gpu, share),
        found.tpot_s,
        found.ttft_s,
        found.tokens_per_s_gpu,
        found.batch,
    )


@numba.njit(**_INLINED)
def aggregated_cost(
    s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency, rent: Rent
) -> ServingCost:
    """Return what a deployment costs whose instances read their own prompts."""
    return priced(modes.aggregated(s, m, lay, load, e), rent)


@numba.njit(**_INLINED)
def disaggregated_cost(
    s: Shape,
    m: Machine,
    lay: Layout,
    pool: Layout,
    pools: Pools,
    load: Load,
    e: Efficiency,
    rent: Rent,
) -> ServingCost:
    """Return what a decode pool with its prefill pool costs."""
    prefill, decode = pools
    return priced(modes.disaggregated(s, m, lay, pool, load, e, prefill, decode), rent)


def cost_sweep(
    model: Shape,
    accelerator: Machine,
    deployment: Layout,
    workload: Load,
    *,
    usd_per_hour: float,
    utilisation: float,
    prefill: Layout | None = None,
    pools: Pools | None = None,
    efficiency: Efficiency = PUBLISHED,
    uncertain: Mapping[str, Distribution | float],
    n: int,
    seed: int | None = None,
    start: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    thresholds: Mapping[str, Sequence[float]] | None = None,
    correlations: bool = True,
    streams: Mapping[str, str] | None = None,
) -> SweepResult:
    """Sweep the cost of serving tokens over whatever is uncertain about it.

    Parameters
    ----------
    model : Shape
    accelerator : Machine
    deployment : Layout
        Of an instance that does all, or that decodes.
    workload : Load
    usd_per_hour : float
        Cost of one accelerator-hour, USD.
    utilisation : float
        Busy share of the paid hours, in (0, 1].
    prefill : Layout or None
        Of the instances that read prompts; None lets each instance read its own.
    pools : Pools or None
        Instances of both, only with `prefill`; None is the ratio at which neither waits.
    efficiency : Efficiency
    uncertain : mapping of path to distribution or number
        What replaces a number above: ``usd_per_hour``, ``utilisation``, or a record and a field of
        it, as ``model.top_k``, ``accelerator.hbm_bytes_per_s``, ``deployment.kv_bytes``,
        ``prefill.chunk_tokens``, ``workload.in_len``, ``efficiency.memory``.
    n, seed, start, threads, progress, thresholds, correlations
        As of :func:`tokenmill.sweep`.
    streams : mapping of path to stream name
        Inputs of one stream see the same uniform, so they rise together: the only dependence that
        a sweep offers. Two inputs that are correlated by less, as rent with utilisation (about
        0.5), lie between one stream and a stream each; run both to bound the answer.

    Returns
    -------
    SweepResult
        Outputs are those of :class:`ServingCost`. A scenario that cannot run counts as infinite.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.
    SweepCancelled
        `progress` returned False.

    Notes
    -----
    Compiling takes seconds, at the first call of a process most of them; then about 0.4 us a
    scenario with twenty uncertain inputs. Every number is an input of the result's plan, so
    results of different deployments have different digests and do not add up.
    """
    records: Records = {
        "model": (Shape, model),
        "accelerator": (Machine, accelerator),
        "deployment": (Layout, deployment),
        "workload": (Load, workload),
        "efficiency": (Efficiency, efficiency),
        "": (Rent, Rent(usd_per_hour, utilisation)),
    }
    formula = aggregated_cost
    if prefill is not None:
        records = _with_pools(records, prefill, pools or Pools())
        formula = disaggregated_cost
    elif pools is not None:
        raise ValueError("pools: expected None where prefill is None, found " + repr(pools))
    inputs = record_inputs(records)
    inputs |= checked_uncertain(uncertain, inputs)
    check_utilisation(inputs["utilisation"])
    return sweep(
        record_model(formula, records, inputs),
        inputs,
        n=n,
        seed=seed,
        start=start,
        threads=threads,
        progress=progress,
        thresholds=thresholds,
        correlations=correlations,
        streams=streams,
    )


def _with_pools(records: Records, prefill: Layout, pools: Pools) -> Records:
    """Put what a prefill pool adds behind the deployment, where the formula takes it."""
    items = list(records.items())
    added = [("prefill", (Layout, prefill)), ("pools", (Pools, pools))]
    return dict(items[:3] + added + items[3:])
