"""Weekly windows as a table of the minutes of a week in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

import numpy as np

from .calendar import zone as zone_of
from .rates import Window

MINUTES_OF_WEEK = 7 * 1440
MICROSECONDS = 10**6

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Weekly tables of a zone with daylight saving are made anew at each change of its clocks.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC."""
    since = instant - _EPOCH
    return (since.days * 86400 + since.seconds) * MICROSECONDS + since.microseconds


@cache
def clock_changes(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (microseconds, offset in minutes) from which on `zone` has that offset.

    The first is long ago. Between the years 2000 and 2100; offsets are rounded down to minutes.
    """
    info = zone_of(zone)

    def offset(instant: datetime) -> int:
        found = instant.astimezone(info).utcoffset()
        return 0 if found is None else int(found.total_seconds() // 60)

    at = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    found = [(-(2**62), offset(at))]
    while at.year < _LAST_YEAR:
        following = at + timedelta(days=7)
        if offset(following) != found[-1][1]:
            low, high = at, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                middle = middle.replace(second=0, microsecond=0)
                if middle == low:
                    break
                low, high = (middle, high) if offset(middle) == found[-1][1] else (low, middle)
            found.append((microseconds(high), offset(high)))
            following = high
        at = following
    return tuple(found)


def changes_of(windows: Mapping[str, Window]) -> list[int]:
    """Return the instants at which the weekly tables of `windows` change."""
    zones = {zone for window in windows.values() for zone in zones_of(window)}
    return sorted({at for zone in zones for at, _ in clock_changes(zone)[1:]})


def zones_of(window: Window) -> tuple[str, str]:
    """Return the zones of its hours and of its weekdays."""
    return window.time_zone, window.weekday_time_zone or window.time_zone


def _offset_at(zone: str, instant: int) -> int:
    (_, offset), *later = clock_changes(zone)
    for at, minutes in later:
        if at <= instant:
            offset = minutes
    return offset


def week_of(windows: Mapping[str, Window], instant: int) -> bytes:
    """Return which window is open in each minute of a week from Monday 00:00 UTC, 0 for none.

    Window i is i + 1, in the order of `windows`; of two that are open the first counts. Clocks are
    those at `instant`, in microseconds.
    """
    offsets = tuple(
        (_offset_at(hours, instant), _offset_at(days, instant))
        for hours, days in map(zones_of, windows.values())
    )
    return _week(tuple(windows.values()), offsets)


@lru_cache(maxsize=4096)
def _week(windows: tuple[Window, ...], offsets: tuple[tuple[int, int], ...]) -> bytes:
    minutes = np.arange(MINUTES_OF_WEEK)
    table = np.zeros(MINUTES_OF_WEEK, np.uint8)
    for number in range(len(windows), 0, -1):
        by_hour, by_day = offsets[number - 1]
        of_day = (minutes + by_hour) % 1440
        weekday = (minutes + by_day) % MINUTES_OF_WEEK // 1440 + 1
        for hours in windows[number - 1].hours:
            inside = np.zeros(MINUTES_OF_WEEK, np.bool_)
            for start, end in hours.minutes:
                after, before = of_day >= start, of_day < end
                inside |= after & before if start < end else after | before
            table[inside & np.isin(weekday, list(hours.weekdays))] = number
    return table.tobytes()
