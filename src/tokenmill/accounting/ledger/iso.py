"""ISO 8601 time stamps, a column at once: rows of one layout are read by their digits' places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._native.texts import Texts

_LONGEST = 40
_ZERO = ord("0")
_LAYOUT = re.compile(
    r"0000-00-00"
    r"(?:[T ]00:00(?P<seconds>:00(?:[.,](?P<fraction>0{1,9}))?)?"
    r"(?: ?(?P<zone>Z|(?P<sign>[+-])00(?::?(?P<minutes>00))?))?)?"
)
# Texts looked at together, so that what is made of them stays in the cache.
_BLOCK = 1 << 14
_MINUTE = 60_000_000
_DAY = 1440 * _MINUTE

Int64 = NDArray[np.int64]
Rows = NDArray[np.int64] | slice


def parse_times(texts: Texts, null: int) -> tuple[Int64, str, NDArray[np.bool_] | None]:
    """Return microseconds since 1970 in UTC (n,), their zone, and which cannot be read.

    ``2026-03-29``, ``2026-03-29T01:30``, ``2026-03-29 01:30:00.123456789`` and these with ``Z``,
    ``+02``, ``+0200`` or ``+02:00``; without, they are UTC. The zone is ``"UTC"``, the offset that
    all share, or ``""``. Digits beyond microseconds are cut. Null, the empty text and what cannot
    be read are `null`.
    """
    values, bad = np.full(len(texts), null, np.int64), np.zeros(len(texts), np.bool_)
    offsets: set[int] = set()
    for low in range(0, len(texts), _BLOCK):
        there = np.flatnonzero(texts.lengths[low : low + _BLOCK] > 0) + low
        values[there], bad[there], found = _parse_block(texts.take(there), null)
        offsets |= found
    return values, _shared_zone(offsets), bad if bad.any() else None


def _parse_block(texts: Texts, null: int) -> tuple[Int64, NDArray[np.bool_], set[int]]:
    """Return instants, which of them are bad, and their offsets in minutes."""
    values, bad = np.full(len(texts), null, np.int64), np.ones(len(texts), np.bool_)
    offsets: set[int] = set()
    packed = texts.packed(max(1, min(int(texts.lengths.max(initial=0)), _LONGEST)))
    for layout, rows in _layouts(packed):
        found = _LAYOUT.fullmatch(layout)
        if found:
            times, offset, good = _read(packed[rows], found)
            values[rows], bad[rows] = np.where(good, times, null), ~good
            offsets.update(np.unique(offset[good]).tolist())
    long = texts.lengths > _LONGEST
    values[long], bad[long] = null, True
    return values, bad, offsets


def _layouts(packed: NDArray[np.uint8]) -> Iterator[tuple[str, Rows]]:
    """Yield each layout, the text with zeros for digits, and its rows."""
    digits = packed - np.uint8(_ZERO) <= 9  # wraps below "0"
    layouts = np.where(digits, np.uint8(_ZERO), packed)
    codes, first_rows = Texts.of_items(layouts.view(f"V{packed.shape[1]}").ravel()).codes()
    texts = [bytes(layouts[row]).rstrip(b"\0").decode("latin-1") for row in first_rows]
    if len(texts) == 1:
        yield texts[0], slice(None)
        return
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(texts))
    for text, high, count in zip(texts, np.cumsum(counts), counts, strict=True):
        yield text, order[high - count : high]


def _number(packed: NDArray[np.uint8], low: int, high: int) -> Int64:
    """Return the digits low <= column < high as a number (n,)."""
    number = np.zeros(len(packed), np.int32)
    for column in range(low, high):
        number *= 10
        number += packed[:, column]
    zeros = _ZERO * (10 ** (high - low) - 1) // 9  # what the characters are above their digits
    return number.astype(np.int64) - np.int64(zeros)


def _read(
    packed: NDArray[np.uint8], layout: re.Match[str]
) -> tuple[Int64, Int64, NDArray[np.bool_]]:
    """Return instants, offsets in minutes, and which rows name a time that exists."""
    year, month, day = (_number(packed, *at) for at in ((0, 4), (5, 7), (8, 10)))
    good = (year >= 1) & (month >= 1) & (month <= 12)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    first, after = _first_days(months)
    good &= (day >= 1) & (day <= after - first)
    times = (first + day - 1) * _DAY
    if len(layout.string) > 10:
        hour, minute = _number(packed, 11, 13), _number(packed, 14, 16)
        good &= (hour < 24) & (minute < 60)
        times += (hour * 60 + minute) * _MINUTE
    if layout["seconds"]:
        seconds = _number(packed, 17, 19)
        good &= seconds < 60
        times += seconds * 1_000_000
    if layout["fraction"]:
        low, high = layout.span("fraction")
        high = min(high, low + 6)
        times += _number(packed, low, high) * 10 ** (6 - (high - low))
    offset = np.zeros(len(packed), np.int64)
    if layout["sign"]:
        at = layout.start("sign")
        hours, minutes = _number(packed, at + 1, at + 3), offset
        if layout["minutes"]:
            minutes = _number(packed, *layout.span("minutes"))
        good &= (hours < 24) & (minutes < 60)
        offset = (hours * 60 + minutes) * (1 if layout["sign"] == "+" else -1)
    return times - offset * _MINUTE, offset, good


def _first_days(months: Int64) -> tuple[Int64, Int64]:
    """Return the first day of each month since 1970-01, and of the one after, since 1970."""
    low = int(months.min(initial=0))
    every = np.arange(low, int(months.max(initial=0)) + 2)
    days: NDArray[Any] = every.astype("M8[M]").astype("M8[D]").astype(np.int64)
    return days[months - low], days[months - low + 1]


def _shared_zone(offsets: set[int]) -> str:
    """Return the offset that all time stamps have, as a zone."""
    if len(offsets) > 1:
        return ""
    offset = next(iter(offsets), 0)
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"
