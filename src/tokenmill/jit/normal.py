"""The standard normal distribution for numba-compiled code, with the same bits on every machine.

Both functions repeat the native core's operations one by one (csrc/kernels/random/elementary.h and
normal.h) and give its bits, branch-free so that a loop around them vectorises.

``norm_ppf`` is AS241 PPND16 (Wichura 1988, Applied Statistics 37:477) with its published
coefficients. ``norm_cdf`` is ``exp(-t^2/2) P((t-3)/(t+3)) / (1+t)`` with the native core's
Chebyshev expansion of ``(1+t) e^(t^2/2) Phi(-t)``, cut at degree 26 (truncation 6e-18).
"""

from __future__ import annotations

import numpy as np

from ._bits import fma, horner, kernel, select, square_root
from .elementary import exp, log

_hex = float.fromhex

_INFINITY = float("inf")
_NAN = float("nan")

_CDF_TERMS = (
    _hex("0x1.f1b89c231e9b8p-2"),
    _hex("-0x1.8b5fa445f284ep-4"),
    _hex("-0x1.0d398fa146071p-6"),
    _hex("0x1.71fb8ac20f89ep-5"),
    _hex("-0x1.7466cb8e55cfep-6"),
    _hex("0x1.304b6b9b5bc91p-10"),
    _hex("0x1.8a6e4c4a587c8p-9"),
    _hex("-0x1.73eaeca2ad3b3p-12"),
    _hex("-0x1.10738c0f0afa3p-11"),
    _hex("0x1.240014e443b6dp-16"),
    _hex("0x1.b43bd8a527151p-14"),
    _hex("0x1.2497aa9809353p-16"),
    _hex("-0x1.317420e618e4ap-16"),
    _hex("-0x1.360b289bcebb4p-17"),
    _hex("0x1.4f5fb38c3ec0bp-20"),
    _hex("0x1.6c23204f6c3ccp-19"),
    _hex("0x1.9b643222388d4p-21"),
    _hex("-0x1.9b0016aa11eddp-22"),
    _hex("-0x1.a283eed773c71p-22"),
    _hex("-0x1.4adafded75f4ap-24"),
    _hex("0x1.66cf0452dc56cp-24"),
    _hex("0x1.08b8eb8bb61e5p-24"),
    _hex("-0x1.11cb78e865b6ap-30"),
    _hex("-0x1.198c8146d3f42p-26"),
    _hex("-0x1.0e3c80555d82ap-28"),
    _hex("0x1.f4306288b9222p-30"),
    _hex("0x1.848f6d2d0a8bep-31"),
)
# AS241, numerators and denominators: centre, in 0.180625 - q^2
_A = (
    3.3871328727963666080,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
_B = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
# tails up to r = 5, in r - 1.6
_C = (
    1.42343711074968357734,
    4.63033784615654529590,
    5.76949722146069140550,
    3.64784832476320460504,
    1.27045825245236838258,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
_D = (
    1.0,
    2.05319162663775882187,
    1.67638483018380384940,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
# tails beyond, in r - 5
_E = (
    6.65790464350110377720,
    5.46378491116411436990,
    1.78482653991729133580,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
_F = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


@kernel
def norm_cdf(x: float) -> float:
    """Return the standard normal distribution function at `x`, within 4 ulp on [-37, 0].

    0 at -inf and wherever Phi underflows, 1 at inf. For ``1 - Phi(x)`` without cancellation take
    ``norm_cdf(-x)``.
    """
    x = np.float64(x)
    magnitude = abs(x)
    t = select(magnitude > 40.0, 40.0, magnitude)
    p = horner((t - 3.0) / (t + 3.0), _CDF_TERMS)
    square = t * t
    lost = fma(t, t, -square)
    density = exp(-0.5 * square)
    tail = fma(-0.5 * lost, density, density) * p / (1.0 + t)
    return select(x > 0.0, 1.0 - tail, tail)


@kernel
def norm_ppf(u: float) -> float:
    """Return the standard normal quantile function at `u`, within 5 ulp.

    -inf at 0, inf at 1, NaN outside [0, 1]. Central rational for ``|u - 1/2| <= 0.425``, else one
    in ``r = sqrt(-log(min(u, 1-u)))``; all three are evaluated and one is selected.
    """
    u = np.float64(u)
    q = u - 0.5
    central = abs(q) <= 0.425
    r = fma(-q, q, 0.180625)
    p = select(q > 0.0, 1.0 - u, u)
    t = square_root(-log(p))
    near = t - 1.6
    far = t - 5.0
    is_far = t > 5.0
    numerator = select(is_far, horner(far, _E), horner(near, _C))
    denominator = select(is_far, horner(far, _F), horner(near, _D))
    polynomial = horner(r, _A)
    numerator = select(central, q * polynomial, numerator)
    denominator = select(central, horner(r, _B), denominator)
    # the quotient by a reciprocal, corrected by what it and the product rounded away
    lost = select(central, fma(q, polynomial, -numerator), 0.0)
    inverse = 1.0 / denominator
    quotient = numerator * inverse
    z = fma(fma(-quotient, denominator, numerator) + lost, inverse, quotient)
    z = select(central | (q > 0.0), z, -z)
    z = select(u == 0.0, -_INFINITY, z)
    z = select(u == 1.0, _INFINITY, z)
    return select((u >= 0.0) & (u <= 1.0), z, _NAN)
