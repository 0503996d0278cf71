"""What a price book must be before anything is looked up in it."""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from .clocks import zone
from .exact import check_size
from .periods import begins
from .rates import Hours, ModelPrices, Period, Rate, Special, Window
from .refusal import refusal
from .rules import PriceRules
from .units import INPUT, OUTPUT, Unit, UnitSet

if TYPE_CHECKING:
    from .book import PriceBook

HIGHEST_THRESHOLD = 2**62
ROUNDINGS = ("refuse", "half_even", "half_up", "up")
_AXES = ("region", "service_tier")
_T = TypeVar("_T")
_CURRENCY = re.compile("[A-Z]{3}")
_RATE_KEY = attrgetter("unit", "service_tier", "window", "above")


def check_book(book: PriceBook) -> None:
    """Refuse a book whose fields are wrong; `checked_models` has the models.

    Raises
    ------
    TypeError, ValueError
    """
    for field in ("name", "version"):
        _text(getattr(book, field), field, empty=True)
    if not isinstance(book.currency, str) or not _CURRENCY.fullmatch(book.currency):
        raise refusal("currency", "three capitals of ISO 4217, such as 'USD'", book.currency)
    if book.rounding not in ROUNDINGS:
        raise refusal("rounding", f"one of {', '.join(ROUNDINGS)}", book.rounding)
    _not_negative(book.fee, "fee")
    for provider, factor in book.discounts:
        _text(provider, "discounts: provider", empty=True)
        _not_negative(factor, f"discounts: factor of {provider!r}")
    providers = [provider for provider, _ in book.discounts]
    _no_twice(providers, "discounts", "one factor of each provider")
    _check_own_units(book.own_units)
    if not isinstance(book.rules, PriceRules):
        raise TypeError(f"rules: expected PriceRules, found {type(book.rules).__name__}")
    _text(book.rules.name, "rules: name")
    _check_fallbacks(book.rules.fallbacks, book.units, "rules, fallbacks")


def checked_models(models: object, units: UnitSet) -> tuple[ModelPrices, ...]:
    """Return models in their canonical order: by provider and name, rates by what they price.

    Raises
    ------
    TypeError
        Something in the tree is of another type.
    ValueError
        Something is wrong; the message names model, period, field, expected and found.
    """
    found = sorted(
        (_checked_model(model, units) for model in _all(models, ModelPrices, "models")),
        key=attrgetter("provider", "name"),
    )
    keys = [(model.provider, model.name) for model in found]
    _no_twice(keys, "models", "one model of each (provider, name)")
    return tuple(found)


def _checked_model(model: ModelPrices, units: UnitSet) -> ModelPrices:
    """Return a model with its parts in order."""
    _text(model.provider, "models: provider", empty=True)
    _text(model.name, f"models: name of a model of provider {model.provider!r}")
    place = f"model {model.provider}/{model.name}"
    for field in ("aliases", "patterns"):
        for name in _all(getattr(model, field), str, f"{place}, {field}"):
            _text(name, f"{place}, {field}")
            # Of equal matches the longer pattern wins, and a doubled star would only lengthen it.
            if field == "patterns" and "**" in name:
                raise refusal(f"{place}, patterns", "single stars", name)
    for name, window in model.windows.items():
        _text(name, f"{place}, windows")
        _check_window(window, f"{place}, window {name!r}")
    _check_multipliers(model.multipliers, place)
    _check_fallbacks(model.fallbacks, units, f"{place}, fallbacks")
    periods = tuple(
        _checked_period(period, model, units, place)
        for period in _all(model.periods, Period, f"{place}, periods")
    )
    _check_rising(periods, place)
    return replace(
        model,
        periods=periods,
        aliases=tuple(sorted(set(model.aliases))),
        patterns=tuple(sorted(set(model.patterns))),
        windows=dict(sorted(model.windows.items())),
        multipliers=tuple(sorted(model.multipliers)),
        fallbacks=tuple(model.fallbacks),
    )


def _checked_period(period: Period, model: ModelPrices, units: UnitSet, place: str) -> Period:
    """Return a period with its rates in order."""
    place = f"{place}, period from {period.start or 'the beginning'}"
    _text(period.name, f"{place}, name", empty=True)
    rates = _all(period.rates, Rate, f"{place}, rates")
    for rate in rates:
        _check_rate(rate, model, units, place)
    ordered = tuple(sorted(rates, key=_RATE_KEY))
    _no_twice(
        [_RATE_KEY(rate) for rate in ordered],
        f"{place}, rates",
        "one rate of each (unit, service_tier, window, above)",
    )
    return period if ordered == period.rates else replace(period, rates=ordered)


def _check_rate(rate: Rate, model: ModelPrices, units: UnitSet, place: str) -> None:
    """Refuse a rate of an unknown unit or window, or with no price."""
    if rate.unit not in units:
        raise refusal(f"{place}, unit", "the name of a unit", rate.unit, units.names)
    place = f"{place}, price of {rate.unit}"
    if not isinstance(rate.price, Special):
        _not_negative(rate.price, place)
    _text(rate.service_tier, f"{place}, service_tier", empty=True)
    if type(rate.above) is not int or not -1 <= rate.above <= HIGHEST_THRESHOLD:
        raise refusal(f"{place}, above", "an integer from -1 to 2**62", rate.above)
    if rate.window and rate.window not in model.windows:
        raise refusal(f"{place}, window", "a window of the model", rate.window, model.windows)


def _check_rising(periods: Sequence[Period], place: str) -> None:
    """Refuse starts that do not rise, and instants without a time zone."""
    for period in periods:
        check_start(period.start, f"{place}, periods: start")
    for earlier, later in zip(periods, periods[1:], strict=False):
        if begins(later.start) <= begins(earlier.start):
            found = f"{later.start} after {earlier.start}"
            raise refusal(f"{place}, periods: start", "rising starts", found)


def check_start(start: object, place: str) -> None:
    """Refuse what is no start of a period: a date, an instant with its time zone, or None."""
    if start is None:
        return
    if not isinstance(start, date):
        raise TypeError(f"{place}: expected a date, a datetime or None, found {start!r}")
    if isinstance(start, datetime) and start.utcoffset() is None:
        raise refusal(place, "a datetime with a time zone", str(start))
    if not 1900 <= start.year <= 9998:
        raise refusal(place, "a year from 1900 to 9998", str(start))


def _check_window(window: object, place: str) -> None:
    """Refuse hours outside the day, weekdays outside the week and unknown time zones."""
    if not isinstance(window, Window):
        raise TypeError(f"{place}: expected a Window, found {type(window).__name__}")
    for name in {window.time_zone, window.weekday_time_zone or "UTC"}:
        if not _zone_exists(name):
            raise refusal(f"{place}, time zone", "an IANA name or an offset as '+02:00'", name)
    for hours in _some(window.hours, Hours, f"{place}, hours"):
        days = _some(hours.weekdays, int, f"{place}, weekdays")
        if not set(days) <= set(range(1, 8)):
            raise refusal(f"{place}, weekdays", "1 (Monday) to 7", str(sorted(days)))
        for start, end in _some(hours.minutes, tuple, f"{place}, minutes"):
            if not (0 <= start < 1440 and 0 <= end <= 1440):
                expected = "a start in [0, 1440) and an end in [0, 1440]"
                raise refusal(f"{place}, minutes", expected, f"{start} to {end}")


@functools.cache
def _zone_exists(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True


def _check_multipliers(multipliers: Sequence[tuple[str, str, Fraction]], place: str) -> None:
    """Refuse an unknown axis, a negative factor, and two factors in one place."""
    for axis, value, factor in multipliers:
        if axis not in _AXES:
            raise refusal(f"{place}, multipliers: axis", f"one of {', '.join(_AXES)}", axis)
        _text(value, f"{place}, multipliers: {axis}")
        _not_negative(factor, f"{place}, multiplier of {axis} {value!r}")
    keys = [(axis, value) for axis, value, _ in multipliers]
    _no_twice(keys, f"{place}, multipliers", "one factor of each (axis, value)")


def _check_fallbacks(
    fallbacks: Iterable[tuple[str, str, Fraction]], units: UnitSet, place: str
) -> None:
    """Refuse fallbacks of unknown units, with negative factors, or that come back to a unit."""
    sources: dict[str, set[str]] = {}
    for unit, source, factor in fallbacks:
        for name in (unit, source):
            if name not in units:
                raise refusal(place, "the name of a unit", name, units.names)
        _not_negative(factor, f"{place}: factor of {unit}")
        sources.setdefault(unit, set()).add(source)
    for unit in sources:
        reached, ahead = set[str](), set(sources[unit])
        while ahead:
            reached |= ahead
            ahead = set[str]().union(*(sources.get(name, ()) for name in ahead)) - reached
        if unit in reached:
            raise refusal(place, "no fallback that comes back to its unit", unit)


def _check_own_units(units: Iterable[Unit]) -> None:
    """Refuse own units that a price could not name or quote."""
    for unit in _all(units, Unit, "own_units"):
        _text(unit.name, "own_units: name")
        place = f"own unit {unit.name!r}"
        if "@" in unit.name:
            raise refusal(f"{place}, name", "a name without '@'", unit.name)
        if unit.direction not in (INPUT, OUTPUT, ""):
            raise refusal(f"{place}, direction", "'input', 'output' or ''", unit.direction)
        if type(unit.per) is not int or not 1 <= unit.per <= 10**18:
            raise refusal(f"{place}, per", "an integer from 1 to 10**18", unit.per)
        axes = [axis for axis, _ in unit.properties]
        _no_twice(axes, f"{place}, properties", "one value of each property")
        if "kind" not in axes:
            raise refusal(f"{place}, properties", "a kind", ", ".join(sorted(axes)))


def _text(value: object, place: str, *, empty: bool = False) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{place}: expected text, found {type(value).__name__}")
    if not value.isprintable() or not (value or empty):
        raise refusal(place, "printable text on one line", value)


def _not_negative(value: object, place: str) -> None:
    if not isinstance(value, Fraction):
        raise TypeError(f"{place}: expected a Fraction, found {type(value).__name__}")
    if value < 0:
        raise refusal(place, "0 or more", str(value))
    check_size(value, place)


def _all(values: object, kind: type[_T], place: str) -> tuple[_T, ...]:
    """Return values as a tuple, all of one type."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{place}: expected several, found {type(values).__name__}")
    found = tuple(values)
    for value in found:
        if not isinstance(value, kind):
            raise TypeError(f"{place}: expected {kind.__name__}, found {type(value).__name__}")
    return found


def _some(values: object, kind: type[_T], place: str) -> tuple[_T, ...]:
    """Return values as `_all` does, at least one."""
    found = _all(values, kind, place)
    if not found:
        raise refusal(place, "at least one", "none")
    return found


def _no_twice(keys: Sequence[Hashable], place: str, expected: str) -> None:
    if len(set(keys)) < len(keys):
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise refusal(place, expected, f"{twice} twice")
