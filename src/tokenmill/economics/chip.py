"""The chip: gross dies, yield, bill of materials, cost with design, and the volume that pays it.

Areas are mm2 where a die is meant and cm2 where defects are counted; money is USD. Formulas:
the standard die-per-wafer approximation and the Poisson, Murphy and negative binomial yield laws.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit import exp, expm1, log1p, sqrt
from ..jit.kernel import kernel
from .capital import HOURS_PER_YEAR, annuity
from .margins import price_at_margin

WAFER_MM = 300.0
EDGE_EXCLUSION_MM = 3.0
_PI = 3.141592653589793


class ChipBill(NamedTuple):
    """One chip from wafer to price; USD but for the dies of a wafer."""

    gross_dies: float
    good_dies: float
    logic: float
    memory: float
    materials: float
    cost: float
    price: float


@kernel
def dies_per_wafer(
    die_mm2: float, wafer_mm: float = WAFER_MM, edge_mm: float = EDGE_EXCLUSION_MM
) -> float:
    """Return the gross dies on a round wafer: ``pi*d^2/(4*A) - pi*d/sqrt(2*A)``.

    Parameters
    ----------
    die_mm2 : float
        Area A of one die, > 0.
    wafer_mm, edge_mm : float
        Diameter of the wafer, and the rim that holds no dies: d = wafer_mm - 2*edge_mm.

    Returns
    -------
    float
        Dies (a mean, not a whole number); 0 where the approximation turns negative, from
        ``d^2/8`` on (10,804 mm2 by default); NaN for a NaN.
    """
    usable = wafer_mm - 2.0 * edge_mm
    gross = _PI * usable * usable / (4.0 * die_mm2) - _PI * usable / sqrt(2.0 * die_mm2)
    return 0.0 if gross < 0.0 else gross


@kernel
def yield_poisson(die_cm2: float, defects_per_cm2: float) -> float:
    """Return the share of good dies when defects fall independently: ``exp(-A*D)``."""
    return exp(-die_cm2 * defects_per_cm2)


@kernel
def yield_murphy(die_cm2: float, defects_per_cm2: float) -> float:
    """Return Murphy's yield ``((1 - exp(-A*D))/(A*D))^2``, by its limit 1 at no defects."""
    x = die_cm2 * defects_per_cm2
    if x == 0.0:
        return 1.0
    share = -expm1(-x) / x
    return share * share


@kernel
def yield_negative_binomial(die_cm2: float, defects_per_cm2: float, alpha: float) -> float:
    """Return the yield of clustered defects, ``(1 + A*D/alpha)^-alpha``.

    Parameters
    ----------
    die_cm2, defects_per_cm2 : float
        Area of one die and mean defects per cm2, >= 0.
    alpha : float
        Clustering, > 0; 2 to 4 in practice, inf is the Poisson yield.
    """
    x = die_cm2 * defects_per_cm2 / alpha
    if x == 0.0:
        return yield_poisson(die_cm2, defects_per_cm2)
    return exp(-alpha * log1p(x))


@kernel
def harvested_yield(good_share: float, recovered_share: float) -> float:
    """Return the sellable share when part of the bad dies is sold with units switched off."""
    return good_share + (1.0 - good_share) * recovered_share


@kernel
def logic_usd(wafer_usd: float, good_dies_per_wafer: float, dies: float) -> float:
    """Return the logic silicon in one chip of `dies` dies; inf without good dies."""
    return dies * wafer_usd / good_dies_per_wafer


@kernel
def bill_of_materials(
    logic: float, memory: float, package: float, assembly_yield: float, test: float
) -> float:
    """Return ``(logic + memory + package)/assembly_yield + test``, USD per good chip."""
    return (logic + memory + package) / assembly_yield + test


@kernel
def chip_cost(materials: float, partner_margin: float, design_usd: float, volume: float) -> float:
    """Return what a chip costs its owner, design included.

    Parameters
    ----------
    materials : float
        Bill of materials, USD per chip.
    partner_margin : float
        Gross margin of a design house that supplies the chips, 0 without one.
    design_usd, volume : float
        One-time engineering (NRE), spread over the chips ever made.
    """
    return materials / (1.0 - partner_margin) + design_usd / volume


@kernel
def chip_bill(
    wafer_usd: float,
    die_mm2: float,
    sellable_share: float,
    dies_per_chip: float,
    hbm_gb: float,
    hbm_usd_gb: float,
    package_usd: float,
    assembly_yield: float,
    test_usd: float,
    partner_margin: float = 0.0,
    design_usd: float = 0.0,
    volume: float = 1.0,
    margin: float = 0.0,
) -> ChipBill:
    """Return what a chip costs to make, costs its owner, and sells for.

    Parameters
    ----------
    wafer_usd, die_mm2 : float
        One processed wafer, and the area of one of its dies.
    sellable_share : float
        By the yield law of one's choice, and harvesting: see :func:`yield_negative_binomial` and
        :func:`harvested_yield`.
    dies_per_chip : float
        Dies of that area in one package.
    hbm_gb, hbm_usd_gb, package_usd, assembly_yield, test_usd : float
        Memory, package, the share of packages that work, and test, see :func:`bill_of_materials`.
    partner_margin, design_usd, volume : float
        See :func:`chip_cost`.
    margin : float
        The vendor's gross margin on the price.
    """
    gross = dies_per_wafer(die_mm2)
    good = gross * sellable_share
    logic = logic_usd(wafer_usd, good, dies_per_chip)
    memory = hbm_gb * hbm_usd_gb
    materials = bill_of_materials(logic, memory, package_usd, assembly_yield, test_usd)
    cost = chip_cost(materials, partner_margin, design_usd, volume)
    return ChipBill(gross, good, logic, memory, materials, cost, price_at_margin(cost, margin))


@kernel
def breakeven_volume(
    design_usd: float, vendor_usd: float, performance_ratio: float, own_usd: float
) -> float:
    """Return the number of own chips that pays for their design.

    ``V = design / (vendor_usd * performance_ratio - own_usd)``: each own chip replaces
    `performance_ratio` vendor chips. Chips alone are compared here, without the servers and power
    that a slower chip needs more of: :func:`breakeven_volume_served` counts them.

    Returns
    -------
    float
        Chips; inf when an own chip costs at least what it replaces, NaN for a NaN.
    """
    saving = vendor_usd * performance_ratio - own_usd
    return float("inf") if saving <= 0.0 else design_usd / saving


@kernel
def breakeven_volume_served(
    design_usd: float,
    vendor_usd_hour: float,
    own_usd_hour: float,
    performance_ratio: float,
    wacc: float,
    years: float,
) -> float:
    """Return the number of own chips that pays for their design, all that serves a token counted.

    An own accelerator-hour with its server, power and site replaces `performance_ratio` vendor
    hours with theirs, so what it needs of them scales with 1/`performance_ratio`: dollars per token
    are compared. The saving of a chip's life pays for the design, spent today.

    Parameters
    ----------
    design_usd : float
        One-time engineering (NRE).
    vendor_usd_hour, own_usd_hour : float
        Full cost of an owned hour of each, see :func:`~tokenmill.economics.owned_hour`; the own
        chip at its cost without design.
    performance_ratio : float
        Tokens per second of an own accelerator over a vendor's, on the workload in question.
    wacc, years : float
        Cost of capital per year, and the life of a chip, > 0.

    Returns
    -------
    float
        Chips; inf when an own hour costs at least what it replaces, NaN for a NaN. Where an hour is
        nothing but the chip's annuity, this is :func:`breakeven_volume`.
    """
    saving = vendor_usd_hour * performance_ratio - own_usd_hour
    if saving <= 0.0:
        return float("inf")
    return design_usd * annuity(1.0, wacc, years) / (saving * HOURS_PER_YEAR)
