"""Tables in bounded pieces, from whatever holds a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..._native.arrow import ArrowStream, is_arrow, read_stream
from ..._native.arrow_column import ArrowColumn
from ..._native.arrow_field import Field
from ..._native.column import Column
from .arrays import columns_of

MOST_ROWS = 1 << 20


class Table(Protocol):
    """Columns of one length."""

    def __len__(self) -> int: ...

    def column(self, name: str) -> Column:
        """Return a column, in place."""


@dataclass(frozen=True)
class Source:
    """Tables with the same columns; a column of a struct is called ``struct.column``."""

    names: list[str]
    tables: Iterator[Table]


@dataclass(frozen=True)
class ArrowTable:
    """A record batch; `paths` leads to each column."""

    batch: ArrowColumn
    paths: Mapping[str, tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.batch)

    def column(self, name: str) -> ArrowColumn:
        """Return a column, in place."""
        found = self.batch
        for index in self.paths[name]:
            found = found.child(index)
        return found


@dataclass(frozen=True)
class ArrayTable:
    """Columns by name."""

    rows: int
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return self.rows

    def column(self, name: str) -> Column:
        """Return a column, in place."""
        return self.columns[name]


def sources(usage: Any) -> Iterator[Source]:
    """Return the tables of a ledger; the pieces have at most `MOST_ROWS` rows.

    Raises
    ------
    TypeError
        Nothing that holds tables.
    ValueError
        Columns of different lengths.
    """
    if is_arrow(usage):
        return iter([_arrow_source(read_stream(usage))])
    if isinstance(usage, Mapping):
        return iter([_mapping_source(usage)])
    if isinstance(usage, str | bytes) or not isinstance(usage, Iterable):
        raise TypeError(
            "usage: expected an Arrow table or stream, a mapping of arrays or an iterable of "
            f"those, found {type(usage).__name__}"
            + ("; collect it first" if hasattr(usage, "collect") else "")
        )
    return (source for part in usage for source in sources(_part(part)))


def _part(part: Any) -> Any:
    """Return one of an iterable's tables, which is not an iterable again."""
    if is_arrow(part) or isinstance(part, Mapping):
        return part
    raise TypeError(f"usage: expected an iterable of tables, found {type(part).__name__} in it")


def _arrow_source(stream: ArrowStream) -> Source:
    if stream.field.kind != "struct":
        raise TypeError(
            f"usage: expected a table, found a single column of {stream.field.type_name}"
        )
    paths = list(_paths(stream.field, "", ()))
    tables = (
        ArrowTable(batch.slice(low, min(low + MOST_ROWS, len(batch))), dict(paths))
        for batch in stream
        for low in range(0, len(batch), MOST_ROWS)
    )
    return Source([name for name, _path in paths], tables)


def _paths(
    field: Field, prefix: str, path: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    for index, child in enumerate(field.children):
        name = f"{prefix}{child.name}"
        if child.kind == "struct":
            yield from _paths(child, f"{name}.", (*path, index))
        else:
            yield name, (*path, index)


def _mapping_source(usage: Mapping[Any, Any]) -> Source:
    columns = {name: columns_of(name, values) for name, values in _flat(usage, "")}
    lengths = {name: sum(map(len, pieces)) for name, pieces in columns.items()}
    rows = next(iter(lengths.values()), 0)
    for name, length in lengths.items():
        if length != rows:
            first = next(iter(lengths))
            raise ValueError(
                f"usage: expected columns of one length, found {rows} rows of {first!r} and "
                f"{length} of {name!r}"
            )
    return Source(list(columns), _pieces(columns, rows))


def _flat(usage: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, values in usage.items():
        if not isinstance(name, str):
            raise TypeError(f"usage: expected names of columns, found {name!r}")
        if isinstance(values, Mapping):
            yield from _flat(values, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", values


def _pieces(columns: Mapping[str, list[Column]], rows: int) -> Iterator[Table]:
    """Cut columns that come in different pieces at every place where one of them is cut."""
    at = {name: (0, 0) for name in columns}  # piece, and row in it
    low = 0
    while low < rows:
        for name, pieces in columns.items():
            piece, row = at[name]
            while row == len(pieces[piece]):
                piece, row = piece + 1, 0
            at[name] = piece, row
        room = (len(columns[name][piece]) - row for name, (piece, row) in at.items())
        count = min(MOST_ROWS, *room)
        yield ArrayTable(
            count,
            {
                name: columns[name][piece].slice(row, row + count)
                for name, (piece, row) in at.items()
            },
        )
        at = {name: (piece, row + count) for name, (piece, row) in at.items()}
        low += count
