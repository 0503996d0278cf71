"""Balanced assignments: expert choice, Sinkhorn and the auction of BASE layers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native import as_integer, resolve_threads
from .._native.capacity import auction, best_of_lines, score_matrix, sinkhorn
from .._native.matrix import as_logits
from .capacity import CapacityRouting, apply_capacity, assemble, table_of_pairs
from .route import route
from .spec import RouterSpec

# where e^z is still finite, and its sums over any number of experts and tokens
_LARGEST_LOGIT = 600.0
_AUCTION_ROUNDS = 100


def route_expert_choice(
    logits: Any, capacity: int, *, threads: int | None = None
) -> CapacityRouting:
    """Let each expert take the tokens that it scores highest.

    Parameters
    ----------
    logits : array, shape (T, E)
        As in :func:`route`; scores are their softmax over the experts.
    capacity : int
        Tokens of an expert, at least 1; beyond T it counts as T.
    threads : int, optional

    Returns
    -------
    CapacityRouting
        k is the most experts of any token; ids ascend in a row and end with -1. The weight is the
        score, the position the token's rank in its expert. Nothing is dropped.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    Ties go to the earlier token. A token's experts depend on later tokens, so that a decoder must
    not use it. O(T E + T E log(capacity)) at worst. Sources: arXiv 2202.09368; Flaxformer's
    ExpertsChooseMaskedRouter.
    """
    as_integer("capacity", capacity, 1, 1 << 31)
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    tokens, experts = matrix.rows, matrix.columns
    count = min(capacity, tokens)
    index, value = np.empty((experts, 0), np.int32), np.empty((experts, 0))
    if count:
        scores = score_matrix(matrix, "softmax", workers)
        index, value = best_of_lines(scores, 0, count, workers)
    expert = np.repeat(np.arange(experts, dtype=np.int32), count)
    place = np.tile(np.arange(count, dtype=np.int32), experts)
    pairs = index.ravel().astype(np.int64)
    ids, weights, positions = table_of_pairs(tokens, pairs, expert, value.ravel(), place)
    return assemble(ids, weights, positions, experts, capacity)


def route_sinkhorn(
    logits: Any,
    top_k: int,
    *,
    tolerance: float = 1e-4,
    most_rounds: int = 10_000,
    threads: int | None = None,
) -> CapacityRouting:
    """Route by scores that Sinkhorn's iteration has balanced, as Megatron-LM does in training.

    Parameters
    ----------
    logits : array, shape (T, E)
        Finite, at most 600: their exponentials are summed.
    top_k : int
        1 to min(E, 64).
    tolerance : float
        The iteration ends when the mean change of the expert factors is at most this.
    most_rounds : int
    threads : int, optional

    Returns
    -------
    CapacityRouting
        Ids by balanced score descending. Weights come from the logits as they are: their sigmoid
        for k = 1, else their softmax over all experts, not renormalised. Nothing is dropped.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.
    RuntimeError
        No convergence within `most_rounds`.

    Notes
    -----
    O(rounds T E), in float64. At evaluation Megatron takes the plain top-k, which is :func:`route`.
    """
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    as_integer("most_rounds", most_rounds, 1, 1 << 31)
    if not 0.0 <= tolerance < math.inf:
        raise ValueError(f"tolerance: expected a finite number of at least 0, found {tolerance!r}")
    spec = RouterSpec(
        experts=matrix.columns, top_k=top_k, score="identity", weight="softmax_of_chosen"
    )
    z = score_matrix(matrix, "identity", workers)
    usable = np.isfinite(z) & (z <= _LARGEST_LOGIT)
    if not usable.all():
        found = z[~usable][0]
        raise ValueError(f"logits: expected finite numbers of at most 600, found {found}")
    ids = np.empty((0, top_k), np.int32)
    if matrix.rows:
        balanced = sinkhorn(z, tolerance, most_rounds)
        if balanced.change > tolerance:
            raise RuntimeError(
                f"most_rounds: the iteration still changes by {balanced.change:.3g} after "
                f"{most_rounds} rounds, more than the tolerance {tolerance:.3g}"
            )
        ids = route(balanced.choice, spec, threads=workers).expert_ids
    scores = score_matrix(matrix, "sigmoid" if top_k == 1 else "softmax", workers)
    weights = np.take_along_axis(scores, ids, 1)
    return apply_capacity(ids, weights, matrix.columns, None)


@dataclass(frozen=True)
class BalancedAssignment:
    """The auction of BASE layers.

    Attributes
    ----------
    routing : CapacityRouting
        k = 1, every expert with T / E tokens; the weight is the sigmoid of the logit.
    prices : ndarray, shape (T,), float64
        The sum of the highest bids for each token.
    rounds : int
    placed : int
        Tokens without a bid after the last round, which went to the best open expert; 0 where the
        auction came to its end.
    """

    routing: CapacityRouting
    prices: NDArray[np.float64]
    rounds: int
    placed: int


def assign_balanced(logits: Any, *, threads: int | None = None) -> BalancedAssignment:
    """Assign every token to one expert, each expert T / E of them, by the auction of BASE layers.

    Parameters
    ----------
    logits : array, shape (T, E)
        As in :func:`route`; E divides T. What is not finite counts as the least finite logit, or as
        0 where there is none.
    threads : int, optional

    Returns
    -------
    BalancedAssignment
        The output of a BASE layer is ``w * expert(x) + (1 - w) * x``.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    At most 100 rounds of O(T E log(T / E)); a bid is at least ``max((max - min) / 50, 1e-4)``. At
    evaluation a BASE layer takes the best expert: :func:`route` with score "identity" and weight
    "sigmoid_of_chosen". Sources: arXiv 2103.16716; fairseq's balanced_assignment.cpp.
    """
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    tokens, experts = matrix.rows, matrix.columns
    if tokens % experts:
        raise ValueError(f"logits: expected a multiple of {experts} tokens, found {tokens}")
    z = score_matrix(matrix, "identity", workers)
    finite = np.isfinite(z)
    least = float(z[finite].min()) if finite.any() else 0.0
    z[~finite] = least
    ids, prices, rounds, placed = np.zeros(tokens, np.int32), np.zeros(tokens), 0, 0
    if tokens and experts > 1:
        epsilon = max((float(z.max()) - least) / 50.0, 1e-4)
        found = auction(np.ascontiguousarray(z.T), epsilon, _AUCTION_ROUNDS)
        ids, prices, rounds, placed = found
    chosen = ids[:, None]
    scores = score_matrix(as_logits("logits", z), "sigmoid", workers)
    weights = np.take_along_axis(scores, chosen, 1)
    routing = apply_capacity(chosen, weights, experts, tokens // experts)
    return BalancedAssignment(routing, prices, rounds, placed)
