"""Columns of NumPy arrays, lists and anything that turns into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._native.arrow import is_arrow, read_stream
from ..._native.column import Codes, Column
from ..._native.texts import Texts

_DL_CPU = 1
_KINDS = {"i": "integer", "u": "integer", "f": "float", "b": "boolean", "M": "timestamp"}
_KINDS |= {"U": "text", "S": "text", "O": "object"}
_UNITS = ("s", "ms", "us", "ns", "D")
_NAN = float("nan")
# pandas has null values of its own, known by the names of their types, so as not to import it.
_NULLS = ("NoneType", "NAType", "NaTType")


@dataclass(frozen=True)
class ArrayColumn:
    """An array (n,), with codes where `dictionary` holds their values; see `Column`."""

    values: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    dictionary: list[str | None] | None = None

    @property
    def kind(self) -> str:
        """What it holds."""
        if self.dictionary is not None:
            return "dictionary"
        if self.values.dtype.kind == "M" and self.unit == "D":
            return "date"
        return _KINDS.get(self.values.dtype.kind, "other")

    @property
    def type_name(self) -> str:
        """The type in words."""
        return str(self.values.dtype) if self.dictionary is None else "texts"

    @property
    def unit(self) -> str:
        """The unit of time stamps."""
        return np.datetime_data(self.values.dtype)[0]

    @property
    def zone(self) -> str:
        """No array has a time zone."""
        return ""

    def __len__(self) -> int:
        return len(self.values)

    def slice(self, low: int, high: int) -> ArrayColumn:
        """Return the rows low <= i < high, in place."""
        mask = None if self.mask is None else self.mask[low:high]
        return ArrayColumn(self.values[low:high], mask, self.dictionary)

    def valid(self) -> NDArray[np.bool_] | None:
        """Return which values are not null (n,), None if all are."""
        return self.mask

    def numbers(self) -> NDArray[Any]:
        """Return the values in place, time stamps as integers."""
        return self.values.view(np.int64) if self.values.dtype.kind == "M" else self.values

    def texts(self) -> Texts:
        """Return the values as byte strings of UTF-8."""
        return Texts.of_strings(self.values, self.mask)

    def coded(self) -> tuple[Codes, list[str | None]]:
        """Return the codes and their values."""
        return self.values, self.dictionary or []

    def objects(self) -> list[Any]:
        """Return the values as Python objects, null as None."""
        return [None if is_null(value) else value for value in self.values.tolist()]


def is_null(value: Any) -> bool:
    """Return whether a Python object stands for no value: None, NaN, NaT or pandas' own."""
    return type(value).__name__ in _NULLS or (isinstance(value, float) and value != value)


def columns_of(name: str, values: Any) -> list[Column]:
    """Return one column of a mapping, in as many pieces as it comes in.

    Raises
    ------
    TypeError
        Not an array of one axis on the CPU.
    """
    if is_arrow(values):
        try:
            return list(read_stream(values))
        except ImportError:  # pandas hands over by pyarrow alone; its arrays need none
            values = values.to_numpy()
    return [_column_of(name, values)]


def _column_of(name: str, values: Any) -> Column:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise _refused(name, f"{type(values).__name__} {values!r:.60}")
    if isinstance(values, Sequence):
        return of_objects(list(values))
    array = _array_of(name, values)
    if array.ndim != 1:
        raise _refused(name, f"shape {array.shape}")
    if array.dtype.kind in "OT":
        return of_objects(array.tolist())
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "M":
        unit, count = np.datetime_data(array.dtype)
        if unit not in _UNITS or count != 1:
            array = array.astype("M8[us]")
        null = np.isnat(array)
        return ArrayColumn(array, ~null if null.any() else None)
    if array.dtype.kind not in _KINDS:
        raise _refused(name, f"dtype {array.dtype}")
    return ArrayColumn(array)


def _array_of(name: str, values: Any) -> NDArray[Any]:
    if isinstance(values, np.ndarray) or not hasattr(values, "__dlpack__"):
        return np.asarray(values)
    device = int(values.__dlpack_device__()[0])
    if device != _DL_CPU:
        raise _refused(name, f"DLPack device {device}")
    try:
        return np.from_dlpack(values)
    except (BufferError, RuntimeError) as error:
        raise _refused(name, str(error)) from error


def _refused(name: str, found: str) -> TypeError:
    return TypeError(
        f"usage: column {name!r}: expected an array of one axis on the CPU, found {found}"
    )


def of_objects(values: list[Any]) -> ArrayColumn:
    """Return Python objects as a column: texts, integers, or objects where they are mixed."""
    valid = None
    types = set(map(type, values))
    if not types <= {str, int, bool}:
        valid = np.array([not is_null(value) for value in values], np.bool_)
        types = {type(value) for value, there in zip(values, valid, strict=True) if there}
        valid = None if valid.all() else valid
    if types == {str}:
        return _coded_texts(values, valid)
    if types == {int}:
        numbers = values if valid is None else [0 if is_null(value) else value for value in values]
        if max(map(abs, numbers)) < 2**63:
            return ArrayColumn(np.array(numbers, np.int64), valid)
    if types == {float}:
        return ArrayColumn(np.array([_NAN if is_null(value) else value for value in values]), valid)
    objects = np.empty(len(values), object)
    objects[:] = values
    return ArrayColumn(objects, valid)


class _Numbered(dict[Any, int]):
    """A number for each key, by first appearance."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return len(self) - 1


def _coded_texts(values: list[Any], valid: NDArray[np.bool_] | None) -> ArrayColumn:
    numbered = _Numbered()
    codes = np.fromiter(map(numbered.__getitem__, values), np.int32, len(values))
    return ArrayColumn(codes, valid, [None if is_null(key) else key for key in numbered])
