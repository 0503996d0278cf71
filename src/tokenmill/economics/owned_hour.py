"""Owning an accelerator-hour: every part of its cost, by level payments or by straight line.

A level payment (annuity) counts what the capital costs. Straight line is how books depreciate: the
same without interest, so it is the level payment at a cost of capital of 0. The site is the owner's
own, or a colocation is paid by the kW and month.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit.kernel import kernel
from .capital import HOURS_PER_YEAR
from .gpu_hour import (
    colocation_usd_per_hour,
    equipment_usd_per_hour,
    operations_usd_per_hour,
    owned_site_usd_per_hour,
    power_usd_per_hour,
)


class HourCost(NamedTuple):
    """Cost of one accelerator-hour, used or not, USD; ``total`` is the sum of the others."""

    equipment: float
    site: float
    power: float
    operations: float
    staff: float
    total: float


@kernel
def staff_usd_per_hour(accelerators_per_person: float, usd_per_year: float) -> float:
    """Return the pay of the people who run the cluster, per accelerator-hour; inf for 0 each."""
    return usd_per_year / accelerators_per_person / HOURS_PER_YEAR


@kernel
def fixed_usd_per_hour(hour: HourCost) -> float:
    """Return what an owner pays for an idle hour: all but the power."""
    return hour.equipment + hour.site + hour.operations + hour.staff


@kernel
def owned_hour(
    capex_usd: float,
    wacc: float,
    it_life_years: float,
    kw: float,
    pue: float,
    load: float,
    power_usd_kwh: float,
    site_usd_w: float = 0.0,
    site_life_years: float = 14.0,
    colo_usd_kw_month: float = 0.0,
    residual_share: float = 0.0,
    operations_share: float = 0.0,
    staff_usd_h: float = 0.0,
) -> HourCost:
    """Return the cost of an owned hour, capital as level payments at `wacc`, 0 for straight line.

    Parameters
    ----------
    capex_usd : float
        Outlay per accelerator in service, see :func:`~tokenmill.economics.cluster_capex`.
    wacc : float
        Cost of capital per year, > -1.
    it_life_years, site_life_years : float
        Of equipment and of the building, > 0. Two lives, so two annuities.
    kw, pue, load, power_usd_kwh : float
        kW per accelerator at the wall before PUE, and the mean share of it that is drawn.
    site_usd_w : float
        USD to build one W of an owned site; the default of 14 years is Epoch AI's (May 2026).
    colo_usd_kw_month : float
        Colocation instead of an owned site where it is > 0.
    residual_share : float
        Share of `capex_usd` that the equipment sells for at the end of its life.
    operations_share : float
        Maintenance, insurance and other running cost, a share of `capex_usd` per year.
    staff_usd_h : float
        See :func:`staff_usd_per_hour`.
    """
    equipment = equipment_usd_per_hour(capex_usd, residual_share, wacc, it_life_years)
    if colo_usd_kw_month > 0.0:
        site = colocation_usd_per_hour(kw, colo_usd_kw_month)
    else:
        site = owned_site_usd_per_hour(kw, site_usd_w, wacc, site_life_years)
    power = power_usd_per_hour(kw, pue, load, power_usd_kwh)
    operations = operations_usd_per_hour(capex_usd, operations_share)
    total = equipment + site + power + operations + staff_usd_h
    return HourCost(equipment, site, power, operations, staff_usd_h, total)
