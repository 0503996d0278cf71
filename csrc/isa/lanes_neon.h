/* lanes_neon.h: the lane vocabulary (lanes_scalar.h) on AArch64 NEON, two lanes wide. */
#ifndef TM_LANES_NEON_H
#define TM_LANES_NEON_H

#include <arm_neon.h>
#include <stdint.h>

#include "isa/bits.h"

#define LANES 2

typedef float64x2_t vd;
typedef uint64x2_t vu;
typedef uint64x2_t vm;

/* the place of the lowest bit that is set; any place where none is */
static inline unsigned lowest_bit(uint64_t bits) { return (unsigned)__builtin_ctzll(bits | (uint64_t)1 << 63); }
static inline double one_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
static inline double one_sqrt(double x) { return __builtin_sqrt(x); }

static inline vd vd_set(double x) { return vdupq_n_f64(x); }
static inline vd vd_load(const double *p) { return vld1q_f64(p); }
static inline void vd_store(double *p, vd x) { vst1q_f64(p, x); }
static inline vd vd_add(vd a, vd b) { return vaddq_f64(a, b); }
static inline vd vd_sub(vd a, vd b) { return vsubq_f64(a, b); }
static inline vd vd_mul(vd a, vd b) { return vmulq_f64(a, b); }
static inline vd vd_div(vd a, vd b) { return vdivq_f64(a, b); }
static inline vd vd_fma(vd a, vd b, vd c) { return vfmaq_f64(c, a, b); }
static inline vd vd_muladd_exact(vd a, vd b, vd c) { return vfmaq_f64(c, a, b); }
static inline vd vd_sqrt(vd x) { return vsqrtq_f64(x); }
static inline vm vd_lt(vd a, vd b) { return vcltq_f64(a, b); }
static inline vm vd_le(vd a, vd b) { return vcleq_f64(a, b); }
static inline vm vd_eq(vd a, vd b) { return vceqq_f64(a, b); }
static inline vd vd_select(vm m, vd a, vd b) { return vbslq_f64(m, a, b); }
static inline vd vd_min(vd a, vd b) { return vd_select(vd_lt(a, b), a, b); }
static inline vd vd_max(vd a, vd b) { return vd_select(vd_lt(b, a), a, b); }
static inline vu vu_select(vm m, vu a, vu b) { return vbslq_u64(m, a, b); }
static inline vm vm_and(vm a, vm b) { return vandq_u64(a, b); }
static inline vm vm_or(vm a, vm b) { return vorrq_u64(a, b); }
static inline unsigned vm_bits(vm m)
{
    return (unsigned)(vgetq_lane_u64(m, 0) & 1) | (unsigned)(vgetq_lane_u64(m, 1) & 2);
}
static inline vu vu_set(uint64_t x) { return vdupq_n_u64(x); }
static inline vu vu_iota(void) { return vcombine_u64(vcreate_u64(0), vcreate_u64(1)); }
static inline void vu_store(uint64_t *p, vu x) { vst1q_u64(p, x); }
static inline vu vu_add(vu a, vu b) { return vaddq_u64(a, b); }
static inline vu vu_sub(vu a, vu b) { return vsubq_u64(a, b); }
static inline vu vu_and(vu a, vu b) { return vandq_u64(a, b); }
static inline vu vu_or(vu a, vu b) { return vorrq_u64(a, b); }
static inline vu vu_xor(vu a, vu b) { return veorq_u64(a, b); }
static inline vu vu_xor3(vu a, vu b, vu c) { return veorq_u64(veorq_u64(a, c), b); }
#define vu_srl(x, count) vshrq_n_u64((x), (count))
#define vu_sll(x, count) vshlq_n_u64((x), (count))
static inline vu vu_mul32(vu a, vu b) { return vmull_u32(vmovn_u64(a), vmovn_u64(b)); }
/* signed: LANES int32 as int64, their exact products, the sum of the lanes */
static inline vu vu_load(const int64_t *p) { return vreinterpretq_u64_s64(vld1q_s64(p)); }
static inline vu vu_widen(const int32_t *p) { return vreinterpretq_u64_s64(vmovl_s32(vld1_s32(p))); }
static inline vu vu_mul_signed32(vu a, vu b)
{
    return vreinterpretq_u64_s64(
        vmull_s32(vmovn_s64(vreinterpretq_s64_u64(a)), vmovn_s64(vreinterpretq_s64_u64(b))));
}
static inline int64_t vu_sum(vu x) { return vaddvq_s64(vreinterpretq_s64_u64(x)); }
static inline vu vu_of(vd x) { return vreinterpretq_u64_f64(x); }
static inline vd vd_of(vu x) { return vreinterpretq_f64_u64(x); }

#define LANES_F 4
typedef float32x4_t vf;
typedef uint32x4_t vfm;

static inline vf vf_set(float x) { return vdupq_n_f32(x); }
static inline vf vf_load(const float *p) { return vld1q_f32(p); }
static inline void vf_store(float *p, vf x) { vst1q_f32(p, x); }
static inline vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
static inline vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
static inline vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
static inline vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
static inline vf vf_sqrt(vf x) { return vsqrtq_f32(x); }
static inline vfm vf_lt(vf a, vf b) { return vcltq_f32(a, b); }
static inline vfm vf_le(vf a, vf b) { return vcleq_f32(a, b); }
static inline vfm vf_eq(vf a, vf b) { return vceqq_f32(a, b); }
static inline vf vf_select(vfm m, vf a, vf b) { return vbslq_f32(m, a, b); }
static inline vf vf_min(vf a, vf b) { return vf_select(vf_lt(a, b), a, b); }
static inline vf vf_max(vf a, vf b) { return vf_select(vf_lt(b, a), a, b); }
static inline vfm vfm_and(vfm a, vfm b) { return vandq_u32(a, b); }
static inline vfm vfm_or(vfm a, vfm b) { return vorrq_u32(a, b); }
static inline unsigned vfm_bits(vfm m)
{
    static const uint32_t place[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, vld1q_u32(place)));
}
static inline vf vf_abs(vf x) { return vabsq_f32(x); }
static inline vf vf_copysign(vf magnitude, vf sign) { return vbslq_f32(vdupq_n_u32(0x80000000u), sign, magnitude); }
static inline vf vf_scale(vf y, vf n)
{
    const int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1), bias = vdupq_n_s32(127);
    const int32x4_t low = vshlq_n_s32(vaddq_s32(half, bias), 23);
    const int32x4_t high = vshlq_n_s32(vaddq_s32(vsubq_s32(whole, half), bias), 23);
    return vmulq_f32(vmulq_f32(y, vreinterpretq_f32_s32(low)), vreinterpretq_f32_s32(high));
}
static inline vf vf_scale_normal(vf y, vf shifted)
{
    const uint32x4_t exponent = vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23);
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(y), exponent));
}
static inline void vf_store_whole(void *p, vf x) { vst1q_s32((int32_t *)p, vcvtq_s32_f32(x)); }
static inline vf vf_from_bf16(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
static inline vf vf_from_f16(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }

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
    *x = stage == 0 ? vzip1q_f32(a, b) : vcombine_f32(vget_low_f32(a), vget_low_f32(b));
    *y = stage == 0 ? vzip2q_f32(a, b) : vcombine_f32(vget_high_f32(a), vget_high_f32(b));
}

static inline void vf_transpose(vf *r)
{
    const float32x4x2_t first = vtrnq_f32(r[0], r[1]), last = vtrnq_f32(r[2], r[3]);
    r[0] = vcombine_f32(vget_low_f32(first.val[0]), vget_low_f32(last.val[0]));
    r[1] = vcombine_f32(vget_low_f32(first.val[1]), vget_low_f32(last.val[1]));
    r[2] = vcombine_f32(vget_high_f32(first.val[0]), vget_high_f32(last.val[0]));
    r[3] = vcombine_f32(vget_high_f32(first.val[1]), vget_high_f32(last.val[1]));
}

#endif
