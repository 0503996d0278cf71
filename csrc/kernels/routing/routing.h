/* routing.h: the router in two precisions from one source: float for float32, bfloat16 and float16 logits, double for
 * float64. VR(op), VRM(op) and R(name) are the lane vocabulary, its masks and the names of the precision under way.
 */
#include "kernels/routing/network.h"
#include "kernels/routing/single.h"
#include "kernels/routing/tally.h"

#define MOST_TOP_K 64
#define MOST_GROUPS 64
#define CANDIDATES 128
#define TAME 87                   /* e^x and e^-x are normal floats up to here */
#define EVERY_LANE ((1u << RLANES) - 1)
#define SOFTPLUS TM_SCORE_END    /* a score of the kernels alone */
#define STRIPE 64                /* experts whose exponentials are added before the next ones are */
#define ROW(x, e) ((x) + (size_t)(e) * RLANES)

static inline vd vd_abs(vd x) { return vd_of(vu_and(vu_of(x), vu_set(0x7FFFFFFFFFFFFFFFu))); }
static inline vd vd_copysign(vd magnitude, vd sign)
{
    return vd_of(vu_or(vu_of(vd_abs(magnitude)), vu_and(vu_of(sign), vu_set(0x8000000000000000u))));
}
static inline vd vd_exp(vd x) { return exp_lanes(vd_max(x, vd_set(-750.0))); }
static inline void vd_exp_tame(vd *x) { EACH_OF_FOUR { x[i] = exp_lanes(x[i]); } }
static inline void vd_log1p_unit(vd *x) { EACH_OF_FOUR { x[i] = log1p_lanes(x[i]); } }

static inline uint64_t vd_le_word(vd floor, const double *x)
{
    uint64_t word = 0;
    for (int i = 0; i < 64; i += LANES) {
        word |= (uint64_t)vm_bits(vd_le(floor, vd_load(x + i))) << i;
    }
    return word;
}

/* x^power, x >= 0, in double precision: exp(power * log(x)) is within the float it is rounded to */
static double power_of_ratio(double x, double power)
{
    double lane[LANES] = {0};
    lane[0] = x;
    vd_store(lane, exp_lanes(vd_max(vd_mul(log_lanes(vd_load(lane)), vd_set(power)), vd_set(-750.0))));
    return x > 0.0 ? lane[0] : 0.0;
}

/* rows of 64 bytes that z and c need each: whole words of experts (rows.h) */
static size_t routing_rows(const tm_router *router)
{
    const size_t rows = (size_t)(router->columns > router->experts ? router->columns : router->experts);
    return (rows + 63) / 64 * 64;
}

/* LANES_F logits of one token from expert e on, NaN as -inf */
static inline vf logits_at(const tm_route_call *call, size_t at)
{
    const vf x = call->dtype == TM_FLOAT32    ? vf_load((const float *)call->logits + at)
               : call->dtype == TM_BFLOAT16 ? vf_from_bf16((const uint16_t *)call->logits + at)
                                            : vf_from_f16((const uint16_t *)call->logits + at);
    return vf_max(x, vf_set(-__builtin_inff()));
}

/* z (columns, LANES_F) = the rows that start at these elements */
static void load_rows_f32(const tm_route_call *call, const size_t *start, int columns, float *z)
{
    const size_t width = call->dtype == TM_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
    vf block[LANES_F];
    int e = 0;
    for (; e + LANES_F <= columns; e += LANES_F) {
        for (int lane = 0; lane < LANES_F; ++lane) {
            const size_t at = start[lane] + (size_t)e;
            block[lane] = logits_at(call, at);
        }
        vf_transpose(block);
        for (int i = 0; i < LANES_F; ++i) {
            vf_store(z + (size_t)(e + i) * LANES_F, block[i]);
        }
    }
    if (e < columns) { /* nothing is read past the end of a row */
        float rest[LANES_F] = {0};
        tm_route_call tail = *call;
        tail.logits = rest;
        for (int lane = 0; lane < LANES_F; ++lane) {
            memcpy(rest, (const char *)call->logits + (start[lane] + (size_t)e) * width, (size_t)(columns - e) * width);
            block[lane] = logits_at(&tail, 0);
        }
        vf_transpose(block);
        for (int i = 0; e + i < columns; ++i) {
            vf_store(z + (size_t)(e + i) * LANES_F, block[i]);
        }
    }
}

static void load_rows_f64(const tm_route_call *call, const size_t *start, int columns, double *z)
{
    const double *logits = (const double *)call->logits, lowest = -__builtin_inf();
    for (int e = 0; e < columns; ++e) {
        for (int lane = 0; lane < LANES; ++lane) {
            const double x = logits[start[lane] + (size_t)e];
            z[(size_t)e * LANES + (size_t)lane] = x > lowest ? x : lowest;
        }
    }
}

/* out (tokens, k) = the columns of rows (k, LANES_F), of which some after the last may be read */
static void store_columns_f32(const float *rows, int k, int tokens, float *out)
{
    vf block[LANES_F];
    if (k == 1) {
        memcpy(out, rows, sizeof *out * (size_t)tokens);
        return;
    }
    for (int j = 0; j < k; j += LANES_F) {
        const int from = j + LANES_F <= k || k < LANES_F ? j : k - LANES_F, columns = k < LANES_F ? k : LANES_F;
        for (int i = 0; i < LANES_F; ++i) {
            block[i] = vf_load(rows + (size_t)(from + i) * LANES_F);
        }
        vf_transpose(block);
        /* where k is less than a vector, each token writes over what the one before it wrote too much */
        const int whole = k < LANES_F ? tokens - (LANES_F + k - 1) / k + 1 : tokens;
        for (int lane = 0; lane < tokens; ++lane) {
            float *to = out + (size_t)lane * (size_t)k + from;
            if (lane < whole) {
                vf_store(to, block[lane]);
            } else {
                float rest[LANES_F];
                vf_store(rest, block[lane]);
                for (int i = 0; i < columns; ++i) {
                    to[i] = rest[i];
                }
            }
        }
    }
}

static void store_columns_f64(const double *rows, int k, int tokens, float *out)
{
    for (int lane = 0; lane < tokens; ++lane) {
        for (int j = 0; j < k; ++j) {
            out[lane * k + j] = (float)rows[j * LANES + lane];
        }
    }
}

/* out (tokens, k) = the columns of rows (k, lanes) of whole numbers */
static void store_ids_f32(float *rows, int k, int tokens, int32_t *out)
{
    for (int j = 0; j < k; ++j) {
        vf_store_whole(rows + (size_t)j * LANES_F, vf_load(rows + (size_t)j * LANES_F));
    }
    store_columns_f32(rows, k, tokens, (float *)out);
}

static void store_ids_f64(const double *rows, int k, int tokens, int32_t *out)
{
    for (int lane = 0; lane < tokens; ++lane) {
        for (int j = 0; j < k; ++j) {
            out[lane * k + j] = (int32_t)rows[j * LANES + lane];
        }
    }
}

#define REAL float
#define RLANES LANES_F
#define VR(op) vf_##op
#define VRM(op) vfm_##op
#define vr vf
#define vrm vfm
#define R(name) name##_f32
#include "kernels/routing/router.h"
#include "kernels/routing/rough.h"
#include "kernels/routing/rows.h"
#include "kernels/routing/groups.h"
#include "kernels/routing/candidates.h"
#include "kernels/routing/row_route.h"
#undef REAL
#undef RLANES
#undef VR
#undef VRM
#undef vr
#undef vrm
#undef R

#define REAL double
#define RLANES LANES
#define VR(op) vd_##op
#define VRM(op) vm_##op
#define vr vd
#define vrm vm
#define R(name) name##_f64
#include "kernels/routing/router.h"
#undef REAL
#undef RLANES
#undef VR
#undef VRM
#undef vr
#undef vrm
#undef R

static void route(const tm_router *router, const tm_route_call *call)
{
    if (call->dtype == TM_FLOAT64) {
        route_f64(router, call);
    } else if (ranks_in_rows(router) || keeps_groups_in_rows(router)) {
        route_in_rows(router, call);
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
