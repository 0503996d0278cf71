"""Renting an accelerator-hour: spot, on demand, and committed for one year or three.

On demand and spot are paid for the hours used. A committed contract is paid for every hour until it
ends, used or not, so it pays above some utilisation only:
``breakeven_utilisation(committed, on_demand, 0.0)``. Which term to sign depends on where rents go,
and they have gone both ways: see :func:`breakeven_drift`.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit import expm1, log1p
from ..jit.kernel import kernel
from .growth import mean_grown

SPOT, ON_DEMAND, ONE_YEAR, THREE_YEARS = 0.0, 1.0, 2.0, 3.0

# Below this a drift changes no digit of a mean.
_NO_DRIFT = 1e-16
_LEAST_DRIFT, _MOST_DRIFT = -1.0 + 1e-9, 1e6
# More renewals than this are as good as one every moment.
_MOST_TERMS = 1e6


class ContractCosts(NamedTuple):
    """What an hour of use costs under each contract, USD, over the whole time it is needed.

    ``cheapest`` is 0.0 for spot, 1.0 on demand, 2.0 one year, 3.0 three years; the first of them on
    a tie, and 4.0 where none has a finite cost.
    """

    spot: float
    on_demand: float
    one_year: float
    three_years: float
    cheapest: float


@kernel
def _quoted(rent_usd: float) -> float:
    return float("inf") if rent_usd == 0.0 else rent_usd


@kernel
def used_hour_usd(paid_usd: float, utilisation: float) -> float:
    """Return what an hour of use costs when every hour is paid: ``paid_usd / utilisation``.

    Returns
    -------
    float
        USD per used hour; inf at utilisation 0, even where the hours are free.
    """
    return float("inf") if utilisation <= 0.0 else paid_usd / utilisation


@kernel
def spot_usd_per_hour(
    spot_usd: float,
    interruptions_per_hour: float,
    lost_hours: float,
    unavailable_share: float,
    on_demand_usd: float,
) -> float:
    """Return what an hour of useful work costs on capacity that can be taken away.

    ``(1 - s) * spot / (1 - i*l) + s * on_demand``: of each paid hour the share i*l is lost to work
    done again and to starting up, and the share s of the work finds no spot capacity.

    Parameters
    ----------
    spot_usd, on_demand_usd : float
        USD per paid hour.
    interruptions_per_hour, lost_hours : float
        Interruptions of a paid hour, and the paid hours that each of them wastes.
    unavailable_share : float
        Share of the work that is done on demand instead, in [0, 1].

    Returns
    -------
    float
        USD per useful hour; inf where interruptions leave no useful time and some work is spot.
    """
    useful = 1.0 - interruptions_per_hour * lost_hours
    if unavailable_share >= 1.0:
        return on_demand_usd
    spot = float("inf") if useful <= 0.0 else spot_usd / useful
    # A contract that is not offered is infinitely dear, and infinity times no work is NaN.
    instead = unavailable_share * on_demand_usd if unavailable_share > 0.0 else 0.0
    return (1.0 - unavailable_share) * spot + instead


@kernel
def committed_rent(rent_usd: float, drift: float, term_years: float, years: float) -> float:
    """Return the mean rent of contracts of `term_years` signed one after the other.

    Each is signed at the rent of its day and paid to its end, so a term that outlasts the need
    makes the needed hours dearer.

    Parameters
    ----------
    rent_usd : float
        USD per hour of a contract signed today.
    drift : float
        Change of such rents per year, > -1.
    term_years, years : float
        Length of a contract, and of the need. No term is on demand: ``mean_grown``.

    Returns
    -------
    float
        USD per needed hour, whether used or not; inf for a term > 0 and no need, NaN for a NaN.

    Notes
    -----
    The sum over contracts is a geometric series, so the time is the same for any number of them.
    """
    if term_years * _MOST_TERMS <= years:
        return mean_grown(rent_usd, drift, years)
    if not years > 0.0:
        return float("inf") if years == 0.0 else years * float("nan")
    count = years / term_years
    whole = float(int(count))
    # A need of three years is three terms of one, whatever the last bit of the division says.
    contracts = whole if count - whole <= 1e-12 * count else whole + 1.0
    step = term_years * log1p(drift)
    signed = contracts if abs(step) < _NO_DRIFT else expm1(contracts * step) / expm1(step)
    return rent_usd * signed * term_years / years


@kernel
def breakeven_drift(
    short_usd: float, short_years: float, long_usd: float, long_years: float
) -> float:
    """Return the yearly drift of rents at which a short term, renewed, costs as much as a long one.

    Where rents are expected to rise faster, the long contract is the cheaper one.

    Parameters
    ----------
    short_usd, long_usd : float
        USD per hour today.
    short_years, long_years : float
        Terms; `short_years` 0 is on demand.

    Returns
    -------
    float
        Drift per year, by bisection until no double lies between; -1 where the long contract is
        cheaper at any fall, inf where it is not at any rise (a short term that is no shorter).
    """
    low, high = _LEAST_DRIFT, _MOST_DRIFT
    if committed_rent(short_usd, low, short_years, long_years) >= long_usd:
        return -1.0
    if committed_rent(short_usd, high, short_years, long_years) <= long_usd:
        return float("inf")
    middle = 0.5 * (low + high)
    while low < middle < high:
        if committed_rent(short_usd, middle, short_years, long_years) < long_usd:
            low = middle
        else:
            high = middle
        middle = 0.5 * (low + high)
    return middle


@kernel
def contract_costs(
    spot_usd: float,
    on_demand_usd: float,
    one_year_usd: float,
    three_years_usd: float,
    utilisation: float,
    years: float = 1.0,
    rent_drift: float = 0.0,
    interruptions_per_hour: float = 0.0,
    lost_hours: float = 0.0,
    unavailable_share: float = 0.0,
) -> ContractCosts:
    """Return what a used hour costs under the four contracts, and which is cheapest.

    Parameters
    ----------
    spot_usd, on_demand_usd, one_year_usd, three_years_usd : float
        Rents today, USD per hour; as in the stack, a quote of 0 means that there is none.
    utilisation : float
        Used share of the hours of need, in [0, 1].
    years : float
        How long the capacity is needed, > 0.
    rent_drift : float
        Change of all rents per year, > -1.
    interruptions_per_hour, lost_hours, unavailable_share : float
        Spot alone, see :func:`spot_usd_per_hour`.

    Returns
    -------
    ContractCosts
        USD per used hour. A contract without a quote costs inf, and at utilisation 0 so do the
        committed ones.
    """
    moved = mean_grown(1.0, rent_drift, years)
    demand_usd = _quoted(on_demand_usd)
    spot = moved * spot_usd_per_hour(
        _quoted(spot_usd), interruptions_per_hour, lost_hours, unavailable_share, demand_usd
    )
    on_demand = moved * demand_usd
    one = committed_rent(_quoted(one_year_usd), rent_drift, 1.0, years)
    three = committed_rent(_quoted(three_years_usd), rent_drift, 3.0, years)
    one_year, three_years = used_hour_usd(one, utilisation), used_hour_usd(three, utilisation)
    cheapest, least = 4.0, float("inf")
    if spot < least:
        cheapest, least = SPOT, spot
    if on_demand < least:
        cheapest, least = ON_DEMAND, on_demand
    if one_year < least:
        cheapest, least = ONE_YEAR, one_year
    if three_years < least:
        cheapest = THREE_YEARS
    return ContractCosts(spot, on_demand, one_year, three_years, cheapest)
