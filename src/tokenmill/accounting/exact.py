"""Exact numbers as people write them: a decimal or a ratio in, a decimal or a ratio out."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from fractions import Fraction

from .refusal import refusal

MOST_DIGITS = 60
"""The digits that a numerator, a denominator or either side of a decimal point may have."""

_N = MOST_DIGITS
_DECIMAL = re.compile(
    rf"[+-]?(?:[0-9]{{1,{_N}}}(?:\.[0-9]{{0,{_N}}})?|\.[0-9]{{1,{_N}}})(?:[eE][+-]?[0-9]{{1,2}})?"
)
_RATIO = re.compile(rf"[+-]?[0-9]{{1,{_N}}}/[0-9]{{1,{_N}}}")


def exact(value: object, place: str, expected: str = "an exact number such as '2.5'") -> Fraction:
    """Return a number given as an integer, a Fraction, a Decimal, or text ``"2.5"``, ``"19/20"``.

    Raises
    ------
    ValueError
        Something else, a float above all: 0.1 is no tenth. Or more than `MOST_DIGITS` digits.
    """
    if isinstance(value, float):
        raise refusal(place, f"{expected}, in quotes or whole, for a float is not exact", value)
    if isinstance(value, bool) or not isinstance(value, int | Fraction | Decimal | str):
        raise refusal(place, expected, value)
    if isinstance(value, Decimal):
        value = str(value)
    if isinstance(value, str):
        plain = _DECIMAL.fullmatch(value) or _RATIO.fullmatch(value)
        # Compiled patterns keep out exponents whose power of ten would fill the memory.
        if plain is None or ("/" in value and not int(value.partition("/")[2])):
            raise refusal(place, expected, value)
    number = Fraction(value)
    check_size(number, place)
    return number


def check_size(number: Fraction, place: str) -> None:
    """Refuse a number of more digits than a file can hold."""
    limit = 10**MOST_DIGITS
    if abs(number.numerator) >= limit or number.denominator >= limit:
        raise refusal(place, f"at most {MOST_DIGITS} digits", "a longer number")


def as_decimal(number: Fraction) -> Decimal | None:
    """Return a number as a Decimal, exact in any context, or None if it is no finite decimal."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = str(abs(number.numerator) * 10**places // number.denominator)
    return Decimal((int(number < 0), tuple(map(int, digits)), -places))


def decimal_text(number: Fraction) -> str | None:
    """Return a number as a decimal without exponent that `exact` reads, or None if it has none."""
    decimal = as_decimal(number)
    text = "" if decimal is None else f"{decimal:f}"
    return text if text and len(text) <= MOST_DIGITS else None


def number_text(number: Fraction) -> str:
    """Return a number as a decimal where it has one, else as a ratio; `exact` reads both."""
    decimal = decimal_text(number)
    return f"{number.numerator}/{number.denominator}" if decimal is None else decimal


def money(cost: int, scale: int) -> Decimal:
    """Return a whole number at a scale as an exact Decimal of the currency."""
    with localcontext() as context:
        context.prec = max(1, len(str(abs(cost))))
        return Decimal(cost).scaleb(-scale)
