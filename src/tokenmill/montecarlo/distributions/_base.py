"""What every distribution offers, and how it reaches the kernels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._native import Law, LawKind, as_float64, quantile
from ._checks import demand, real

Array = NDArray[np.float64]


class Distribution(ABC):
    """A probability distribution that is drawn by inversion: one uniform, one value.

    Distributions are immutable, hashable and compare by their parameters. A distribution whose
    support is a single point is legal and drawn like a constant.
    """

    def __post_init__(self) -> None:
        """Turn every parameter into a finite float; subclasses go on to check them together."""
        owner = type(self).__name__
        for field in fields(self):  # type: ignore[arg-type]
            number = real(owner, field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, number)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy by parameters; tables are made again, with the same bits."""
        values = tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return type(self), values

    def _require(self, condition: bool, name: str, expected: str) -> None:
        demand(condition, type(self).__name__, name, expected, getattr(self, name))

    def _require_range(self) -> None:
        low, high = self.support
        self._require(low <= high, "high", f"a number >= low = {low!r}")
        self._require(math.isfinite(high - low), "high", "a range high - low that is finite")

    if TYPE_CHECKING:
        # not at run time: dataclasses would take it for the default of Exponential's field `mean`
        @property
        def mean(self) -> float:
            """Expected value; inf where it is infinite or beyond the range of float64."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Least and greatest value, infinite where there is none; equal for a point."""

    @property
    @abstractmethod
    def std(self) -> float:
        """Standard deviation; inf where it is infinite or beyond the range of float64."""

    @abstractmethod
    def _make_law(self) -> Law:
        """Return the law of a distribution that is more than a point."""

    @abstractmethod
    def _cdf(self, x: Array) -> Array:
        """Return P(X <= x) for x from the low end of the support to below the high end."""

    @cached_property
    def _law(self) -> Law:
        low, high = self.support
        return Law(LawKind.CONSTANT, (low,)) if low == high else self._make_law()

    def law(self) -> Law:
        """Return the distribution as the kernels see it, made at the first call and kept."""
        return self._law

    def ppf(self, u: ArrayLike) -> float | Array:
        """Quantile function: the value below which a share `u` of the distribution lies.

        Parameters
        ----------
        u : float or array_like of any shape, probability
            0 and 1 give the ends of the support; NaN and anything outside [0, 1] give NaN.

        Returns
        -------
        float or ndarray of the shape of `u`, float64
            In (0, 1) the very bits that sampling makes of the uniform `u`. O(1) per value.

        Raises
        ------
        TypeError
            `u` does not hold real numbers.
        """
        levels = as_float64("u", u)
        inside = (levels > 0.0) & (levels < 1.0)
        values = quantile(self._law, np.where(inside, levels, 0.5))
        low, high = self.support
        ends = np.where(levels == 0.0, low, np.where(levels == 1.0, high, np.nan))
        result = np.where(inside, values, ends)
        return float(result) if result.ndim == 0 else result

    def cdf(self, x: ArrayLike) -> float | Array:
        """Distribution function P(X <= x).

        Parameters
        ----------
        x : float or array_like of any shape, in the unit of the distribution
            NaN gives NaN.

        Returns
        -------
        float or ndarray of the shape of `x`, float64, probability

        Raises
        ------
        TypeError
            `x` does not hold real numbers.
        """
        values = as_float64("x", x)
        low, high = self.support
        result = np.where(np.isnan(values), np.nan, np.where(values >= high, 1.0, 0.0))
        inside = (values >= low) & (values < high)
        if inside.any():
            # overflow and 1/0 at the far ends have the right limits
            with np.errstate(over="ignore", divide="ignore", under="ignore"):
                result[inside] = np.clip(self._cdf(values[inside]), 0.0, 1.0)
        return float(result) if result.ndim == 0 else result
