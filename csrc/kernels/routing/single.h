/* single.h: exp and log1p in single precision, one element a lane, the same bits on every instruction set.
 *
 *   exp(x) = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2, e^r = 1 + r + r^2 q(r), q of degree 4          <= 1 ulp
 *   log1p(x) = x p(x) on [0, 1], p of degree 10                                                          <= 2 ulp
 *
 * Contract: exp of NaN is 0 (routing counts NaN as -inf), of x <= -104 is 0, of x >= 89 is +inf.
 * Coefficients: Chebyshev interpolation in 40 digits, rounded to single.
 */
#define EXP_ROUND 0x1.8p23f          /* added and taken off, it leaves a whole number, in its low bits too */

/* e^r of r = x - n ln 2 */
static inline vf exp_reduced(vf x, vf n)
{
    const vf r = vf_fma(n, vf_set(-0x1.7f7d1cp-20f), vf_fma(n, vf_set(-0x1.62e4p-1f), x));
    vf q = vf_fma(vf_set(0x1.6d10fcp-10f), r, vf_set(0x1.120b62p-7f));
    q = vf_fma(q, r, vf_set(0x1.55551ap-5f));
    q = vf_fma(q, r, vf_set(0x1.5554dep-3f));
    q = vf_fma(q, r, vf_set(0.5f));
    return vf_add(vf_fma(vf_mul(r, r), q, r), vf_set(1.0f));
}

static inline vf vf_exp(vf x)
{
    const vf a = vf_min(vf_max(x, vf_set(-104.0f)), vf_set(89.0f));
    const vf n = vf_sub(vf_fma(a, vf_set(0x1.715476p+0f), vf_set(EXP_ROUND)), vf_set(EXP_ROUND));
    return vf_scale(exp_reduced(a, n), n);
}

/* The rest takes FOUR vectors step by step: each waits for its own last step alone, so four fill the pipeline. */
#define INLINED static inline __attribute__((always_inline)) /* its arguments are constants */
#define FOUR 4
#define EACH_OF_FOUR _Pragma("GCC unroll 4") for (int i = 0; i < FOUR; ++i)

/* x = e^x, the same bits, where the result is a normal number: |x| <= TAME */
INLINED void vf_exp_tame(vf *x)
{
    static const float terms[4] = {0x1.120b62p-7f, 0x1.55551ap-5f, 0x1.5554dep-3f, 0.5f};
    vf shifted[FOUR], r[FOUR], q[FOUR];
    EACH_OF_FOUR { shifted[i] = vf_fma(x[i], vf_set(0x1.715476p+0f), vf_set(EXP_ROUND)); }
    EACH_OF_FOUR { q[i] = vf_sub(shifted[i], vf_set(EXP_ROUND)); }
    EACH_OF_FOUR { r[i] = vf_fma(q[i], vf_set(-0x1.62e4p-1f), x[i]); }
    EACH_OF_FOUR { r[i] = vf_fma(q[i], vf_set(-0x1.7f7d1cp-20f), r[i]); }
    EACH_OF_FOUR { q[i] = vf_set(0x1.6d10fcp-10f); }
    _Pragma("GCC unroll 4") for (int term = 0; term < 4; ++term)
    {
        EACH_OF_FOUR { q[i] = vf_fma(q[i], r[i], vf_set(terms[term])); }
    }
    EACH_OF_FOUR { q[i] = vf_fma(vf_mul(r[i], r[i]), q[i], r[i]); }
    EACH_OF_FOUR { x[i] = vf_scale_normal(vf_add(q[i], vf_set(1.0f)), shifted[i]); }
}

/* x = e^x, x <= 0, to 1.7e-7 down to -1 and 3e-7 down to -10; less than 1e-37 from -86 down. NaN counts as -inf.
 * 2^n (1 + f p(f)), n + f = x / ln 2, |f| <= 1/2, p of degree 4: e^0 is 1. */
INLINED void vf_exp_negative(vf *x)
{
    static const float terms[5] = {0x1.3ceab8p-7f, 0x1.c6b754p-5f, 0x1.ebf9bcp-3f, 0x1.62e42ap-1f, 1.0f};
    vf shifted[FOUR], f[FOUR], p[FOUR];
    EACH_OF_FOUR { x[i] = vf_max(x[i], vf_set(-86.0f)); }
    EACH_OF_FOUR { shifted[i] = vf_fma(x[i], vf_set(0x1.715476p+0f), vf_set(EXP_ROUND)); }
    EACH_OF_FOUR { f[i] = vf_sub(vf_set(EXP_ROUND), shifted[i]); }
    EACH_OF_FOUR { f[i] = vf_fma(x[i], vf_set(0x1.715476p+0f), f[i]); }
    EACH_OF_FOUR { p[i] = vf_set(0x1.5bb9e8p-10f); }
    _Pragma("GCC unroll 5") for (int term = 0; term < 5; ++term)
    {
        EACH_OF_FOUR { p[i] = vf_fma(p[i], f[i], vf_set(terms[term])); }
    }
    EACH_OF_FOUR { x[i] = vf_scale_normal(p[i], shifted[i]); }
}

/* x = log(1 + x), x in [0, 1] */
INLINED void vf_log1p_unit(vf *x)
{
    static const float terms[10] = {-0x1.b02382p-7f, 0x1.4fed04p-5f, -0x1.4f61d4p-4f, 0x1.fb00b2p-4f, -0x1.49797ap-3f,
                                    0x1.9742f8p-3f,  -0x1.ffb934p-3f, 0x1.555324p-2f, -0x1.fffff2p-2f, 1.0f};
    vf p[FOUR];
    EACH_OF_FOUR { p[i] = vf_set(0x1.04667ap-9f); }
    _Pragma("GCC unroll 10") for (int term = 0; term < 10; ++term)
    {
        EACH_OF_FOUR { p[i] = vf_fma(p[i], x[i], vf_set(terms[term])); }
    }
    EACH_OF_FOUR { x[i] = vf_mul(p[i], x[i]); }
}
