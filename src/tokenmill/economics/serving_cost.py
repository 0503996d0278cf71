"""What a token costs to serve when its inputs are uncertain: the serving model priced in a sweep.

Cost of a million output tokens, prompts included: ``usd_per_hour / (3600 R utilisation) * 1e6``, R
the output tokens per second and accelerator; the two parts of it are the same formula with the rate
of decoding and the rate of reading prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numba

from ..jit.kernel import kernel
from ..montecarlo import Distribution, SweepResult, sweep
from ..serving import Accelerator, Calibration, Deployment, ModelShape, Workload, modes
from ..serving.efficiency import Efficiency
from ..serving.modes import Estimate
from ..serving.records import Layout, Load, Machine, Shape
from ..serving.resolve import records_of
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
    """Instances of a disaggregated deployment; 0 and 0 is the ratio at which neither waits."""

    prefill_instances: float
    decode_instances: float


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
def chunked_cost(
    s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency, rent: Rent
) -> ServingCost:
    """Return what a deployment costs whose steps carry a chunk of prompt each."""
    return priced(modes.chunked(s, m, lay, load, e), rent)


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
    model: str | ModelShape,
    accelerator: str | Accelerator,
    deployment: Deployment,
    workload: Workload,
    *,
    usd_per_hour: float,
    utilisation: float,
    uncertain: Mapping[str, Distribution | float],
    n: int,
    efficiency: Calibration | Efficiency | None = None,
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
    model, accelerator, deployment, workload, efficiency
        As of :func:`tokenmill.serving.serve`.
    usd_per_hour : float
        Cost of one accelerator-hour, USD.
    utilisation : float
        Busy share of the paid hours, in (0, 1].
    uncertain : mapping of path to distribution or number
        What replaces a number: ``usd_per_hour``, ``utilisation``, or a field of a record of
        :mod:`tokenmill.serving.records`: ``model`` (Shape), ``accelerator`` (Machine),
        ``deployment`` (Layout), ``workload`` (Load, with the batch), ``efficiency`` (Efficiency)
        and, in a disaggregated deployment, ``prefill`` (Layout) and ``pools``. So
        ``workload.in_len``, ``accelerator.hbm_bytes_per_s``, ``efficiency.memory``.
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
    Compiling takes seconds, most of them at the first call of a process; then about 0.4 us a
    scenario with twenty uncertain inputs. Every number is an input of the result's plan, so
    results of different deployments have different digests and do not add up.
    """
    formula, records = formula_and_records(
        model, accelerator, deployment, workload, efficiency, Rent(usd_per_hour, utilisation)
    )
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


def formula_and_records(
    model: str | ModelShape,
    accelerator: str | Accelerator,
    deployment: Deployment,
    workload: Workload,
    efficiency: Calibration | Efficiency | None,
    rent: Rent,
) -> tuple[Any, Records]:
    """Return the compiled formula of the deployment's mode and the records it takes, by name."""
    found = records_of(model, accelerator, deployment, workload, efficiency)
    records: Records = {
        "model": (Shape, found.shape),
        "accelerator": (Machine, found.machine),
        "deployment": (Layout, found.layout),
    }
    formula = chunked_cost if deployment.mode == "chunked" else aggregated_cost
    if deployment.mode == "disaggregated":
        formula = disaggregated_cost
        records["prefill"] = (Layout, found.pool)
        records["pools"] = (Pools, Pools(*found.instances))
    records["workload"] = (Load, found.load)
    records["efficiency"] = (Efficiency, found.efficiency)
    records[""] = (Rent, rent)
    return formula, records
