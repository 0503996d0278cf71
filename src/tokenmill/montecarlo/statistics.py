"""One output's statistics, read off its tally."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import ceil, inf, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_float64
from .._native.sweep import RawMoments, bucket_edges, collect
from .tally import LARGEST, SUM_UNIT, Tally, mean_of, square_root, variance_of


def describe(values: ArrayLike, name: str = "values") -> OutputStatistics:
    """Return exact statistics of an array, as a sweep gives them of an output.

    Parameters
    ----------
    values : array_like, any shape, real numbers

    Raises
    ------
    TypeError
        `values` does not hold real numbers.

    Notes
    -----
    O(n); the same for any order of the values, except `argmin` and `argmax`.
    """
    array = as_float64("values", values).reshape(-1)
    return OutputStatistics(name, Tally.of(collect(array)), (), {})


class OutputStatistics:
    """Statistics of one output of a sweep.

    Sums are exact, so mean and variance are the correctly rounded values of the sample; quantiles
    come from a log-histogram with a relative error of at most 2^-11 (0.049 %), exact for integers
    up to 2^20 in magnitude, and never leave [min, max]. NaN and infinities follow IEEE arithmetic;
    `finite` leaves them out.
    """

    def __init__(
        self,
        name: str,
        tally: Tally,
        thresholds: tuple[float, ...],
        inputs: dict[str, tuple[float, RawMoments]],
    ) -> None:
        self.name = name
        self._tally = tally
        self._thresholds = thresholds
        self._inputs = inputs

    def __repr__(self) -> str:
        return f"<{self.name}: n={self.n}, mean={self.mean:.6g}, std={self.std:.6g}>"

    @property
    def n(self) -> int:
        """Number of scenarios."""
        return self._tally.moments.values

    @property
    def nan_count(self) -> int:
        """Scenarios whose output is NaN."""
        return self._tally.moments.nan_count

    @property
    def infinite_count(self) -> int:
        """Scenarios whose output is infinite."""
        return self._tally.moments.positive_infinities + self._tally.moments.negative_infinities

    @property
    def finite(self) -> OutputStatistics:
        """Statistics of the finite values; an infinite extreme becomes its bucket's edge."""
        return OutputStatistics(self.name, self._tally.finite(), (), {})

    @property
    def mean(self) -> float:
        """Arithmetic mean, correctly rounded; infinite or NaN if such values occur."""
        m = self._tally.moments
        if m.nan_count or (m.positive_infinities and m.negative_infinities):
            return nan
        if m.positive_infinities or m.negative_infinities:
            return inf if m.positive_infinities else -inf
        return mean_of(m)

    @property
    def variance(self) -> float:
        """Sample variance with n - 1, correctly rounded; NaN for fewer than two values."""
        if self.n < 2 or self.nan_count or self.infinite_count:
            return nan
        exact = variance_of(self._tally.moments)
        # what rounds to more than the largest double is infinite, as in IEEE arithmetic
        return inf if exact > LARGEST else exact.numerator / exact.denominator

    @property
    def std(self) -> float:
        """Square root of the sample variance, within 1 ulp."""
        if self.n < 2 or self.nan_count or self.infinite_count:
            return nan
        return square_root(variance_of(self._tally.moments))

    @property
    def stderr(self) -> float:
        """Standard error of the mean: std / sqrt(n)."""
        return self.std / self.n**0.5 if self.n else nan

    @property
    def min(self) -> float:
        """Smallest value, NaN left out; NaN without values."""
        return self._extreme(self._tally.moments.minimum, self._edges[0][:1])

    @property
    def max(self) -> float:
        """Largest value, NaN left out; NaN without values."""
        return self._extreme(self._tally.moments.maximum, self._edges[1][-1:])

    def _extreme(self, value: float, edge: NDArray[np.float64]) -> float:
        m = self._tally.moments
        if m.values == m.nan_count:
            return nan
        if abs(value) == inf and not (m.positive_infinities or m.negative_infinities):
            return float(edge[0]) if len(edge) else nan
        return value

    @property
    def argmin(self) -> int | None:
        """Lowest scenario index that attains the minimum, for `replay`; None without values."""
        return None if self.n == self.nan_count else self._tally.moments.argmin

    @property
    def argmax(self) -> int | None:
        """Lowest scenario index that attains the maximum; None without values."""
        return None if self.n == self.nan_count else self._tally.moments.argmax

    @cached_property
    def _edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Return low edges, high edges and counts of the buckets, in the order of the values."""
        low, high = bucket_edges(self._tally.buckets)
        order = np.lexsort((high, low))
        return low[order], high[order], self._tally.counts[order]

    @cached_property
    def _middles(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the buckets' middles, ascending, and cumulative counts.

        An integer may lie inside a bucket of fractions; in the order of the middles no value is
        further than half a bucket from the one that stands for its rank.
        """
        low, high, counts = self._edges
        middles = low + (high - low) / 2
        order = np.argsort(middles, kind="stable")
        return middles[order], np.cumsum(counts[order])

    def quantile(self, q: ArrayLike) -> float | NDArray[np.float64]:
        """Inverse of the empirical distribution function.

        Parameters
        ----------
        q : float or array_like in [0, 1]

        Returns
        -------
        float or ndarray of the shape of `q`
            The middle of the bucket that holds the value of rank ceil(q n): relative error at most
            2^-11, exact for integers up to 2^20. NaN if any value is NaN.

        Raises
        ------
        ValueError
            `q` outside [0, 1].
        """
        levels = np.asarray(q, dtype=np.float64)
        if levels.size and not bool(np.all((levels >= 0) & (levels <= 1))):
            raise ValueError(f"q: expected levels in [0, 1], found {q!r}")
        values = np.array([self._at_level(float(level)) for level in levels.ravel()])
        return float(values[0]) if levels.ndim == 0 else values.reshape(levels.shape)

    def _at_level(self, level: float) -> float:
        m = self._tally.moments
        if m.nan_count or not m.values:
            return nan
        rank = max(ceil(Fraction(level) * m.values), 1)
        if rank <= m.negative_infinities:
            return -inf
        if rank > m.values - m.positive_infinities:
            return inf
        if rank == 1 or rank == m.values:
            return self.min if rank == 1 else self.max
        middles, cumulative = self._middles
        place = int(np.searchsorted(cumulative, rank - m.negative_infinities))
        return float(min(max(middles[place], self.min), self.max))

    def probability_below(self, x: float) -> float:
        """Share of the scenarios with a value below `x`; NaN values are below nothing.

        Exact for a threshold declared in `sweep(thresholds=)` and where `probability_bounds` meet
        (integers up to 2^20 among integer values, anything outside [min, max]); else interpolated
        inside one bucket, between those bounds.
        """
        if float(x) in self._thresholds:
            return self._tally.below[self._thresholds.index(float(x))] / self.n
        low, high = self.probability_bounds(x)
        return low + (high - low) * self._position(float(x))

    def probability_bounds(self, x: float) -> tuple[float, float]:
        """Bounds of the share of the scenarios with a value below `x`: equal where it is exact."""
        x = float(x)
        m = self._tally.moments
        if not m.values or x != x:
            return nan, nan
        if m.values == m.nan_count or x <= self.min:
            return 0.0, 0.0
        if x > self.max:
            share = (m.values - m.nan_count) / m.values
            return share, share
        low, high, counts = self._edges
        # a bucket's high edge belongs to the next one; an integer's edges are its value
        surely = int(counts[np.where(high > low, high <= x, high < x)].sum())
        possibly = int(counts[low < x].sum())
        return (
            (m.negative_infinities + surely) / m.values,
            (m.negative_infinities + possibly) / m.values,
        )

    def _position(self, x: float) -> float:
        """Where `x` lies in its bucket, from 0 at the low edge to 1 at the high edge."""
        low, high, _ = self._edges
        inside = np.flatnonzero((low < x) & (x < high))
        if not len(inside):
            return 0.0
        place = int(inside[0])
        first = max(low[place], self.min)
        last = min(high[place], self.max)
        return float((x - first) / (last - first)) if last > first else 0.5

    def histogram(self, bins: int = 50) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return counts of the finite values between edges, as `numpy.histogram` does.

        Parameters
        ----------
        bins : int
            How many bins to aim for. Edges are bucket edges near equally spaced ones, so that the
            counts are exact; neighbours that fall on the same edge are joined.

        Returns
        -------
        counts : ndarray, shape (b,), int64, b <= bins
        edges : ndarray, shape (b + 1,), float64
        """
        if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
            raise ValueError(f"bins: expected an integer >= 1, found {bins!r}")
        low, high, counts = self._edges
        if not len(low):
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        if bins == 1 or low[0] == high[-1]:
            return np.array([counts.sum()]), np.array([low[0], high[-1]])
        aims = np.linspace(low[0], high[-1], bins + 1)[1:-1]
        inner = np.unique(np.minimum(np.searchsorted(low, aims), len(low) - 1))
        starts = np.unique(np.concatenate([[0], inner]))
        sums = np.add.reduceat(counts, starts)
        return sums, np.concatenate([low[starts], high[-1:]])

    def covariance(self) -> dict[str, float]:
        """Sample covariance with each drawn input (n - 1); NaN if a value is not finite."""
        return {name: self._covariance(name)[0] for name in self._inputs}

    def correlation(self) -> dict[str, float]:
        """Pearson correlation with each drawn input; NaN where either does not vary."""
        return {name: self._covariance(name)[1] for name in self._inputs}

    def _covariance(self, name: str) -> tuple[float, float]:
        place = list(self._inputs).index(name)
        centre, moments = self._inputs[name]
        total, skipped = self._tally.products[place]
        n = self.n
        if n < 2 or skipped or self.nan_count or self.infinite_count:
            return nan, nan
        mean_x = Fraction(moments.total, n * SUM_UNIT) - Fraction(centre)
        mean_y = Fraction(self._tally.moments.total, n * SUM_UNIT)
        exact = (Fraction(total, SUM_UNIT) - n * mean_x * mean_y) / (n - 1)
        spread = variance_of(moments) * variance_of(self._tally.moments)
        if not spread:
            return float(exact), nan
        correlation = abs(exact) / Fraction(square_root(spread))
        return float(exact), float(min(correlation, Fraction(1))) * (1 if exact >= 0 else -1)
