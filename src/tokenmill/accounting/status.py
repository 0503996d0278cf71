"""What became of a ledger's row, as a code of eight bits."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The lower bits say what happened; `ROUNDED` is a bit beside them.

    OK and PRICED_ZERO rows are in the money totals, every other row is counted beside them.
    Where several apply, the first in this order is given.
    """

    OK = 0
    PRICED_ZERO = 1
    """Something was used, and all of it has a price of zero."""
    MISSING_FIELD = 2
    """No model, no time where the price depends on it, or no total where only a part is counted."""
    UNKNOWN_MODEL = 3
    AMBIGUOUS_MODEL = 4
    BAD_VALUE = 5
    """A count that is no whole number, or a service tier that the book does not know."""
    NEGATIVE_COUNT = 6
    BEFORE_FIRST_DATE = 7
    DYNAMIC_PRICE = 8
    """The provider sets the price per request, so no list has it."""
    SUBSET_EXCEEDS_TOTAL = 9
    NO_PRICE = 10
    """Something was used for which neither it nor what contains it has a price."""
    OVERFLOW = 11
    """The cost does not fit the type of costs that was asked for."""


ROUNDED = 0x80
"""The cost of the row was no whole number at the book's scale, and was rounded as the book says."""
