"""Tables that any frame library hands over in place, by the Arrow PyCapsule protocol.

pandas, Polars, DuckDB and pyarrow speak it; none of them is imported here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .arrow_abi import ARRAY, SCHEMA, STREAM, arrow, moved, opened, owned, text_of
from .arrow_column import ArrowColumn
from .arrow_field import Field, field_of


class ArrowStream:
    """Batches of one schema, each an `ArrowColumn`; a table's are structs. Iterated once.

    Attributes
    ----------
    field : Field
        The schema; a table's is a struct of its columns.
    """

    def __init__(self, field: Field, batches: Iterator[ArrowColumn]) -> None:
        self.field = field
        self._batches = batches

    def __iter__(self) -> Iterator[ArrowColumn]:
        return self._batches


def is_arrow(values: Any) -> bool:
    """Return whether `read_stream` takes it."""
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def read_stream(values: Any) -> ArrowStream:
    """Return the batches of a table, column or stream, in place.

    A batch lives as long as anything that was taken from it.

    Raises
    ------
    ValueError
        What is handed over contradicts itself.
    OSError
        The producer failed: its error number, and its message. Also while iterating.
    """
    if hasattr(values, "__arrow_c_stream__"):
        return _from_stream(values.__arrow_c_stream__())
    schema, array = values.__arrow_c_array__()
    field, source = field_of(opened(schema, SCHEMA)), opened(array, ARRAY)
    return ArrowStream(field, iter([_column(field, moved(source))]))


def _column(field: Field, array: Any) -> ArrowColumn:
    return ArrowColumn(field, array, array, array.offset, array.length)


def _from_stream(capsule: Any) -> ArrowStream:
    stream = moved(opened(capsule, STREAM))
    schema = owned(arrow.new("struct ArrowSchema *"))
    _check(stream, stream.get_schema(stream, schema))
    field = field_of(schema)
    return ArrowStream(field, _batches(stream, field))


def _batches(stream: Any, field: Field) -> Iterator[ArrowColumn]:
    while True:
        array = owned(arrow.new("struct ArrowArray *"))
        _check(stream, stream.get_next(stream, array))
        if not array.release:
            return
        yield _column(field, array)


def _check(stream: Any, code: int) -> None:
    """Raise what the producer says of a call that returned an error number."""
    if code:
        message = text_of(stream.get_last_error(stream)) or os.strerror(code)
        raise OSError(code, f"usage: the stream failed: {message}")
