"""A fleet let by the hour over its life: cash by year, net present value, rate of return.

Rents and the share of hours that is sold drift from year to year, up or down. The outlay is paid at
the start, each year's cash at its end, and the first year is let at today's rent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit.kernel import kernel
from .capital import HOURS_PER_YEAR, discount_factor, irr, npv
from .growth import grown

_MOST_YEARS = 1000.0


class FleetValue(NamedTuple):
    """What a fleet is worth to who lets it.

    Attributes
    ----------
    npv : float
        Net present value, USD today.
    irr : float
        Internal rate of return per year; NaN where no rate balances the cash.
    payback_years : float
        Years until the cash, not discounted, has paid the outlay; inf if never.
    breakeven_rent : float
        Rent of the first year, USD per sold hour, at which the net present value is 0; inf where
        nothing is sold.
    """

    npv: float
    irr: float
    payback_years: float
    breakeven_rent: float


@kernel
def sold_in_year(sold_share: float, sold_drift: float, year: float) -> float:
    """Return the share of hours sold in a year, counted from 1; never above 1."""
    share = grown(sold_share, sold_drift, year - 1.0)
    return 1.0 if share > 1.0 else share


@kernel
def fleet_cash(
    capex_usd: float,
    rent_usd_h: float,
    years: float,
    sold_share: float = 1.0,
    rent_drift: float = 0.0,
    sold_drift: float = 0.0,
    running_usd_h: float = 0.0,
    running_drift: float = 0.0,
    residual_share: float = 0.0,
    accelerators: float = 1.0,
) -> NDArray[np.float64]:
    """Return the cash of every year: the outlay, then the year's rents less its running cost.

    Parameters
    ----------
    capex_usd : float
        Outlay per accelerator.
    rent_usd_h : float
        Rent of a sold hour in the first year.
    years : float
        Life, in [0, 1000]; of a year that is not whole, its part is paid at the end.
    sold_share : float
        Of the first year's hours, in [0, 1].
    rent_drift, sold_drift, running_drift : float
        Change per year of rent, sold share and running cost, > -1.
    running_usd_h : float
        Power, site, staff and maintenance of an hour, sold or not.
    residual_share : float
        Share of the outlay that the fleet sells for at the end.
    accelerators : float

    Returns
    -------
    float64 (ceil(years) + 1,)
        USD; ``cash[t]`` is paid after t years, as :func:`~tokenmill.economics.irr` takes it. Empty
        for a life that is no number in [0, 1000].
    """
    if not 0.0 <= years <= _MOST_YEARS:
        return np.empty(0)
    count = int(np.ceil(years))
    cash = np.empty(count + 1)
    cash[0] = -accelerators * capex_usd
    for t in range(1, count + 1):
        hours = accelerators * HOURS_PER_YEAR * min(1.0, years - (t - 1.0))
        let = sold_in_year(sold_share, sold_drift, t) * grown(rent_usd_h, rent_drift, t - 1.0)
        cash[t] = hours * (let - grown(running_usd_h, running_drift, t - 1.0))
    cash[count] += accelerators * capex_usd * residual_share
    return cash


@kernel
def payback_years(cash: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the years until yearly cash has paid the outlay, by straight line within a year.

    Parameters
    ----------
    cash : float64 (n,) or tuple of float
        USD; ``cash[t]`` is paid after t years.

    Returns
    -------
    float
        0 without an outlay, inf where it is never paid back.
    """
    total = 0.0
    for t in range(len(cash)):
        before = total
        total += cash[t]
        if total >= 0.0:
            return t - total / (total - before) if before < 0.0 else float(t)
    return float("inf")


@kernel
def fleet_value(
    capex_usd: float,
    rent_usd_h: float,
    years: float,
    wacc: float,
    sold_share: float = 1.0,
    rent_drift: float = 0.0,
    sold_drift: float = 0.0,
    running_usd_h: float = 0.0,
    running_drift: float = 0.0,
    residual_share: float = 0.0,
    accelerators: float = 1.0,
) -> FleetValue:
    """Return what a fleet that is let by the hour is worth.

    Parameters
    ----------
    wacc : float
        Cost of capital per year, > -1.
    capex_usd, rent_usd_h, years, sold_share, rent_drift, sold_drift, running_usd_h, \
running_drift, residual_share, accelerators : float
        As in :func:`fleet_cash`.

    Returns
    -------
    FleetValue
        All NaN for a life that is no number in [0, 1000].

    Notes
    -----
    O(years) for all but the rate of return, which bisects. Allocates one small array.
    """
    cash = fleet_cash(
        capex_usd,
        rent_usd_h,
        years,
        sold_share,
        rent_drift,
        sold_drift,
        running_usd_h,
        running_drift,
        residual_share,
        accelerators,
    )
    if len(cash) == 0:
        nan = float("nan")
        return FleetValue(nan, nan, nan, nan)
    value = npv(wacc, cash)
    worth = 0.0  # today, of one dollar of rent in the first year
    for t in range(1, len(cash)):
        hours = accelerators * HOURS_PER_YEAR * min(1.0, years - (t - 1.0))
        sold = hours * sold_in_year(sold_share, sold_drift, t)
        worth += sold * grown(1.0, rent_drift, t - 1.0) * discount_factor(wacc, t)
    rent = rent_usd_h - value / worth if worth > 0.0 else float("inf")
    return FleetValue(value, irr(cash), payback_years(cash), rent)
