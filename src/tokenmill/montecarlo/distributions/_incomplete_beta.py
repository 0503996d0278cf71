"""The incomplete beta function with the same bits on every machine.

Written in NumPy's elementwise ``+ - * /`` and the core's own exp and log, no sums over an axis and
no scipy, because tables made from it enter a plan. With ``x0 = a / (a + b)``, ``y0 = 1 - x0``:

    front(x) = x^a (1-x)^b / B(a, b)
             = sqrt(a b / (2 pi (a+b))) e^-(D(a) + D(b) - D(a+b)) e^-(a h(x/x0) + b h((1-x)/y0))

where ``D`` is the remainder of Stirling's series and ``h(v) = v - 1 - log v``: no term grows with
`a` and `b`, so that 10^5 costs no digits. ``I_x(a, b) = front R`` with the continued fraction of
DiDonato and Morris (1992, ACM TOMS 18:360, equation 9): with ``lag = a - (a+b) x``

    R = 1/(b1 + a2/(b2 + a3/(b3 + ...))),   a(n+1) = (a+n-1)(a+b+n-1) n (b-n) x^2 / (a+2n-1)^2,
    b(n+1) = n + n (b-n) x / (a+2n-1) + (a+n)/(a+2n+1) (lag + 1 + n (2-x)),

whose denominators stay positive up to the switch below: nothing cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

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


class _Level(NamedTuple):
    """Constants of one level: ``a(n+1) / x^2`` and ``b(n+1) = lag_factor lag + base + slope x``."""

    numerator: float
    lag_factor: float
    base: float
    slope: float


def _level(a: float, b: float, n: int) -> _Level:
    steepness = n * (b - n) / (a + 2 * n - 1) if n else 0.0
    lag_factor = (a + n) / (a + 2 * n + 1)
    numerator = (a + n - 1) / (a + 2 * n - 1) * (a + b + n - 1) * steepness if n else 1.0
    return _Level(numerator, lag_factor, n + lag_factor * (1 + 2 * n), steepness - lag_factor * n)


def _enough_levels(a: float, b: float) -> tuple[_Level, ...]:
    """Return the levels after which the fraction at the switch, and so below, stands still."""
    total = a + b + 2.0
    x, lag = (a + 1.0) / total, (a - b) / total
    count, before = 8, 0.0
    while True:
        levels = tuple(_level(a, b, n) for n in range(count))
        value, following = 1.0, 0.0
        for level in reversed(levels):
            inner = level.lag_factor * lag + level.base + level.slope * x
            value = inner + following * x * x / value
            following = level.numerator
        if abs(value - before) <= _HALF_ULP * value:
            return levels
        count, before = count + count // 4, value


def _fraction(levels: tuple[_Level, ...], x: Array, lag: Array) -> Array:
    """Return R at x and its lag, from the innermost level outwards."""
    square = x * x
    value, following = np.ones_like(x), 0.0
    scratch = np.empty_like(x)
    for level in reversed(levels):
        np.divide(square, value, out=value)
        value *= following
        np.multiply(x, level.slope, out=scratch)
        value += scratch
        np.multiply(lag, level.lag_factor, out=scratch)
        value += scratch
        value += level.base
        following = level.numerator
    return 1.0 / value


@dataclass(frozen=True)
class LowerTail:
    """I_x(a, b) where it is at most about a half, to full relative precision."""

    a: float
    b: float
    log_scale: float
    levels: tuple[_Level, ...]
    swapped_levels: tuple[_Level, ...]

    @classmethod
    def of(cls, a: float, b: float) -> LowerTail:
        """Prepare the constants; O(sqrt(max(a, b))) terms."""
        total = a + b
        stirling = stirling_remainder(a) + stirling_remainder(b) - stirling_remainder(total)
        log_scale = 0.5 * scalar("log", a / total * b / (2.0 * math.pi)) - stirling
        return cls(a, b, log_scale, _enough_levels(a, b), _enough_levels(b, a))

    @property
    def log_beta(self) -> float:
        """Logarithm of the beta function B(a, b)."""
        total = self.a + self.b
        peak = self.a * scalar("log", self.a / total) + self.b * scalar("log", self.b / total)
        return peak - self.log_scale

    def evaluate(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return ``log I_x(a, b)`` and ``I_x(a, b) / front``; y = 1 - x, both in (0, 1)."""
        total = self.a + self.b
        x0, y0 = self.a / total, self.b / total
        difference = np.where(x < y, x - x0, y0 - y)
        lag = -total * difference
        exponent = self.a * _excess(x / x0, difference / x0)
        exponent += self.b * _excess(y / y0, -difference / y0)
        log_front = self.log_scale - exponent
        # beyond the switch the fraction is slow, and 1 - I_y(b, a) has no digits to lose
        beyond = x > (self.a + 1.0) / (total + 2.0)
        ratio = _fraction(self.levels, np.where(beyond, 0.0, x), np.where(beyond, 0.0, lag))
        log_lower = log_front + elementary("log", ratio)
        if beyond.any():
            front = elementary("exp", log_front[beyond])
            upper = front * _fraction(self.swapped_levels, y[beyond], -lag[beyond])
            log_lower[beyond] = elementary("log1p", -upper)
            ratio[beyond] = (1.0 - upper) / front
        return log_lower, ratio
