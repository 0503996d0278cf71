"""The readable twin of the elementary functions: plain NumPy, the formulas of the kernels' headers.

Without fma and with the C library's exp and log, so values agree with the kernels in units of the
last place, not in bits. Every function takes real numbers of any shape and returns float64 of that
shape.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .quantiles import standard_normal

Array = NDArray[np.float64]


def exp(x: ArrayLike) -> Array:
    """Return the exponential function of `x`."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(np.asarray(x, dtype=np.float64)))


def log(x: ArrayLike) -> Array:
    """Return the natural logarithm of `x`: -inf at 0, NaN below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(np.asarray(x, dtype=np.float64)))


def log1p(x: ArrayLike) -> Array:
    """Return log(1 + x) without cancellation near 0: -inf at -1, NaN below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log1p(np.asarray(x, dtype=np.float64)))


def norm_cdf(x: ArrayLike) -> Array:
    """Return the standard normal distribution function, ``erfc(-x / sqrt(2)) / 2``."""
    values = np.asarray(x, dtype=np.float64)
    found = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in values.ravel().tolist()]
    return np.array(found).reshape(values.shape)


def norm_ppf(u: ArrayLike) -> Array:
    """Return the standard normal quantile function of `u` in (0, 1), by AS 241."""
    return standard_normal(np.asarray(u, dtype=np.float64))
