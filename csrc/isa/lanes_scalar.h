/* lanes_scalar.h: the lane vocabulary in portable C, one lane wide.
 *
 * Kernels are written once against these names; every lanes_*.h gives them the same meaning, so an element's value cannot
 * depend on which of them compiled it. vd holds doubles, vu the same lanes as uint64, vm one truth value a lane.
 * This one also serves processors without a fused multiply-add, so fma is computed exactly in integers.
 */
#ifndef TM_LANES_SCALAR_H
#define TM_LANES_SCALAR_H

#include <stdint.h>

#include "isa/bits.h"

#define LANES 1

typedef double vd;
typedef uint64_t vu;
typedef uint64_t vm;

/* Rounds (high, sticky) * 2^exponent, high a 128-bit integer with its top bit at 126 or 125, to the nearest even double. */
static inline double round_scaled(unsigned __int128 high, int64_t exponent, uint64_t sign)
{
    uint64_t top = (uint64_t)(high >> 64);
    int shift = top ? __builtin_clzll(top) : 64 + __builtin_clzll((uint64_t)high);
    high <<= shift;                       /* top bit at 127 */
    exponent -= shift;
    int64_t binade = exponent + 127;      /* value in [2^binade, 2^(binade+1)) */
    int keep = binade >= -1022 ? 53 : (int)(53 + binade + 1022);
    if (keep < 0) {
        return double_of(sign);
    }
    unsigned __int128 rest = keep ? high << keep : high;
    uint64_t mantissa = keep ? (uint64_t)(high >> (128 - keep)) : 0;
    unsigned __int128 half = (unsigned __int128)1 << 127;
    mantissa += rest > half || (rest == half && (mantissa & 1));
    if (binade < -1022) {
        return double_of(sign | mantissa); /* a carry into 2^52 is the smallest normal, as it should be */
    }
    if (mantissa >> 53) {
        mantissa >>= 1;
        ++binade;
    }
    if (binade > 1023) {
        return double_of(sign | 0x7FF0000000000000u);
    }
    return double_of(sign | ((uint64_t)(binade + 1023) << 52) | (mantissa & 0xFFFFFFFFFFFFFu));
}

/* |x| = mantissa * 2^exponent with mantissa in [2^52, 2^53), x finite and not zero */
static inline uint64_t split_double(double x, int64_t *exponent)
{
    uint64_t magnitude = bits_of(x) & 0x7FFFFFFFFFFFFFFFu, field = magnitude >> 52;
    if (field) {
        *exponent = (int64_t)field - 1075;
        return (magnitude & 0xFFFFFFFFFFFFFu) | 0x10000000000000u;
    }
    int shift = __builtin_clzll(magnitude) - 11;
    *exponent = -1074 - shift;
    return magnitude << shift;
}

/* a * b + c, rounded once. The product (at most 106 bits) and c are aligned in a 128-bit window; bits shifted out of the
 * smaller one leave a sticky bit, which is enough because it then stands 20 bits or more below the larger one's last. */
static inline double exact_fma(double a, double b, double c)
{
    const uint64_t infinity = 0x7FF0000000000000u;
    if ((bits_of(a) & infinity) == infinity || (bits_of(b) & infinity) == infinity) {
        return a * b + c;
    }
    if ((bits_of(c) & infinity) == infinity) {
        return c + c;
    }
    if (a == 0.0 || b == 0.0) {
        return a * b + c;
    }
    int64_t exponent_a, exponent_b, exponent_c = 0;
    unsigned __int128 product = (unsigned __int128)split_double(a, &exponent_a) * split_double(b, &exponent_b) << 20;
    int64_t exponent = exponent_a + exponent_b - 20;
    uint64_t sign = (bits_of(a) ^ bits_of(b)) & 0x8000000000000000u;
    if (c == 0.0) {
        return round_scaled(product, exponent, sign);
    }
    unsigned __int128 addend = (unsigned __int128)split_double(c, &exponent_c) << 73;
    exponent_c -= 73;
    uint64_t sign_c = bits_of(c) & 0x8000000000000000u;
    int64_t distance = exponent - exponent_c;
    unsigned __int128 *lower = distance >= 0 ? &addend : &product;
    int64_t shift = distance >= 0 ? distance : -distance;
    if (shift >= 127) {
        *lower = 1;
    } else if (shift > 0) {
        unsigned __int128 lost = *lower << (128 - shift);
        *lower = *lower >> shift | (lost != 0);
    }
    if (distance < 0) {
        exponent = exponent_c;
    }
    if (sign == sign_c) {
        return round_scaled(product + addend, exponent, sign);
    }
    if (product == addend) {
        return 0.0;
    }
    return product > addend ? round_scaled(product - addend, exponent, sign)
                            : round_scaled(addend - product, exponent, sign_c);
}

/* the place of the lowest bit that is set; any place where none is */
static inline unsigned lowest_bit(uint64_t bits) { return (unsigned)__builtin_ctzll(bits | (uint64_t)1 << 63); }
static inline double one_fma(double a, double b, double c) { return exact_fma(a, b, c); }
static inline double one_sqrt(double x) { return __builtin_sqrt(x); }

static inline vd vd_set(double x) { return x; }
static inline vd vd_load(const double *p) { return *p; }
static inline void vd_store(double *p, vd x) { *p = x; }
static inline vd vd_add(vd a, vd b) { return a + b; }
static inline vd vd_sub(vd a, vd b) { return a - b; }
static inline vd vd_mul(vd a, vd b) { return a * b; }
static inline vd vd_div(vd a, vd b) { return a / b; }
static inline vd vd_fma(vd a, vd b, vd c) { return exact_fma(a, b, c); }
/* a * b + c where both steps are known to be exact, so that fusing them cannot matter */
static inline vd vd_muladd_exact(vd a, vd b, vd c) { return a * b + c; }
static inline vd vd_sqrt(vd x) { return __builtin_sqrt(x); }
/* a < b ? a : b and a > b ? a : b: b where either is NaN */
static inline vd vd_min(vd a, vd b) { return a < b ? a : b; }
static inline vd vd_max(vd a, vd b) { return a > b ? a : b; }
static inline vm vd_lt(vd a, vd b) { return a < b; }
static inline vm vd_le(vd a, vd b) { return a <= b; }
static inline vm vd_eq(vd a, vd b) { return a == b; }
static inline vd vd_select(vm m, vd a, vd b) { return m ? a : b; }
static inline vu vu_select(vm m, vu a, vu b) { return m ? a : b; }
static inline vm vm_and(vm a, vm b) { return a & b; }
static inline vm vm_or(vm a, vm b) { return a | b; }
static inline unsigned vm_bits(vm m) { return (unsigned)m; }
static inline vu vu_set(uint64_t x) { return x; }
static inline vu vu_iota(void) { return 0; }
static inline void vu_store(uint64_t *p, vu x) { *p = x; }
static inline vu vu_add(vu a, vu b) { return a + b; }
static inline vu vu_sub(vu a, vu b) { return a - b; }
static inline vu vu_and(vu a, vu b) { return a & b; }
static inline vu vu_or(vu a, vu b) { return a | b; }
static inline vu vu_xor(vu a, vu b) { return a ^ b; }
static inline vu vu_xor3(vu a, vu b, vu c) { return a ^ b ^ c; }
#define vu_srl(x, count) ((x) >> (count))
#define vu_sll(x, count) ((x) << (count))
/* low halves multiplied to 64 bits */
static inline vu vu_mul32(vu a, vu b) { return (uint64_t)(uint32_t)a * (uint32_t)b; }
/* signed: LANES int32 as int64, their exact products, the sum of the lanes */
static inline vu vu_load(const int64_t *p) { return (uint64_t)*p; }
static inline vu vu_widen(const int32_t *p) { return (uint64_t)(int64_t)*p; }
static inline vu vu_mul_signed32(vu a, vu b) { return (uint64_t)((int64_t)(int32_t)a * (int32_t)b); }
static inline int64_t vu_sum(vu x) { return (int64_t)x; }
static inline vu vu_of(vd x) { return bits_of(x); }
static inline vd vd_of(vu x) { return double_of(x); }

/* The same vocabulary in single precision: vf holds LANES_F floats, vfm one truth value a lane. */
#define LANES_F 1
typedef float vf;
typedef uint32_t vfm;

/* a * b + c, rounded once: the product is exact in double; the sum is rounded to odd there, so that the second rounding
 * cannot see a tie that is none (Boldo and Melquiond 2008) */
static inline float exact_fmaf(float a, float b, float c)
{
    const double product = (double)a * b, addend = c;
    const double sum = product + addend;
    const double back = sum - product, lost = (product - (sum - back)) + (addend - back);
    uint64_t bits = bits_of(sum);
    if (lost != 0.0 && lost == lost && !(bits & 1)) {
        bits += (lost > 0.0) == (sum > 0.0) ? 1 : (uint64_t)-1;
    }
    return (float)double_of(bits);
}

static inline vf vf_set(float x) { return x; }
static inline vf vf_load(const float *p) { return *p; }
static inline void vf_store(float *p, vf x) { *p = x; }
static inline vf vf_add(vf a, vf b) { return a + b; }
static inline vf vf_sub(vf a, vf b) { return a - b; }
static inline vf vf_mul(vf a, vf b) { return a * b; }
static inline vf vf_div(vf a, vf b) { return a / b; }
static inline vf vf_fma(vf a, vf b, vf c) { return exact_fmaf(a, b, c); }
static inline vf vf_sqrt(vf x) { return __builtin_sqrtf(x); }
static inline vf vf_min(vf a, vf b) { return a < b ? a : b; }
static inline vf vf_max(vf a, vf b) { return a > b ? a : b; }
static inline vfm vf_lt(vf a, vf b) { return a < b; }
static inline vfm vf_le(vf a, vf b) { return a <= b; }
static inline vfm vf_eq(vf a, vf b) { return a == b; }
static inline vf vf_select(vfm m, vf a, vf b) { return m ? a : b; }
static inline vfm vfm_and(vfm a, vfm b) { return a & b; }
static inline vfm vfm_or(vfm a, vfm b) { return a | b; }
static inline unsigned vfm_bits(vfm m) { return m; }
static inline vf vf_abs(vf x) { return __builtin_fabsf(x); }
static inline vf vf_copysign(vf magnitude, vf sign) { return __builtin_copysignf(magnitude, sign); }
/* y * 2^n, n a whole number in [-152, 130], rounded once */
static inline vf vf_scale(vf y, vf n)
{
    const int whole = (int)n, half = whole >> 1;
    return y * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(whole - half + 127) << 23);
}
/* y * 2^n where that is normal, n in the low bits of shifted = n + 1.5 * 2^23 */
static inline vf vf_scale_normal(vf y, vf shifted)
{
    uint32_t bits, n;
    memcpy(&bits, &y, 4);
    memcpy(&n, &shifted, 4);
    return float_of(bits + (n << 23));
}
/* x, whole numbers, as int32 */
static inline void vf_store_whole(void *p, vf x)
{
    const int32_t whole = (int32_t)x;
    memcpy(p, &whole, sizeof whole);
}
static inline vf vf_from_bf16(const uint16_t *p) { return float_of((uint32_t)*p << 16); }
static inline vf vf_from_f16(const uint16_t *p)
{
    const uint32_t sign = (uint32_t)(*p & 0x8000u) << 16, exponent = *p >> 10 & 31, mantissa = *p & 0x3FFu;
    if (exponent == 31) {
        return float_of(sign | 0x7F800000u | mantissa << 13);
    }
    if (exponent == 0) {
        return __builtin_copysignf((float)mantissa * 0x1p-24f, float_of(sign));
    }
    return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
}

/* one bit for each of 64 values: floor <= x */
static inline uint64_t vf_le_word(vf floor, const float *x)
{
    uint64_t word = 0;
    for (int i = 0; i < 64; i += LANES_F) {
        word |= (uint64_t)vfm_bits(vf_le(floor, vf_load(x + i))) << i;
    }
    return word;
}

/* Each lane of a and of b, once, in x or y, so that x and y can be put into one vector lane by lane: LANES_F vectors taken
 * two neighbours at a time in stages 0, 1 ... become one whose lane i has what was in vector i. */
static inline void vf_fold(int stage, vf a, vf b, vf *x, vf *y)
{
    (void)stage;
    *x = a;
    *y = b;
}

/* rows[i] lane j becomes rows[j] lane i, for LANES_F rows */
static inline void vf_transpose(vf *rows) { (void)rows; }

#endif
