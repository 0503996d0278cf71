"""The prices of a genai-prices model as periods, rates and windows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .imported import Notes, decimal_of, shorten
from .rates import Hours, Period, Price, Rate, Special, Window
from .units import UNITS

_PER = {
    "mtok": ("", Fraction(1, 10**6)),
    "kcount": ("", Fraction(1, 1000)),
    "hours": ("_milliseconds", Fraction(1, 3_600_000)),
    "gpixels": ("_pixels", Fraction(1, 10**9)),
    "kpages": ("_pages", Fraction(1, 1000)),
    "mchars": ("_characters", Fraction(1, 10**6)),
}
_RENAMED = {
    "output_reasoning": "reasoning",
    "output_citation": "citation",
    "input_document_pages": "input_pages",
    "input_annotated_document_pages": "input_annotated_pages",
}
_TIME = re.compile(r"(\d\d):(\d\d)(?::00(?:\.0{1,9})?)?(?:Z|([+-])(\d\d):(\d\d))?")
_DAY = 1440
_MOST = 1000

Intervals = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Element:
    """One element of a conditional list: from a date on, in daily hours, or always."""

    rates: tuple[Rate, ...]
    start: date | None = None
    hours: Intervals | None = None


def unit_of(key: str) -> tuple[str, Fraction] | None:
    """Return the unit of a price key and what turns its price into one per unit, if it has one."""
    stem, _, ending = key.rpartition("_")
    if ending not in _PER or not stem:
        return None
    added, factor = _PER[ending]
    name = _RENAMED.get(stem + added, stem + added)
    return (name, factor) if name in UNITS else None


def read_prices(
    notes: Notes, model: str, prices: object
) -> tuple[tuple[Period, ...], dict[str, Window]]:
    """Return the periods and windows of a model's `prices`.

    Of conditional prices the last one that holds is taken, and the first one where none does.

    Raises
    ------
    ValueError
        A price or a condition is malformed.
    """
    if isinstance(prices, Mapping):
        elements = [Element(read_rates(notes, model, "prices", prices))]
    elif isinstance(prices, (list, tuple)) and 0 < len(prices) <= _MOST:
        elements = [
            _element(notes, model, f"prices[{place}]", element)
            for place, element in enumerate(prices)
        ]
    else:
        raise ValueError(f"{model}: expected prices or a list of them, found {shorten(prices)}")
    windows: dict[str, Window] = {}
    periods = []
    for start in (None, *sorted({one.start for one in elements if one.start is not None})):
        begun = [
            one
            for one in elements
            if one.start is None or (start is not None and one.start <= start)
        ]
        rates = _in_force(begun, elements[0], windows)
        periods.append(Period(start, rates, model if start is None else f"{model} from {start}"))
    return tuple(periods), windows


def _in_force(begun: list[Element], first: Element, windows: dict[str, Window]) -> tuple[Rate, ...]:
    """Return the rates of a period, and add the windows that they need.

    Daily hours further down the list go before those above, so each is left with the minutes that
    none below it takes.
    """
    always = next((one for one in reversed(begun) if one.hours is None), first)
    rates = always.rates
    taken: Intervals = ()
    for one in reversed(begun):
        if one is always:
            break
        left = _without(one.hours or (), taken)
        taken = (*taken, *left)
        if left:
            name = "daily " + ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in left)
            windows[name] = Window((Hours(left),))
            rates += _in_window(one.rates, always.rates, name)
    return rates


def _in_window(own: tuple[Rate, ...], others: tuple[Rate, ...], name: str) -> tuple[Rate, ...]:
    """Return the rates of a window; what only the other prices have has none in it."""
    units = {rate.unit for rate in own}
    lost = dict.fromkeys(rate.unit for rate in others if rate.unit not in units)
    return (
        *(Rate(rate.unit, rate.price, "", rate.above, name) for rate in own),
        *(Rate(unit, Special.INHERIT, window=name) for unit in lost),
    )


def read_rates(
    notes: Notes, model: str, path: str, prices: Mapping[str, object]
) -> tuple[Rate, ...]:
    """Return the rates of one set of prices; a key that is no unit's is noted."""
    rates: list[Rate] = []
    for key, value in prices.items():
        unit = unit_of(key) if isinstance(key, str) else None
        if value is None:
            continue
        if unit is None:
            notes.ignore(model, f"{path}.{shorten(key)}", "no unit has this price")
            continue
        name, factor = unit
        for above, price in _steps(notes, model, f"{path}.{key}", value):
            price = price * factor if isinstance(price, Fraction) else price
            rates.append(Rate(name, price, above=above))
    return tuple(rates)


def _steps(notes: Notes, model: str, path: str, value: object) -> Iterator[tuple[int, Price]]:
    """Yield (above, price): a number, or a base and tiers by rising total input."""
    if not isinstance(value, Mapping):
        yield -1, _price(notes, model, path, value)
        return
    tiers = value.get("tiers", ())
    if set(value) != {"base", "tiers"} or not isinstance(tiers, (list, tuple)):
        raise ValueError(f"{model} {path}: expected base and tiers, found {shorten(value)}")
    yield -1, _price(notes, model, path + ".base", value["base"])
    last = -1
    for tier in tiers[: _MOST + 1]:
        pair = (tier.get("start"), tier.get("price")) if isinstance(tier, Mapping) else tier
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError(f"{model} {path}: expected start and price, found {shorten(tier)}")
        start = decimal_of(pair[0])
        if start is None or start != int(start) or not last < start < 2**63 or len(tiers) > _MOST:
            raise ValueError(
                f"{model} {path}: expected at most {_MOST} rising whole starts, "
                f"found {shorten(pair[0])}"
            )
        last = int(start)
        yield last, _price(notes, model, path + ".tiers", pair[1])


def _price(notes: Notes, model: str, path: str, value: object) -> Price:
    if decimal_of(value) is None:
        raise ValueError(f"{model} {path}: expected a price, found {shorten(value)}")
    price = notes.price(model, path, value)
    return Special.INHERIT if price is None else price


def _element(notes: Notes, model: str, path: str, element: object) -> Element:
    """Return one element of a conditional list."""
    prices = element.get("prices") if isinstance(element, Mapping) else None
    if not isinstance(element, Mapping) or not isinstance(prices, Mapping):
        raise ValueError(f"{model} {path}: expected prices, found {shorten(element)}")
    rates = read_rates(notes, model, path + ".prices", prices)
    condition = element.get("constraint")
    if condition is None:
        return Element(rates)
    keys = set(condition) if isinstance(condition, Mapping) else set()
    if isinstance(condition, Mapping) and keys == {"start_date"}:
        return Element(rates, start=_date(model, path, condition["start_date"]))
    if isinstance(condition, Mapping) and keys == {"start_time", "end_time"}:
        times = [_minute(model, path, condition[key]) for key in ("start_time", "end_time")]
        hours = _daily(*times)
        if not hours:
            notes.ignore(model, path, "hours that end before they start never hold")
        return Element(rates, hours=hours)
    raise ValueError(f"{model} {path}: expected a date or times, found {shorten(condition)}")


def _date(model: str, path: str, value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(f"{model} {path}: expected a date, found {shorten(value)}") from error


def _minute(model: str, path: str, value: object) -> tuple[int, int]:
    """Return a time of day in its own minutes, and its zone's minutes ahead of UTC."""
    parts = _TIME.fullmatch(value) if isinstance(value, str) else None
    numbers = [int(part or 0) for part in parts.group(1, 2, 4, 5)] if parts else [24]
    if parts is None or numbers[0] > 23 or max(numbers[1], numbers[3]) > 59 or numbers[2] > 23:
        raise ValueError(f"{model} {path}: expected whole minutes of a day, found {shorten(value)}")
    ahead = numbers[2] * 60 + numbers[3]
    return numbers[0] * 60 + numbers[1], -ahead if parts[3] == "-" else ahead


def _daily(start: tuple[int, int], end: tuple[int, int]) -> Intervals:
    """Return the minutes of the UTC day from start to end; none where the end is not later."""
    first, last = start[0] - start[1], end[0] - end[1]
    if last <= first:
        return ()
    if last - first >= _DAY:
        return ((0, _DAY),)
    first, last = first % _DAY, last % _DAY or _DAY
    return ((first, last),) if first < last else ((first, _DAY), (0, last))


def _without(hours: Intervals, taken: Intervals) -> Intervals:
    """Return the minutes of `hours` that are not taken, as intervals by rising start."""
    left = list(hours)
    for start, end in taken:
        cut = []
        for first, last in left:
            cut += [(first, min(last, start)), (max(first, end), last)]
        left = [(first, last) for first, last in cut if first < last]
    return tuple(sorted(left))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
