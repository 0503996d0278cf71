"""Expert popularity as arrays: exact sums, and what a routing trace measured.

The kernels of :mod:`tokenmill.serving.experts` stand a Zipf law by classes; here every expert has
its own probability. ``pi_e`` is the probability that e is among a token's experts, and sums to k.
Plackett-Luce without replacement gives ``pi_e = 1 - exp(-lam p_e)`` to within 0.01 (128 experts and
more, against simulation).
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from ..jit import expm1, log1p

Shares = npt.NDArray[np.float64]

_HALVINGS = 200


def zipf(experts: int, skew: float) -> Shares:
    """Return popularities proportional to ``rank ** -skew``.

    Parameters
    ----------
    experts : int
        At least 1.
    skew : float
        Exponent, >= 0.

    Returns
    -------
    ndarray of float64, shape (experts,)
        Sums to 1, largest first.

    Raises
    ------
    ValueError
        If `experts` is below 1 or `skew` is negative or NaN.
    """
    if experts < 1:
        raise ValueError(f"experts: expected at least 1, found {experts!r}")
    if not skew >= 0.0:
        raise ValueError(f"skew: expected a number >= 0, found {skew!r}")
    raw = np.arange(1, experts + 1, dtype=np.float64) ** -float(skew)
    return np.asarray(raw / raw.sum())


def inclusion_probabilities(popularity: npt.ArrayLike, top_k: float) -> Shares:
    """Return the probability of each expert to be among a token's `top_k`, by bisection for lam.

    Parameters
    ----------
    popularity : array_like of float64, shape (experts,)
        At least `top_k` of them above 0; they need not sum to 1.
    top_k : float
        Experts per token, in (0, experts].

    Returns
    -------
    ndarray of float64, shape (experts,)
        Sums to `top_k`; all 1 where `top_k` equals the number of experts.

    Raises
    ------
    ValueError
        If a popularity is negative or not finite, or `top_k` out of range.
    """
    p = np.asarray(popularity, dtype=np.float64)
    if p.ndim != 1 or not np.isfinite(p).all() or (p < 0.0).any():
        raise ValueError("popularity: expected one axis of finite numbers >= 0")
    reachable = np.count_nonzero(p)
    if not 0.0 < top_k <= reachable:
        raise ValueError(f"top_k: expected a number in (0, {reachable}], found {top_k!r}")
    if top_k == reachable:
        return np.where(p > 0.0, 1.0, 0.0)
    p = p / p.sum()
    low, high = 0.0, float(top_k)
    while -np.expm1(-high * p).sum() < top_k and np.isfinite(high):
        high *= 2.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if -np.expm1(-middle * p).sum() < top_k:
            low = middle
        else:
            high = middle
    return np.asarray(-np.expm1(-0.5 * (low + high) * p))


def measured_shares(counts: npt.ArrayLike, tokens: float) -> Shares:
    """Return the probability of each expert to be among a token's experts, as a trace counted it.

    Parameters
    ----------
    counts : array_like of int or float, shape (experts,)
        Tokens that each expert was given.
    tokens : float
        Tokens of the trace, at least as many as the largest count.

    Raises
    ------
    ValueError
        If a count is negative or above `tokens`, or there are no tokens.
    """
    n = np.asarray(counts, dtype=np.float64)
    if not tokens > 0.0:
        raise ValueError(f"tokens: expected a number above 0, found {tokens!r}")
    if n.ndim != 1 or not ((n >= 0.0) & (n <= tokens)).all():
        raise ValueError(f"counts: expected one axis of numbers in [0, {tokens!r}]")
    return np.asarray(n / tokens)


@numba.njit(nogil=True, error_model="numpy")
def distinct_from(shares, tokens):  # type: ignore[no-untyped-def]
    """Return how many experts `tokens` hit, ``sum_e 1 - (1 - pi_e)^B``.

    Parameters
    ----------
    shares : ndarray of float64, shape (experts,)
        Probability of each expert to be among a token's experts, in [0, 1].
    tokens : float
        Tokens routed together, >= 0.

    Returns
    -------
    float
    """
    hit = 0.0
    for share in shares:
        if share >= 1.0:
            hit += 1.0 if tokens > 0.0 else 0.0
        else:
            hit -= expm1(tokens * log1p(-share))
    return hit


def rank_imbalance(shares: npt.ArrayLike, ranks: npt.ArrayLike) -> float:
    """Return the busiest rank's expected load over the mean.

    Parameters
    ----------
    shares : array_like of float64, shape (experts,)
        Load of each expert, in any unit.
    ranks : array_like of int, shape (experts,)
        Rank that each expert lies on, from 0; a rank without an expert counts.

    Raises
    ------
    ValueError
        If both differ in length, or nothing is loaded.
    """
    load, place = np.asarray(shares, dtype=np.float64), np.asarray(ranks)
    if load.shape != place.shape or load.ndim != 1:
        raise ValueError(f"ranks: expected the shape of shares, {load.shape}, found {place.shape}")
    if not load.sum() > 0.0:
        raise ValueError("shares: expected a sum above 0")
    loads = np.bincount(place, weights=load)
    return float(loads.max() / loads.mean())
