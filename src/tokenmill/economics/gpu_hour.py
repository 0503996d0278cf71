"""From a chip to an hour of it: server, cluster, data centre, cloud; and rent against own.

Money is USD, power kW per accelerator at the wall before PUE, rates and shares are fractions.
"""

from __future__ import annotations

from ..jit.kernel import kernel
from .capital import HOURS_PER_YEAR, annuity, annuity_with_residual
from .margins import price_at_margin

MONTHS_PER_YEAR = 12.0


@kernel
def server_price(chip_usd: float, other_usd: float, margin: float) -> float:
    """Return the price of a server's share per accelerator: all parts, then the maker's margin."""
    return price_at_margin(chip_usd + other_usd, margin)


@kernel
def cluster_capex(server_usd: float, network_share: float, spare_share: float) -> float:
    """Return the outlay per accelerator in service.

    Parameters
    ----------
    server_usd : float
        Server share per accelerator.
    network_share : float
        Network as a share of the whole cluster's capital, < 1.
    spare_share : float
        Spare servers per server in service.
    """
    return server_usd / (1.0 - network_share) * (1.0 + spare_share)


@kernel
def equipment_usd_per_hour(capex: float, residual_share: float, wacc: float, years: float) -> float:
    """Return capital cost per hour of equipment sold for `residual_share` of `capex` at the end."""
    # Per dollar of capital, so that an infinite outlay stays infinite.
    return capex * annuity_with_residual(1.0, residual_share, wacc, years) / HOURS_PER_YEAR


@kernel
def owned_site_usd_per_hour(kw: float, usd_per_w: float, wacc: float, years: float) -> float:
    """Return the capital cost per hour of the data-centre share of one accelerator."""
    return annuity(usd_per_w * 1000.0 * kw, wacc, years) / HOURS_PER_YEAR


@kernel
def colocation_usd_per_hour(kw: float, usd_per_kw_month: float) -> float:
    """Return the colocation rent per hour of one accelerator."""
    return usd_per_kw_month * kw * MONTHS_PER_YEAR / HOURS_PER_YEAR


@kernel
def power_usd_per_hour(kw: float, pue: float, load: float, usd_per_kwh: float) -> float:
    """Return the electricity per hour: `kw` drawn at `load`, times PUE, times the tariff."""
    return kw * pue * load * usd_per_kwh


@kernel
def operations_usd_per_hour(capex: float, share_per_year: float) -> float:
    """Return staff, maintenance and insurance, a share of capital per year."""
    return capex * share_per_year / HOURS_PER_YEAR


@kernel
def cloud_price(cost_per_hour: float, sold_share: float, margin: float) -> float:
    """Return the price of a rented hour: the unsold hours and the margin are in it."""
    return price_at_margin(cost_per_hour / sold_share, margin)


@kernel
def breakeven_utilisation(fixed_per_hour: float, rent_per_hour: float, variable: float) -> float:
    """Return the utilisation above which paying every hour beats renting only the hours used.

    Parameters
    ----------
    fixed_per_hour : float
        Cost of an hour, used or not: an owner's, or the rent of a committed contract.
    rent_per_hour : float
        Rent of an hour in use.
    variable : float
        Extra cost of an hour in use: an owner's power, nothing for a contract.

    Returns
    -------
    float
        ``fixed / (rent - variable)``; above 1 it never pays, inf when rent does not even cover the
        variable cost, NaN for a NaN.
    """
    saving = rent_per_hour - variable
    return float("inf") if saving <= 0.0 else fixed_per_hour / saving
