"""When periods begin, and which one holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from .rates import Period

Start = date | datetime | None

# Before any instant that a ledger can hold.
_NEVER = datetime(1, 1, 2, tzinfo=UTC)


def begins(start: Start) -> datetime:
    """Return the instant of a start: a date is its midnight in UTC, None the beginning of time."""
    if start is None:
        return _NEVER
    if isinstance(start, datetime):
        return start.astimezone(UTC)
    return datetime(start.year, start.month, start.day, tzinfo=UTC)


def starts_of(*histories: Iterable[Period]) -> list[Start]:
    """Return every start of some histories, rising, each instant once."""
    found = {begins(period.start): period.start for periods in histories for period in periods}
    return [found[instant] for instant in sorted(found)]


def in_force(periods: Sequence[Period], start: Start) -> Period | None:
    """Return the period that holds at a start, or None before the first."""
    held = None
    for period in periods:
        if begins(period.start) <= begins(start):
            held = period
    return held
