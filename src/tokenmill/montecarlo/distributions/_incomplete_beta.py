"""The incomplete beta function with the same bits on every machine.

Written in NumPy's elementwise ``+ - * /`` and the core's own exp and log, no sums over an axis and
no scipy, because tables made from it enter a plan. With ``x0 = a / (a + b)``, ``y0 = 1 - x0``:

    front(x) = x^a (1-x)^b / B(a, b)
             = sqrt(a b / (2 pi (a+b))) e^-(D(a) + D(b) - D(a+b)) e^-(a h(x/x0) + b h((1-x)/y0))

where ``D`` is the remainder of Stirling's series and ``h(v) = v - 1 - log v`` (DiDonato and Morris
1992, ACM TOMS 18:360, section 8): no term grows with `a` and `b`, so that 10^5 costs no digits.
``I_x(a, b) = front R`` with the continued fraction ``R = 1 / (a (1 + d1/(1 + d2/(1 + ...))))``
(DLMF 8.17.22).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._native import elementary

Array = NDArray[np.float64]

_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_STIRLING_FROM = 16.0
# h in powers of r^2, r = (v-1)/(v+1): 2/3, 2/5, ... until |r| <= 0.18 leaves less than 2^-60
_ATANH = tuple(2.0 / (2 * n + 3) for n in range(11))
_SERIES_FROM, _SERIES_TO = 0.7, 1.4
_HALF_ULP = math.ldexp(1.0, -53)


def scalar(name: str, x: float) -> float:
    """Return an elementary function of one number."""
    return float(elementary(name, x))


def stirling_remainder(z: float) -> float:
    """Return ``log Gamma(z) - ((z - 1/2) log z - z + log(2 pi) / 2)`` for z > 0, within 1e-15."""
    steps = 0.0
    while z < _STIRLING_FROM:
        steps += (z + 0.5) * scalar("log1p", 1.0 / z) - 1.0
        z += 1.0
    square = 1.0 / (z * z)
    series = 0.0
    for coefficient in reversed(_STIRLING):
        series = series * square + coefficient
    return steps + series / z


def _excess(v: Array, difference: Array) -> Array:
    """Return ``v - 1 - log v``, given ``difference = v - 1`` without the rounding of `v`."""
    r = difference / (v + 1.0)
    square = r * r
    series = np.full_like(v, _ATANH[-1])
    for coefficient in _ATANH[-2::-1]:
        series *= square
        series += coefficient
    near = r * (difference - square * series)
    is_near = (v > _SERIES_FROM) & (v < _SERIES_TO)
    return np.where(is_near, near, difference - elementary("log", v))


def _fraction_terms(a: float, b: float, count: int) -> list[float]:
    """Return d1 / x .. d(count) / x of the continued fraction."""
    terms = []
    for index in range(1, count + 1):
        m = float(index // 2)
        if index % 2:
            terms.append(-(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1)))
        else:
            terms.append(m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m)))
    return terms


def _enough_terms(a: float, b: float, x: float) -> tuple[float, ...]:
    """Return the terms after which the fraction at `x`, and so at all below, stands still."""
    count, before = 16, 0.0
    while True:
        terms = _fraction_terms(a, b, count)
        value = 1.0
        for term in reversed(terms):
            value = 1.0 + term * x / value
        if abs(value - before) <= _HALF_ULP * abs(value):
            return tuple(terms)
        count, before = count + count // 4, value


def _fraction(a: float, terms: tuple[float, ...], x: Array) -> Array:
    """Return R at `x`: from the innermost term outwards, three operations each."""
    value = np.ones_like(x)
    for term in reversed(terms):
        np.divide(x, value, out=value)
        value *= term
        value += 1.0
    return 1.0 / (a * value)


@dataclass(frozen=True)
class LowerTail:
    """I_x(a, b) where it is at most about a half, to full relative precision."""

    a: float
    b: float
    log_scale: float
    near_zero: tuple[float, ...]
    near_one: tuple[float, ...]

    @classmethod
    def of(cls, a: float, b: float) -> LowerTail:
        """Prepare the constants; O(sqrt(max(a, b))) terms."""
        total = a + b
        stirling = stirling_remainder(a) + stirling_remainder(b) - stirling_remainder(total)
        log_scale = 0.5 * scalar("log", a / total * b / (2.0 * math.pi)) - stirling
        return cls(
            a,
            b,
            log_scale,
            _enough_terms(a, b, (a + 1.0) / (total + 2.0)),
            _enough_terms(b, a, (b + 1.0) / (total + 2.0)),
        )

    @property
    def log_beta(self) -> float:
        """Logarithm of the beta function B(a, b)."""
        total = self.a + self.b
        peak = self.a * scalar("log", self.a / total) + self.b * scalar("log", self.b / total)
        return peak - self.log_scale

    def evaluate(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return ``log I_x(a, b)`` and ``I_x(a, b) / front``; y = 1 - x, both in (0, 1)."""
        x0, y0 = self.a / (self.a + self.b), self.b / (self.a + self.b)
        difference = np.where(x < y, x - x0, y0 - y)
        exponent = self.a * _excess(x / x0, difference / x0)
        exponent += self.b * _excess(y / y0, -difference / y0)
        log_front = self.log_scale - exponent
        # beyond the switch the fraction is slow, and 1 - I_y(b, a) has no digits to lose
        beyond = x > (self.a + 1.0) / (self.a + self.b + 2.0)
        ratio = _fraction(self.a, self.near_zero, np.where(beyond, 0.0, x))
        log_lower = log_front + elementary("log", ratio)
        if beyond.any():
            front = elementary("exp", log_front[beyond])
            upper = front * _fraction(self.b, self.near_one, y[beyond])
            log_lower[beyond] = elementary("log1p", -upper)
            ratio[beyond] = (1.0 - upper) / front
        return log_lower, ratio
