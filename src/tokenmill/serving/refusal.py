"""How a bad file is refused: file, key, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from math import isfinite

_LONGEST = 60
_SIMILAR = 0.6


class FileError(ValueError):
    """A file that cannot be used.

    Attributes
    ----------
    file, key : str
        The file, and the dotted path of the value in it ("" for the file as a whole).
    expected, found : str
    """

    def __init__(self, file: str, key: str, expected: str, found: str) -> None:
        self.file, self.key, self.expected, self.found = file, key, expected, found
        place = f"{file}: {key}" if key else file
        super().__init__(f"{place}: expected {expected}, found {found}")

    def __reduce__(self) -> tuple[type[FileError], tuple[str, str, str, str]]:
        return type(self), (self.file, self.key, self.expected, self.found)


class CatalogueError(FileError):
    """A catalogue file, or a user's file of overrides, that cannot be used."""


def shown(text: str) -> str:
    """Quote `text` for a message: control characters escaped, the middle of long text cut."""
    quoted = ascii(text) if not text.isprintable() else repr(text)
    if len(quoted) <= _LONGEST:
        return quoted
    return f"{quoted[: _LONGEST // 2]} ... {quoted[-_LONGEST // 3 :]} ({len(text)} characters)"


def describe(value: object) -> str:
    """Say what a TOML value is, in a few words that are safe to print."""
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int):
        # Python refuses to print integers of more than 4300 digits.
        return (
            str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
        )
    if isinstance(value, float):
        return f"{value:.12g}" if isfinite(value) else str(value)
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if isinstance(value, list):
        return f"an array of {len(value)} values"
    if isinstance(value, dict):
        keys = ", ".join(shown(str(key)) for key in list(value)[:4])
        return f"a table with {keys}" if keys else "an empty table"
    return f"a {type(value).__name__} {value}"


def join(path: str, key: str) -> str:
    """Append a TOML key to a dotted path; a key that is not plain is quoted."""
    plain = key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()
    key = key if plain and len(key) <= _LONGEST else shown(key)
    return f"{path}.{key}" if path else key


def one_of(allowed: Iterable[str]) -> str:
    """List the allowed words."""
    return "one of " + ", ".join(allowed)


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Suggest the allowed word that `word` may be a typo of: a phrase to append, or nothing.

    Capitals do not count; of equally similar words it is the first.
    """
    if not word or len(word) > _LONGEST:  # comparing takes the square of the length
        return ""
    scores = {
        other: SequenceMatcher(None, other.lower(), word.lower()).ratio() for other in allowed
    }
    best = max(scores, key=scores.__getitem__, default="")
    return f" (did you mean {best!r}?)" if scores.get(best, 0.0) >= _SIMILAR else ""
