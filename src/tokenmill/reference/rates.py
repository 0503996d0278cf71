"""Which rate of a price list holds, found by looking at every rate: the twin of compiled tables.

Order: effective date, service tier, context tier, window, fallback, multiplier. Instants are
microseconds since 1970 in UTC, prices fractions of the currency for one single unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

INHERIT, DYNAMIC = "inherit", "dynamic"

Price = Fraction | str
Factors = tuple[tuple[str, str, Fraction], ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rate(NamedTuple):
    """One price and where it holds; `above` -1 and empty texts hold everywhere."""

    unit: str
    price: Price
    service_tier: str = ""
    above: int = -1
    window: str = ""


class Hours(NamedTuple):
    """Minutes of the day in one zone, on days of the week (1 = Monday) in another."""

    minutes: tuple[tuple[int, int], ...]
    weekdays: frozenset[int]
    zone: str
    weekday_zone: str


@dataclass(frozen=True)
class Model:
    """What one model costs; `periods` are (start or None, rates), by rising start."""

    periods: tuple[tuple[int | None, tuple[Rate, ...]], ...]
    windows: Mapping[str, tuple[Hours, ...]] = field(default_factory=dict)
    multipliers: Factors = ()
    fallbacks: Factors = ()
    discount: Fraction = Fraction(1)

    @property
    def timed(self) -> bool:
        """Whether a price depends on the time."""
        starts = [start for start, _ in self.periods]
        return bool(starts) and (starts != [None] or bool(self.windows))

    @property
    def service_tiers(self) -> set[str]:
        """Those that have a rate or a factor of their own."""
        named = {rate.service_tier for _, rates in self.periods for rate in rates}
        return named | {value for axis, value, _ in self.multipliers if axis == "service_tier"}


def period_at(model: Model, time: int | None) -> int:
    """Return the last period that has begun, -1 for none."""
    begun = [
        number
        for number, (start, _) in enumerate(model.periods)
        if start is None or (time is not None and start <= time)
    ]
    return begun[-1] if begun else -1


def window_at(model: Model, time: int | None) -> str:
    """Return the first window, by name, that is open."""
    if time is None:
        return ""
    instant = _EPOCH + timedelta(microseconds=time)
    names = sorted(model.windows)
    return next((n for n in names if any(_inside(h, instant) for h in model.windows[n])), "")


def _inside(hours: Hours, instant: datetime) -> bool:
    clock = instant.astimezone(ZoneInfo(hours.zone))
    if instant.astimezone(ZoneInfo(hours.weekday_zone)).isoweekday() not in hours.weekdays:
        return False
    minute = clock.hour * 60 + clock.minute
    return any(
        start <= minute < end if start < end else not end <= minute < start
        for start, end in hours.minutes
    )


def rate_of(
    rates: Sequence[Rate], unit: str, service_tier: str, window: str, count: int
) -> Rate | None:
    """Return the rate of `unit` that holds where context tiers look at `count`."""
    holding = [
        rate
        for rate in rates
        if rate.unit == unit
        and rate.service_tier in ("", service_tier)
        and rate.window in ("", window)
        and (rate.above == -1 or count > rate.above)
    ]

    def rank(rate: Rate) -> tuple[bool, int, bool]:
        return rate.window != "", rate.above, rate.service_tier != ""

    best = max(holding, key=rank, default=None)
    return None if best is None or best.price == INHERIT else best


def factor_of(model: Model, service_tier: str, region: str) -> Fraction:
    """Return the product of the factors that hold on every price."""
    factor = model.discount
    for axis, value, by in model.multipliers:
        if value == {"region": region, "service_tier": service_tier}[axis]:
            factor *= by
    return factor


def prices_of(
    model: Model, period: int, service_tier: str, region: str, window: str, count: int
) -> dict[str, Price]:
    """Return the price of every unit that has one: its rate, else its fallback, with factors."""
    rates = model.periods[period][1]
    found: dict[str, Price] = {}
    for unit in {rate.unit for rate in rates}:
        rate = rate_of(rates, unit, service_tier, window, count)
        if rate is not None:
            found[unit] = rate.price
    for unit, source, by in model.fallbacks:
        if unit not in found and source in found:
            price = found[source]
            found[unit] = price * by if isinstance(price, Fraction) else price
    factor = factor_of(model, service_tier, region)
    return {u: p * factor if isinstance(p, Fraction) else p for u, p in found.items()}


def steps_of(
    model: Model, period: int, unit: str, service_tier: str, region: str, window: str
) -> list[tuple[int, Fraction]]:
    """Return where the price of `unit` changes by its own count, and to what."""
    rates = model.periods[period][1]
    factor = factor_of(model, service_tier, region)
    steps: list[tuple[int, Fraction]] = []
    for above in sorted({rate.above for rate in rates if rate.unit == unit and rate.above >= 0}):
        rate = rate_of(rates, unit, service_tier, window, above + 1)
        if rate is not None and isinstance(rate.price, Fraction):
            steps.append((above, rate.price * factor))
    return steps
