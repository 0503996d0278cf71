/* lanes_avx512.h: the lane vocabulary (lanes_scalar.h) on AVX-512 F, DQ, BW, VL, eight lanes wide. */
#ifndef TM_LANES_AVX512_H
#define TM_LANES_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "isa/bits.h"

#define LANES 8

typedef __m512d vd;
typedef __m512i vu;
typedef __mmask8 vm;

/* the place of the lowest bit that is set; any place where none is */
static inline unsigned lowest_bit(uint64_t bits) { return (unsigned)_tzcnt_u64(bits); }
static inline double one_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
static inline double one_sqrt(double x) { return __builtin_sqrt(x); }

static inline vd vd_set(double x) { return _mm512_set1_pd(x); }
static inline vd vd_load(const double *p) { return _mm512_loadu_pd(p); }
static inline void vd_store(double *p, vd x) { _mm512_storeu_pd(p, x); }
static inline vd vd_add(vd a, vd b) { return _mm512_add_pd(a, b); }
static inline vd vd_sub(vd a, vd b) { return _mm512_sub_pd(a, b); }
static inline vd vd_mul(vd a, vd b) { return _mm512_mul_pd(a, b); }
static inline vd vd_div(vd a, vd b) { return _mm512_div_pd(a, b); }
static inline vd vd_fma(vd a, vd b, vd c) { return _mm512_fmadd_pd(a, b, c); }
static inline vd vd_muladd_exact(vd a, vd b, vd c) { return _mm512_fmadd_pd(a, b, c); }
static inline vd vd_sqrt(vd x) { return _mm512_sqrt_pd(x); }
static inline vd vd_min(vd a, vd b) { return _mm512_min_pd(a, b); }
static inline vd vd_max(vd a, vd b) { return _mm512_max_pd(a, b); }
static inline vm vd_lt(vd a, vd b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
static inline vm vd_le(vd a, vd b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
static inline vm vd_eq(vd a, vd b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
static inline vd vd_select(vm m, vd a, vd b) { return _mm512_mask_blend_pd(m, b, a); }
static inline vu vu_select(vm m, vu a, vu b) { return _mm512_mask_blend_epi64(m, b, a); }
static inline vm vm_and(vm a, vm b) { return (vm)(a & b); }
static inline vm vm_or(vm a, vm b) { return (vm)(a | b); }
static inline unsigned vm_bits(vm m) { return (unsigned)m; }
static inline vu vu_set(uint64_t x) { return _mm512_set1_epi64((long long)x); }
static inline vu vu_iota(void) { return _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7); }
static inline void vu_store(uint64_t *p, vu x) { _mm512_storeu_si512(p, x); }
static inline vu vu_add(vu a, vu b) { return _mm512_add_epi64(a, b); }
static inline vu vu_sub(vu a, vu b) { return _mm512_sub_epi64(a, b); }
static inline vu vu_and(vu a, vu b) { return _mm512_and_si512(a, b); }
static inline vu vu_or(vu a, vu b) { return _mm512_or_si512(a, b); }
static inline vu vu_xor(vu a, vu b) { return _mm512_xor_si512(a, b); }
static inline vu vu_xor3(vu a, vu b, vu c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
#define vu_srl(x, count) _mm512_srli_epi64((x), (count))
#define vu_sll(x, count) _mm512_slli_epi64((x), (count))
static inline vu vu_mul32(vu a, vu b) { return _mm512_mul_epu32(a, b); }
/* signed: LANES int32 as int64, their exact products, the sum of the lanes */
static inline vu vu_load(const int64_t *p) { return _mm512_loadu_si512(p); }
static inline vu vu_widen(const int32_t *p) { return _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)p)); }
static inline vu vu_mul_signed32(vu a, vu b) { return _mm512_mul_epi32(a, b); }
static inline int64_t vu_sum(vu x) { return _mm512_reduce_add_epi64(x); }
static inline vu vu_of(vd x) { return _mm512_castpd_si512(x); }
static inline vd vd_of(vu x) { return _mm512_castsi512_pd(x); }

#define LANES_F 16
typedef __m512 vf;
typedef __mmask16 vfm;

static inline vf vf_set(float x) { return _mm512_set1_ps(x); }
static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
static inline vf vf_sqrt(vf x) { return _mm512_sqrt_ps(x); }
static inline vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vfm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline vfm vf_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
static inline vfm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
static inline vf vf_select(vfm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }
static inline vfm vfm_and(vfm a, vfm b) { return (vfm)(a & b); }
static inline vfm vfm_or(vfm a, vfm b) { return (vfm)(a | b); }
static inline unsigned vfm_bits(vfm m) { return (unsigned)m; }
static inline vf vf_abs(vf x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
static inline vf vf_copysign(vf magnitude, vf sign)
{
    const vf mask = _mm512_set1_ps(-0.0f);
    return _mm512_or_ps(_mm512_andnot_ps(mask, magnitude), _mm512_and_ps(mask, sign));
}
static inline vf vf_scale(vf y, vf n) { return _mm512_scalef_ps(y, n); }
static inline vf vf_scale_normal(vf y, vf shifted)
{
    const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(y), exponent));
}
static inline void vf_store_whole(void *p, vf x) { _mm512_storeu_si512(p, _mm512_cvtps_epi32(x)); }
static inline vf vf_from_bf16(const uint16_t *p)
{
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
static inline vf vf_from_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }

static inline uint64_t vf_le_word(vf floor, const float *x)
{
    uint64_t word = 0;
    for (int i = 0; i < 64; i += LANES_F) {
        word |= (uint64_t)vfm_bits(vf_le(floor, vf_load(x + i))) << i;
    }
    return word;
}

static inline void vf_fold(int stage, vf a, vf b, vf *x, vf *y)
{
    *x = stage == 0 ? _mm512_unpacklo_ps(a, b)
       : stage == 1 ? _mm512_shuffle_ps(a, b, 0x44) : _mm512_shuffle_f32x4(a, b, 0x88);
    *y = stage == 0 ? _mm512_unpackhi_ps(a, b)
       : stage == 1 ? _mm512_shuffle_ps(a, b, 0xEE) : _mm512_shuffle_f32x4(a, b, 0xDD);
}

static inline void vf_transpose(vf *r)
{
    vf pair[16], four[16], eight[16];
    for (int i = 0; i < 16; i += 2) {
        pair[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        pair[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        four[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
        four[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xEE);
        four[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        four[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; ++i) {
        for (int half = 0; half < 16; half += 8) {
            eight[half + i] = _mm512_shuffle_f32x4(four[half + i], four[half + i + 4], 0x88);
            eight[half + i + 4] = _mm512_shuffle_f32x4(four[half + i], four[half + i + 4], 0xDD);
        }
    }
    for (int i = 0; i < 8; ++i) {
        r[i] = _mm512_shuffle_f32x4(eight[i], eight[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(eight[i], eight[i + 8], 0xDD);
    }
}

#endif
