"""What a price list says, before anything is looked up: rates, periods, windows, models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from types import MappingProxyType


class Special(Enum):
    """What stands where a price would."""

    INHERIT = "inherit"
    """No price of its own: the rule's fallback, else the price of what contains it."""
    DYNAMIC = "dynamic"
    """Set per request by the provider; a row that needs it gets the status DYNAMIC_PRICE."""


Price = Fraction | Special


@dataclass(frozen=True, slots=True)
class Rate:
    """One price, and where it holds.

    Attributes
    ----------
    unit : str
        What it is the price of; see `tokenmill.accounting.units`.
    price : Fraction or Special
        Currency per single unit (2.5 USD per million tokens is Fraction(25, 10**7)), exact.
    service_tier : str
        ``""`` for the standard tier, which also stands in where a tier has no rate of its own.
    above : int
        The rate holds where the basis of context tiers is > `above`; -1 always holds.
    window : str
        The weekly window of the model in which it holds; ``""`` always holds.
    """

    unit: str
    price: Price
    service_tier: str = ""
    above: int = -1
    window: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """Some hours of some days of the week.

    Attributes
    ----------
    minutes : tuple of (int, int)
        Start (inclusive) and end (exclusive) in minutes of the day, [0, 1440]; an end at or before
        the start wraps midnight, and start = end is the whole day.
    weekdays : frozenset of int
        1 = Monday to 7 = Sunday, of the instant itself.
    """

    minutes: tuple[tuple[int, int], ...] = ((0, 0),)
    weekdays: frozenset[int] = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Window:
    """When a rate of that window holds: in any of its hours.

    Hours are read in `time_zone` and weekdays in `weekday_time_zone` (the same where empty).
    """

    hours: tuple[Hours, ...]
    time_zone: str = "UTC"
    weekday_time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """The rates from a date on, until the next period starts.

    Attributes
    ----------
    start : date, datetime or None
        Inclusive. A date is its midnight (UTC, or the time stamps' own zone by the rules); a
        datetime is an instant and has a time zone; None has no beginning.
    rates : tuple of Rate
    name : str
        Where it comes from, for `explain` and price-row ids.
    """

    start: date | datetime | None
    rates: tuple[Rate, ...]
    name: str = ""


@dataclass(frozen=True)
class ModelPrices:
    """What one model costs at one provider, in every period.

    Attributes
    ----------
    provider, name : str
        The key; names are unique within a provider.
    periods : tuple of Period
        By rising start.
    aliases : tuple of str
        Other names, matched whole.
    patterns : tuple of str
        Wildcards (``claude-3-5-*``); the longest that matches wins.
    windows : mapping of str to Window
    multipliers : tuple of (axis, value, factor)
        Factors on every price where the row's `axis` (``"region"`` or ``"service_tier"``) has that
        value.
    fallbacks : tuple of (unit, source, factor)
        As `PriceRules.fallbacks`, before those.
    """

    provider: str
    name: str
    periods: tuple[Period, ...]
    aliases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    windows: Mapping[str, Window] = field(default_factory=dict)
    multipliers: tuple[tuple[str, str, Fraction], ...] = ()
    fallbacks: tuple[tuple[str, str, Fraction], ...] = ()

    def __post_init__(self) -> None:
        """Keep a copy of the windows that nobody can change."""
        object.__setattr__(self, "windows", MappingProxyType(dict(self.windows)))

    def __hash__(self) -> int:
        return hash((self.provider, self.name, self.periods))

    def __reduce__(self) -> tuple[type[ModelPrices], tuple[object, ...]]:
        values = (getattr(self, name) for name in self.__dataclass_fields__)
        plain = tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)
        return type(self), plain
