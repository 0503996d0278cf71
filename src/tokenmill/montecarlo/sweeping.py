"""`sweep` and `sample`: the two ways to draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .._native import as_integer, resolve_threads, stream_id
from . import engine
from .chunks import Progress
from .distributions import Distribution
from .model import check_thresholds, compile_driver, fingerprint, match_arguments
from .plan import Plan, check_seed, make_plan
from .result import Bound, SweepResult

# Driver arithmetic is signed: indices stay below 2^62.
_INDEX_LIMIT = 1 << 62


def _bind(
    model: Callable[..., Any], plan: Plan
) -> tuple[tuple[tuple[bool, int], ...], NDArray[np.float64]]:
    """Say where each argument comes from, and collect the constants."""
    by_name = {item.name: item for item in plan.inputs}
    column = {item.name: index for index, item in enumerate(plan.drawn)}
    layout: list[tuple[bool, int]] = []
    constants: list[float] = []
    arguments, defaults = match_arguments(model, list(by_name))
    for name, default in zip(arguments, defaults, strict=True):
        if name in column:
            layout.append((True, column[name]))
            continue
        layout.append((False, len(constants)))
        constants.append(by_name[name].law.parameters[0] if name in by_name else float(default))
    return tuple(layout), np.array(constants or [0.0])


def sweep(
    model: Callable[..., Any],
    inputs: Mapping[str, Distribution | float],
    *,
    n: int,
    seed: int | None = None,
    start: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    thresholds: Mapping[str, Sequence[float]] | None = None,
    correlations: bool = True,
    streams: Mapping[str, str] | None = None,
) -> SweepResult:
    """Evaluate a model over `n` random scenarios and return statistics of its outputs.

    Draws, model and statistics run fused, 1,024 scenarios at a time, so memory does not grow with
    `n`. Scenario `i` is a pure function of (seed, input names and distributions, i): the same bits
    for any threads, split, order and instruction set.

    Parameters
    ----------
    model : function of scalars
        Plain Python, compiled by numba. Arguments are matched to `inputs` by name; an argument
        with a default may go without an input; ``*values`` takes every further input in order. It
        returns a number, a tuple or a NamedTuple: one output each, float64. ``tokenmill.jit`` has
        exp, log, pow and others that keep their bits; those of ``math`` differ between machines.
    inputs : mapping of name to distribution or number
        Numbers cost nothing per scenario.
    n : int
        Scenarios start .. start + n - 1.
    seed : int in [0, 2**64) or None
        None draws one; the result keeps it.
    start : int
        First scenario, so that results of disjoint ranges add up.
    threads : int or None
        None means TOKENMILL_NUM_THREADS, else every core this process may use.
    progress : callable(done, total) or None
        Called from this thread; returning False cancels.
    thresholds : mapping of output name to numbers
        Values whose `probability_below` is counted exactly.
    correlations : bool
        Whether covariances with the inputs are collected; False is faster.
    streams : mapping of input name to stream name
        Inputs of one stream see the same uniform in every scenario (common random numbers). An
        input's own name by default.

    Returns
    -------
    SweepResult

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.
    ModelError
        numba cannot compile the model.
    SweepCancelled
        `progress` returned False.

    Notes
    -----
    O(n) time, O(inputs + outputs) memory per thread. Whatever the model raises reaches the caller
    with the index of the lowest scenario that raises it.
    """
    plan = make_plan(inputs, seed, streams)
    layout, constants = _bind(model, plan)
    first = as_integer("start", start, 0, _INDEX_LIMIT)
    count = as_integer("n", n, 0, _INDEX_LIMIT - first)
    workers = resolve_threads(threads)
    if not isinstance(correlations, bool):
        raise TypeError(f"correlations: expected True or False, found {correlations!r}")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress: expected a callable or None, found {progress!r}")
    driver, outputs = compile_driver(model, layout)
    limits = check_thresholds(thresholds, outputs)
    tallies, moments = engine.run(
        plan, driver, constants, limits, correlations, first, first + count, workers, progress
    )
    return SweepResult(
        plan=plan,
        outputs=outputs,
        thresholds=limits,
        ranges=((first, first + count),) if count else (),
        tallies=tuple(tallies),
        input_moments=tuple(moments),
        model_fingerprint=fingerprint(model),
        bound=Bound(driver, constants),
    )


def sample(
    dist: Distribution,
    n: int,
    *,
    seed: int | None = None,
    input: str = "x",
    start: int = 0,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Draw what a sweep would draw for one input.

    Parameters
    ----------
    dist : Distribution
    n : int
        How many scenarios.
    seed : int in [0, 2**64) or None
    input : str
        The input's name: different names draw independently.
    start : int
        First scenario.
    threads : int or None

    Returns
    -------
    ndarray, shape (n,), float64

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.
    """
    if not isinstance(dist, Distribution):
        raise TypeError(f"dist: expected a distribution, found {type(dist).__name__}")
    if not isinstance(input, str) or not input:
        raise TypeError(f"input: expected a non-empty string, found {input!r}")
    first = as_integer("start", start, 0, _INDEX_LIMIT)
    count = as_integer("n", n, 0, _INDEX_LIMIT - first)
    return _native.sample(
        dist.law(), check_seed(seed), stream_id(input), first, count, resolve_threads(threads)
    )
