"""Elementary functions for numba-compiled code, with the same bits on every machine.

Each is a branch-free scalar function on float64 made of IEEE operations and written fused
multiply-adds, without libm and without fastmath, so it keeps its bits on every processor and a
loop around it vectorises. ``exp``, ``log`` and ``log1p`` repeat the native core's operations one
by one (csrc/kernels/random/elementary.h) and give its bits. Special values follow Annex F of the
C standard; the sign and payload of a NaN are not specified.

The polynomials of ``exp`` and ``log`` are the native core's minimax fits; the one of ``expm1`` is a
minimax fit on [-0.3466, 0.3466] with a relative error of 3e-19 in e^r - 1; the one of ``pow`` is a
Chebyshev expansion of ``(2 atanh(s) - 2 s - 2 s^3/3) / s^5`` in ``s^2`` on [0, 0.0295], fitted for
this file at 50 digits with a relative error of 2^-57.
"""

from __future__ import annotations

import numpy as np

from ._bits import fma, from_bits, horner, kernel, select, shift_right, square_root, to_bits

_hex = float.fromhex

_INFINITY = float("inf")
_NAN = float("nan")
_SMALLEST_NORMAL = _hex("0x1p-1022")
_MANTISSA_BITS = 0xFFFFFFFFFFFFF

_LOG2_E = _hex("0x1.71547652b82fep+0")
_LN2_HIGH = _hex("0x1.62e42fefa3800p-1")  # 42 bits: times any exponent it is exact
_LN2_LOW = _hex("0x1.ef35793c76730p-45")

# Adding it leaves the nearest integer of a double in the low bits.
_ROUND = _hex("0x1.8p+52")
# The bits of _ROUND, less two exponent biases: 2^n is applied as two factors.
_TWO_BIASES = 0x4338000000000000 - 2046

_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_TO_SQRT_HALF = 0x3FF0000000000000 - _SQRT_HALF_BITS
_TWO_52_BITS = 0x4330000000000000
_TWO_52 = _hex("0x1p+52")
_TWO_54 = _hex("0x1p+54")
_BIAS = _TWO_52 + 1023.0
_SUBNORMAL_BIAS = _BIAS + 54.0

_EXP_TERMS = (
    _hex("0x1.000000000000ap-1"),
    _hex("0x1.55555555554fap-3"),
    _hex("0x1.5555555550880p-5"),
    _hex("0x1.1111111127bd5p-7"),
    _hex("0x1.6c16c18429318p-10"),
    _hex("0x1.a01a012a5b5afp-13"),
    _hex("0x1.a0199a0ee89bap-16"),
    _hex("0x1.71df254e0bdc8p-19"),
    _hex("0x1.28ad706036032p-22"),
    _hex("0x1.ad7f6f424849cp-26"),
)
# (e^r - 1 - r - r^2/2) / r^3
_EXPM1_TERMS = (
    _hex("0x1.5555555555559p-3"),
    _hex("0x1.555555555553fp-5"),
    _hex("0x1.111111110f6dbp-7"),
    _hex("0x1.6c16c16c1f075p-10"),
    _hex("0x1.a01a01afd347fp-13"),
    _hex("0x1.a01a017bc6ca4p-16"),
    _hex("0x1.71ddf8806381cp-19"),
    _hex("0x1.27e5362ca81acp-22"),
    _hex("0x1.af5e71e105e4fp-26"),
    _hex("0x1.1ee885338b80bp-29"),
)
_LOG_TERMS = (
    _hex("0x1.5555555555592p-1"),
    _hex("0x1.999999997fda7p-2"),
    _hex("0x1.24924941f21c0p-2"),
    _hex("0x1.c71c520885e85p-3"),
    _hex("0x1.74663f175d6c9p-3"),
    _hex("0x1.39a1b5b7c65d9p-3"),
    _hex("0x1.2f059877e4aa1p-3"),
)
_POW_TERMS = (
    _hex("0x1.999999999999ap-2"),
    _hex("0x1.2492492492521p-2"),
    _hex("0x1.c71c71c6eaa10p-3"),
    _hex("0x1.745d177a96056p-3"),
    _hex("0x1.3b1395d2190c1p-3"),
    _hex("0x1.1118c7e4b0917p-3"),
    _hex("0x1.df7cc8e5fa539p-4"),
    _hex("0x1.e02e6fff27908p-4"),
)
_TWO_THIRDS = _hex("0x1.5555555555555p-1")
_TWO_THIRDS_LOW = _hex("0x1.5555555555555p-55")

# Beyond it every power of a base other than 1 is 0 or infinite.
_LARGEST_EXPONENT = _hex("0x1p+65")
_TINY = _hex("0x1p-54")


@kernel
def sqrt(x: float) -> float:
    """Return the square root of `x`, correctly rounded; NaN below zero, -0 for -0."""
    return square_root(np.float64(x))


@kernel
def _times_power(p: float, shifted: float) -> float:
    """Return ``p * 2^n`` rounded once at most, `n` in the low bits of `shifted`.

    Two factors, so that the result may be subnormal or overflow.
    """
    exponent = to_bits(shifted) - _TWO_BIASES
    half = shift_right(exponent, 1)
    return p * from_bits(half << 52) * from_bits((exponent - half) << 52)


@kernel
def exp(x: float) -> float:
    """Return the exponential function of `x`, within 1 ulp.

    ``2^n e^r`` with ``r = x - n ln2``. Results below 2^-1022 are subnormal, not flushed;
    exp(-inf) is 0, exp(inf) and everything above 709.79 is inf.
    """
    x = np.float64(x)
    a = select(x > 710.0, 710.0, x)
    a = select(a < -746.0, -746.0, a)
    shifted = a * _LOG2_E + _ROUND
    n = shifted - _ROUND
    r = fma(-n, _LN2_HIGH, a)
    r = fma(-n, _LN2_LOW, r)
    p = fma(r * r, horner(r, _EXP_TERMS), r) + 1.0
    return select(x == x, _times_power(p, shifted), x)


@kernel
def expm1(x: float) -> float:
    """Return ``exp(x) - 1`` without cancellation near 0, within 1 ulp.

    ``2^n (e^r - 1) + (2^n - 1)`` at half scale, so that 2^1024 does not overflow, with the rounding
    errors of the reduction, of r^2 and of the sums carried along. expm1(-inf) is -1, expm1(-0) is
    -0.
    """
    x = np.float64(x)
    a = select(x > 710.0, 710.0, x)
    a = select(a < -40.0, -40.0, a)
    shifted = a * _LOG2_E + _ROUND
    n = shifted - _ROUND
    t = fma(-n, _LN2_HIGH, a)
    r = fma(-n, _LN2_LOW, t)
    square = r * r
    low = fma(-n, _LN2_LOW, t - r) + 0.5 * fma(r, r, -square)
    low = fma(square * r, horner(r, _EXPM1_TERMS), low)
    half_scale = from_bits((to_bits(shifted) - _TWO_BIASES - 1024) << 52)
    whole = half_scale - 0.5
    part = half_scale * r
    curve = half_scale * (0.5 * square)
    line = whole + part
    total = line + curve
    rest = ((half_scale - whole) - 0.5) + ((whole - line) + part) + ((line - total) + curve)
    y = 2.0 * (total + fma(half_scale, low, rest))
    y = select(abs(x) < _TINY, x, y)
    return select(x == x, y, x)


@kernel
def _split(x: float) -> tuple[float, float]:
    """Return k and f with ``x = 2^k (1 + f)``, 1 + f in [sqrt(1/2), sqrt(2)), both exact."""
    subnormal = x < _SMALLEST_NORMAL
    bits = to_bits(select(subnormal, x * _TWO_54, x)) + _TO_SQRT_HALF
    # the exponent as a double: the low bits of 2^52
    k = from_bits(shift_right(bits, 52) | _TWO_52_BITS) - select(subnormal, _SUBNORMAL_BIAS, _BIAS)
    return k, from_bits((bits & _MANTISSA_BITS) + _SQRT_HALF_BITS) - 1.0


@kernel
def log(x: float) -> float:
    """Return the natural logarithm of `x`, within 1 ulp, subnormal `x` included.

    ``k ln2 + log(1 + f)``, ``s = f/(2+f)``, ``log(1+f) = f - f^2/2 + s (f^2/2 + R(s^2))``.
    log(0) is -inf, log(inf) is inf, negative `x` gives NaN.
    """
    x = np.float64(x)
    k, f = _split(x)
    s = f / (2.0 + f)
    z = s * s
    remainder = z * horner(z, _LOG_TERMS)
    half_square = 0.5 * f * f
    low = fma(s, half_square + remainder, k * _LN2_LOW)
    y = fma(k, _LN2_HIGH, f - (half_square - low))
    y = select(x < _INFINITY, y, x)
    y = select(x > 0.0, y, _NAN)
    return select(x == 0.0, -_INFINITY, y)


@kernel
def log1p(x: float) -> float:
    """Return ``log(1 + x)`` without cancellation near 0, within 2 ulp.

    ``log(w) + c/w`` with ``w + c = 1 + x`` exactly. log1p(-1) is -inf, less than -1 gives NaN,
    log1p(-0) is -0.
    """
    x = np.float64(x)
    w = 1.0 + x
    c = select(x < 1.0, x - (w - 1.0), 1.0 - (w - x))
    y = log(w)
    y = select((w > 0.0) & (w < _INFINITY), y + c / w, y)
    return select(abs(x) < _TINY, x, y)


@kernel
def _log_pair(x: float) -> tuple[float, float]:
    """Return log of a positive finite `x` as an unevaluated sum, relative error 2^-64.

    The series of log with its first two terms, ``2 s + 2 s^3/3``, in double-double.
    """
    k, f = _split(x)
    divisor = 2.0 + f
    divisor_low = f - (divisor - 2.0)
    inverse = 1.0 / divisor
    s = f * inverse
    s_low = fma(-s, divisor_low, fma(-s, divisor, f)) * inverse
    z = s * s
    z_low = fma(2.0 * s, s_low, fma(s, s, -z))
    rest = z * horner(z, _POW_TERMS)
    c = _TWO_THIRDS + rest
    c_low = (_TWO_THIRDS - c) + rest + _TWO_THIRDS_LOW
    w = z * c
    w_low = fma(z, c_low, fma(z_low, c, fma(z, c, -w)))
    v = 2.0 + w
    v_low = (2.0 - v) + w + w_low
    y = s * v
    y_low = fma(s, v_low, fma(s_low, v, fma(s, v, -y)))
    whole = k * _LN2_HIGH
    high = whole + y
    return high, (whole - high) + y + fma(k, _LN2_LOW, y_low)


@kernel
def _exp_pair(x: float, x_low: float) -> float:
    """Return exp(x + x_low), just over half an ulp; `x` in [-746, 710], `x_low` small."""
    shifted = x * _LOG2_E + _ROUND
    n = shifted - _ROUND
    t = fma(-n, _LN2_HIGH, x)
    correction = fma(-n, _LN2_LOW, x_low)
    r = t + correction
    lost = (t - r) + correction
    low = fma(r * r, horner(r, _EXP_TERMS), lost)
    p = 1.0 + r
    p = p + (((1.0 - p) + r) + low)
    return _times_power(p, shifted)


@kernel
def _is_integer(magnitude: float) -> bool:
    return (magnitude >= _TWO_52) | ((magnitude + _TWO_52) - _TWO_52 == magnitude)


@kernel
def pow(x: float, y: float) -> float:
    """Return `x` to the power `y`, within 1 ulp.

    ``e^(y log x)`` with the logarithm and the product in double-double. A negative `x` wants an
    integer `y`, else NaN; ``pow(x, 0)`` and ``pow(1, y)`` are 1 even for NaN; pow(-1, +-inf) is 1;
    a zero to a negative power is infinite, with the sign of `x` where `y` is odd.
    """
    x = np.float64(x)
    y = np.float64(y)
    a = abs(x)
    b = abs(y)
    high, low = _log_pair(a)
    exponent = select(y > _LARGEST_EXPONENT, _LARGEST_EXPONENT, y)
    exponent = select(exponent < -_LARGEST_EXPONENT, -_LARGEST_EXPONENT, exponent)
    product = exponent * high
    product_low = fma(exponent, low, fma(exponent, high, -product))
    clamped = select(product > 710.0, 710.0, product)
    clamped = select(clamped < -746.0, -746.0, clamped)
    power = _exp_pair(clamped, select(clamped == product, product_low, 0.0))
    limit = select((a == 0.0) == (y > 0.0), 0.0, _INFINITY)
    power = select((a == 0.0) | (a == _INFINITY), limit, power)
    integer = _is_integer(b)
    odd = integer & (not _is_integer(0.5 * b))
    power = select(odd & (to_bits(x) < 0), -power, power)
    power = select((x < 0.0) & (a < _INFINITY) & (not integer), _NAN, power)
    power = select((x == x) & (y == y), power, _NAN)
    return select((y == 0.0) | (x == 1.0), 1.0, power)
