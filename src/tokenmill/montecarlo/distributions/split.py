"""The split log-normal distribution: a log-normal of two widths, one on each side of the median."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..._native import Law, LawKind, elementary
from ._base import Distribution
from ._checks import demand, real
from ._hermite import OCTAVES, Array, hermite
from ._incomplete_beta import scalar
from ._moments import exponential

# log2 of the cells per octave; the error falls 64-fold with each.
_CELLS = 6
# The greatest width at which the table keeps the accuracy that the class promises.
_MOST_SIGMA = 4.0
_LOG_LIMIT = 300.0
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class SplitLogNormal(Distribution):
    """Split log-normal distribution: ``median exp(sigma z)``, `z` standard normal.

    ``sigma`` is `sigma_low` below the median and `sigma_high` above it, so that three quantiles
    of a skewed quantity are met exactly.

    Parameters
    ----------
    median : float in [e^-300, e^300]
        In the unit of the variable.
    sigma_low, sigma_high : float in [0, 4]
        Standard deviation of log X on either side, pure numbers. Both zero make it a point.

    Raises
    ------
    TypeError, ValueError
        A parameter is no finite number or out of range.

    See Also
    --------
    SplitLogNormal.from_quantiles : parameters in the unit of X.

    Notes
    -----
    Drawn from a table of quintic polynomials in the bits of min(u, 1-u), as `Beta` is; ``ppf`` is
    off by at most 5e-12 of the value. Levels nearer than 2^-54 to an end take the value at 2^-54.
    """

    median: float
    sigma_low: float
    sigma_high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive = self.median > 0.0 and abs(math.log(self.median)) <= _LOG_LIMIT
        self._require(positive, "median", "a number in [e^-300, e^300]")
        for name in ("sigma_low", "sigma_high"):
            inside = 0.0 <= getattr(self, name) <= _MOST_SIGMA
            self._require(inside, name, f"a number in [0, {_MOST_SIGMA:g}]")

    @classmethod
    def from_quantiles(cls, low: float, median: float, high: float) -> SplitLogNormal:
        """Return the split log-normal distribution with these quantiles at 5, 50 and 95 %.

        Parameters
        ----------
        low, median, high : float, 0 < low <= median <= high
            In the unit of X. Equal values make a side, or all of it, a point.

        Raises
        ------
        TypeError, ValueError
            A parameter is no finite number, out of order, or so far from the median that a sigma
            would exceed 4.
        """
        owner = "SplitLogNormal.from_quantiles"
        low, median, high = (
            real(owner, name, value)
            for name, value in (("low", low), ("median", median), ("high", high))
        )
        demand(low > 0.0, owner, "low", "a number > 0", low)
        demand(median >= low, owner, "median", f"a number >= low = {low!r}", median)
        demand(high >= median, owner, "high", f"a number >= median = {median!r}", high)
        z = scalar("norm_ppf", 0.95)
        middle = scalar("log", median)
        return cls(median, (middle - scalar("log", low)) / z, (scalar("log", high) - middle) / z)

    @property
    def support(self) -> tuple[float, float]:
        """The positive half-line; it ends at the median on a side whose sigma is zero."""
        low = 0.0 if self.sigma_low else self.median
        return low, math.inf if self.sigma_high else self.median

    @property
    def mean(self) -> float:
        """``median (e^(a^2/2) Phi(-a) + e^(b^2/2) Phi(b))``, a and b the sigmas."""
        return self.median * self._moment(1.0)

    @property
    def std(self) -> float:
        """Root of the second moment (the mean, sigmas doubled) less the squared mean."""
        mean = self._moment(1.0)
        return self.median * math.sqrt(max(self._moment(2.0) - mean * mean, 0.0))

    def _moment(self, order: float) -> float:
        """Return E (X / median)^order, one half-line after the other."""
        below, above = order * self.sigma_low, order * self.sigma_high
        low = exponential(below * below / 2.0) * scalar("norm_cdf", -below)
        return low + exponential(above * above / 2.0) * scalar("norm_cdf", above)

    def _make_law(self) -> Law:
        parameters = (0.0, self.median, sys.float_info.max, float(_CELLS))
        return Law(LawKind.TABULATED, parameters, _table(self.sigma_low, self.sigma_high))

    def _cdf(self, x: Array) -> Array:
        log_ratio = elementary("log", x / self.median)
        below = log_ratio < 0.0
        # a side of no width is a step, which `support` ends at
        sigma = np.where(below, self.sigma_low, self.sigma_high)
        return elementary("norm_cdf", log_ratio / np.where(sigma > 0.0, sigma, 1.0))


@lru_cache(maxsize=64)
def _table(sigma_low: float, sigma_high: float) -> Array:
    """Return the quantile function of X / median as the law TABULATED reads it, read-only.

    Sides, cells, coefficients: for u < 1/2 and from there on, each by ascending ``p = min(u, 1-u)``
    from 2^-54; the last cell of a side holds ``p = 1/2`` alone.
    """
    per_octave = 1 << _CELLS
    octaves = np.ldexp(1.0, np.arange(-OCTAVES - 1, -1))
    p = np.append(np.outer(octaves, 1.0 + np.arange(per_octave) / per_octave).reshape(-1), 0.5)
    z = elementary("norm_ppf", p)
    # z' = sqrt(2 pi) exp(z^2 / 2), z'' = z z'^2
    growth = _ROOT_TWO_PI * elementary("exp", 0.5 * z * z)
    table = np.zeros((2, p.size, 6))
    for side, sigma in enumerate((sigma_low, -sigma_high)):
        x = elementary("exp", sigma * z)
        slope = sigma * growth * x
        curvature = growth * slope * (sigma + z)
        table[side, :-1] = hermite(p, x, x[1:] - x[:-1], slope, curvature)
        table[side, :, 0] = x
    flat = table.reshape(-1)
    flat.flags.writeable = False
    return flat
