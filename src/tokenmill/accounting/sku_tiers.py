"""How many units were charged in each tier, where tiers go by each unit's own count.

Sums of counts do not say that, so the same pass charges the ledger under books that count: one for
each unit and threshold T, in which what T charges at a price of its own costs 1 and all else 0.

    beyond_T = sum of max(q - T, 0) over the rows   (marginal; of q where q > T: whole)
    tier i   = beyond_(T_i) - beyond_(T_(i+1))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from .book import PriceBook
from .price_rows import PriceRow
from .rates import ModelPrices, Period, Rate, Special

Threshold = tuple[str, int]
"""A unit, and what its own count is above."""


def thresholds_of(book: PriceBook) -> list[Threshold]:
    """Return every threshold of a book whose tiers go by unit; none of other books."""
    if not book.rules.by_unit:
        return []
    rates = [rate for m in book.models for period in m.periods for rate in period.rates]
    return sorted({(rate.unit, rate.above) for rate in rates if rate.above >= 0})


def counting_book(book: PriceBook, threshold: Threshold) -> PriceBook:
    """Return a book of the same cells whose costs are the units beyond a threshold."""
    models = tuple(_counting(model, threshold) for model in book.models)
    return replace(
        book, models=models, discounts=(), fee=Fraction(0), rounding="refuse", public=None
    )


def _counting(model: ModelPrices, threshold: Threshold) -> ModelPrices:
    unit, above = threshold

    def rate_of(rate: Rate) -> Rate:
        if isinstance(rate.price, Special):
            return rate
        counts = rate.unit == unit and rate.above >= above
        return replace(rate, price=Fraction(int(counts)))

    def period_of(period: Period) -> Period:
        return replace(period, rates=tuple(map(rate_of, period.rates)))

    return replace(
        model,
        periods=tuple(map(period_of, model.periods)),
        multipliers=tuple((axis, value, Fraction(1)) for axis, value, _ in model.multipliers),
    )


def steps_of_slot(row: PriceRow, slot: int) -> list[tuple[int, int]]:
    """Return (above, price) from the first count on, each price another than the one before."""
    found = [(-1, row.prices[slot])]
    for own, above, price in row.steps:
        if own == slot and price != found[-1][1]:
            found.append((above, price))
    return found


def quantities(total: int, beyond: Sequence[int]) -> Iterator[int]:
    """Yield how much lies in each tier, of a total and of what is beyond each threshold."""
    yield from (more - less for more, less in zip((total, *beyond), (*beyond, 0), strict=True))
