"""The normal distribution and its kin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from ..._native import Law, LawKind, elementary
from ._base import Array, Distribution
from ._checks import demand, real
from ._incomplete_beta import scalar
from ._moments import log_normal_std, truncated_normal_moments

# Where exp(mu) and the densities around it are far from the ends of float64.
_LOG_LIMIT = 700.0
# Less of a normal distribution than this has lost digits to underflow (37 sigma).
_LEAST_MASS = 1e-300


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal distribution.

    Parameters
    ----------
    mu : float
        Mean, in the unit of the variable.
    sigma : float >= 0
        Standard deviation, in the same unit. Zero makes it a point.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, or `sigma` is negative.
    """

    mu: float
    sigma: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.sigma >= 0.0, "sigma", "a number >= 0")

    @property
    def support(self) -> tuple[float, float]:
        """The real line; `mu` alone if sigma is zero."""
        return (-math.inf, math.inf) if self.sigma else (self.mu, self.mu)

    @property
    def mean(self) -> float:
        """The parameter `mu`."""
        return self.mu

    @property
    def std(self) -> float:
        """The parameter `sigma`."""
        return self.sigma

    def _make_law(self) -> Law:
        return Law(LawKind.NORMAL, (self.mu, self.sigma))

    def _cdf(self, x: Array) -> Array:
        return elementary("norm_cdf", (x - self.mu) / self.sigma)


@dataclass(frozen=True)
class LogNormal(Distribution):
    """Log-normal distribution: log X is normal.

    Parameters
    ----------
    mu : float in [-700, 700]
        Mean of log X; ``exp(mu)`` is the median of X.
    sigma : float >= 0
        Standard deviation of log X, a pure number. Zero makes it the point ``exp(mu)``.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, `sigma` is negative, or exp(mu) leaves float64.

    See Also
    --------
    LogNormal.from_mean_std, LogNormal.from_quantiles : parameters in the unit of X.
    """

    mu: float
    sigma: float

    @classmethod
    def from_mean_std(cls, mean: float, std: float) -> LogNormal:
        """Return the log-normal distribution with this mean and standard deviation of X itself.

        Parameters
        ----------
        mean : float > 0
        std : float >= 0
            Both in the unit of X.

        Raises
        ------
        TypeError, ValueError
            A parameter is no finite number or out of range.
        """
        owner = "LogNormal.from_mean_std"
        mean, std = real(owner, "mean", mean), real(owner, "std", std)
        demand(mean > 0.0, owner, "mean", "a number > 0", mean)
        demand(0.0 <= std <= 1e150 * mean, owner, "std", "a number in [0, 1e150 mean]", std)
        ratio = std / mean
        square = scalar("log1p", ratio * ratio)
        return cls(scalar("log", mean) - 0.5 * square, math.sqrt(square))

    @classmethod
    def from_quantiles(
        cls, low: float, high: float, *, p_low: float = 0.05, p_high: float = 0.95
    ) -> LogNormal:
        """Return the log-normal distribution with these two quantiles.

        Parameters
        ----------
        low, high : float, 0 < low <= high
            Quantiles at `p_low` and `p_high`, in the unit of X; by default the ends of the central
            90 %. Equal values make it a point.
        p_low, p_high : float, 0 < p_low < p_high < 1

        Raises
        ------
        TypeError, ValueError
            A parameter is no finite number or out of order.
        """
        owner = "LogNormal.from_quantiles"
        low, high = real(owner, "low", low), real(owner, "high", high)
        p_low, p_high = real(owner, "p_low", p_low), real(owner, "p_high", p_high)
        demand(low > 0.0, owner, "low", "a number > 0", low)
        demand(high >= low, owner, "high", f"a number >= low = {low!r}", high)
        demand(0.0 < p_low < 1.0, owner, "p_low", "a number in (0, 1)", p_low)
        demand(p_low < p_high < 1.0, owner, "p_high", f"a number in ({p_low!r}, 1)", p_high)
        z_low, z_high = scalar("norm_ppf", p_low), scalar("norm_ppf", p_high)
        log_low = scalar("log", low)
        sigma = (scalar("log", high) - log_low) / (z_high - z_low)
        return cls(log_low - sigma * z_low, sigma)

    def __post_init__(self) -> None:
        super().__post_init__()
        inside = abs(self.mu) <= _LOG_LIMIT
        expected = "the mean of log X in [-700, 700] (from_mean_std takes the mean of X)"
        self._require(inside, "mu", expected)
        self._require(self.sigma >= 0.0, "sigma", "a number >= 0")

    @property
    def support(self) -> tuple[float, float]:
        """Zero to infinity; ``exp(mu)`` alone if sigma is zero."""
        if self.sigma:
            return 0.0, math.inf
        point = scalar("exp", self.mu)
        return point, point

    @property
    def mean(self) -> float:
        """``exp(mu + sigma^2 / 2)``."""
        return scalar("exp", self.mu + self.sigma * self.sigma / 2.0)

    @property
    def std(self) -> float:
        """``mean sqrt(exp(sigma^2) - 1)``."""
        return log_normal_std(self.mu, self.sigma)

    def _make_law(self) -> Law:
        return Law(LawKind.LOG_NORMAL, (self.mu, self.sigma))

    def _cdf(self, x: Array) -> Array:
        return elementary("norm_cdf", (elementary("log", x) - self.mu) / self.sigma)


@dataclass(frozen=True)
class TruncatedNormal(Distribution):
    """Normal distribution kept within an interval: X given low <= X <= high.

    Parameters
    ----------
    mu, sigma : float, sigma >= 0
        Mean and standard deviation before truncation, in the unit of the variable. With
        ``sigma == 0`` it is the point `mu`, which must lie in the interval.
    low, high : float, low <= high
        Equal ends make it a point. An end far out, ``mu + 40 * sigma`` say, stands for none.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number, the ends are reversed, or the interval holds less than
        1e-300 of the normal distribution (it begins beyond 37 sigma).

    Notes
    -----
    The interval's uniform is mapped into the lower tail, mirrored if the interval lies mostly above
    `mu`, so that an interval of the far tail keeps its digits: an error of about 1e-15 sigma.
    """

    mu: float
    sigma: float
    low: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.sigma >= 0.0, "sigma", "a number >= 0")
        self._require(self.low <= self.high, "high", f"a number >= low = {self.low!r}")
        if self.low == self.high:
            return
        interval = f"[low, high] = [{self.low!r}, {self.high!r}]"
        if self.sigma == 0.0:
            inside = self.low <= self.mu <= self.high
            self._require(inside, "mu", f"a number in {interval}, since sigma is 0")
            return
        _, _, mass = self._tail
        self._require(mass > _LEAST_MASS, "mu", f"a number within 37 sigma of {interval}")

    @property
    def _ends(self) -> tuple[float, float]:
        return (self.low - self.mu) / self.sigma, (self.high - self.mu) / self.sigma

    @cached_property
    def _tail(self) -> tuple[float, float, float]:
        """Sigma, negative if mirrored; probability of the tail before the interval and of it."""
        first, last = self._ends
        sign = 1.0
        if first + last > 0.0:
            sign, first, last = -1.0, -last, -first
        base = scalar("norm_cdf", first)
        return sign * self.sigma, base, scalar("norm_cdf", last) - base

    @property
    def support(self) -> tuple[float, float]:
        """The parameters `low` and `high`; `mu` alone if sigma is zero."""
        if self.sigma == 0.0 and self.low < self.high:
            return self.mu, self.mu
        return self.low, self.high

    @property
    def mean(self) -> float:
        """``mu + sigma`` times the mean of a standard normal variable within the ends."""
        low, high = self.support
        if low == high:
            return low
        mean, _ = truncated_normal_moments(*self._ends)
        return min(max(self.mu + self.sigma * mean, low), high)

    @property
    def std(self) -> float:
        """Standard deviation after truncation."""
        low, high = self.support
        if low == high:
            return 0.0
        _, std = truncated_normal_moments(*self._ends)
        return self.sigma * std

    def _make_law(self) -> Law:
        signed_sigma, base, mass = self._tail
        parameters = (self.mu, signed_sigma, base, mass, self.low, self.high)
        return Law(LawKind.TRUNCATED_NORMAL, parameters)

    def _cdf(self, x: Array) -> Array:
        signed_sigma, base, mass = self._tail
        share = (elementary("norm_cdf", (x - self.mu) / signed_sigma) - base) / mass
        return share if signed_sigma > 0.0 else 1.0 - share
