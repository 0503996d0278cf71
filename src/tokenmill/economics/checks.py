"""Check the tables, keys and texts of one file, and build the error that names what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .refusal import ScenarioError, describe, join, nearest, shown

_LONGEST_TITLE = 40


class Checks:
    """What a file may hold, whatever it means.

    Parameters
    ----------
    file : str
        Its name in messages.
    """

    def __init__(self, file: str) -> None:
        self.file = file

    def refusal(self, key: str, expected: str, value: object) -> ScenarioError:
        """Build the error of a wrong value; None means that there is none."""
        found = "no such key" if value is None else describe(value)
        return ScenarioError(self.file, key, expected, found)

    def check_keys(self, path: str, table: Mapping[str, Any], allowed: Collection[str]) -> None:
        """Refuse a key that is not in `allowed`, and suggest the nearest one that is."""
        for key in table:
            if key not in allowed:
                expected = f"a key of {path}" if path else "a key of a scenario"
                hint = nearest(key, allowed) or f"; known are {', '.join(allowed)}"
                found = f"the unknown key {shown(key)}{hint}"
                raise ScenarioError(self.file, join(path, key), expected, found)

    def subtable(self, key: str, value: object) -> dict[str, Any]:
        """Return a table that must be there and hold something."""
        if not isinstance(value, dict) or not value:
            raise self.refusal(key, "a table with values", value)
        return value

    def line(self, key: str, value: object) -> str:
        """Return a title."""
        expected = f"printable text on one line, 1 to {_LONGEST_TITLE} characters"
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.refusal(key, expected, value)
        if len(value) > _LONGEST_TITLE:
            raise ScenarioError(self.file, key, expected, f"{len(value)} characters")
        return value

    def prose(self, key: str, value: object) -> str:
        """Return text of any length, its lines joined."""
        if not isinstance(value, str) or not value.replace("\n", "").isprintable():
            raise self.refusal(key, "printable text", value)
        return " ".join(value.split())
