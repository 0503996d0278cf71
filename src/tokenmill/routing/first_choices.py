"""Routers of the first one or two choices under a capacity: Switch, DeepSpeed, GShard, NLLB."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._native import as_integer, resolve_threads
from .._native.capacity import score_matrix
from .._native.matrix import Matrix, as_logits
from .capacity import (
    CapacityRouting,
    assemble,
    by_priority,
    choice_major,
    queue_positions,
)
from .checks import check_option, check_seed
from .noise import gumbels, uniforms
from .route import route
from .spec import RouterSpec

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
SecondPolicy = Literal["all", "sampling", "random"]

# the floor of the sum of two weights: the resolution of float32 at 1, as in the published code
_SUM_FLOOR = 2.0**-23
_LARGEST = np.finfo(np.float64).max


def route_top1(
    logits: Any,
    capacity: int | None,
    *,
    sequence_length: int | None = None,
    gumbel: bool = False,
    random_tokens: bool = False,
    seed: int | None = None,
    threads: int | None = None,
) -> CapacityRouting:
    """Route every token to its first choice: Switch Transformers and DeepSpeed's top-1 gate.

    Parameters
    ----------
    logits : array, shape (T, E)
        As in :func:`route`.
    capacity : int or None
        Tokens of an expert, in each sequence; None: as much as is needed.
    sequence_length : int, optional
        Queues start again every so many tokens, as in Switch; it divides T. None: one queue.
    gumbel : bool
        Choose by logits with Gumbel noise ("RSample"); weights stay those without.
    random_tokens : bool
        An expert keeps the tokens of the largest uniform draws instead of the earliest.
    seed : int, optional
        In [0, 2**64); for either kind of chance, and only then.
    threads : int, optional

    Returns
    -------
    CapacityRouting
        k = 1; the weight is the softmax probability of the choice, not renormalised.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    O(T E). Probabilities are computed in float64; NaN logits count as -inf, ties go to the lower
    id. Chance is a function of (seed, token, expert), whatever the threads.
    Sources: arXiv 2101.03961; transformers' SwitchTransformersTop1Router; DeepSpeed's top1gating.
    """
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    tokens, experts = matrix.rows, matrix.columns
    _check_chance(seed, gumbel or random_tokens)
    if random_tokens and sequence_length is not None:
        raise ValueError("sequence_length: expected none with random_tokens, found one")
    if capacity is not None:
        as_integer("capacity", capacity, 0, 1 << 31)
    length = _sequence(sequence_length, tokens)
    ranked: Any = logits
    if gumbel:
        noise = gumbels("routing.gumbel", seed or 0, tokens, experts, workers)
        ranked = score_matrix(matrix, "identity", workers) + noise
    chosen = route(ranked, RouterSpec(experts=experts, top_k=1), threads=workers).expert_ids
    order = np.arange(tokens)
    if random_tokens:
        draws = uniforms("routing.token", seed or 0, tokens, experts, workers)
        order = _lucky_first(chosen, np.take_along_axis(draws, chosen, 1)[:, 0], capacity)
    queues = chosen + (np.arange(tokens) // length * experts)[:, None]
    positions = queue_positions(queues, order)
    weights = np.take_along_axis(score_matrix(matrix, "softmax", workers), chosen, 1)
    limit = capacity if capacity is not None else int(positions.max(initial=-1)) + 1
    return assemble(chosen, weights, positions, experts, limit)


def route_top2(
    logits: Any,
    capacity: int | None,
    *,
    second: SecondPolicy = "all",
    normalise: Literal["after", "before"] = "after",
    prioritised: bool = False,
    seed: int | None = None,
    threads: int | None = None,
) -> CapacityRouting:
    """Route every token to its first two choices: GShard, DeepSpeed's top-2 gate and NLLB.

    Parameters
    ----------
    logits : array, shape (T, E), E >= 2
        As in :func:`route`.
    capacity : int or None
        Tokens of an expert; None: as much as is needed.
    second : {"all", "sampling", "random"}
        The second choice: the second best; the best but for the first by logits with Gumbel noise;
        the second best with probability ``2 p2``, else none.
    normalise : {"after", "before"}
        Divide both weights by their sum, at least 2^-23, after dropping or before.
        With "random" and "before" the second weight stays ``p2``, as in NLLB's code.
    prioritised : bool
        Tokens queue by their largest probability, descending: batch-prioritised routing.
    seed : int, optional
        In [0, 2**64); for "sampling" and "random", and only then.
    threads : int, optional

    Returns
    -------
    CapacityRouting
        k = 2, first choice first. Every first choice is ahead of every second in the queues.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    O(T E). Probabilities are computed in float64; NaN logits count as -inf, ties go to the lower
    id. Chance is a function of (seed, token, expert), whatever the threads.
    Sources: arXiv 2006.16668 and 2207.04672; DeepSpeed's top2gating; transformers'
    NllbMoeTop2Router, whose capacity at evaluation is :func:`nllb_eval_capacity`, and whose padding
    mask is not here: leave padding tokens out.
    """
    check_option("second", second, ("all", "sampling", "random"))
    check_option("normalise", normalise, ("after", "before"))
    _check_chance(seed, second != "all")
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    tokens, experts = matrix.rows, matrix.columns
    if experts < 2:
        raise ValueError("logits: expected at least 2 columns, found 1")
    spec = RouterSpec(experts=experts, top_k=2)
    chosen = route(logits, spec, threads=workers).expert_ids
    if second == "sampling":
        chosen[:, 1] = _sampled_second(matrix, chosen[:, 0], seed or 0, workers)
    weights = np.take_along_axis(score_matrix(matrix, "softmax", workers), chosen, 1)
    largest, p2 = weights[:, 0].copy(), weights[:, 1].copy()
    if normalise == "before":
        weights /= np.maximum(largest + p2, _SUM_FLOOR)[:, None]
    if second == "random":
        draws = uniforms("routing.second", seed or 0, tokens, 1, workers)[:, 0]
        chosen[:, 1] = np.where(2.0 * p2 > draws, chosen[:, 1], -1)
        weights[:, 1] = p2
    order = by_priority(largest) if prioritised else np.arange(tokens)
    positions = queue_positions(chosen, choice_major(order, 2))
    if normalise == "after":
        kept = weights * assemble(chosen, weights, positions, experts, capacity).kept
        weights = kept / np.maximum(kept[:, 0] + kept[:, 1], _SUM_FLOOR)[:, None]
    return assemble(chosen, weights, positions, experts, capacity)


def nllb_eval_capacity(tokens: int, fraction: float) -> int:
    """Return NLLB's capacity at evaluation, ``ceil(fraction * T)``, 0 < fraction.

    With a fraction of 0 or less NLLB takes the capacity of its configuration, and where that is
    None too, ``2 * ceil(T / E)``.

    Parameters
    ----------
    tokens : int
    fraction : float
        A share of the tokens of the batch.

    Returns
    -------
    int
        Tokens of an expert. O(1).

    Raises
    ------
    TypeError, ValueError
        An argument out of range: its name, what was expected, what was found.
    """
    as_integer("tokens", tokens, 0, 1 << 62)
    if not 0.0 < fraction < float("inf"):
        raise ValueError(f"fraction: expected a finite number above 0, found {fraction!r}")
    return int(np.ceil(fraction * tokens))


def _sampled_second(matrix: Matrix, first: Ids, seed: int, threads: int) -> Ids:
    noise = gumbels("routing.gumbel", seed, matrix.rows, matrix.columns, threads)
    noisy = np.minimum(score_matrix(matrix, "identity", threads) + noise, _LARGEST)
    # ahead of everything else, so that the next is another one even where all are -inf
    noisy[np.arange(matrix.rows), first] = np.inf
    spec = RouterSpec(experts=matrix.columns, top_k=2)
    return route(noisy, spec, threads=threads).expert_ids[:, 1]


def _lucky_first(chosen: Ids, draws: Floats, capacity: int | None) -> NDArray[np.int64]:
    """Return the tokens that their experts keep by draw, then the others, each in token order."""
    ranks = queue_positions(chosen, by_priority(draws))[:, 0]
    lost = ranks >= (len(ranks) if capacity is None else capacity)
    return np.argsort(lost, kind="stable")


def _sequence(length: int | None, tokens: int) -> int:
    if length is None:
        return max(tokens, 1)
    as_integer("sequence_length", length, 1, 1 << 62)
    if tokens % length:
        raise ValueError(f"sequence_length: expected a divisor of {tokens} tokens, found {length}")
    return length


def _check_chance(seed: int | None, needed: bool) -> None:
    if (seed is not None) != needed:
        expected = "an integer" if needed else "none without chance"
        raise ValueError(f"seed: expected {expected}, found {seed!r}")
    if seed is not None:
        check_seed(seed)
