"""Quantile balancing: expert biases from quantiles instead of small steps, two published forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_integer, resolve_threads
from .._native.capacity import best_of_lines, score_matrix
from .._native.matrix import as_logits
from .checks import check_finite, per_expert

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class QuantileBalance:
    """One dual update of quantile balancing.

    Attributes
    ----------
    expert_ids : ndarray, shape (T, k), int32
        The best of z - beta with the old beta, best first.
    alpha : ndarray, shape (T,), float64
        The best value of z - beta that a token left out; -inf with k = E.
    beta : ndarray, shape (E,), float64
        The new price of each expert; the old one with k = E.
    """

    expert_ids: NDArray[np.int32]
    alpha: Floats
    beta: Floats


def quantile_balance(
    logits: Any, beta: ArrayLike, top_k: int, *, threads: int | None = None
) -> QuantileBalance:
    """Do one dual update of quantile balancing, as Megatron-LM's qb_dual_update.

    Parameters
    ----------
    logits : array, shape (T, E)
        Finite, as in :func:`route`; E divides T k.
    beta : array_like, shape (E,)
        What is taken off the logits for the choice; zeros to begin with. Finite.
    top_k : int
        1 to E.
    threads : int, optional

    Returns
    -------
    QuantileBalance
        alpha is the (k+1)-th value of z - beta in a row; beta the (C+1)-th largest of z - alpha in
        a column, C = T k / E, so that C tokens prefer the expert at the new price.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    With k = E every token takes every expert at any price. Without tokens beta stays. Megatron
    averages beta over the micro-batches of a step. O(T E log(C)).
    """
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    tokens, experts = matrix.rows, matrix.columns
    as_integer("top_k", top_k, 1, experts + 1)
    if tokens * top_k % experts:
        raise ValueError(
            f"logits: expected tokens * top_k to be a multiple of {experts} experts, "
            f"found {tokens} * {top_k}"
        )
    prices = per_expert("beta", beta, experts)
    z = score_matrix(matrix, "identity", workers)
    check_finite("logits", z)
    if not tokens:
        return QuantileBalance(np.empty((0, top_k), np.int32), np.empty(0), prices.copy())
    taken = min(top_k + 1, experts)
    index, value = best_of_lines(z - prices, 1, taken, workers)
    if top_k == experts:
        return QuantileBalance(index, np.full(tokens, -math.inf), prices.copy())
    alpha = np.ascontiguousarray(value[:, top_k])
    share = tokens * top_k // experts
    columns = best_of_lines(z - alpha[:, None], 0, share + 1, workers)[1]
    ids = np.ascontiguousarray(index[:, :top_k])
    return QuantileBalance(ids, alpha, np.ascontiguousarray(columns[:, share]))


def required_bias_counts(
    logits: Any,
    bias: ArrayLike,
    top_k: int,
    *,
    bins: int,
    low: float,
    high: float,
    threads: int | None = None,
) -> NDArray[np.int64]:
    """Count how much bias each expert needs to be chosen, token by token: Kimi-K3's histogram.

    Parameters
    ----------
    logits : array, shape (T, E)
        As in :func:`route`; scores are sigmoids.
    bias : array_like, shape (E,)
        Added to the scores for the choice. Finite.
    top_k : int
        1 to E - 1.
    bins : int
        Of equal width between `low` and `high`; what lies outside counts in the first or last.
    low, high : float
    threads : int, optional

    Returns
    -------
    ndarray, shape (E, bins), int64
        An expert needs ``cutoff - s``, where the cutoff is the (k+1)-th best biased score of the
        token. Counts of several batches add up.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    O(T E log k). Source: TransformerEngine's qb_topk_score_function_pytorch.
    """
    matrix, workers = as_logits("logits", logits), resolve_threads(threads)
    tokens, experts = matrix.rows, matrix.columns
    as_integer("top_k", top_k, 1, max(experts, 2))
    added = per_expert("bias", bias, experts)
    _check_bins(bins, low, high)
    if experts == 1:
        raise ValueError("logits: expected at least 2 columns, found 1")
    counts = np.zeros(experts * bins, np.int64)
    if tokens:
        scores = score_matrix(matrix, "sigmoid", workers)
        cutoff = best_of_lines(scores + added, 1, top_k + 1, workers)[1][:, top_k:]
        place = np.floor((cutoff - scores - low) * bins / (high - low))
        flat = np.clip(place, 0, bins - 1).astype(np.int64) + np.arange(experts) * bins
        counts += np.bincount(flat.ravel(), minlength=experts * bins)
    return counts.reshape(experts, bins)


def bias_of_counts(counts: ArrayLike, top_k: int, *, low: float, high: float) -> Floats:
    """Return the biases at which each expert would have been chosen by its share of the tokens.

    Parameters
    ----------
    counts : array_like of int, shape (E, bins)
        As :func:`required_bias_counts` gives them, with at least one token.
    top_k : int
        1 to E.
    low, high : float
        The same as there.

    Returns
    -------
    ndarray, shape (E,), float64
        The upper edge of the bin in which the k / E quantile lies.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    No published code shows this step; the quantile follows from what the histogram holds: with this
    bias at least k T / E tokens need no more, up to the width of a bin. O(E bins).
    """
    table = np.asarray(counts)
    if table.dtype.kind not in "iu":
        raise TypeError(f"counts: expected integers, found dtype {table.dtype}")
    if table.ndim != 2 or not table.size:
        raise ValueError(f"counts: expected shape (experts, bins), found {table.shape}")
    experts, bins = table.shape
    as_integer("top_k", top_k, 1, experts + 1)
    _check_bins(bins, low, high)
    totals = table.sum(axis=1)
    if table.min() < 0 or not totals.all():
        raise ValueError("counts: expected counts of at least one token per expert, found fewer")
    # integers throughout: the first bin whose cumulative count times E reaches k times the total
    reached = table.cumsum(axis=1) * experts >= (totals * top_k)[:, None]
    edge = reached.argmax(axis=1) + 1
    return np.asarray(low + (high - low) * edge / bins)


def _check_bins(bins: int, low: float, high: float) -> None:
    as_integer("bins", bins, 1, 1 << 24)
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"low, high: expected finite low < high, found {low!r} and {high!r}")
