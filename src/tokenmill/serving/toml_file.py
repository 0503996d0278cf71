"""Read a TOML file of bounded size, and say clearly why it cannot be read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from typing import Any

from .refusal import FileError, shown

LARGEST_FILE = 1 << 20


def read_bounded(path: str | os.PathLike[str], error: type[FileError]) -> tuple[str, bytes]:
    """Return the name of a file for messages, and at most `LARGEST_FILE` + 1 bytes of it.

    Raises
    ------
    FileError
        Of type `error`: the file cannot be read.
    """
    name = os.fsdecode(path)
    file = name if name and name.isprintable() else shown(name)
    try:
        with open(path, "rb") as stream:
            return file, stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as problem:
        known = isinstance(problem, OSError) and problem.strerror
        reason = str(known or problem)
        raise error(file, "", "a readable file", reason.lower()) from None


def parse_toml(
    content: bytes,
    file: str,
    error: type[FileError],
    parse_float: Callable[[str], Any] = float,
) -> dict[str, Any]:
    """Return what a TOML file says; `file` is its name in messages.

    Raises
    ------
    FileError
        Of type `error`: the file is too large, not UTF-8, or no TOML.
    """
    if len(content) > LARGEST_FILE:
        raise error(file, "", f"at most {LARGEST_FILE} bytes", "a larger file")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        found = f"byte 0x{content[problem.start]:02x} on line {line}"
        raise error(file, "", "text in UTF-8", found) from None
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise error(file, "", "valid TOML", "values nested too deeply") from None
    except ValueError as problem:
        # TOMLDecodeError names the line; int() refuses thousands of digits with a plain ValueError.
        reason = str(problem)
        reason = reason if reason.isprintable() else ascii(reason)
        raise error(file, "", "valid TOML", f"an error: {reason}") from None
