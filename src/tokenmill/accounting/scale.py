"""The scale of a book: how many decimals make every price a whole number."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from .book import PriceBook
from .rates import ModelPrices

MOST_DECIMALS = 30
"""Beyond these a price is refused."""

MOST_ROUNDED = 15
"""Beyond these a book that rounds keeps a price as a ratio, and rounds what a row costs.

One price by the pixel would else take the whole book out of 64 bits.
"""


@cache
def decimals(denominator: int) -> tuple[int, int]:
    """Return how many decimals 1/denominator has, and the divisor that no decimals express."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    return max(twos, fives), rest


def _multiples(book: PriceBook, model: ModelPrices) -> set[Fraction]:
    """Return every factor that a price of `model` can get."""
    factors = {Fraction(1)}
    for axis in ("region", "service_tier"):
        own = {by for kind, _, by in model.multipliers if kind == axis}
        factors |= {factor * by for factor in factors for by in own}
    discount = Fraction(1)
    for provider, by in book.discounts:
        if provider in ("", model.provider):
            discount *= by
    return {factor * discount for factor in factors}


def _fallback_factors(
    rules: tuple[tuple[str, str, Fraction], ...],
) -> dict[str, set[Fraction]]:
    """Return, by unit, the factors with which its rate can become the price of a unit."""
    reached: dict[str, set[Fraction]] = {}
    for unit, source, factor in reversed(rules):
        further = {factor * by for by in reached.get(unit, {Fraction(1)})}
        reached.setdefault(source, {Fraction(1)}).update(further)
    return reached


def scale_of(book: PriceBook) -> int:
    """Return the least s so that every effective price x 10^s is whole, but for a divisor.

    Complexity: O(rates x factors of their model), once.
    """
    kept: dict[str, int] = vars(book)
    if "_scale" not in kept:
        kept["_scale"] = _scale_of(book)
    return kept["_scale"]


def _scale_of(book: PriceBook) -> int:
    most = decimals(book.fee.denominator)[0]
    for model in book.models:
        factors = _multiples(book, model)
        reached = _fallback_factors((*model.fallbacks, *book.rules.fallbacks))
        for period in model.periods:
            for rate in period.rates:
                if not isinstance(rate.price, Fraction):
                    continue
                for by in reached.get(rate.unit, {Fraction(1)}):
                    for factor in factors:
                        price = rate.price * by * factor
                        most = max(most, decimals(price.denominator)[0])
    return min(most, MOST_DECIMALS if book.rounding == "refuse" else MOST_ROUNDED)
