"""Tables handed to any frame library in place, by the Arrow PyCapsule protocol.

What a consumer holds is kept alive by a handle in `_held` until it calls `release`, on any thread;
a child that it moved out of its parent is released on its own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._core import ffi, lib
from .arrays import address
from .arrow_abi import ARRAY, NULLABLE, SCHEMA, STREAM, arrow
from .out_column import OutColumn

_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_set_context = ctypes.pythonapi.PyCapsule_SetContext
_set_context.argtypes = [ctypes.py_object, ctypes.c_void_p]

# By address: structures in capsules, and handles of what consumers hold.
_capsules: dict[int, Any] = {}
_held: dict[int, Any] = {}


@dataclass(frozen=True)
class ArrowTable:
    """A table that pandas, Polars, DuckDB and pyarrow take over in place, as often as asked.

    ``polars.DataFrame(table)``, ``pyarrow.table(table)``, ``pandas.DataFrame.from_arrow(table)``.
    """

    columns: Mapping[str, OutColumn] = field(default_factory=dict)

    def __arrow_c_schema__(self) -> Any:
        """Return its schema in a capsule."""
        schema = arrow.new("struct ArrowSchema *")
        _fill_schema(schema, self.columns)
        return _capsule(schema, SCHEMA)

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        """Return its schema and its one batch in capsules; a requested schema is not followed."""
        array = arrow.new("struct ArrowArray *")
        _fill_array(array, self.columns)
        return self.__arrow_c_schema__(), _capsule(array, ARRAY)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return a stream of its one batch in a capsule; a requested schema is not followed."""
        stream: Any = arrow.new("struct ArrowArrayStream *")
        stream.get_schema, stream.get_next = _get_schema, _get_next
        stream.get_last_error, stream.release = _get_last_error, _release_stream
        stream.private_data = _hold([self.columns])
        return _capsule(stream, STREAM)


def to_stream(columns: Mapping[str, OutColumn]) -> ArrowTable:
    """Return columns of one length as a table that has ``__arrow_c_stream__``.

    Raises
    ------
    ValueError
        The lengths differ.
    """
    lengths = {column.length for column in columns.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns: expected one length, found {sorted(lengths)}")
    return ArrowTable(dict(columns))


def _hold(owned: Any) -> Any:
    """Keep something alive under a handle, for `private_data`."""
    handle = arrow.new_handle(owned)
    _held[int(arrow.cast("uintptr_t", handle))] = handle
    return handle


def _drop(private_data: Any) -> None:
    del _held[int(arrow.cast("uintptr_t", private_data))]


def _fill_schema(schema: Any, columns: Mapping[str, OutColumn]) -> None:
    children = [arrow.new("struct ArrowSchema *") for _ in columns]
    for child, (name, column) in zip(children, columns.items(), strict=True):
        _fill_field(child, name, column.format, [])
    _fill_field(schema, "", "+s", children)


def _fill_field(schema: Any, name: str, form: str, children: list[Any]) -> None:
    names = arrow.new("char[]", name.encode()), arrow.new("char[]", form.encode())
    pointers = arrow.new("struct ArrowSchema *[]", children)
    schema.name, schema.format = names
    schema.flags = NULLABLE
    schema.metadata, schema.dictionary = arrow.NULL, arrow.NULL
    schema.n_children, schema.children = len(children), pointers
    schema.release = _release_schema
    schema.private_data = _hold((names, pointers, children))


def _fill_array(array: Any, columns: Mapping[str, OutColumn]) -> None:
    children = [arrow.new("struct ArrowArray *") for _ in columns]
    rows = 0
    for child, column in zip(children, columns.values(), strict=True):
        rows = column.length
        _fill_column(child, column, [])
    _fill_column(array, OutColumn("+s", rows, (None,)), children)


def _fill_column(array: Any, column: OutColumn, children: list[Any]) -> None:
    buffers = arrow.new("void *[]", len(column.buffers))
    for index, buffer in enumerate(column.buffers):
        buffers[index] = arrow.cast("void *", 0 if buffer is None else address(buffer))
    pointers = arrow.new("struct ArrowArray *[]", children)
    array.length, array.null_count, array.offset = column.length, column.nulls, 0
    array.n_buffers, array.buffers = len(column.buffers), arrow.cast("const void **", buffers)
    array.n_children, array.children, array.dictionary = len(children), pointers, arrow.NULL
    array.release = _release_array
    array.private_data = _hold((column, buffers, pointers, children))


@arrow.callback("void(struct ArrowSchema *)")
def _release_schema(schema: Any) -> None:
    _release(schema)


@arrow.callback("void(struct ArrowArray *)")
def _release_array(array: Any) -> None:
    _release(array)


def _release(structure: Any) -> None:
    """Release children that were not moved out, then what the structure itself holds."""
    for index in range(structure.n_children):
        child = structure.children[index]
        if child.release:
            child.release(child)
    structure.release = arrow.NULL
    _drop(structure.private_data)


@arrow.callback("int(struct ArrowArrayStream *, struct ArrowSchema *)")
def _get_schema(stream: Any, schema: Any) -> int:
    columns = _columns_of(stream)[0]
    _fill_schema(schema, columns)
    return 0


@arrow.callback("int(struct ArrowArrayStream *, struct ArrowArray *)")
def _get_next(stream: Any, array: Any) -> int:
    """Give the one batch, and then the end."""
    state = _columns_of(stream)
    if len(state) > 1:
        array.release = arrow.NULL
    else:
        _fill_array(array, state[0])
        state.append(None)
    return 0


def _columns_of(stream: Any) -> list[Any]:
    """Return the columns of a stream, followed by None once they were given."""
    state: list[Any] = arrow.from_handle(stream.private_data)
    return state


@arrow.callback("const char *(struct ArrowArrayStream *)")
def _get_last_error(stream: Any) -> Any:
    """No call of this stream fails."""
    return arrow.NULL


@arrow.callback("void(struct ArrowArrayStream *)")
def _release_stream(stream: Any) -> None:
    stream.release = arrow.NULL
    _drop(stream.private_data)


def _capsule(structure: Any, name: bytes) -> Any:
    """Return a capsule that releases the structure when it dies, unless a consumer took it."""
    start = int(arrow.cast("uintptr_t", structure))
    _capsules[start] = structure
    capsule = _new(start, name, int(ffi.cast("uintptr_t", _destroy)))
    context: Any = _release_unclaimed
    _set_context(capsule, int(arrow.cast("uintptr_t", context)))
    return capsule


@arrow.callback("void(uintptr_t)")
def _release_unclaimed(start: int) -> None:
    structure = _capsules.pop(start)
    if structure.release:
        structure.release(structure)


_destroy = ffi.addressof(lib, "tm_capsule_destroy")
