"""Days and months of time stamps in a time zone, as codes to group by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .clocks import changes_between, offset_at, zone

NULL_TIME = -(2**63)
_NULL_DAY = NULL_TIME // 86_400_000_000

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
# Zones are asked within the years that a datetime has, in every zone.
_FIRST_DAY, _LAST_DAY = -719_160, 2_932_894
# A table over days or months is at most so long; what lies further apart is sorted instead.
_LONGEST_TABLE = 1 << 20
# Time stamps looked at together, so that what is made of them stays in the cache.
_BLOCK = 1 << 15

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class CalendarKey:
    """Days or months of a time stamp, to group by.

    Attributes
    ----------
    part : str
        ``"day"`` or ``"month"``.
    column : str
        A ledger's column; ``""`` is its field `time`.
    time_zone : str
    """

    part: str
    column: str = ""
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a zone that does not exist."""
        zone(self.time_zone)

    def __str__(self) -> str:
        if self.column:
            return f"{self.part}({self.column}, {self.time_zone})"
        return self.part if self.time_zone == "UTC" else f"{self.part}:{self.time_zone}"

    def codes(self, times: Int64) -> tuple[Int32, list[str | None]]:
        """Return the codes of `times` (n,) and their labels."""
        return (day_codes if self.part == "day" else month_codes)(times, self.time_zone)


def day(column: str = "", time_zone: str = "UTC") -> CalendarKey:
    """Return the key that groups by day, of the field `time` or of another column."""
    return CalendarKey("day", column, time_zone)


def month(column: str = "", time_zone: str = "UTC") -> CalendarKey:
    """Return the key that groups by month, of the field `time` or of another column."""
    return CalendarKey("month", column, time_zone)


def calendar_key(text: str) -> CalendarKey | None:
    """Return ``"day"``, ``"month"`` or ``"day:Europe/Berlin"`` as a key, None if it is none."""
    part, colon, time_zone = text.partition(":")
    if part not in ("day", "month"):
        return None
    return CalendarKey(part, "", time_zone) if colon else CalendarKey(part)


def day_codes(times: Int64, time_zone: str = "UTC") -> tuple[Int32, list[str | None]]:
    """Return the day of each time stamp, by the clock of a time zone.

    Parameters
    ----------
    times : ndarray, shape (n,), int64
        Microseconds since 1970 in UTC, -2^63 where null.
    time_zone : str

    Returns
    -------
    codes : ndarray, shape (n,), int32
    labels : list of str or None
        The day of each code, ``2026-03-29``, rising; None, of null, comes last.

    Notes
    -----
    O(n), and O(d) questions to the time zone for d days. A day of 23 or 25 hours is one day, also
    where clocks go back over midnight.
    """
    return _codes(times, time_zone, lambda days: days.astype("M8[D]"))


def month_codes(times: Int64, time_zone: str = "UTC") -> tuple[Int32, list[str | None]]:
    """Return the month of each time stamp, ``2026-03``; otherwise as `day_codes`."""
    return _codes(times, time_zone, lambda days: days.astype("M8[D]").astype("M8[M]"))


def _codes(
    times: Int64, time_zone: str, part: Callable[[Int64], NDArray[np.datetime64]]
) -> tuple[Int32, list[str | None]]:
    tz = zone(time_zone)
    days = np.empty(len(times), np.int64)
    for low in range(0, len(times), _BLOCK):
        days[low : low + _BLOCK] = _local_days(times[low : low + _BLOCK], tz)
    distinct = _distinct(days)
    null = int(_NULL_DAY in distinct[:1])
    labels, of_day = np.unique(part(distinct[null:]), return_inverse=True)
    codes: Int32 = np.array([*[len(labels)] * null, *of_day], np.int32)
    return _looked_up(days, distinct, codes), [*map(str, labels), *[None] * null]


def _local_days(times: Int64, tz: tzinfo) -> Int64:
    """Return the days since 1970 by the clock of a zone, `_NULL_DAY` where null."""
    days: Int64 = times // _DAY
    changes, offsets = _offsets(_distinct(days), tz)
    if len(offsets) > 1:
        days = (times + offsets[np.searchsorted(changes, times, side="right")]) // _DAY
    elif offsets[0]:
        days = (times + offsets[0]) // _DAY
    days[times == NULL_TIME] = _NULL_DAY
    return days


def _distinct(values: Int64) -> Int64:
    """Return the distinct values, rising."""
    if not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    if high - low >= _LONGEST_TABLE:
        return np.unique(values)
    present = np.zeros(high - low + 1, np.bool_)
    present[values - low] = True
    return np.flatnonzero(present) + low


def _looked_up(values: Int64, distinct: Int64, codes: Int32) -> Int32:
    """Return the code of each value, where `codes` has those of the distinct values."""
    if not len(values) or distinct[-1] - distinct[0] >= _LONGEST_TABLE:
        found: Int32 = codes[np.searchsorted(distinct, values)]
        return found
    table = np.empty(distinct[-1] - distinct[0] + 1, np.int32)
    table[distinct - distinct[0]] = codes
    found = table[values - distinct[0]]
    return found


def _offsets(utc_days: Int64, tz: tzinfo) -> tuple[Int64, Int64]:
    """Return where the offset from UTC changes within these days, and the offsets around that.

    Between two of the days the offset may change unseen: no time stamp lies there, and the change
    is put at the later day's start.
    """
    changes: list[int] = []
    offsets: list[int] = []
    for utc_day in utc_days.tolist():
        start = min(max(utc_day, _FIRST_DAY), _LAST_DAY) * _DAY
        before, after = offset_at(start, tz), offset_at(start + _DAY, tz)
        if not offsets:
            offsets.append(before)
        elif before != offsets[-1]:
            changes.append(start)
            offsets.append(before)
        for at, offset in _changes_of_day(start, tz) if before != after else ():
            changes.append(at)
            offsets.append(offset)
    return np.array(changes, np.int64), np.array(offsets, np.int64)


@lru_cache(maxsize=1 << 12)
def _changes_of_day(start: int, tz: tzinfo) -> tuple[tuple[int, int], ...]:
    return tuple(changes_between(start, start + _DAY, _HOUR, tz))
