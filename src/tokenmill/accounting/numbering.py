"""Numbers of price rows: which cell of a model's price list, whatever ledger asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .book import PriceBook
from .rates import ModelPrices
from .resolve import Case


class Numbering:
    """The numbers of one model's price rows, which depend on the book alone.

    The upper 32 bits are the model's index; the lower ones count through periods, service tiers,
    regions, windows and thresholds, the last of them fastest.
    """

    def __init__(self, book: PriceBook, index: int) -> None:
        model = book.models[index]
        rates = [rate for period in model.periods for rate in period.rates]
        self._index = index
        self._model = model
        self._axes: tuple[Sequence[Any], ...] = (
            range(len(model.periods)),
            sorted(tiers_of(model)),
            ["", *sorted({v for axis, v, _ in model.multipliers if axis == "region"})],
            ["", *model.windows],
            [-1, *sorted({rate.above for rate in rates} - {-1})],
        )

    def number(self, case: Case, period: int) -> int:
        """Return the number of a case in the period of that position."""
        found = 0
        place = (period, case.service_tier, case.region, case.window, case.crossed)
        for axis, value in zip(self._axes, place, strict=True):
            found = found * len(axis) + axis.index(value)
        return (self._index << 32) | found

    def case(self, number: int) -> Case | None:
        """Return the case of a number, None where there is none."""
        left = number & 0xFFFFFFFF
        place: list[Any] = []
        for axis in reversed(self._axes):
            if not axis:
                return None
            left, at = divmod(left, len(axis))
            place.insert(0, axis[at])
        period, service_tier, region, window, crossed = place
        if left:
            return None
        return Case(self._model, self._model.periods[period], service_tier, region, window, crossed)


def case_of(book: PriceBook, number: int) -> Case:
    """Return which cell of the book's price lists a price row is.

    Raises
    ------
    TypeError, ValueError
        The book has no such price row.
    """
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(f"number: expected the number of a price row, found {number!r}")
    number = int(number)
    index = number >> 32
    found = Numbering(book, index).case(number) if 0 <= index < len(book.models) else None
    if found is None:
        raise ValueError(f"number: expected a price row of book {book.name!r}, found {number}")
    return found


def tiers_of(model: ModelPrices) -> set[str]:
    """Return the service tiers that a model has rates or factors for, and the standard one."""
    found = {rate.service_tier for period in model.periods for rate in period.rates}
    found |= {value for axis, value, _ in model.multipliers if axis == "service_tier"}
    return found | {""}
