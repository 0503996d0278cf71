"""Fields of an Arrow schema: what a column is called and how its buffers are to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrow_abi import NULLABLE, text_of

# Format strings of the Arrow C data interface, and the items of their second buffer.
_INTEGERS = {"c": "i1", "C": "u1", "s": "i2", "S": "u2", "i": "i4", "I": "u4", "l": "i8", "L": "u8"}
_FLOATS = {"e": "f2", "f": "f4", "g": "f8"}
_TEXTS = {"u": "utf8", "U": "large_utf8", "vu": "utf8_view"}
_TIMES = {"s": "s", "m": "ms", "u": "us", "n": "ns"}


@dataclass(frozen=True)
class Field:
    """One field of a schema.

    Attributes
    ----------
    name, format : str
    children : tuple of Field
        Of a struct.
    dictionary : Field or None
        The values, where the column itself holds codes.
    """

    name: str
    format: str
    nullable: bool = True
    children: tuple[Field, ...] = ()
    dictionary: Field | None = None

    @property
    def kind(self) -> str:
        """What it holds: see `tokenmill._native.column.Column`."""
        if self.dictionary is not None:
            return "dictionary" if self.dictionary.format in _TEXTS else "other"
        if self.format.startswith("ts"):
            return "timestamp"
        if self.format.startswith("d:"):
            return self._decimal_kind()
        if self.format in _INTEGERS:
            return "integer"
        if self.format in _FLOATS:
            return "float"
        if self.format in _TEXTS:
            return "text"
        others = {"b": "boolean", "n": "null", "+s": "struct", "tdD": "date", "tdm": "date"}
        return others.get(self.format, "other")

    def _decimal_kind(self) -> str:
        """Whole numbers of up to 64 bits are integers, of 128 bits halves; others are not read."""
        scale, bits = self._decimal()[1:]
        if scale or bits > 128:
            return "other"
        return "decimal" if bits == 128 else "integer"

    def _decimal(self) -> tuple[int, int, int]:
        """Return precision, scale and bits."""
        parts = [int(part) for part in self.format[2:].split(",")]
        precision, scale, bits = parts if len(parts) == 3 else (*parts, 128)
        return precision, scale, bits

    @property
    def dtype(self) -> np.dtype[Any]:
        """The items of its second buffer, for kinds of fixed width; booleans are bits in bytes."""
        if self.format.startswith("ts"):
            return np.dtype("i8")
        if self.format.startswith("d:"):
            bits = self._decimal()[2]
            return np.dtype(("<u8", 2)) if bits == 128 else np.dtype(f"i{bits // 8}")
        dates = {"tdD": "i4", "tdm": "i8", "b": "u1"}
        return np.dtype((_INTEGERS | _FLOATS | dates)[self.format])

    @property
    def unit(self) -> str:
        """``"s"``, ``"ms"``, ``"us"``, ``"ns"`` or ``"D"``, of time stamps and dates."""
        if self.format.startswith("ts"):
            return _TIMES[self.format[2]]
        return "D" if self.format == "tdD" else "ms"

    @property
    def zone(self) -> str:
        """The time zone of time stamps, ``""`` if naive."""
        return self.format[4:] if self.format.startswith("ts") else ""

    @property
    def type_name(self) -> str:
        """The type in words, for messages."""
        if self.dictionary is not None:
            return f"dictionary of {self.dictionary.type_name}"
        if self.format.startswith("d:"):
            precision, scale, bits = self._decimal()
            return f"decimal{bits}({precision}, {scale})"
        if self.kind in ("integer", "float"):
            return self.dtype.name
        if self.kind == "timestamp":
            return f"timestamp[{self.unit}{', ' + self.zone if self.zone else ''}]"
        names = {"b": "boolean", "n": "null", "+s": "struct", "tdD": "date32", "tdm": "date64"}
        return (names | _TEXTS).get(self.format, f"Arrow format {self.format!r}")


def field_of(schema: Any) -> Field:
    """Read an ArrowSchema; it may be released afterwards.

    Raises
    ------
    ValueError
        It contradicts itself.
    """
    name = text_of(schema.name)
    form = text_of(schema.format)
    if schema.n_children < 0 or not form:
        raise ValueError(f"usage: column {name!r}: expected an Arrow schema, found a broken one")
    children = tuple(field_of(schema.children[i]) for i in range(schema.n_children))
    dictionary = field_of(schema.dictionary) if schema.dictionary else None
    return Field(name, form, bool(schema.flags & NULLABLE), children, dictionary)
