"""Fields of JSON objects in objects: their paths, and one type for each over all lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..extras import pyarrow

Leaf = tuple[str, ...]
Types = dict[Leaf, Any]


def leaves(schema: Any) -> Types:
    """Return the type of each path, without lists and empty objects; texts are texts."""
    pa = pyarrow()
    found: Types = {}
    for path, kind in _walk(schema, ()):
        if not pa.types.is_nested(kind):
            # pyarrow takes texts that look like a date for one, and drops their time zone
            found[path] = pa.string() if pa.types.is_timestamp(kind) else kind
    return found


def _walk(fields: Iterable[Any], prefix: Leaf) -> Iterator[tuple[Leaf, Any]]:
    for field in fields:
        path = (*prefix, field.name)
        if pyarrow("types").is_struct(field.type):
            yield from _walk(field.type, path)
        else:
            yield path, field.type


def merged(a: Types, b: Types) -> Types:
    """Return the types that hold in both: text where a path has numbers here and texts there."""
    found = dict(a)
    for path, kind in b.items():
        found[path] = _common(found[path], kind) if path in found else kind
    inner = {path[:end] for path in found for end in range(1, len(path))}
    # null here and an object there
    return {path: kind for path, kind in found.items() if path not in inner or not _null(kind)}


def _null(kind: Any) -> bool:
    return bool(pyarrow("types").is_null(kind))


def _common(a: Any, b: Any) -> Any:
    pa = pyarrow()
    if a == b or _null(b):
        return a
    if _null(a):
        return b
    return pa.float64() if {a, b} == {pa.int64(), pa.float64()} else pa.string()


def explicit_schema(types: Types) -> Any:
    """Return a schema with objects in objects again."""
    pa = pyarrow()
    return pa.schema(list(_nested(types)))


def _nested(types: Mapping[Leaf, Any]) -> Iterator[Any]:
    pa = pyarrow()
    inner: dict[str, Types] = {}
    for path, kind in types.items():
        inner.setdefault(path[0], {})[path[1:]] = kind
    for name, parts in inner.items():
        own = parts.pop((), None)
        yield pa.field(name, pa.struct(list(_nested(parts))) if parts else own)


def flat(table: Any, types: Types) -> Any:
    """Return a table of the leaves of `types` under dotted names, null where absent."""
    there = leaves(table.schema)
    arrays = [
        _column(table, path) if path in there else pyarrow().nulls(table.num_rows, kind)
        for path, kind in types.items()
    ]
    return pyarrow().table(arrays, names=[".".join(path) for path in types])


def _column(table: Any, path: Leaf) -> Any:
    column = table.column(path[0])
    return pyarrow("compute").struct_field(column, list(path[1:])) if path[1:] else column
