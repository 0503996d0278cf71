"""A column of a ledger as its readers see it, whatever it came from."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from .texts import Texts

# Of a decimal of 128 bits: lower half and upper half of two's complement.
Codes = NDArray[np.signedinteger[Any]] | NDArray[np.unsignedinteger[Any]]


class Column(Protocol):
    """Values (n,) and which of them are null.

    `kind` says which method reads it: ``"integer"``, ``"float"``, ``"boolean"``, ``"decimal"``
    (halves (n, 2) uint64, lower first), ``"timestamp"`` and ``"date"`` by `numbers`; ``"text"`` by
    `texts`; ``"dictionary"`` by `coded`; ``"object"`` by `objects`. ``"null"`` is null throughout,
    ``"struct"`` has columns of its own and ``"other"`` cannot be read.
    """

    @property
    def kind(self) -> str:
        """What it holds."""

    @property
    def type_name(self) -> str:
        """The type in words, for messages."""

    @property
    def unit(self) -> str:
        """``"s"``, ``"ms"``, ``"us"``, ``"ns"`` or ``"D"``, of time stamps and dates."""

    @property
    def zone(self) -> str:
        """The time zone of time stamps, ``""`` if naive."""

    def __len__(self) -> int: ...

    def slice(self, low: int, high: int) -> Self:
        """Return the rows low <= i < high, in place."""

    def valid(self) -> NDArray[np.bool_] | None:
        """Return which values are not null (n,), None if all are."""

    def numbers(self) -> NDArray[Any]:
        """Return the values in place, anything where null."""

    def texts(self) -> Texts:
        """Return the values as byte strings of UTF-8."""

    def coded(self) -> tuple[Codes, list[str | None]]:
        """Return the code of each value, anything where null, and the values of the codes."""

    def objects(self) -> list[Any]:
        """Return the values as Python objects."""
