"""Distributions on finitely many values."""

from __future__ import annotations

import hashlib
import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ..._native import Law, LawKind
from ._base import Array, Distribution
from ._checks import demand, vector

_SHOWN = 8


@dataclass(frozen=True)
class Bernoulli(Distribution):
    """One with probability `p`, else zero.

    Parameters
    ----------
    p : float in [0, 1]
        Zero and one make it a point.

    Raises
    ------
    TypeError, ValueError
        `p` is no number in [0, 1].
    """

    p: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(0.0 <= self.p <= 1.0, "p", "a number in [0, 1]")

    @property
    def support(self) -> tuple[float, float]:
        """The values that can come: 0 and 1, or one of them twice."""
        return float(self.p == 1.0), float(self.p > 0.0)

    @property
    def mean(self) -> float:
        """The parameter `p`."""
        return self.p

    @property
    def std(self) -> float:
        """``sqrt(p (1 - p))``."""
        return math.sqrt(self.p * (1.0 - self.p))

    def _make_law(self) -> Law:
        return Law(LawKind.DISCRETE, (), np.array([1.0 - self.p, 1.0, 0.0, 1.0]))

    def _cdf(self, x: Array) -> Array:
        return np.full_like(x, 1.0 - self.p)


class _Tabled(Distribution):
    """A distribution that is a list of ascending values; equal if it is drawn alike."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(np.array_equal(self._table, other._table))

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        low, high = self.support
        return f"{type(self).__name__}(<{self._points.size} values from {low!r} to {high!r}>)"

    @property
    @abstractmethod
    def _points(self) -> Array:
        """The values, ascending."""

    @property
    @abstractmethod
    def _table(self) -> Array:
        """What the kernels read."""

    @cached_property
    def _digest(self) -> bytes:
        return hashlib.sha256(self._table.tobytes()).digest()

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return float(self._points[0]), float(self._points[-1])


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Discrete(_Tabled):
    """Finitely many values, each with its own probability.

    Parameters
    ----------
    values : array_like, shape (m,), finite, in the unit of the variable
        In any order; a value that comes twice has both weights.
    weights : array_like, shape (m,), finite, >= 0; optional
        Proportional to the probabilities, equal by default; at least one is positive.

    Attributes
    ----------
    values, weights : ndarray, shape (m,), float64, read-only
        As given, in ascending order of the values.

    Raises
    ------
    TypeError, ValueError
        Not one-dimensional, no values, lengths that differ, or a bad number.

    Notes
    -----
    Probabilities are cut to multiples of 2^-62 of their sum, so that cumulative sums are exact;
    draws see 2^-53. O(log m) per draw.
    """

    values: Array
    weights: Array

    def __init__(self, values: ArrayLike, weights: ArrayLike | None = None) -> None:
        points = vector("Discrete", "values", values)
        shares = np.ones_like(points)
        if weights is not None:
            shares = vector("Discrete", "weights", weights)
            expected = f"{points.size} numbers, one per value"
            demand(shares.size == points.size, "Discrete", "weights", expected, shares.size)
        order = np.argsort(points, kind="stable")
        object.__setattr__(self, "values", _frozen(points[order]))
        object.__setattr__(self, "weights", _frozen(shares[order]))
        self._check_weights()

    def _check_weights(self) -> None:
        least = float(self.weights.min())
        demand(least >= 0.0, "Discrete", "weights", "numbers >= 0", least)
        total = self._total
        demand(0.0 < total < math.inf, "Discrete", "weights", "a finite sum > 0", total)

    def __repr__(self) -> str:
        if self.values.size > _SHOWN:
            return super().__repr__()
        return f"Discrete(values={self.values.tolist()}, weights={self.weights.tolist()})"

    @property
    def _total(self) -> float:
        try:
            return math.fsum(self.weights)
        except OverflowError:
            return math.inf

    @cached_property
    def _cells(self) -> tuple[Array, Array]:
        """Distinct values of positive probability, and the probability up to each."""
        shares = np.rint(np.ldexp(self.weights / self._total, 62)).astype(np.int64)
        values = self.values[shares > 0]
        below = np.cumsum(shares[shares > 0])
        is_last = np.append(values[1:] != values[:-1], True)
        return values[is_last], below[is_last].astype(np.float64) / float(below[-1])

    @property
    def _points(self) -> Array:
        return self._cells[0]

    @cached_property
    def _table(self) -> Array:
        values, cumulative = self._cells
        return _frozen(np.concatenate([cumulative, values]))

    @property
    def mean(self) -> float:
        """Weighted mean of the values."""
        values, cumulative = self._cells
        return float(np.dot(np.diff(cumulative, prepend=0.0), values))

    @property
    def std(self) -> float:
        """Weighted standard deviation of the values."""
        values, cumulative = self._cells
        square = np.square(values - self.mean)
        return math.sqrt(float(np.dot(np.diff(cumulative, prepend=0.0), square)))

    def _make_law(self) -> Law:
        return Law(LawKind.DISCRETE, (), self._table)

    def _cdf(self, x: Array) -> Array:
        values, cumulative = self._cells
        return np.concatenate([[0.0], cumulative])[np.searchsorted(values, x, side="right")]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Empirical(_Tabled):
    """The values of a sample, each as likely as the others; nothing between them.

    Parameters
    ----------
    data : array_like, shape (m,), finite, in the unit of the variable
        In any order; copied.

    Attributes
    ----------
    data : ndarray, shape (m,), float64, read-only
        Ascending.

    Raises
    ------
    TypeError, ValueError
        Not one-dimensional, no values, or a bad number.

    Notes
    -----
    ``ppf(u) = data[floor(u m)]``. O(1) per draw; 8 m bytes. `std` divides by m.
    """

    data: Array

    def __init__(self, data: ArrayLike) -> None:
        object.__setattr__(self, "data", _frozen(np.sort(vector("Empirical", "data", data))))

    def __repr__(self) -> str:
        if self.data.size > _SHOWN:
            return super().__repr__()
        return f"Empirical(data={self.data.tolist()})"

    @property
    def _points(self) -> Array:
        return self.data

    @property
    def _table(self) -> Array:
        return self.data

    @property
    def mean(self) -> float:
        """Mean of the data."""
        low, high = self.support
        return low if low == high else float(self.data.mean())

    @property
    def std(self) -> float:
        """Standard deviation of the data, divided by m."""
        low, high = self.support
        return 0.0 if low == high else float(self.data.std())

    def _make_law(self) -> Law:
        return Law(LawKind.EMPIRICAL, (), self.data)

    def _cdf(self, x: Array) -> Array:
        return np.searchsorted(self.data, x, side="right") / self.data.size
