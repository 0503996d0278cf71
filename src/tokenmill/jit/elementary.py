"""proto"""
import numpy as np
from tokenmill.jit._bits import *
from tokenmill.jit._bits import kernel
_hex=float.fromhex
_NAN=float("nan"); _INF=float("inf")
_ROUND=_hex("0x1.8p+52"); _LOG2E=_hex("0x1.71547652b82fep+0")
_LN2_HIGH=_hex("0x1.62e42fefa3800p-1"); _LN2_LOW=_hex("0x1.ef35793c76730p-45")
_EXP=tuple(map(_hex,['0x1.000000000000ap-1', '0x1.55555555554fap-3', '0x1.5555555550880p-5', '0x1.1111111127bd5p-7', '0x1.6c16c18429318p-10', '0x1.a01a012a5b5afp-13', '0x1.a0199a0ee89bap-16', '0x1.71df254e0bdc8p-19', '0x1.28ad706036032p-22', '0x1.ad7f6f424849cp-26']))
_LOG=tuple(map(_hex,['0x1.5555555555592p-1', '0x1.999999997fda7p-2', '0x1.24924941f21c0p-2', '0x1.c71c520885e85p-3', '0x1.74663f175d6c9p-3', '0x1.39a1b5b7c65d9p-3', '0x1.2f059877e4aa1p-3']))
_A=0x4338000000000000-2046
@kernel
def exp(x):
    x = np.float64(x)
    a = select(x > 710.0, 710.0, x)
    a = select(a < -746.0, -746.0, a)
    t = a*_LOG2E + _ROUND
    n = t - _ROUND
    r = fma(-n, _LN2_HIGH, a)
    r = fma(-n, _LN2_LOW, r)
    q = horner(r, _EXP)
    p = fma(r*r, q, r) + 1.0
    e = to_bits(t) - _A
    half = shift_right(e, 1)
    y = p*from_bits(half << 52)*from_bits((e-half) << 52)
    return select(x == x, y, _NAN)
@kernel
def exp_b(x):
    x = np.float64(x)
    a = select(x > 710.0, 710.0, x)
    a = select(a < -746.0, -746.0, a)
    t = a*_LOG2E + _ROUND
    n = t - _ROUND
    r = fma(-n, _LN2_HIGH, a)
    r = fma(-n, _LN2_LOW, r)
    q = horner(r, _EXP)
    p = fma(fma(q, r, 1.0),r, 1.0)
    e = to_bits(t) - _A
    half = shift_right(e, 1)
    y = p*from_bits(half << 52)*from_bits((e-half) << 52)
    return select(x == x, y, _NAN)
_TINY=_hex("0x1p-1022")
_SQRTH=0x3fe6a09e667f3bcd
_OFF=0x3ff0000000000000-_SQRTH
_K=_hex("0x1p+52")+1023.
_K54=_K+54.
@kernel
def log(x):
    x = np.float64(x)
    small = x < _TINY
    bits = to_bits(select(small, x*18014398509481984.0, x)) + _OFF
    k = from_bits(shift_right(bits,52) | 0x4330000000000000) - select(small, _K54, _K)
    m = from_bits((bits & 0xfffffffffffff) + _SQRTH)
    f = m - 1.0
    s = f/(2.0+f)
    z = s*s
    R = z*horner(z,_LOG)
    h = 0.5*f*f
    y = fma(k, _LN2_HIGH, f - (h - fma(s, h+R, k*_LN2_LOW)))
    y = select(x < _INF, y, x)
    y = select(x > 0.0, y, _NAN)
    return select(x==0.0, -_INF, y)
@kernel
def log_b(x):
    x = np.float64(x)
    small = x < _TINY
    bits = to_bits(select(small, x*18014398509481984.0, x)) + _OFF
    k = from_bits(shift_right(bits,52) | 0x4330000000000000) - select(small, _K54, _K)
    m = from_bits((bits & 0xfffffffffffff) + _SQRTH)
    f = m - 1.0
    s = f/(2.0+f)
    z = s*s
    R = z*horner(z,_LOG)
    h = 0.5*f*f
    y = fma(k, _LN2_HIGH, fma(-0.5*f, f, f) + fma(s, h+R, k*_LN2_LOW))
    y = select(x < _INF, y, x)
    y = select(x > 0.0, y, _NAN)
    return select(x==0.0, -_INF, y)
@kernel
def log_c(x):
    # log(1+f) = s*2 + s*R = f - s*(f-R)
    x = np.float64(x)
    small = x < _TINY
    bits = to_bits(select(small, x*18014398509481984.0, x)) + _OFF
    k = from_bits(shift_right(bits,52) | 0x4330000000000000) - select(small, _K54, _K)
    m = from_bits((bits & 0xfffffffffffff) + _SQRTH)
    f = m - 1.0
    s = f/(2.0+f)
    z = s*s
    R = z*horner(z,_LOG)
    y = fma(k, _LN2_HIGH, f - fma(s, f-R, -k*_LN2_LOW))
    y = select(x < _INF, y, x)
    y = select(x > 0.0, y, _NAN)
    return select(x==0.0, -_INF, y)
@kernel
def log1p(x):
    x = np.float64(x)
    w = 1.0 + x
    b = w - 1.0
    c = (1.0 - (w - b)) + (x - b)
    y = log(w) + c / w
    y = select(w > 0.0, y, log(w))
    y = select(w < _INF, y, log(w))
    return select(abs(x) < 5.551115123125783e-17, x, y)
@kernel
def log1p_b(x):
    x = np.float64(x)
    w = 1.0 + x
    c = select(x < 1.0, x - (w - 1.0), 1.0 - (w - x))
    y = log(w)
    y = select(w > 0.0, select(w < _INF, y + c/w, y), y)
    return select(abs(x) < 5.551115123125783e-17, x, y)
import json
_c=json.load(open('/work/shared/data/montecarlo/coeffs_normal_icdf.json'))["AS241_PPND16"]
_CA,_CB,_CC,_CD,_CE,_CF=(tuple(_c[k]) for k in 'abcdef')
@kernel
def norm_ppf(u):
    u = np.float64(u)
    q = u - 0.5
    r0 = fma(-q,q,0.180625)
    p = select(q<0.0, u, 1.0-u)
    t = square_root(-log(p))
    far = t > 5.0
    r1=t-1.6
    r2=t-5.0
    num = select(far, horner(r2,_CE), horner(r1,_CC))
    den = select(far, horner(r2,_CF), horner(r1,_CD))
    cen = abs(q) <= 0.425
    num = select(cen, q*horner(r0,_CA), num)
    den = select(cen, horner(r0,_CB), den)
    z = num/den
    z = select(cen, z, select(q<0.0, -z, z))
    z = select(p>0.0, z, select(q<0.0, -_INF,_INF))
    return select((u>=0.0)&(u<=1.0), z, _NAN)
