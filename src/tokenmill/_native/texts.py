"""Columns of byte strings, wherever they lie: equal ones get equal codes, and bytes side by side.

A column of numbers is one of byte strings too, each as long as its item, so anything can be coded.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .arrays import address
from .errors import check

Int32 = NDArray[np.int32]

# A first table that stays in the nearest cache; columns of more distinct values get a larger one.
_SLOTS = 1 << 13


@dataclass(frozen=True)
class Texts:
    """Byte strings in memory.

    Attributes
    ----------
    starts : ndarray, shape (n,), uintp
        Address of each.
    lengths : ndarray, shape (n,), int64
        Bytes; -1 is null.
    owner : object
        Keeps the memory alive.
    """

    starts: NDArray[np.uintp]
    lengths: NDArray[np.int64]
    owner: Any

    def __len__(self) -> int:
        return len(self.starts)

    @classmethod
    def of_items(cls, array: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Texts:
        """Return the items of an array (n,) as byte strings, those not valid as null."""
        array = np.ascontiguousarray(array)
        rows = np.arange(len(array), dtype=np.uintp)
        starts = rows * np.uintp(array.itemsize) + np.uintp(address(array))
        lengths = np.full(len(array), array.itemsize, np.int64)
        if valid is not None:
            lengths[~valid] = -1
        return cls(starts, lengths, array)

    @classmethod
    def of_strings(cls, array: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Texts:
        """Return an array of str or bytes (n,) as UTF-8, those not valid as null."""
        if array.dtype.kind == "U":
            array = _utf8(array)
        array = np.ascontiguousarray(array)
        items = cls.of_items(array)
        lengths = np.char.str_len(array).astype(np.int64)
        if valid is not None:
            lengths[~valid] = -1
        return cls(items.starts, lengths, array)

    @classmethod
    def of_list(cls, values: Sequence[str | None]) -> Texts:
        """Return Python texts as UTF-8, None as null."""
        encoded = [None if value is None else value.encode() for value in values]
        lengths = np.array([-1 if text is None else len(text) for text in encoded], np.int64)
        data = np.frombuffer(b"".join(text or b"" for text in encoded) or b"\0", np.uint8)
        ends = np.cumsum(np.maximum(lengths, 0))
        starts = (ends - np.maximum(lengths, 0)).astype(np.uintp) + np.uintp(address(data))
        return cls(starts, lengths, data)

    def take(self, rows: NDArray[Any]) -> Texts:
        """Return some of them."""
        return Texts(self.starts[rows], self.lengths[rows], self.owner)

    def codes(self) -> tuple[Int32, Int32]:
        """Return the code of each, -1 for null, and the row at which each code appears first.

        Expected O(bytes).
        """
        rows = len(self)
        codes = np.empty(rows, np.int32)
        slots, most = _SLOTS, 1 << max(4, (2 * rows).bit_length())
        while True:
            table, first_rows = np.empty(slots, np.int32), np.empty(slots // 2, np.int32)
            distinct = ffi.new("size_t *")
            status = lib.tm_text_codes(
                rows,
                *self._pointers(),
                slots,
                ffi.cast("int32_t *", address(table)),
                ffi.cast("int32_t *", address(codes)),
                ffi.cast("int32_t *", address(first_rows)),
                distinct,
            )
            if status != lib.TM_E_SIZE or slots >= most:
                check(status)
                return codes, first_rows[: distinct[0]].copy()
            slots = most

    def packed(self, width: int) -> NDArray[np.uint8]:
        """Return the bytes (n, width), zeros after shorter ones, longer ones cut."""
        packed = np.empty((len(self), width), np.uint8)
        to_packed = ffi.cast("uint8_t *", address(packed))
        check(lib.tm_text_pack(len(self), *self._pointers(), width, to_packed))
        return packed

    def decoded(self) -> list[str | None]:
        """Return them as text, null as None.

        Raises
        ------
        UnicodeDecodeError
            A byte string is not UTF-8.
        """
        lengths = np.maximum(self.lengths, 0)
        ends = np.cumsum(lengths)
        starts = ends - lengths
        data = b""
        if len(self) and ends[-1]:
            first = int(self.starts[np.argmax(lengths > 0)])
            if np.array_equal((self.starts - np.uintp(first))[lengths > 0], starts[lengths > 0]):
                data = ctypes.string_at(first, int(ends[-1]))  # they lie one after the other
            else:
                pairs = zip(self.starts.tolist(), lengths.tolist(), strict=True)
                data = b"".join(ctypes.string_at(at, size) for at, size in pairs if size)
        cuts = zip(starts.tolist(), ends.tolist(), (self.lengths < 0).tolist(), strict=True)
        return [None if null else data[low:high].decode() for low, high, null in cuts]

    def _pointers(self) -> tuple[Any, Any]:
        starts = ffi.cast("uintptr_t *", address(self.starts))
        return starts, ffi.cast("int64_t *", address(self.lengths))


def _utf8(array: NDArray[Any]) -> NDArray[Any]:
    """Encode str of fixed width; code points are the bytes where all are ASCII."""
    width = array.dtype.itemsize // 4
    if not array.size or not width:
        return np.zeros(len(array), "S1")
    points = np.ascontiguousarray(array).view(np.uint32).reshape(len(array), width)
    if array.dtype.isnative and points.max() < 128:
        return points.astype(np.uint8).view(f"S{width}").reshape(len(array))
    return np.char.encode(array, "utf-8")


def recode(codes: NDArray[Any], table: Int32) -> Int32:
    """Return ``table[code + 1]`` of integer codes (n,) >= -1; O(n).

    Raises
    ------
    ValueError
        A code is beyond the table.
    """
    signed = np.ascontiguousarray(codes)
    if signed.dtype.kind == "u":
        wider = {1: np.int16, 2: np.int32, 4: np.int64}.get(signed.itemsize)
        signed = signed.view(np.int64) if wider is None else signed.astype(wider)
    recoded = np.empty(len(signed), np.int32)
    status = lib.tm_recode(
        len(signed),
        ffi.cast("void *", address(signed)),
        signed.itemsize,
        len(table) - 1,
        ffi.cast("int32_t *", address(table)),
        ffi.cast("int32_t *", address(recoded)),
    )
    if status == lib.TM_E_SIZE:
        raise ValueError(f"codes: expected codes in [-1, {len(table) - 1}), found others")
    check(status)
    return recoded
