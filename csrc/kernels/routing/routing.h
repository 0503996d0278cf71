/* routing.h: the router in two precisions from one source: float for float32, bfloat16 and float16 logits, double for
 * float64. VR(op) and R(name) are the lane vocabulary and the names of the precision under way.
 */
#include "kernels/routing/single.h"

#define UNIT 16                  /* elements handled together whatever the lanes, so that sums have one order */
#define MAX_COLUMNS 8448         /* 4096 experts, as many zero-computation or shared ones at most, and padding */
#define CANDIDATES 64

static inline uint32_t vd_gt_bits(vd a, vd b) { return vm_bits(vd_lt(b, a)); }
static inline uint32_t vd_ge_bits(vd a, vd b) { return vm_bits(vd_le(b, a)); }
static inline uint32_t vd_eq_bits(vd a, vd b) { return vm_bits(vd_eq(a, b)); }
static inline vd vd_abs(vd x) { return vd_of(vu_and(vu_of(x), vu_set(0x7FFFFFFFFFFFFFFFu))); }
static inline vd vd_copysign(vd magnitude, vd sign)
{
    return vd_of(vu_or(vu_of(vd_abs(magnitude)), vu_and(vu_of(sign), vu_set(0x8000000000000000u))));
}
static inline vd vd_exp(vd x) { return exp_lanes(vd_max(x, vd_set(-750.0))); }
static inline vd vd_log1p_unit(vd x) { return log1p_lanes(x); }
static inline double vd_hmax(vd x)
{
    double all[LANES], largest;
    vd_store(all, x);
    largest = all[0];
    for (int i = 1; i < LANES; ++i) {
        largest = all[i] > largest ? all[i] : largest;
    }
    return largest;
}

static const float *logits_of_token_f32(const tm_route_call *call, size_t token, int columns, float *z)
{
    const size_t start = token * call->row_stride;
    if (call->dtype == TM_FLOAT32) {
        return (const float *)call->logits + start;
    }
    const uint16_t *half = (const uint16_t *)call->logits + start;
    const int whole = columns / LANES_F * LANES_F;
    uint16_t rest[LANES_F] = {0};
    memcpy(rest, half + whole, sizeof *half * (size_t)(columns - whole));
    for (int i = 0; i < whole; i += LANES_F) {
        vf_store(z + i, call->dtype == TM_BFLOAT16 ? vf_from_bf16(half + i) : vf_from_f16(half + i));
    }
    vf_store(z + whole, call->dtype == TM_BFLOAT16 ? vf_from_bf16(rest) : vf_from_f16(rest));
    return z;
}

static const double *logits_of_token_f64(const tm_route_call *call, size_t token, int columns, double *z)
{
    (void)columns;
    (void)z;
    return (const double *)call->logits + token * call->row_stride;
}

/* x^power, x >= 0, in double precision: exp(power * log(x)) is within the float it is rounded to */
static double power_of_ratio(double x, double power)
{
    double lane[LANES] = {0};
    lane[0] = x;
    vd_store(lane, exp_lanes(vd_max(vd_mul(log_lanes(vd_load(lane)), vd_set(power)), vd_set(-750.0))));
    return x > 0.0 ? lane[0] : 0.0;
}

#define REAL float
#define RLANES LANES_F
#define VR(op) vf_##op
#define vr vf
#define R(name) name##_f32
#include "kernels/routing/select.h"
#include "kernels/routing/score.h"
#include "kernels/routing/route.h"
#include "kernels/routing/score_sums.h"
#undef REAL
#undef RLANES
#undef VR
#undef vr
#undef R

#define REAL double
#define RLANES LANES
#define VR(op) vd_##op
#define vr vd
#define R(name) name##_f64
#include "kernels/routing/select.h"
#include "kernels/routing/score.h"
#include "kernels/routing/route.h"
#include "kernels/routing/score_sums.h"
#undef REAL
#undef RLANES
#undef VR
#undef vr
#undef R

static void route(const tm_router *router, const tm_route_call *call)
{
    if (call->dtype == TM_FLOAT64) {
        route_f64(router, call);
    } else {
        route_f32(router, call);
    }
}

static void score_sums(const tm_router *router, const tm_route_call *call, const tm_sums *sums)
{
    if (call->dtype == TM_FLOAT64) {
        score_sums_f64(router, call, sums);
    } else {
        score_sums_f32(router, call, sums);
    }
}
