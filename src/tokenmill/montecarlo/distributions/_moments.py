"""Means and standard deviations where the textbook formula cancels or overflows.

They describe a distribution and enter no draw, so they may use libm.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# e^-40 of the greatest density is left out of both moments of a truncated normal.
_REACH = 80.0
_NODES = 64


def exponential(x: float) -> float:
    """Return e^x, infinite beyond the range of float64."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log_normal_std(mu: float, sigma: float) -> float:
    """Return ``sqrt(expm1(sigma^2)) e^(mu + sigma^2 / 2)``."""
    square = sigma * sigma
    if square > 40.0:
        return exponential(mu + square)
    return math.sqrt(math.expm1(square)) * exponential(mu + square / 2.0)


def log_uniform_std(low: float, high: float, log_width: float) -> float:
    """Return the standard deviation of a log-uniform variable on [low, high].

    With ``s = log_width / 2`` the variance is ``low high sinh(s)/s (cosh(s) - sinh(s)/s)``, whose
    last factor has the series ``sum 2n s^2n / (2n+1)!``; a wide interval takes the plain form.
    """
    s = log_width / 2.0
    if s > 1.0:
        ratio = low / high
        second = (1.0 - ratio) * (1.0 + ratio) / (2.0 * log_width)
        first = (1.0 - ratio) / log_width
        return high * math.sqrt(second - first * first)
    term, last = 1.0, 0.0
    for n in range(1, 12):
        term *= s * s / ((2 * n) * (2 * n + 1))
        last += 2 * n * term
    growth = math.sinh(s) / s if s else 1.0
    return math.sqrt(low) * math.sqrt(high) * math.sqrt(growth * last)


def weibull_variation(h: float) -> float:
    """Return ``sqrt(Gamma(1 + 2h) / Gamma(1 + h)^2 - 1)``, the Weibull std over its mean.

    A small `h` takes the product ``Gamma(1+h)^2 / Gamma(1+2h) = prod (1 - h^2 / (k+h)^2)`` over
    k >= 1, whose far factors are summed by Euler and Maclaurin.
    """
    if h > 0.1:
        log_ratio = math.lgamma(1.0 + 2.0 * h) - 2.0 * math.lgamma(1.0 + h)
    else:
        share = h / (np.arange(1.0, 100.0) + h)
        near = -float(np.log1p(-share * share).sum())
        z = 100.0 + h
        squares = 1.0 / z + 1.0 / (2.0 * z**2) + 1.0 / (6.0 * z**3) - 1.0 / (30.0 * z**5)
        fourths = 1.0 / (3.0 * z**3) + 1.0 / (2.0 * z**4)
        log_ratio = near + h**2 * squares + h**4 / 2.0 * fourths
    if log_ratio > 40.0:
        return exponential(log_ratio / 2.0)
    return math.sqrt(math.expm1(log_ratio))


@lru_cache(maxsize=1)
def _legendre() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def truncated_normal_moments(low: float, high: float) -> tuple[float, float]:
    """Return mean and standard deviation of a standard normal variable within [low, high].

    By Gauss-Legendre quadrature over the part that counts: the closed form cancels for narrow
    intervals and in the tails.
    """
    peak = min(max(0.0, low), high)
    reach = math.sqrt(peak * peak + _REACH)
    first, last = max(low, -reach), min(high, reach)
    nodes, weights = _legendre()
    middle, half = 0.5 * (first + last), 0.5 * (last - first)
    offset = half * nodes
    z = middle + offset
    density = weights * np.exp(-0.5 * (z - peak) * (z + peak))
    total = float(density.sum())
    mean = float((density * offset).sum()) / total
    variance = float((density * (offset - mean) ** 2).sum()) / total
    return middle + mean, math.sqrt(variance)
