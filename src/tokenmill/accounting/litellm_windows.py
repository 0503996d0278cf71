"""The off-peak hours of a LiteLLM entry as a weekly window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from .imported import Fields, shorten
from .rates import Hours, Window

WINDOW = "off_peak"
_HOURS = re.compile(r"\s*(\d{1,2}):(\d{1,2})\s*-\s*(\d{1,2}):(\d{1,2})\s*")
_ALL_DAYS = frozenset(range(1, 8))
_DAYS = {
    name: day
    for day, names in enumerate(
        (
            "mon monday",
            "tue tues tuesday",
            "wed wednesday",
            "thu thur thurs thursday",
            "fri friday",
            "sat saturday",
            "sun sunday",
        ),
        start=1,
    )
    for name in (*names.split(), str(day))
}


def read_window(block: Fields) -> Window | None:
    """Return when the block is open, None where it never is.

    Hours are UTC and open every day, or on the weekdays of their rule in the block's time zone.
    What is malformed never opens, and is noted.
    """
    found = []
    if block.raw("hours_utc") is not None:
        minutes = tuple(_minutes(block, "hours_utc", block.raw("hours_utc")))
        found += [Hours(minutes)] if minutes else []
    zone = _zone(block)
    rules = block.raw("windows")
    if rules is not None and not isinstance(rules, (list, tuple)):
        block.ignore("windows", "no list")
        rules = None
    for place, rule in enumerate(rules or ()):
        hours = _rule(block, f"windows[{place}]", rule)
        found += [hours] if hours else []
    return Window(tuple(found), "UTC", zone) if found else None


def _rule(block: Fields, path: str, rule: object) -> Hours | None:
    """Return the hours of one rule; absent hours and absent weekdays are all of them."""
    if not isinstance(rule, dict):
        block.ignore(path, "no object")
        return None
    hours = rule.get("hours_utc")
    minutes = ((0, 0),) if hours is None else tuple(_minutes(block, path + ".hours_utc", hours))
    days = _ALL_DAYS
    if rule.get("weekdays") is not None:
        days = frozenset(_weekdays(block, path + ".weekdays", rule["weekdays"]))
    return Hours(minutes, days) if minutes and days else None


def _minutes(block: Fields, path: str, value: object) -> Iterator[tuple[int, int]]:
    """Yield start and end in minutes of the day for each ``"HH:MM-HH:MM"``."""
    texts = value if isinstance(value, (list, tuple)) else (value,)
    for text in texts:
        parts = _HOURS.fullmatch(text) if isinstance(text, str) else None
        numbers = [int(part) for part in parts.groups()] if parts else []
        if not parts or max(numbers[0::2]) > 23 or max(numbers[1::2]) > 59:
            block.ignore(path, f'no "HH:MM-HH:MM": {shorten(text)}')
            continue
        yield numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]


def _weekdays(block: Fields, path: str, value: object) -> Iterator[int]:
    """Yield the days of a list: 1 = Monday to 7 = Sunday, as numbers, digits or names."""
    if not isinstance(value, (list, tuple)):
        block.ignore(path, "no list")
        return
    for day in value:
        number = _DAYS.get(str(day).strip().lower()) if not isinstance(day, bool) else None
        if number is None:
            block.ignore(path, f"no weekday: {shorten(day)}")
        else:
            yield number


def _zone(block: Fields) -> str:
    """Return the calendar of the weekdays, "" for UTC, which also stands in for an unknown one."""
    name = block.raw("weekday_timezone")
    if name is None or (isinstance(name, str) and not name.strip()):
        return ""
    try:
        if not isinstance(name, str) or len(name) > 64:
            raise ValueError("no name of a time zone")
        return ZoneInfo(name.strip()).key
    except (ValueError, OSError, KeyError):
        block.ignore("weekday_timezone", f"no time zone: {shorten(name)}")
        return ""
