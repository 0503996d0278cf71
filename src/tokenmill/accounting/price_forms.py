"""Prices as people write them, and back: ``input = "2.5"``, ``"input@batch"``, ``">272000"``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from .exact import decimal_text, exact
from .fields import integer, join, required, table
from .rates import Price, Rate, Special
from .refusal import refusal
from .units import Unit, UnitSet

QUOTE_KEYS = ("price", "per")

_TIER = re.compile(r"(>=?)([0-9]{1,19})")
_SPECIAL = {special.value: special for special in Special}


def read_prices(value: object, path: str, units: UnitSet, window: str = "") -> Iterator[Rate]:
    """Yield the rates of a table of prices, all of one window.

    A key is a unit, or ``unit@service tier``. A value is a price, or a table of a price by context
    tier: ``base``, and ``">N"`` or ``">=N"``. A price is exact text or an integer for the count
    that the unit is quoted for, ``{price, per}`` with a count of its own, ``"inherit"`` or
    ``"dynamic"``.
    """
    for key, quoted in table(value, path).items():
        place = join(path, key)
        name, at, tier = key.partition("@")
        if name not in units:
            raise refusal(place, "the name of a unit", name, units.names)
        if at and not tier:
            raise refusal(place, "a service tier after '@'", key)
        for above, price in _read_tiers(quoted, place, units[name]):
            yield Rate(name, price, tier, above, window)


def _read_tiers(value: object, path: str, unit: Unit) -> Iterator[tuple[int, Price]]:
    """Yield (above, price) of a price or of a table of context tiers."""
    if not isinstance(value, Mapping) or "price" in value:
        yield -1, _read_price(value, path, unit)
        return
    if not value:
        raise refusal(path, "a price", "an empty table")
    for key, quoted in table(value, path).items():
        place = join(path, key)
        found = _TIER.fullmatch(key)
        if key != "base" and found is None:
            raise refusal(place, "base, '>N' or '>=N'", key)
        above = -1 if found is None else int(found[2]) - (found[1] == ">=")
        yield above, _read_price(quoted, place, unit)


def _read_price(value: object, path: str, unit: Unit) -> Price:
    """Return a price as currency per single unit."""
    per = unit.per
    if isinstance(value, Mapping):
        source = table(value, path, QUOTE_KEYS)
        per = integer(required(source, "per", path), join(path, "per"))
        if per < 1:
            raise refusal(join(path, "per"), "an integer from 1", per)
        value, path = source["price"], join(path, "price")
    elif isinstance(value, str) and value in _SPECIAL:
        return _SPECIAL[value]
    return exact(value, path, "an exact price such as '2.5', 'inherit' or 'dynamic'") / per


def prices_table(rates: Iterable[Rate], units: UnitSet) -> dict[str, Any]:
    """Return the table that `read_prices` reads as these rates, all of one window."""
    found: dict[str, dict[int, str | dict[str, Any]]] = {}
    for rate in rates:
        key = f"{rate.unit}@{rate.service_tier}" if rate.service_tier else rate.unit
        found.setdefault(key, {})[rate.above] = quoted(rate.price, units[rate.unit])
    return {
        key: tiers[-1] if tiers.keys() == {-1} else {_tier(n): tiers[n] for n in sorted(tiers)}
        for key, tiers in found.items()
    }


def _tier(above: int) -> str:
    return "base" if above < 0 else f">{above}"


def quoted(price: Price, unit: Unit) -> str | dict[str, Any]:
    """Return a price for the count that its unit is quoted for, or for one that makes it exact."""
    if isinstance(price, Special):
        return price.value
    text = decimal_text(price * unit.per)
    if text is not None:
        return text
    return {"price": str(price.numerator), "per": price.denominator}


def quote_count(prices: Iterable[Fraction], unit: Unit) -> int:
    """Return the least multiple of the unit's count that makes every price a finite decimal."""
    count = unit.per
    for price in prices:
        rest = (price * count).denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        count *= rest
    return count
