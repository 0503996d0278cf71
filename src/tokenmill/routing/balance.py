"""How evenly the choices fall: measures of counts, layer by layer and across layers.

Counts are integers, so sums, variances and Gini coefficients are exact before the one division
or square root that rounds them. A layer without choices has no balance: its ratios are NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_integer, elementary
from .loss_sums import checked_ids

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Balance:
    """Measures of every layer; where it has no choices, `mean` and `std` are 0 and ratios NaN.

    Attributes
    ----------
    counts : ndarray, shape (L, E), int64
    minimum, maximum : ndarray, shape (L,), int64
        Choices of the least and the most loaded expert.
    dead : ndarray, shape (L,), int64
        Experts without a choice.
    mean, std : ndarray, shape (L,), float64
        Choices of an expert; the standard deviation is that of the population.
    max_over_mean : ndarray, shape (L,), float64
        1 where all is even, E where one expert takes all.
    max_violation : ndarray, shape (L,), float64
        MaxVio, (maximum - mean) / mean (arXiv 2408.15664).
    utilisation : ndarray, shape (L,), float64
        mean / maximum, what SGLang reports for ranks: 1 where all is even.
    cv : ndarray, shape (L,), float64
        std / mean, the coefficient of variation.
    gini : ndarray, shape (L,), float64
        0 where all is even, (E - 1) / E where one expert takes all.
    entropy : ndarray, shape (L,), float64
        Of the shares, in nats: log E where all is even, 0 where one expert takes all.
    """

    counts: NDArray[np.int64]
    minimum: NDArray[np.int64]
    maximum: NDArray[np.int64]
    dead: NDArray[np.int64]
    mean: _Floats
    std: _Floats
    max_over_mean: _Floats
    max_violation: _Floats
    utilisation: _Floats
    cv: _Floats
    gini: _Floats
    entropy: _Floats

    @property
    def load(self) -> _Floats:
        """Each expert's choices over the mean of its layer; (L, E)."""
        layers = zip(self.counts, self.mean.tolist(), strict=True)
        rows = [row / mean if mean else np.full(row.shape, math.nan) for row, mean in layers]
        return np.array(rows, dtype=np.float64).reshape(self.counts.shape)


def expert_counts(expert_ids: ArrayLike, experts: int) -> NDArray[np.int64]:
    """Count the choices that fell on each expert.

    Parameters
    ----------
    expert_ids : array_like of int, shape (T, k)
    experts : int

    Returns
    -------
    ndarray, shape (experts,), int64

    Raises
    ------
    TypeError, ValueError
        Wrong dtype or shape, or an id outside [0, experts): -1 too. A `CapacityRouting` and a
        `DispatchPlan` have counts of their own.

    Notes
    -----
    O(T k + experts).
    """
    experts = as_integer("experts", experts, 1, 1 << 31)
    ids = checked_ids(expert_ids, experts)
    return np.bincount(ids.reshape(-1).astype(np.int64), minlength=experts)


def balance(counts: ArrayLike) -> Balance:
    """Measure how evenly choices fall on experts, or tokens on ranks.

    Parameters
    ----------
    counts : array_like of int, shape (E,) or (L, E)
        Choices that fell on each expert, from 0; one axis is one layer.

    Returns
    -------
    Balance

    Raises
    ------
    TypeError, ValueError
        Not integers, a negative count, no expert, or more than two axes.

    Notes
    -----
    With sorted counts c_1 <= ... <= c_E: gini = sum_i (2 i - E - 1) c_i / (E sum c). O(L E log E).
    """
    table = _table("counts", counts, "experts")
    wide = _without_overflow(table)
    totals, squares = wide.sum(axis=1).tolist(), (wide * wide).sum(axis=1).tolist()
    experts = table.shape[1]
    ranks = np.arange(1 - experts, experts, 2).astype(wide.dtype)
    moments = (np.sort(wide, axis=1) * ranks).sum(axis=1).tolist()
    maximum = table.max(axis=1)
    mean = _ratios(totals, [experts] * len(totals))
    # E^2 times the variance is a whole number
    spread = [experts * square - n * n for n, square in zip(totals, squares, strict=True)]
    roots = [_root(value) for value in spread]
    tops = maximum.tolist()
    above = [experts * top - total for top, total in zip(tops, totals, strict=True)]
    return Balance(
        counts=table,
        minimum=table.min(axis=1),
        maximum=maximum,
        dead=np.count_nonzero(table == 0, axis=1).astype(np.int64),
        mean=mean,
        std=np.array([root / experts for root in roots], dtype=np.float64),
        max_over_mean=_ratios([experts * top for top in tops], totals),
        max_violation=_ratios(above, totals),
        utilisation=_ratios(totals, [experts * top for top in tops]),
        cv=_ratios(roots, totals),
        gini=_ratios(moments, [experts * total for total in totals]),
        entropy=np.array(
            [_entropy(row, total) for row, total in zip(table, totals, strict=True)],
            dtype=np.float64,
        ),
    )


def rank_loads(counts: ArrayLike, ranks: int) -> NDArray[np.int64]:
    """Add up the counts of the experts of each rank: E / ranks consecutive ones.

    Parameters
    ----------
    counts : array_like of int, shape (E,) or (L, E)
    ranks : int
        Divides E.

    Returns
    -------
    ndarray, shape (L, ranks), int64

    Raises
    ------
    TypeError, ValueError
        As :func:`balance`, or `ranks` does not divide E.
    """
    table = _table("counts", counts, "experts")
    ranks = as_integer("ranks", ranks, 1, 1 << 31)
    if table.shape[1] % ranks:
        raise ValueError(f"ranks: expected a divisor of {table.shape[1]} experts, found {ranks}")
    shaped = table.reshape(len(table), ranks, table.shape[1] // ranks)
    return np.asarray(shaped.sum(axis=2, dtype=np.int64))


def balancedness(loads: ArrayLike) -> float:
    """Return vLLM's balancedness of the ranks over all layers.

    Parameters
    ----------
    loads : array_like of int, shape (ranks,) or (layers, ranks)
        Tokens on each rank. The means and maxima are over ranks, the last axis; over layers the
        measure would say 1 of one rank that takes everything in every layer.

    Returns
    -------
    float
        sum over layers of the mean / sum over layers of the maximum: 1 where every layer is even,
        1 / ranks where one rank takes all; NaN without tokens.

    Raises
    ------
    TypeError, ValueError
        Not integers, a negative load, no rank, or more than two axes.
    """
    table = _table("loads", loads, "ranks")
    total = sum(_without_overflow(table).sum(axis=1).tolist())
    most = sum(table.max(axis=1).tolist())
    return total / (table.shape[1] * most) if most else math.nan


def percentiles(
    values: ArrayLike, levels: tuple[float, ...] = (50.0, 75.0, 90.0, 95.0)
) -> tuple[float, ...]:
    """Return percentiles of a measure across layers.

    Parameters
    ----------
    values : array_like, shape (L,)
        Such as ``balance(counts).max_over_mean``; layers that are NaN are left out.
    levels : tuple of float
        Per cent, from 0 to 100.

    Returns
    -------
    tuple of float
        One a level, between the two nearest layers by linear interpolation; NaN without a layer.

    Raises
    ------
    TypeError, ValueError
        Not real numbers, not one axis, or a level out of range.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"values: expected real numbers, found dtype {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"values: expected shape (layers,), found {array.shape}")
    ordered = sorted(value for value in array.tolist() if value == value)
    for level in levels:
        if not 0.0 <= level <= 100.0:
            raise ValueError(f"levels: expected numbers from 0 to 100, found {level!r}")
    return tuple(_interpolated(ordered, level) for level in levels)


def _interpolated(ordered: list[float], level: float) -> float:
    if not ordered:
        return math.nan
    place = (len(ordered) - 1) * level / 100.0
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, len(ordered) - 1)]
    part = place - int(place)
    return below + part * (above - below) if part else float(below)


def _table(name: str, counts: ArrayLike, columns: str) -> NDArray[np.int64]:
    table = np.asarray(counts)
    if table.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, found dtype {table.dtype}")
    if table.ndim not in (1, 2) or not table.shape[-1]:
        raise ValueError(
            f"{name}: expected shape ({columns},) or (layers, {columns}), found {table.shape}"
        )
    limit = np.iinfo(np.int64).max
    if table.size and (table.min() < 0 or table.max() > limit):
        found = table.min() if table.min() < 0 else table.max()
        raise ValueError(f"{name}: expected values in [0, 2**63), found {found}")
    return np.array(table, dtype=np.int64, ndmin=2)


def _without_overflow(table: NDArray[np.int64]) -> NDArray[Any]:
    """Return the table as int64 if its sums of squares and of ranks fit, else as Python's own."""
    largest = int(table.max()) if table.size else 0
    experts = table.shape[1]
    fits = largest * max(largest, experts) * experts < 1 << 63
    return table if fits else table.astype(object)


def _ratios(numerators: list[Any], denominators: list[int]) -> _Floats:
    pairs = zip(numerators, denominators, strict=True)
    return np.array([a / b if b else math.nan for a, b in pairs], dtype=np.float64)


def _root(value: int) -> float:
    """Return the square root of a whole number, rounded from one with 64 bits more."""
    return math.isqrt(value << 128) / (1 << 64)


def _entropy(row: NDArray[np.int64], total: int) -> float:
    if not total:
        return math.nan
    shares = np.array([count / total for count in row.tolist() if count], dtype=np.float64)
    return 0.0 - math.fsum((shares * elementary("log", shares)).tolist())
