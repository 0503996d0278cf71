"""How a price book is refused: the place, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterable

from .nearest import listed_nearest

_LONGEST = 60


def refusal(place: str, expected: str, found: object, known: Iterable[str] = ()) -> ValueError:
    """Return the error of a wrong value, and the nearest of the `known` ones where it is a name.

    `found` is put in words that are safe to print.
    """
    # Comparing takes the square of the length.
    hint = listed_nearest(found[:_LONGEST], known) if isinstance(found, str) else ""
    return ValueError(f"{place}: expected {expected}, found {shown(found)}{hint}")


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
