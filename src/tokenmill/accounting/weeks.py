"""Weekly windows as a table of the minutes of a week in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache

import numpy as np

from .clocks import SECOND, changes_between, microseconds, offset_at
from .clocks import zone as zone_of
from .rates import Window

MINUTES_OF_WEEK = 7 * 1440

# Weekly tables of a zone with daylight saving are made anew at each change of its clocks.
_FIRST = microseconds(datetime(2000, 1, 1, tzinfo=UTC))
_LAST = microseconds(datetime(2100, 1, 1, tzinfo=UTC))
_WEEK = MINUTES_OF_WEEK * 60 * SECOND


@cache
def clock_changes(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (microseconds, offset in minutes) from which on `zone` has that offset.

    The first is long ago. Between the years 2000 and 2100; offsets are rounded down to minutes.
    """
    info = zone_of(zone)
    found = [(-(2**62), offset_at(_FIRST, info)), *changes_between(_FIRST, _LAST, _WEEK, info)]
    return tuple((at, offset // (60 * SECOND)) for at, offset in found)


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
    return _minutes(tuple(windows.values()), offsets)


@lru_cache(maxsize=4096)
def _minutes(windows: tuple[Window, ...], offsets: tuple[tuple[int, int], ...]) -> bytes:
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
