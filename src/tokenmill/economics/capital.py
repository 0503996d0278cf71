"""Capital: annuities, net present value and the internal rate of return.

All functions take and return plain numbers (USD, years, rates per year as fractions) and are
compiled by numba at their first call; see :mod:`tokenmill.economics`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..jit import exp, expm1, log1p
from ..jit.kernel import kernel

HOURS_PER_YEAR = 8760.0

# Below this a rate changes no digit of an annuity.
_NO_RATE = 1e-290


@kernel
def discount_factor(rate: float, years: float) -> float:
    """Return what one USD paid after `years` is worth today: ``(1 + rate)^-years``.

    Parameters
    ----------
    rate : float
        Discount rate per year, > -1.
    years : float
        May be a fraction.
    """
    return exp(-years * log1p(rate))


@kernel
def annuity(principal: float, rate: float, years: float) -> float:
    """Return the level yearly payment that repays `principal` with interest.

    ``principal * rate / (1 - (1 + rate)^-years)``, in the form ``-expm1(-years*log1p(rate))``
    that keeps its digits for small rates; ``principal / years`` at rate 0.

    Parameters
    ----------
    principal : float
        USD at the start.
    rate : float
        Cost of capital per year, > -1.
    years : float
        > 0; 0 gives inf.

    Returns
    -------
    float
        USD per year.
    """
    if abs(rate) < _NO_RATE:  # products with a subnormal rate lose their digits
        return principal / years
    return principal * rate / -expm1(-years * log1p(rate))


@kernel
def annuity_with_residual(principal: float, residual: float, rate: float, years: float) -> float:
    """Return the yearly payment when the asset is sold for `residual` USD at the end.

    The annuity of ``principal - residual * (1 + rate)^-years``.
    """
    return annuity(principal - residual * discount_factor(rate, years), rate, years)


@kernel
def npv(rate: float, cash: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the net present value of yearly cash flows.

    Parameters
    ----------
    rate : float
        Discount rate per year, > -1.
    cash : (n,) float64 array or tuple of float
        USD; ``cash[t]`` is paid after t years. Empty gives 0.

    Returns
    -------
    float
        USD today: the sum of ``cash[t] / (1 + rate)^t``, by Horner's rule.
    """
    factor = 1.0 / (1.0 + rate)
    total = 0.0
    for t in range(len(cash) - 1, -1, -1):
        total = total * factor + cash[t]
    return total


@kernel
def irr(cash: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the internal rate of return: the rate at which the net present value is 0.

    Parameters
    ----------
    cash : (n,) float64 array or tuple of float
        USD; ``cash[t]`` is paid after t years, as in :func:`npv`.

    Returns
    -------
    float
        Rate per year in (-1, inf), found by bisection until no double lies between. Cash that
        changes sign once has one root. Of several it returns one: the highest, or nearly, where the
        net present value has the same sign just above -1 and at high rates, as when the last years
        lose money. NaN without a root, or with two within 10 % of ``1 + rate``.
    """
    low = -1.0 + 1e-9
    high = 1.0
    at_low = npv(low, cash)
    while high < 1e9 and npv(high, cash) * at_low > 0.0:
        high *= 8.0
    at_high = npv(high, cash)
    if at_low * at_high > 0.0:
        low = high
        while at_low * at_high > 0.0 and low > -1.0 + 1e-9:
            high = low
            low = (1.0 + high) / 1.1 - 1.0
            at_low = npv(low, cash)
    if not (at_low <= 0.0 <= at_high or at_high <= 0.0 <= at_low) or at_low == at_high:
        return float("nan")
    middle = 0.5 * (low + high)
    while low < middle < high:
        if (npv(middle, cash) <= 0.0) == (at_low <= 0.0):
            low = middle
        else:
            high = middle
        middle = 0.5 * (low + high)
    return middle
