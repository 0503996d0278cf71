"""How a price book is refused: the place, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60


def refusal(place: str, expected: str, found: object) -> ValueError:
    """Return the error of a wrong value; `found` is put in words that are safe to print."""
    return ValueError(f"{place}: expected {expected}, found {shown(found)}")


def shown(value: object) -> str:
    """Say what a value is, in a few words."""
    if isinstance(value, str):
        quoted = repr(value[: _LONGEST + 1]) if value.isprintable() else ascii(value[:_LONGEST])
        cut = len(value) > _LONGEST
        return f"{quoted[:_LONGEST]}... ({len(value)} characters)" if cut else quoted
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        # Python refuses to print integers of more than 4300 digits.
        return str(value) if value.bit_length() <= 256 else "a larger integer"
    return f"a {type(value).__name__}"


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return the known word most like `word` as a hint to append, or all of them if few."""
    known = list(allowed)
    close = get_close_matches(word[:_LONGEST], known, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known are {', '.join(known)})" if 0 < len(known) <= 12 else ""
