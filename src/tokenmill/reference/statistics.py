"""The readable twin of the statistics kernels: rational arithmetic and dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from math import frexp, isfinite

INTEGER_LIMIT = 1 << 20


def exact_sums(values: Iterable[float]) -> tuple[Fraction, Fraction]:
    """Return the exact sum and the exact sum of squares of the finite values."""
    finite = [Fraction(value) for value in values if isfinite(value)]
    return sum(finite, Fraction(0)), sum((value * value for value in finite), Fraction(0))


def exact_products(x: Iterable[float], centre: float, y: Iterable[float]) -> Fraction:
    """Return the exact sum of the products (x - centre) * y, each rounded to a double first."""
    return sum((Fraction((a - centre) * b) for a, b in zip(x, y, strict=True)), Fraction(0))


def bucket_interval(value: float) -> tuple[float, float]:
    """Return the lowest and highest value of the histogram bucket of a finite normal value.

    Integers up to 2^20 have a bucket of their own; any other value shares the leading 10 bits
    after the first with its neighbours.
    """
    if value == int(value) and abs(value) <= INTEGER_LIMIT:
        return value, value
    mantissa, exponent = frexp(abs(value))  # mantissa in [1/2, 1): 11 bits with the leading one
    step = 2.0 ** (exponent - 11)
    low = int(mantissa * 2048) * step
    return (low, low + step) if value > 0 else (-low - step, -low)


def histogram(values: Iterable[float]) -> Counter[tuple[float, float]]:
    """Count values per bucket."""
    return Counter(bucket_interval(value) for value in values)
