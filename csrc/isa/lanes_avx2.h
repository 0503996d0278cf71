/* lanes_avx2.h: the lane vocabulary (lanes_scalar.h) on AVX2 + FMA, four lanes wide. */
#ifndef TM_LANES_AVX2_H
#define TM_LANES_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#include "isa/bits.h"

#define LANES 4

typedef __m256d vd;
typedef __m256i vu;
typedef __m256d vm;

/* the place of the lowest bit that is set; any place where none is */
static inline unsigned lowest_bit(uint64_t bits) { return (unsigned)_tzcnt_u64(bits); }
static inline double one_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
static inline double one_sqrt(double x) { return __builtin_sqrt(x); }

static inline vd vd_set(double x) { return _mm256_set1_pd(x); }
static inline vd vd_load(const double *p) { return _mm256_loadu_pd(p); }
static inline void vd_store(double *p, vd x) { _mm256_storeu_pd(p, x); }
static inline vd vd_add(vd a, vd b) { return _mm256_add_pd(a, b); }
static inline vd vd_sub(vd a, vd b) { return _mm256_sub_pd(a, b); }
static inline vd vd_mul(vd a, vd b) { return _mm256_mul_pd(a, b); }
static inline vd vd_div(vd a, vd b) { return _mm256_div_pd(a, b); }
static inline vd vd_fma(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }
static inline vd vd_muladd_exact(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }
static inline vd vd_sqrt(vd x) { return _mm256_sqrt_pd(x); }
static inline vd vd_min(vd a, vd b) { return _mm256_min_pd(a, b); }
static inline vd vd_max(vd a, vd b) { return _mm256_max_pd(a, b); }
static inline vm vd_lt(vd a, vd b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
static inline vm vd_le(vd a, vd b) { return _mm256_cmp_pd(a, b, _CMP_LE_OQ); }
static inline vm vd_eq(vd a, vd b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
static inline vd vd_select(vm m, vd a, vd b) { return _mm256_blendv_pd(b, a, m); }
static inline vu vu_select(vm m, vu a, vu b)
{
    return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(b), _mm256_castsi256_pd(a), m));
}
static inline vm vm_and(vm a, vm b) { return _mm256_and_pd(a, b); }
static inline vm vm_or(vm a, vm b) { return _mm256_or_pd(a, b); }
static inline unsigned vm_bits(vm m) { return (unsigned)_mm256_movemask_pd(m); }
static inline vu vu_set(uint64_t x) { return _mm256_set1_epi64x((long long)x); }
static inline vu vu_iota(void) { return _mm256_setr_epi64x(0, 1, 2, 3); }
static inline void vu_store(uint64_t *p, vu x) { _mm256_storeu_si256((__m256i *)p, x); }
static inline vu vu_add(vu a, vu b) { return _mm256_add_epi64(a, b); }
static inline vu vu_sub(vu a, vu b) { return _mm256_sub_epi64(a, b); }
static inline vu vu_and(vu a, vu b) { return _mm256_and_si256(a, b); }
static inline vu vu_or(vu a, vu b) { return _mm256_or_si256(a, b); }
static inline vu vu_xor(vu a, vu b) { return _mm256_xor_si256(a, b); }
static inline vu vu_xor3(vu a, vu b, vu c) { return vu_xor(vu_xor(a, c), b); }
#define vu_srl(x, count) _mm256_srli_epi64((x), (count))
#define vu_sll(x, count) _mm256_slli_epi64((x), (count))
static inline vu vu_mul32(vu a, vu b) { return _mm256_mul_epu32(a, b); }
/* signed: LANES int32 as int64, their exact products, the sum of the lanes */
static inline vu vu_load(const int64_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline vu vu_widen(const int32_t *p) { return _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)p)); }
static inline vu vu_mul_signed32(vu a, vu b) { return _mm256_mul_epi32(a, b); }
static inline int64_t vu_sum(vu x)
{
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return _mm_cvtsi128_si64(_mm_add_epi64(half, _mm_unpackhi_epi64(half, half)));
}
static inline vu vu_of(vd x) { return _mm256_castpd_si256(x); }
static inline vd vd_of(vu x) { return _mm256_castsi256_pd(x); }

#define LANES_F 8
typedef __m256 vf;
typedef __m256 vfm;

static inline vf vf_set(float x) { return _mm256_set1_ps(x); }
static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_sqrt(vf x) { return _mm256_sqrt_ps(x); }
static inline vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vfm vf_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline vfm vf_le(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
static inline vfm vf_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
static inline vf vf_select(vfm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }
static inline vfm vfm_and(vfm a, vfm b) { return _mm256_and_ps(a, b); }
static inline vfm vfm_or(vfm a, vfm b) { return _mm256_or_ps(a, b); }
static inline unsigned vfm_bits(vfm m) { return (unsigned)_mm256_movemask_ps(m); }
static inline vf vf_abs(vf x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
static inline vf vf_copysign(vf magnitude, vf sign)
{
    const vf mask = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_andnot_ps(mask, magnitude), _mm256_and_ps(mask, sign));
}
static inline vf vf_scale(vf y, vf n)
{
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1), bias = _mm256_set1_epi32(127);
    const __m256i low = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i high = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(y, _mm256_castsi256_ps(low)), _mm256_castsi256_ps(high));
}
static inline vf vf_scale_normal(vf y, vf shifted)
{
    const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(y), exponent));
}
static inline void vf_store_whole(void *p, vf x) { _mm256_storeu_si256((__m256i *)p, _mm256_cvtps_epi32(x)); }
static inline vf vf_from_bf16(const uint16_t *p)
{
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
static inline vf vf_from_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }

/* one bit for each of 64 values: floor <= x; packing the comparisons saves three of four moves to the integer side */
static inline uint64_t vf_le_word(vf floor, const float *x)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    uint64_t word = 0;
    for (int half = 0; half < 2; ++half) {
        __m256i row[4];
        for (int i = 0; i < 4; ++i) {
            row[i] = _mm256_castps_si256(vf_le(floor, vf_load(x + 32 * half + 8 * i)));
        }
        const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(row[0], row[1]), _mm256_packs_epi32(row[2], row[3]));
        word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_permutevar8x32_epi32(bytes, order)) << (32 * half);
    }
    return word;
}

static inline void vf_fold(int stage, vf a, vf b, vf *x, vf *y)
{
    *x = stage == 0 ? _mm256_unpacklo_ps(a, b)
       : stage == 1 ? _mm256_shuffle_ps(a, b, 0x44) : _mm256_permute2f128_ps(a, b, 0x20);
    *y = stage == 0 ? _mm256_unpackhi_ps(a, b)
       : stage == 1 ? _mm256_shuffle_ps(a, b, 0xEE) : _mm256_permute2f128_ps(a, b, 0x31);
}

static inline void vf_transpose(vf *r)
{
    vf pair[8], four[8];
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xEE);
        four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; ++i) {
        r[i] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x31);
    }
}

#endif
