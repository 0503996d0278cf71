"""A second, slow reading of rates: what one request costs under a model, in fractions.

It shares nothing with the package but the vocabulary, so that importers can be judged by it.
"""

from collections.abc import Mapping
from fractions import Fraction

from tokenmill.accounting.rates import ModelPrices, Price, Rate, Special
from tokenmill.accounting.units import UNITS, Unit


def period_rates(model: ModelPrices, day=None) -> tuple[Rate, ...]:
    """Return the rates of the last period that has begun."""
    begun = [p for p in model.periods if p.start is None or (day is not None and p.start <= day)]
    return begun[-1].rates


def chosen(rates: tuple[Rate, ...], tier: str, basis: int, window: str) -> dict[str, Price]:
    """Return the rate of each unit that holds."""
    best: dict[str, tuple] = {}
    for rate in rates:
        holds = rate.window in ("", window) and rate.service_tier in ("", tier)
        if not holds or not (rate.above == -1 or basis > rate.above):
            continue
        rank = (rate.window != "", rate.above, rate.service_tier != "")
        if rate.unit not in best or rank > best[rate.unit][0]:
            best[rate.unit] = (rank, rate.price)
    return {unit: price for unit, (_, price) in best.items() if price is not Special.INHERIT}


def resolve(model: ModelPrices, rates, tier: str, basis: int, window: str, region: str = ""):
    """Return the price of each unit that has one, fallbacks and factors included."""
    prices = chosen(rates, tier, basis, window)
    for unit, source, factor in model.fallbacks:
        if unit not in prices and source in prices:
            prices[unit] = prices[source] * factor
    factor = Fraction(1)
    for axis, value, by in model.multipliers:
        if {"region": region, "service_tier": tier}[axis] == value:
            factor *= by
    return {u: p * factor if isinstance(p, Fraction) else p for u, p in prices.items()}


def price_of(unit: str, prices: Mapping[str, Price]) -> Price | None:
    """Return its own price, else that of the most specific priced unit that contains it."""
    if unit in prices:
        return prices[unit]
    holders = [UNITS[name] for name in prices if UNITS[name].contains(UNITS[unit])]
    if not holders:
        return None
    return prices[max(holders, key=_specific).name]


def _specific(unit: Unit):
    return len(unit.properties), any(axis == "type" for axis, _ in unit.properties)


def leaves(usage: Mapping[str, int], prices: Mapping[str, Price]) -> dict[str, int]:
    """Return what each priced unit charges: its count without its priced parts' leaves."""
    found: dict[str, int] = {}
    for unit in sorted((UNITS[u] for u in prices), key=lambda u: -len(u.properties)):
        inner = sum(found[other] for other in found if unit.contains(UNITS[other]))
        found[unit.name] = usage.get(unit.name, 0) - inner
    return found


def is_open(window, instant) -> bool:
    """Whether an instant lies in a window; hours in UTC, weekdays in the window's zone."""
    from datetime import UTC
    from zoneinfo import ZoneInfo

    day = instant.astimezone(ZoneInfo(window.weekday_time_zone or window.time_zone)).isoweekday()
    at = instant.astimezone(UTC)
    minute = at.hour * 60 + at.minute
    for hours in window.hours:
        if day not in hours.weekdays:
            continue
        for start, end in hours.minutes:
            inside = start <= minute < end if start < end else minute >= start or minute < end
            if inside:
                return True
    return False
