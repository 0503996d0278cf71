"""Price books as text: TOML and JSON in, no number ever a float, and out again."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from .refusal import refusal

LARGEST_FILE = 64 << 20
FORMS = ("toml", "json")

_WIDTH = 100
_LONGEST_NUMBER = 200
_Book = TypeVar("_Book")


def text_table(content: str | bytes, form: str) -> dict[str, Any]:
    """Return the table that a text describes, its numbers as integers and Decimals.

    Raises
    ------
    TypeError
        `content` is neither text nor bytes.
    ValueError
        It is larger than `LARGEST_FILE` or no table of that form, or a key stands twice.
    """
    if form not in FORMS:
        raise refusal("form", f"one of {', '.join(FORMS)}", form)
    if not isinstance(content, str | bytes):
        raise TypeError(f"text: expected str or bytes, found {type(content).__name__}")
    if len(content) > LARGEST_FILE:
        raise refusal("text", f"at most {LARGEST_FILE} bytes", len(content))
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise refusal("text", "UTF-8", f"another byte at {error.start}") from None
    try:
        found = _parsed(content, form)
    except RecursionError:
        raise refusal("text", f"valid {form}", "values nested too deeply") from None
    except ValueError as error:
        # JSON and TOML errors name the line; int() refuses thousands of digits plainly.
        raise ValueError(f"text: expected valid {form}, found an error: {error}") from None
    if not isinstance(found, dict):
        raise refusal("text", "a table", found)
    return found


def _parsed(text: str, form: str) -> Any:
    if form == "toml":
        return tomllib.loads(text, parse_float=_decimal)
    return json.loads(
        text,
        parse_float=_decimal,
        parse_constant=_no_number,
        object_pairs_hook=_once,
    )


def _decimal(text: str) -> Decimal:
    """Return a number of a file as it is written there."""
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"the number {text}") from None


def _no_number(text: str) -> None:
    raise ValueError(f"the number {text}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; a second price of the same key would replace the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} twice")
    return found


def form_of(path: str | os.PathLike[str]) -> str:
    """Return the form that a file's name ends in.

    Raises
    ------
    TypeError
        `path` is no path.
    ValueError
        It ends otherwise.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected a path, found {type(path).__name__}")
    suffix = Path(os.fsdecode(path)).suffix.lower().removeprefix(".")
    if suffix not in FORMS:
        raise refusal("path", "a name that ends in .toml or .json", os.fsdecode(path))
    return suffix


def read_file(path: str | os.PathLike[str], read: Callable[[bytes, str], _Book]) -> _Book:
    """Return what `read` makes of a file's content and form; errors begin with the path."""
    form = form_of(path)
    with open(path, "rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    try:
        return read(content, form)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{os.fsdecode(path)}: {error}") from None


def write_file(path: str | os.PathLike[str], table: Mapping[str, Any]) -> None:
    """Write a table in the form of the file's name; a file that is there stays until it is whole.

    Raises
    ------
    OSError, TypeError, ValueError
    """
    json_text = form_of(path) == "json"
    content = json.dumps(table, indent=1, ensure_ascii=False) + "\n" if json_text else toml(table)
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(content)
        # What the process would give a new file, which mkstemp does not.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def toml(table: Mapping[str, Any]) -> str:
    """Return a table of text, integers, lists and tables in TOML."""
    return "\n".join(_lines(table, "")).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: str) -> list[str]:
    """Return the lines of a table: what fits on one first, then the tables below it."""
    here, below = [], []
    for key, value in table.items():
        name = f"{path}.{_key(key)}" if path else _key(key)
        line = f"{_key(key)} = {_inline(value)}"
        nested = isinstance(value, dict) and len(line) > _WIDTH
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                below += ["", f"[[{name}]]", *_lines(item, name)]
        elif nested:
            below += ["", f"[{name}]", *_lines(value, name)]
        else:
            here.append(line)
    return here + below


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{{pairs}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    # A basic string of TOML has the escapes of JSON.
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()
    return key if plain else json.dumps(key, ensure_ascii=False)
