"""JSON lines one by one, where a block holds what pyarrow does not take.

That is a field with texts in one line and numbers in another, a very long line, or an error, which
is found here with its line.
"""

from __future__ import annotations

import json
from typing import Any

from ..extras import pyarrow
from .json_types import Leaf, Types, explicit_schema

_KINDS = {str: "string", bool: "bool_", float: "float64", int: "int64"}


def rows_of(block: bytes, line: int, path: str, types: Types | None) -> Any:
    """Return a table of nested columns, of `types` where their values are of those types.

    Raises
    ------
    ValueError
        A line that is no JSON object in UTF-8, that has a name twice, or a value where another
        line has an object.
    """
    columns: dict[Leaf, dict[int, Any]] = {leaf: {} for leaf in types or {}}
    lines: list[int] = []
    for number, text in enumerate(block.split(b"\n"), line):
        if text.strip():
            for leaf, value in _values(_object(text, number, path), ()):
                columns.setdefault(leaf, {})[len(lines)] = value
            lines.append(number)
    inner = {leaf[:end] for leaf in columns for end in range(1, len(leaf))}
    for outer in inner & columns.keys():
        for row, value in columns.pop(outer).items():
            if value is not None:
                raise ValueError(
                    f"{path}: line {lines[row]}: expected an object in {'.'.join(outer)!r}, as "
                    f"elsewhere, found {value!r}"
                )
    arrays = {
        leaf: _array([values.get(row) for row in range(len(lines))], (types or {}).get(leaf))
        for leaf, values in columns.items()
    }
    return _table(arrays)


def _object(text: bytes, number: int, path: str) -> dict[str, Any]:
    try:
        found = json.loads(text.decode(), object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: line {number}: expected a JSON object, found {error}") from None
    if not isinstance(found, dict):
        raise ValueError(
            f"{path}: line {number}: expected a JSON object, found a {type(found).__name__}"
        )
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} twice")
    return found


def _values(found: dict[str, Any], prefix: Leaf) -> list[tuple[Leaf, Any]]:
    values: list[tuple[Leaf, Any]] = []
    for name, value in found.items():
        if isinstance(value, dict):
            values += _values(value, (*prefix, name))
        elif not isinstance(value, list):
            values.append(((*prefix, name), value))
    return values


def _array(values: list[Any], held: Any) -> Any:
    """Return a column of the type `held` if it holds them, of their own, or of their texts."""
    pa = pyarrow()
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        kinds = {float}
    own = getattr(pa, _KINDS[kinds.pop()])() if len(kinds) == 1 else pa.string()
    if own == pa.int64() and not all(abs(value or 0) < 2**63 for value in values):
        own = pa.string()
    if all(value is None for value in values):
        return pa.nulls(len(values), pa.null() if held is None else held)
    if held == pa.float64() and own == pa.int64():
        own = held
    elif held is not None and own != held:
        own = pa.string()
    if own == pa.string():
        values = [
            value if value is None or isinstance(value, str) else json.dumps(value)
            for value in values
        ]
    return pa.array(values, own)


def _table(arrays: dict[Leaf, Any]) -> Any:
    pa = pyarrow()
    fields = explicit_schema({leaf: array.type for leaf, array in arrays.items()})
    columns = [_column(pa, field, (field.name,), arrays) for field in fields]
    return pa.Table.from_arrays(columns, schema=fields)


def _column(pa: Any, field: Any, leaf: Leaf, arrays: dict[Leaf, Any]) -> Any:
    if not pa.types.is_struct(field.type):
        return arrays[leaf]
    parts = list(field.type)
    columns = [_column(pa, part, (*leaf, part.name), arrays) for part in parts]
    return pa.StructArray.from_arrays(columns, fields=parts)
