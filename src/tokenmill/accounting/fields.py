"""The parts of a table of the book format, each refused by its path where it is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .refusal import refusal


def join(path: str, key: object) -> str:
    """Append a key to a path of keys."""
    return f"{path}.{key}" if path else str(key)


def table(value: object, path: str, keys: Collection[str] | None = None) -> Mapping[str, Any]:
    """Return a table; with `keys`, one that has no others."""
    if not isinstance(value, Mapping):
        raise refusal(path, "a table", value)
    for key in value:
        if not isinstance(key, str):
            raise refusal(path, "keys that are text", key)
        if keys is not None and key not in keys:
            raise refusal(path or "price book", "a known key", key, keys)
    return value


def text(value: object, path: str) -> str:
    """Return text on one line."""
    if not isinstance(value, str) or not value.isprintable():
        raise refusal(path, "printable text on one line", value)
    return value


def integer(value: object, path: str) -> int:
    """Return an integer; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal(path, "an integer", value)
    return value


def items(value: object, path: str) -> list[tuple[str, Any]]:
    """Return the values of an array, each with its path."""
    if not isinstance(value, list | tuple):
        raise refusal(path, "an array", value)
    return [(f"{path}[{index}]", item) for index, item in enumerate(value)]


def texts(value: object, path: str) -> tuple[str, ...]:
    """Return an array of text."""
    return tuple(text(item, place) for place, item in items(value, path))


def required(source: Mapping[str, Any], key: str, path: str) -> Any:
    """Return the value of a key that must be there."""
    if key not in source:
        raise refusal(join(path, key), "a value", "no such key")
    return source[key]
