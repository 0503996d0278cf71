"""Time zones: by name, their offsets from UTC, and where those change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND = 1_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):?([0-5][0-9])")


def zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name, or by an offset as in ``"+02:00"``.

    Raises
    ------
    ValueError
        There is none.
    """
    offset = _OFFSET.fullmatch(name)
    if offset:
        minutes = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-minutes if offset[1] == "-" else minutes)
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"time_zone: expected an IANA name or an offset such as +02:00, found {name!r}"
        ) from error


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC."""
    since = instant - _EPOCH
    return (since.days * 86400 + since.seconds) * SECOND + since.microseconds


@lru_cache(maxsize=1 << 16)
def offset_at(time: int, tz: tzinfo) -> int:
    """Return a zone's offset from UTC at an instant, both in microseconds."""
    moment = _EPOCH + timedelta(microseconds=time)
    offset = moment.astimezone(tz).utcoffset()
    return (offset or timedelta()) // timedelta(microseconds=1)


def changes_between(start: int, end: int, step: int, tz: tzinfo) -> Iterator[tuple[int, int]]:
    """Yield (instant, offset) from which on a zone has another offset than before.

    Parameters
    ----------
    start, end : int
        Whole seconds in microseconds since 1970 in UTC.
    step : int
        Microseconds between two looks at the clock; of changes between them that cancel each
        other none is seen, of others one.

    Notes
    -----
    To the second. O((end - start) / step) questions to the zone, and O(log step) for each change.
    """
    for low in range(start, end, step):
        high = min(low + step, end)
        before, after = offset_at(low, tz), offset_at(high, tz)
        if before == after:
            continue
        first, last = low // SECOND, high // SECOND
        while last - first > 1:
            middle = (first + last) // 2
            if offset_at(middle * SECOND, tz) == before:
                first = middle
            else:
                last = middle
        yield last * SECOND, after
