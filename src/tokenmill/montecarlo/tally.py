"""What a sweep has counted, as exact integers that merge in any order without loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from .._native.sweep import RawMoments, RawOutput, add_counts

# Sums are integers in units of 2^-1074, sums of squares in units of 2^-2148.
SUM_UNIT = 1 << 1074
SQUARE_UNIT = 1 << 2148
LARGEST = float.fromhex("0x1.fffffffffffffp+1023")


@dataclass(frozen=True)
class Tally:
    """Everything counted about one series; ``a.merge(b)`` loses nothing and ignores order."""

    moments: RawMoments
    buckets: NDArray[np.int64]  # (b,) ascending bucket numbers
    counts: NDArray[np.int64]  # (b,)
    below: tuple[int, ...]
    products: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, raw: RawOutput) -> Tally:
        """Wrap what one thread collected."""
        return cls(raw.moments, raw.buckets, raw.counts, raw.below, raw.products)

    def merge(self, other: Tally) -> Tally:
        """Return the tally of both series together."""
        buckets, counts = add_counts((self.buckets, self.counts), (other.buckets, other.counts))
        return Tally(
            merge_moments(self.moments, other.moments),
            buckets,
            counts,
            tuple(a + b for a, b in zip(self.below, other.below, strict=True)),
            tuple(
                (a[0] + b[0], a[1] + b[1])
                for a, b in zip(self.products, other.products, strict=True)
            ),
        )

    def finite(self) -> Tally:
        """Return the tally without NaN and infinities."""
        m = self.moments
        skipped = m.nan_count + m.positive_infinities + m.negative_infinities
        return replace(
            self,
            moments=m._replace(
                values=m.values - skipped,
                nan_count=0,
                positive_infinities=0,
                negative_infinities=0,
            ),
        )


def merge_moments(a: RawMoments, b: RawMoments) -> RawMoments:
    """Return the moments of two series together; the lower index decides between equal extremes."""
    lowest = min((a.minimum, a.argmin), (b.minimum, b.argmin))
    highest = min((-a.maximum, a.argmax, a.maximum), (-b.maximum, b.argmax, b.maximum))
    return RawMoments(
        a.values + b.values,
        a.nan_count + b.nan_count,
        a.positive_infinities + b.positive_infinities,
        a.negative_infinities + b.negative_infinities,
        a.total + b.total,
        a.square + b.square,
        lowest[0],
        highest[2],
        lowest[1],
        highest[1],
    )


def mean_of(moments: RawMoments) -> float:
    """Return the correctly rounded mean of the finite values, NaN without any."""
    n = moments.values
    return moments.total / (n * SUM_UNIT) if n else float("nan")


def variance_of(moments: RawMoments) -> Fraction:
    """Return the exact sample variance (n - 1) of at least two finite values."""
    n = moments.values
    return Fraction(n * moments.square - moments.total**2, n * (n - 1) * SQUARE_UNIT)


def square_root(value: Fraction) -> float:
    """Return the square root of a rational, rounded from 64 bits or more."""
    if value == 0:
        return 0.0
    shift = max(0, 140 - value.numerator.bit_length() + value.denominator.bit_length())
    shift += shift % 2
    root = isqrt((value.numerator << shift) // value.denominator)
    return root / (1 << (shift // 2))
