"""Distributions on an interval with a closed quantile function."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..._native import Law, LawKind, elementary
from ._base import Array, Distribution
from ._incomplete_beta import scalar
from ._moments import log_uniform_std


@dataclass(frozen=True)
class Constant(Distribution):
    """A number that is not uncertain; costs nothing per scenario.

    Parameters
    ----------
    value : float
        In the unit of the variable; -0.0 becomes 0.0.

    Raises
    ------
    TypeError, ValueError
        `value` is no finite number.
    """

    value: float

    @property
    def support(self) -> tuple[float, float]:
        """The value, twice."""
        return self.value, self.value

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def std(self) -> float:
        """Zero."""
        return 0.0

    def _make_law(self) -> Law:
        return Law(LawKind.CONSTANT, (self.value,))

    def _cdf(self, x: Array) -> Array:
        return np.ones_like(x)


@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value between two ends is equally likely.

    Parameters
    ----------
    low, high : float, low <= high
        In the unit of the variable. Equal ends make it a point.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, the ends are reversed, or high - low overflows.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_range()

    @property
    def support(self) -> tuple[float, float]:
        """The parameters."""
        return self.low, self.high

    @property
    def mean(self) -> float:
        """``(low + high) / 2``."""
        return 0.5 * self.low + 0.5 * self.high

    @property
    def std(self) -> float:
        """``(high - low) / sqrt(12)``."""
        return (self.high - self.low) / math.sqrt(12.0)

    def _make_law(self) -> Law:
        return Law(LawKind.UNIFORM, (self.low, self.high - self.low, self.high))

    def _cdf(self, x: Array) -> Array:
        return (x - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class LogUniform(Distribution):
    """Every order of magnitude is equally likely: log X is uniform.

    Parameters
    ----------
    low, high : float, 0 < low <= high
        In the unit of the variable. Equal ends make it a point.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, not positive, or the ends are reversed.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.low > 0.0, "low", "a number > 0")
        self._require_range()

    @property
    def _log_width(self) -> float:
        if self.high < 2.0 * self.low:
            return scalar("log1p", (self.high - self.low) / self.low)
        return scalar("log", self.high) - scalar("log", self.low)

    @property
    def support(self) -> tuple[float, float]:
        """The parameters."""
        return self.low, self.high

    @property
    def mean(self) -> float:
        """``(high - low) / log(high / low)``."""
        if self.low == self.high:
            return self.low
        return (self.high - self.low) / self._log_width

    @property
    def std(self) -> float:
        """Square root of ``(high^2 - low^2) / (2 log(high / low)) - mean^2``."""
        return log_uniform_std(self.low, self.high, self._log_width)

    def _make_law(self) -> Law:
        parameters = (scalar("log", self.low), self._log_width, self.low, self.high)
        return Law(LawKind.LOG_UNIFORM, parameters)

    def _cdf(self, x: Array) -> Array:
        return (elementary("log", x) - scalar("log", self.low)) / self._log_width


@dataclass(frozen=True)
class Triangular(Distribution):
    """Density rising in a line from `low` to `mode` and falling in a line to `high`.

    Parameters
    ----------
    low, mode, high : float, low <= mode <= high
        In the unit of the variable. ``low == high`` makes it a point; otherwise
        ``1e-150 <= high - low <= 1e150``, since the quantile function multiplies two lengths.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, or they are not in order.
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_range()
        ordered = self.low <= self.mode <= self.high
        self._require(ordered, "mode", f"a number in [low, high] = [{self.low!r}, {self.high!r}]")
        width = self.high - self.low
        sized = width == 0.0 or 1e-150 <= width <= 1e150
        self._require(sized, "high", "high - low to be 0 or in [1e-150, 1e150]")

    @property
    def support(self) -> tuple[float, float]:
        """The parameters `low` and `high`."""
        return self.low, self.high

    @property
    def mean(self) -> float:
        """``(low + mode + high) / 3``."""
        return self.mode + ((self.low - self.mode) + (self.high - self.mode)) / 3.0

    @property
    def std(self) -> float:
        """``sqrt(((high - low)^2 - (mode - low) (high - mode)) / 18)``."""
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        return math.sqrt((width * width - left * right) / 18.0)

    def _make_law(self) -> Law:
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        parameters = (self.low, self.mode, self.high, left / width, width * left, width * right)
        return Law(LawKind.TRIANGULAR, parameters)

    def _cdf(self, x: Array) -> Array:
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising = (x - self.low) / width * ((x - self.low) / (left or 1.0))
        falling = (self.high - x) / width * ((self.high - x) / (right or 1.0))
        return np.where(x < self.mode, rising, 1.0 - falling)
