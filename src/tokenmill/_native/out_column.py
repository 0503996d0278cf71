"""Columns on their way out: an Arrow format and the buffers that hold the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_INTEGERS = {"i1": "c", "u1": "C", "i2": "s", "u2": "S", "i4": "i", "u4": "I", "i8": "l", "u8": "L"}
_MOST = 10**38


@dataclass(frozen=True)
class OutColumn:
    """A column on its way out: an Arrow format and its buffers, validity first."""

    format: str
    length: int
    buffers: tuple[NDArray[Any] | None, ...]
    nulls: int = 0


def integers(values: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> OutColumn:
    """Return integers (n,) of any width, in place if contiguous.

    Raises
    ------
    TypeError
        Another dtype.
    """
    if values.dtype.str[1:] not in _INTEGERS or not values.dtype.isnative:
        raise TypeError(f"integers: expected integers, found dtype {values.dtype}")
    return _fixed(_INTEGERS[values.dtype.str[1:]], values, valid)


def timestamps(
    values: NDArray[np.int64], zone: str = "UTC", valid: NDArray[np.bool_] | None = None
) -> OutColumn:
    """Return instants (n,) in microseconds since 1970 in UTC."""
    return _fixed(f"tsu:{zone}", values, valid)


def dates(values: NDArray[np.int32], valid: NDArray[np.bool_] | None = None) -> OutColumn:
    """Return days (n,) since 1970."""
    return _fixed("tdD", values, valid)


def texts(values: Sequence[str | None]) -> OutColumn:
    """Return texts, None as null.

    Raises
    ------
    ValueError
        2^31 bytes or more.
    """
    encoded = [b"" if value is None else value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)])
    if ends[-1] >= 2**31:
        raise ValueError(f"texts: expected less than 2**31 bytes, found {ends[-1]}")
    valid = np.array([value is not None for value in values], np.bool_)
    data = np.frombuffer(b"".join(encoded), np.uint8)
    nulls = len(values) - int(np.count_nonzero(valid))
    return OutColumn("u", len(values), (_bitmap(valid), ends.astype(np.int32), data), nulls)


def decimals(values: Sequence[int | None] | NDArray[Any], scale: int) -> OutColumn:
    """Return decimals of 38 digits, `scale` of them behind the point.

    Parameters
    ----------
    values : sequence of int or None, or ndarray, shape (n,), int64
        Or (n, 2) uint64 or int64: lower and upper half of two's complement.
    scale : int

    Raises
    ------
    ValueError
        A value has more than 38 digits.
    """
    form = f"d:38,{scale}"
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        if values.ndim == 1:
            values = np.stack([values.astype(np.int64), values.astype(np.int64) >> 63], axis=1)
        halves = np.ascontiguousarray(values).view(np.uint64)
        _check_halves(halves)
        return OutColumn(form, len(halves), (None, halves))
    return _decimals_of_integers(values, form)


def _check_halves(halves: NDArray[np.uint64]) -> None:
    """Refuse what has more than 38 digits; only a few upper halves are near that."""
    upper = halves[:, 1].view(np.int64)
    near = (upper >= _MOST >> 64) | (upper <= -_MOST >> 64)
    for low, high in zip(halves[near, 0].tolist(), upper[near].tolist(), strict=True):
        _check_digits((high << 64) + low)


def _check_digits(number: int) -> None:
    if abs(number) >= _MOST:
        raise ValueError(f"decimals: expected at most 38 digits, found {number}")


def _decimals_of_integers(values: Sequence[int | None] | NDArray[Any], form: str) -> OutColumn:
    numbers = [0 if value is None else int(value) for value in values]
    for number in numbers:
        _check_digits(number)
    data = b"".join(number.to_bytes(16, "little", signed=True) for number in numbers)
    valid = np.array([value is not None for value in values], np.bool_)
    buffers = (_bitmap(valid), np.frombuffer(data, np.uint8))
    return OutColumn(form, len(numbers), buffers, len(numbers) - int(np.count_nonzero(valid)))


def _fixed(form: str, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> OutColumn:
    nulls = 0 if valid is None else len(values) - int(np.count_nonzero(valid))
    bitmap = None if valid is None else _bitmap(valid)
    return OutColumn(form, len(values), (bitmap, np.ascontiguousarray(values)), nulls)


def _bitmap(valid: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    return None if valid.all() else np.packbits(valid, bitorder="little")
