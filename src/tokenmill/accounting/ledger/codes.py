"""Codes of values, kept through a stream: a value's code never changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._native.column import Column
from ..._native.texts import Texts, recode

Int32 = NDArray[np.int32]

# Dictionaries of so many values are coded whole; whether a row has one is not looked up.
_FEW = 4096


def first_and_codes(column: Column) -> tuple[NDArray[Any], list[Any]]:
    """Return codes (n,), -1 for null, and the values of a column that they stand for.

    Raises
    ------
    ValueError
        A text is not UTF-8.
    """
    valid = column.valid()
    if column.kind == "dictionary":
        codes, values = column.coded()
        return (codes if valid is None else np.where(valid, codes.astype(np.int32), -1)), values
    if column.kind == "null":
        return np.full(len(column), -1, np.int32), []
    if column.kind == "object":
        return _of_objects(column.objects())
    if column.kind == "text":
        texts = column.texts()
        codes, first_rows = texts.codes()
        return codes, texts.take(first_rows).decoded()
    numbers = column.numbers()
    codes, first_rows = Texts.of_items(numbers, valid).codes()
    return codes, numbers[first_rows].tolist()


def _of_objects(objects: list[Any]) -> tuple[Int32, list[Any]]:
    """Code Python objects by type and value."""
    numbered: dict[tuple[type, Any], int] = {}
    codes = np.empty(len(objects), np.int32)
    for row, value in enumerate(objects):
        if value is None:
            codes[row] = -1
        else:
            key = (type(value), value if isinstance(value, Hashable) else repr(value))
            codes[row] = numbered.setdefault(key, len(numbered))
    return codes, [value for _type, value in numbered]


class Coder:
    """Values so far, and their codes.

    Attributes
    ----------
    values : list
        The value of each code.
    """

    def __init__(self, spelled: Callable[[Any], Any] = lambda value: value) -> None:
        self.values: list[Any] = []
        self._codes: dict[Any, int] = {}
        self._spelled = spelled

    def code(self, value: Any) -> int:
        """Return the code of a value, a new one if it is new."""
        spelled = self._spelled(value)
        # by type as well, as 1, True and 1.0 are equal
        code = self._codes.setdefault((type(spelled), spelled), len(self.values))
        if code == len(self.values):
            self.values.append(spelled)
        return code

    def recoded(self, codes: NDArray[Any], values: list[Any], keep_null: bool = False) -> Int32:
        """Return codes into `values` (-1: null) as codes of this coder; O(n).

        Null, and a null among the values, is -1, or with `keep_null` the code of None. Of many
        values, those that no row has get no code.

        Raises
        ------
        ValueError
            A code is no value's.
        """
        present = np.ones(len(values) + 1, np.bool_)
        if len(values) > _FEW:
            present[:] = False
            present[codes] = True
        elif keep_null:
            present[-1] = codes.dtype.kind == "i" and bool((codes < 0).any())
        own = [
            self.code(value) if there and (keep_null or value is not None) else -1
            for value, there in zip([None, *values], np.roll(present, 1).tolist(), strict=True)
        ]
        return recode(codes, np.array(own, np.int32))


def text_codes(name: str, column: Column) -> tuple[NDArray[Any], list[str | None]]:
    """Return `first_and_codes` of a column that has to hold texts; the empty text is null.

    Raises
    ------
    TypeError
        It does not.
    """
    if column.kind not in ("text", "dictionary", "object", "null"):
        raise TypeError(f"usage: column {name!r}: expected texts, found {column.type_name}")
    codes, values = coded(name, column)
    for value in values:
        if value is not None and not isinstance(value, str):
            raise TypeError(f"usage: column {name!r}: expected texts, found {value!r}")
    return codes, [value or None for value in values]


def coded(name: str, column: Column) -> tuple[NDArray[Any], list[Any]]:
    """Return `first_and_codes`, with the column's name where a text is not UTF-8."""
    try:
        return first_and_codes(column)
    except UnicodeDecodeError as error:
        raise ValueError(f"usage: column {name!r}: expected UTF-8, found {error}") from error
