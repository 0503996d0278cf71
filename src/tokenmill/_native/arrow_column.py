"""Arrow arrays in place: views of their buffers that keep the array alive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrow_abi import arrow
from .arrow_field import Field
from .column import Codes
from .texts import Texts

_VIEW = np.dtype([("length", "<i4"), ("prefix", "V4"), ("buffer", "<i4"), ("offset", "<i4")])
# A text of up to so many bytes lies in its view, behind the length.
_INLINE = 12


class _Memory:
    """Bytes of someone else's, as NumPy asks for them; the array made of it keeps the owner."""

    def __init__(self, start: int, size: int, owner: Any) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "shape": (size,),
            "typestr": "|u1",
            "data": (start, True),
        }


@dataclass(frozen=True)
class ArrowColumn:
    """An array of a record batch, or the batch itself, which is a struct; see `Column`.

    `offset` and `length` are those of the column within the buffers: an array's own offset and
    that of every struct around it are in them.
    """

    field: Field
    array: Any
    owner: Any
    offset: int
    length: int
    parent: ArrowColumn | None = None

    def __post_init__(self) -> None:
        """Refuse an array whose counts contradict its type."""
        if self.array.length < 0 or self.array.offset < 0 or self.length < 0:
            raise self._broken("length and offset >= 0")
        if self.offset + self.length > self.array.offset + self.array.length:
            raise self._broken(f"{self.offset + self.length} values")
        expected = {"null": 0, "struct": 1, "text": 3, "other": 0}.get(self.kind, 2)
        if self.array.n_buffers < expected:
            raise self._broken(f"{expected} buffers")
        if self.kind == "struct" and self.array.n_children != len(self.field.children):
            raise self._broken(f"{len(self.field.children)} children")

    def _broken(self, expected: str) -> ValueError:
        found = self.array
        return ValueError(
            f"usage: column {self.field.name!r}: expected {expected}, found an Arrow array of "
            f"length {found.length}, offset {found.offset}, {found.n_buffers} buffers, "
            f"{found.n_children} children"
        )

    @property
    def kind(self) -> str:
        """What it holds."""
        return self.field.kind

    @property
    def type_name(self) -> str:
        """The type in words."""
        return self.field.type_name

    @property
    def unit(self) -> str:
        """The unit of time stamps and dates."""
        return self.field.unit

    @property
    def zone(self) -> str:
        """The time zone of time stamps."""
        return self.field.zone

    def __len__(self) -> int:
        return self.length

    def slice(self, low: int, high: int) -> ArrowColumn:
        """Return the rows low <= i < high, in place."""
        parent = self.parent and self.parent.slice(low, high)
        return replace(self, offset=self.offset + low, length=high - low, parent=parent)

    def child(self, index: int) -> ArrowColumn:
        """Return a column of a struct; O(1)."""
        array, field = self.array.children[index], self.field.children[index]
        return ArrowColumn(field, array, self.owner, self.offset + array.offset, self.length, self)

    def _buffer(self, index: int, low: int, size: int) -> NDArray[np.uint8]:
        """Return bytes low <= i < low + size of a buffer."""
        start = int(arrow.cast("uintptr_t", self.array.buffers[index]))
        if size <= 0:
            return np.empty(0, np.uint8)
        if not start:
            raise self._broken(f"a buffer {index}")
        return np.asarray(_Memory(start + low, size, self.owner))

    def _items(self, index: int, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
        """Return `count` items of a buffer from the offset on."""
        width = dtype.itemsize
        if not count:
            return np.empty(0, dtype)
        return self._buffer(index, self.offset * width, count * width).view(dtype.base)

    def valid(self) -> NDArray[np.bool_] | None:
        """Return which values are not null (n,), None if all are."""
        if self.kind == "null":
            return np.zeros(self.length, np.bool_)
        own = self._own_valid()
        around = self.parent.valid() if self.parent is not None else None
        return own if around is None else around if own is None else own & around

    def _own_valid(self) -> NDArray[np.bool_] | None:
        if not self.array.null_count or not self.length:
            return None
        if not self.array.n_buffers or not self.array.buffers[0]:
            if self.array.null_count > 0:
                raise self._broken("a validity bitmap")
            return None
        valid = self._bits(0)
        return None if valid.all() else valid

    def _bits(self, index: int) -> NDArray[np.bool_]:
        """Return a bitmap from the offset on, least significant bit first."""
        first, skipped = divmod(self.offset, 8)
        size = -(-(skipped + self.length) // 8)
        bits = np.unpackbits(self._buffer(index, first, size), bitorder="little")
        return bits[skipped : skipped + self.length].view(np.bool_)

    def numbers(self) -> NDArray[Any]:
        """Return the values in place, anything where null; booleans are unpacked."""
        if self.kind == "boolean":
            return self._bits(1)
        dtype = self.field.dtype
        values = self._items(1, dtype, self.length)
        return values.reshape(self.length, *dtype.shape)

    def texts(self) -> Texts:
        """Return the values as byte strings of UTF-8."""
        if self.field.format == "vu":
            return self._viewed_texts()
        if not self.length:
            return Texts(np.empty(0, np.uintp), np.empty(0, np.int64), self.owner)
        width = np.dtype("i4" if self.field.format == "u" else "i8")
        offsets = self._items(1, width, self.length + 1)
        lengths = np.diff(offsets).astype(np.int64)
        if offsets[0] < 0 or lengths.min() < 0:
            raise self._broken("offsets that do not fall")
        base = int(arrow.cast("uintptr_t", self.array.buffers[2]))
        if not base and offsets[-1] > offsets[0]:
            raise self._broken("a buffer 2")
        starts = offsets[:-1].astype(np.uintp) + np.uintp(base)
        return Texts(starts, self._null_lengths(lengths), self.owner)

    def _null_lengths(self, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        valid = self.valid()
        if valid is not None:
            lengths[~valid] = -1
        return lengths

    def _viewed_texts(self) -> Texts:
        views = self._items(1, _VIEW, self.length)
        lengths = self._null_lengths(views["length"].astype(np.int64))
        valid = self.valid()
        if (lengths < (0 if valid is None else -1)).any():
            raise self._broken("lengths >= 0")
        starts = np.arange(self.length, dtype=np.uintp) * np.uintp(_VIEW.itemsize)
        if self.length:
            starts += np.uintp(int(views.__array_interface__["data"][0]) + 4)
        far = np.flatnonzero(lengths > _INLINE)
        if len(far):
            starts[far] = self._far_starts(views[far], lengths[far])
        return Texts(starts, lengths, self.owner)

    def _far_starts(self, views: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.uintp]:
        """Return the addresses of texts in data buffers; the last buffer has their sizes."""
        count = self.array.n_buffers - 3
        to_sizes = arrow.cast("int64_t *", self.array.buffers[count + 2] if count > 0 else 0)
        bases = [int(arrow.cast("uintptr_t", self.array.buffers[2 + i])) for i in range(count)]
        if not to_sizes or views["buffer"].min() < 0 or views["buffer"].max() >= count:
            raise self._broken("views into its buffers")
        sizes = np.array([to_sizes[i] for i in range(count)], np.int64)[views["buffer"]]
        if views["offset"].min() < 0 or (views["offset"] + lengths > sizes).any():
            raise self._broken("views into its buffers")
        starts: NDArray[np.uintp] = np.array(bases, np.uintp)[views["buffer"]]
        return starts + views["offset"].astype(np.uintp)

    def coded(self) -> tuple[Codes, list[str | None]]:
        """Return the code of each value, anything where null, and the values of the codes."""
        array, field = self.array.dictionary, self.field.dictionary
        if not array or field is None:
            raise self._broken("a dictionary")
        values = ArrowColumn(field, array, self.owner, array.offset, array.length).texts()
        codes = self.numbers()
        valid = self.valid()
        used = codes if valid is None else codes[valid]
        if len(used) and not (used.min() >= 0 and used.max() < len(values)):
            raise self._broken(f"codes in [0, {len(values)})")
        return codes, values.decoded()

    def objects(self) -> list[Any]:
        """Refuse: every kind of Arrow array has a reader of its own."""
        raise TypeError(f"usage: column {self.field.name!r}: found {self.type_name}")
