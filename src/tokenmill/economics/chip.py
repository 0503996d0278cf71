"""The chip: gross dies, yield, bill of materials, cost with design, and the volume that pays it.

Areas are mm2 where a die is meant and cm2 where defects are counted; money is USD. Formulas:
the standard die-per-wafer approximation and the Poisson, Murphy and negative binomial yield laws.
"""

from __future__ import annotations

from ..jit import exp, expm1, log1p, sqrt
from ..jit.kernel import kernel

WAFER_MM = 300.0
EDGE_EXCLUSION_MM = 3.0
_PI = 3.141592653589793


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
def breakeven_volume(
    design_usd: float, vendor_usd: float, performance_ratio: float, own_usd: float
) -> float:
    """Return the number of own chips that pays for their design.

    ``V = design / (vendor_usd * performance_ratio - own_usd)``: each own chip replaces
    `performance_ratio` vendor chips.

    Returns
    -------
    float
        Chips; inf when an own chip costs at least what it replaces, NaN for a NaN.
    """
    saving = vendor_usd * performance_ratio - own_usd
    return float("inf") if saving <= 0.0 else design_usd / saving
