"""Counts of a ledger as whole numbers, in place where they are."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._native.column import Column
from .codes import first_and_codes

Counts = NDArray[np.int32] | NDArray[np.int64]
Bad = NDArray[np.bool_] | None

# -2^63 itself is not read, so that a count's negative is a count.
_LIMIT = 2**63
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,30}(\.0*)?\s*")


def either(a: Bad, b: Bad) -> Bad:
    """Return rows that are bad in one of two ways."""
    return b if a is None else a if b is None else a | b


def summed(counts: Counts | None, more: Counts) -> tuple[Counts, Bad]:
    """Return the sum of two columns of counts, and where it does not fit 64 bits."""
    if counts is None:
        return more, None
    total = counts.astype(np.int64) + more
    beyond = ((counts < 0) == (more < 0)) & ((total < 0) != (counts < 0))
    return total, beyond if beyond.any() else None


def read_counts(name: str, column: Column) -> tuple[Counts, Bad]:
    """Return counts (n,), null and NaN as 0, and which rows cannot be read.

    int32 and int64 without nulls are not copied. Fractions, infinities, magnitudes of 2^63 and
    more, and texts that are no whole number are bad, and 0.

    Raises
    ------
    TypeError
        A column that holds no numbers.
    """
    kind = column.kind
    if kind == "null":
        return np.zeros(len(column), np.int32), None
    if kind == "integer":
        return _of_integers(column.numbers(), column.valid())
    if kind == "float":
        return _of_floats(column.numbers(), column.valid())
    if kind == "decimal":
        return _of_halves(column.numbers(), column.valid())
    if kind in ("text", "dictionary", "object"):
        return _of_values(column)
    raise TypeError(f"usage: column {name!r}: expected whole numbers, found {column.type_name}")


def _of_integers(values: NDArray[Any], valid: NDArray[np.bool_] | None) -> tuple[Counts, Bad]:
    bad = None
    if values.dtype in (np.uint64, np.int64):
        low = values == -_LIMIT if values.dtype == np.int64 else values >= _LIMIT
        bad = (low if valid is None else low & valid) if low.any() else None
    small = values.dtype.itemsize < 4 or values.dtype == np.int32
    counts = np.require(values, np.int32 if small else np.int64, ["C", "A"])
    return _zeroed(counts, valid, bad), bad


def _zeroed(counts: Counts, valid: NDArray[np.bool_] | None, bad: Bad) -> Counts:
    """Return counts with 0 where null or bad."""
    if valid is None and bad is None:
        return counts
    zeroed = counts.copy()
    for lost in (None if valid is None else ~valid, bad):
        if lost is not None:
            zeroed[lost] = 0
    return zeroed


def _of_floats(values: NDArray[Any], valid: NDArray[np.bool_] | None) -> tuple[Counts, Bad]:
    values = values.astype(np.float64, copy=False)
    used = ~np.isnan(values)
    if valid is not None:
        used &= valid
    readable = used & (np.abs(values) < _LIMIT) & (np.trunc(values) == values)
    bad = used & ~readable
    counts = np.where(readable, values, 0.0).astype(np.int64)
    return counts, bad if bad.any() else None


def _of_halves(halves: NDArray[Any], valid: NDArray[np.bool_] | None) -> tuple[Counts, Bad]:
    low, high = halves[:, 0].astype(np.int64), halves[:, 1].astype(np.int64)
    bad = (high != low >> 63) | (low == -_LIMIT)
    if valid is not None:
        bad &= valid
    return _zeroed(low, valid, bad), bad if bad.any() else None


def _of_values(column: Column) -> tuple[Counts, Bad]:
    """Read each distinct value once."""
    codes, values = first_and_codes(column)
    read = [_whole(value) for value in values]
    numbers = np.array([*(number or 0 for number in read), 0], np.int64)
    unread = np.array([*(number is None for number in read), False])
    bad = unread[codes]
    return numbers[codes], bad if bad.any() else None


def _whole(value: Any) -> int | None:
    """Return a value as a whole number, null as 0, None if it is none."""
    if value is None or value == "":
        return 0
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            return None
        value = value.split(".")[0]
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal | np.number):
        return None
    elif not np.isfinite(float(value)) or value != int(value):
        return None
    number = int(value)
    return number if abs(number) < _LIMIT else None
