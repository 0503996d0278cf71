"""Time stamps of a ledger as microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._native.column import Column
from ..._native.texts import Texts
from ..calendar import NULL_TIME
from .codes import first_and_codes
from .counts import either
from .iso import parse_times

# The years 1 to 9999, as calendars have them.
FIRST_TIME = -62_135_596_800_000_000
LAST_TIME = 253_402_300_799_999_999

_PER_UNIT = {"D": 86_400_000_000, "s": 1_000_000, "ms": 1000, "us": 1}


class Times(NamedTuple):
    """Instants (n,) in microseconds, `NULL_TIME` where null or bad.

    `zone` is the time stamps' own: ``""`` where they name several.
    """

    values: NDArray[np.int64]
    zone: str
    bad: NDArray[np.bool_] | None


def read_times(name: str, column: Column, unit: str = "") -> Times:
    """Return a column of time stamps; naive ones are UTC.

    Texts are ISO 8601 (see `parse_times`); digits beyond microseconds are cut. Numbers are time
    since 1970 in `unit`. What cannot be read, or lies outside the years 1 to 9999, is bad.

    Raises
    ------
    TypeError
        A column that holds no times, or numbers without a unit.
    """
    kind = column.kind
    if kind == "null":
        return Times(np.full(len(column), NULL_TIME, np.int64), "UTC", None)
    if kind in ("timestamp", "date"):
        zone = column.zone or "UTC"
        return _checked(*_in_microseconds(column, column.unit), zone)
    if kind in ("integer", "float") and unit:
        return _checked(*_in_microseconds(column, unit), "UTC")
    if kind == "text":
        return _of_texts(column.texts())
    if kind in ("dictionary", "object"):
        return _of_values(column)
    hint = (
        f'; state the unit of numbers, as in columns={{{name!r}: "time_ms"}}'
        if kind in ("integer", "float")
        else ""
    )
    raise TypeError(
        f"usage: column {name!r}: expected time stamps or texts of them, found "
        f"{column.type_name}{hint}"
    )


def _in_microseconds(
    column: Column, unit: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Return instants, which of them are there, and which do not fit 64 bits."""
    values, valid = column.numbers(), column.valid()
    if values.dtype.kind == "f":
        there = ~np.isnan(values)
        valid = there if valid is None else valid & there
        scaled = np.where(valid, values.astype(np.float64), 0.0)
        scaled = np.rint(scaled * _PER_UNIT[unit]) if unit != "ns" else np.floor(scaled / 1000)
        far = np.abs(scaled) > LAST_TIME
        return np.where(far, 0, scaled).astype(np.int64), valid, far
    if values.dtype == np.uint64:
        far = values >= 2**63
        values = np.where(far, 0, values)
    else:
        far = None
    values = values.astype(np.int64, copy=False)
    if unit == "ns":
        return values // 1000, valid, far
    factor = _PER_UNIT[unit]
    if factor == 1:
        return values, valid, far
    out = np.abs(values) > LAST_TIME // factor
    return np.where(out, 0, values) * factor, valid, out if far is None else far | out


def _checked(
    values: NDArray[np.int64],
    valid: NDArray[np.bool_] | None,
    far: NDArray[np.bool_] | None,
    zone: str,
) -> Times:
    """Mark null and bad ones; without either the values are returned in place."""
    bad = (values < FIRST_TIME) | (values > LAST_TIME)
    if far is not None:
        bad |= far
    if valid is not None:
        bad &= valid
    found = bad if bad.any() else None
    if valid is not None or found is not None:
        keep = ~bad if valid is None else valid & ~bad
        values = np.where(keep, values, NULL_TIME)
    return Times(np.ascontiguousarray(values), zone, found)


def _of_texts(texts: Texts) -> Times:
    values, zone, bad = parse_times(texts, NULL_TIME)
    there = values != NULL_TIME
    read = _checked(values, None if there.all() else there, None, zone)
    return read._replace(bad=either(read.bad, bad))


def _of_values(column: Column) -> Times:
    """Read each distinct value once; naive datetimes are UTC."""
    codes, values = first_and_codes(column)
    texts = [None if value is None else _text(value) for value in values]
    read = _of_texts(Texts.of_list(texts))
    bad = None if read.bad is None else np.append(read.bad, False)[codes]
    return Times(np.append(read.values, NULL_TIME)[codes], read.zone, bad)


def _text(value: Any) -> str:
    """Return a Python object as the text of a time, ``"?"`` where it is none."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, np.datetime64):
        return str(value.astype("M8[us]"))
    return value if isinstance(value, str) else "?"


def instant(value: Any) -> int:
    """Return one time in microseconds.

    Raises
    ------
    ValueError
        It cannot be read.
    """
    read = _of_texts(Texts.of_list([_text(value)]))
    if read.bad is not None or read.values[0] == NULL_TIME:
        raise ValueError(f"time: expected a datetime or ISO 8601, found {value!r}")
    return int(read.values[0])
