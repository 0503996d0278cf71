"""Distributions on a half line or the line, with a closed quantile function."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..._native import Law, LawKind
from ._base import Array, Distribution
from ._moments import exponential, weibull_variation


@dataclass(frozen=True)
class Exponential(Distribution):
    """Waiting time of a memoryless event.

    Parameters
    ----------
    mean : float > 0
        In the unit of the variable; one over the rate.

    Raises
    ------
    TypeError, ValueError
        `mean` is no finite number > 0.
    """

    mean: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.mean > 0.0, "mean", "a number > 0")

    @property
    def support(self) -> tuple[float, float]:
        """Zero to infinity."""
        return 0.0, math.inf

    @property
    def std(self) -> float:
        """The mean."""
        return self.mean

    def _make_law(self) -> Law:
        return Law(LawKind.EXPONENTIAL, (self.mean,))

    def _cdf(self, x: Array) -> Array:
        return -np.expm1(-(x / self.mean))


@dataclass(frozen=True)
class Weibull(Distribution):
    """Life time with a failure rate that grows (shape > 1) or falls (shape < 1) with age.

    Parameters
    ----------
    shape : float > 0
        Pure number; 1 is the exponential distribution. Values beyond float64 come out as inf or 0
        (shapes below 0.06).
    scale : float > 0
        In the unit of the variable; 63.2 % of the values lie below it.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number > 0.
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.shape > 0.0, "shape", "a number > 0")
        self._require(math.isfinite(1.0 / self.shape), "shape", "1/shape to be finite")
        self._require(self.scale > 0.0, "scale", "a number > 0")

    @property
    def support(self) -> tuple[float, float]:
        """Zero to infinity."""
        return 0.0, math.inf

    @property
    def mean(self) -> float:
        """``scale Gamma(1 + 1/shape)``."""
        h = 1.0 / self.shape
        if h > 100.0:
            return exponential(math.log(self.scale) + math.lgamma(1.0 + h))
        return self.scale * math.gamma(1.0 + h)

    @property
    def std(self) -> float:
        """``scale sqrt(Gamma(1 + 2/shape) - Gamma(1 + 1/shape)^2)``."""
        return self.mean * weibull_variation(1.0 / self.shape)

    def _make_law(self) -> Law:
        return Law(LawKind.WEIBULL, (1.0 / self.shape, self.scale))

    def _cdf(self, x: Array) -> Array:
        return -np.expm1(-((x / self.scale) ** self.shape))


@dataclass(frozen=True)
class Pareto(Distribution):
    """Power-law tail: P(X > x) = (scale / x)^shape for x >= scale.

    Parameters
    ----------
    shape : float > 0
        Tail index, a pure number; the mean is infinite up to 1, the standard deviation up to 2.
        Values beyond float64 come out as inf (shapes below 0.06).
    scale : float > 0
        Least value, in the unit of the variable.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number > 0.
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.shape > 0.0, "shape", "a number > 0")
        self._require(math.isfinite(1.0 / self.shape), "shape", "1/shape to be finite")
        self._require(self.scale > 0.0, "scale", "a number > 0")

    @property
    def support(self) -> tuple[float, float]:
        """`scale` to infinity."""
        return self.scale, math.inf

    @property
    def mean(self) -> float:
        """``scale shape / (shape - 1)``, infinite for shapes up to 1."""
        return self.scale * (self.shape / (self.shape - 1.0)) if self.shape > 1.0 else math.inf

    @property
    def std(self) -> float:
        """``scale sqrt(shape / (shape - 2)) / (shape - 1)``, infinite for shapes up to 2."""
        if self.shape <= 2.0:
            return math.inf
        return self.scale * math.sqrt(self.shape / (self.shape - 2.0)) / (self.shape - 1.0)

    def _make_law(self) -> Law:
        return Law(LawKind.PARETO, (1.0 / self.shape, self.scale))

    def _cdf(self, x: Array) -> Array:
        return -np.expm1(-self.shape * np.log(x / self.scale))


@dataclass(frozen=True)
class Logistic(Distribution):
    """Symmetric, with tails of the exponential kind; the distribution function is 1/(1+e^-z).

    Parameters
    ----------
    mu : float
        Mean and median, in the unit of the variable.
    scale : float >= 0
        In the same unit; ``std = scale pi / sqrt(3)``. Zero makes it a point.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, or `scale` is negative.
    """

    mu: float
    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.scale >= 0.0, "scale", "a number >= 0")

    @property
    def support(self) -> tuple[float, float]:
        """The real line; `mu` alone if the scale is zero."""
        return (-math.inf, math.inf) if self.scale else (self.mu, self.mu)

    @property
    def mean(self) -> float:
        """The parameter `mu`."""
        return self.mu

    @property
    def std(self) -> float:
        """``scale pi / sqrt(3)``."""
        return self.scale * (math.pi / math.sqrt(3.0))

    def _make_law(self) -> Law:
        return Law(LawKind.LOGISTIC, (self.mu, self.scale))

    def _cdf(self, x: Array) -> Array:
        return 1.0 / (1.0 + np.exp(-((x - self.mu) / self.scale)))
