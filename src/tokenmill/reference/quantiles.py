"""Quantile functions: from a uniform to a value, one formula per kind of law.

Plain NumPy with libm's exp and log and without fma, so values agree with the kernels in units of
the last place, not in bits. Every function takes uniforms `u` in (0, 1) of any shape, and returns
float64 of that shape in the unit of the distribution; parameters and tables are those of the law.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Wichura (1988), algorithm AS 241, PPND16: ascending powers of numerator and denominator
_CENTRAL = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
_NEAR_TAIL = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_FAR_TAIL = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)


def standard_normal(u: Array) -> Array:
    """Return the standard normal quantile of `u` by AS 241: about 1e-16 in exact arithmetic."""
    q = u - 0.5
    r = 0.180625 - q * q
    central = q * polyval(r, _CENTRAL[0]) / polyval(r, _CENTRAL[1])
    t = np.sqrt(-np.log(np.minimum(u, 1.0 - u)))
    near = polyval(t - 1.6, _NEAR_TAIL[0]) / polyval(t - 1.6, _NEAR_TAIL[1])
    far = polyval(t - 5.0, _FAR_TAIL[0]) / polyval(t - 5.0, _FAR_TAIL[1])
    tail = np.copysign(np.where(t <= 5.0, near, far), q)
    return np.where(np.abs(q) <= 0.425, central, tail)


def constant(u: Array, value: float) -> Array:
    """Return `value` whatever `u`."""
    return np.full_like(u, value)


def uniform(u: Array, low: float, width: float, high: float) -> Array:
    """Return ``low + u width``, kept within [low, high]."""
    return np.clip(low + u * width, low, high)


def log_uniform(u: Array, log_low: float, log_width: float, low: float, high: float) -> Array:
    """Return ``exp(log_low + u log_width)``, kept within [low, high]."""
    return np.clip(np.exp(log_low + u * log_width), low, high)


def normal(u: Array, mu: float, sigma: float) -> Array:
    """Return ``mu + sigma z``."""
    return mu + sigma * standard_normal(u)


def log_normal(u: Array, mu: float, sigma: float) -> Array:
    """Return ``exp(mu + sigma z)``."""
    return np.exp(mu + sigma * standard_normal(u))


def truncated_normal(
    u: Array, mu: float, signed_sigma: float, base: float, width: float, low: float, high: float
) -> Array:
    """Return ``mu + signed_sigma z(base + v width)`` within [low, high].

    `base` is the probability of the tail outside the interval, `width` that of the interval, and
    v = u; a negative sigma mirrors an upper interval, with v = 1 - u.
    """
    v = u if signed_sigma > 0.0 else 1.0 - u
    return np.clip(mu + signed_sigma * standard_normal(base + v * width), low, high)


def triangular(
    u: Array, low: float, mode: float, high: float, split: float, left: float, right: float
) -> Array:
    """Return ``low + sqrt(u left)`` below ``split = F(mode)``, ``high - sqrt((1-u) right)`` above.

    left = (high - low) (mode - low) and right = (high - low) (high - mode).
    """
    rising = low + np.sqrt(u * left)
    falling = high - np.sqrt((1.0 - u) * right)
    return np.clip(np.where(u < split, rising, falling), low, high)


def exponential(u: Array, mean: float) -> Array:
    """Return ``-mean log(1 - u)``."""
    return mean * -np.log1p(-u)


def weibull(u: Array, inverse_shape: float, scale: float) -> Array:
    """Return ``scale (-log(1 - u))^(1/shape)``."""
    return scale * (-np.log1p(-u)) ** inverse_shape


def pareto(u: Array, inverse_shape: float, scale: float) -> Array:
    """Return ``scale (1 - u)^(-1/shape)``."""
    return scale * np.exp(-np.log1p(-u) * inverse_shape)


def logistic(u: Array, mu: float, scale: float) -> Array:
    """Return ``mu + scale log(u / (1 - u))``."""
    return mu + scale * (np.log(u) - np.log1p(-u))


def tabulated(u: Array, low: float, width: float, high: float, s: float, table: Array) -> Array:
    """Return ``low + y width`` within [low, high], `y` from a table of quintic polynomials.

    `table` has shape (2, 53 * 2^s + 1, 6): for u < 1/2 and from there on; cells of
    ``p = min(u, 1-u)``, 2^s equal ones in each octave from 2^-54 to 1/2 and one for 1/2 alone;
    coefficients of the powers 0 to 5 of the place in the cell, from 0 to 1.
    """
    cells_per_octave = 1 << int(s)
    sides = table.reshape(2, 53 * cells_per_octave + 1, 6)
    p = np.maximum(np.minimum(u, 1.0 - u), 2.0**-54)
    mantissa, exponent = np.frexp(p)
    place = (2.0 * mantissa - 1.0) * cells_per_octave
    cell = (exponent + 53) * cells_per_octave + np.floor(place).astype(np.int64)
    coefficients = sides[(u >= 0.5).astype(np.int64), cell]
    y: Array = polyval(place - np.floor(place), np.moveaxis(coefficients, -1, 0), tensor=False)
    return np.clip(low + y * width, low, high)


def discrete(u: Array, table: Array) -> Array:
    """Return the first value whose cumulative probability exceeds `u`.

    `table` holds the cumulative probabilities, then the values, both ascending.
    """
    cumulative, values = table.reshape(2, -1)
    place = np.searchsorted(cumulative[:-1], u, side="right")
    return np.asarray(values[place])


def empirical(u: Array, table: Array) -> Array:
    """Return ``table[floor(u m)]`` of m ascending values."""
    return np.asarray(table[np.minimum((u * table.size).astype(np.int64), table.size - 1)])


QUANTILES: dict[str, Callable[..., Array]] = {
    function.__name__.upper(): function
    for function in (
        constant,
        uniform,
        log_uniform,
        normal,
        log_normal,
        truncated_normal,
        triangular,
        exponential,
        weibull,
        pareto,
        logistic,
        tabulated,
        discrete,
        empirical,
    )
}
_HAS_TABLE = {"TABULATED", "DISCRETE", "EMPIRICAL"}


def quantile(kind: str, parameters: Sequence[float], table: Array, u: Array) -> Array:
    """Return the quantile function of a law.

    Parameters
    ----------
    kind : str
        Name of the law kind, a key of `QUANTILES`.
    parameters : sequence of float
        As the function of that kind takes them.
    table : ndarray, shape (m,), float64
        Empty for the kinds that have none.
    u : ndarray of any shape, float64, in (0, 1)

    Returns
    -------
    ndarray of the shape of `u`, float64
    """
    tables = {"table": table} if kind in _HAS_TABLE else {}
    return QUANTILES[kind](np.asarray(u, dtype=np.float64), *parameters, **tables)
