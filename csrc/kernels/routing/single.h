/* single.h: exp and log1p in single precision, one element a lane, the same bits on every instruction set.
 *
 *   exp(x) = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2, e^r = 1 + r + r^2 q(r), q of degree 4          <= 1 ulp
 *   log1p(x) = x p(x) on [0, 1], p of degree 10                                                          <= 2 ulp
 *
 * Contract: exp of NaN is 0 (routing counts NaN as -inf), of x <= -104 is 0, of x >= 89 is +inf.
 * Coefficients: Chebyshev interpolation in 40 digits, rounded to single.
 */
static inline vf vf_exp(vf x)
{
    const vf round = vf_set(0x1.8p23f);
    const vf a = vf_min(vf_max(x, vf_set(-104.0f)), vf_set(89.0f));
    const vf n = vf_sub(vf_fma(a, vf_set(0x1.715476p+0f), round), round);
    const vf r = vf_fma(n, vf_set(-0x1.7f7d1cp-20f), vf_fma(n, vf_set(-0x1.62e4p-1f), a));
    vf q = vf_fma(vf_set(0x1.6d10fcp-10f), r, vf_set(0x1.120b62p-7f));
    q = vf_fma(q, r, vf_set(0x1.55551ap-5f));
    q = vf_fma(q, r, vf_set(0x1.5554dep-3f));
    q = vf_fma(q, r, vf_set(0.5f));
    return vf_scale(vf_add(vf_fma(vf_mul(r, r), q, r), vf_set(1.0f)), n);
}

static inline vf vf_log1p_unit(vf x)
{
    static const float terms[] = {-0x1.b02382p-7f, 0x1.4fed04p-5f, -0x1.4f61d4p-4f, 0x1.fb00b2p-4f, -0x1.49797ap-3f,
                                  0x1.9742f8p-3f,  -0x1.ffb934p-3f, 0x1.555324p-2f, -0x1.fffff2p-2f, 1.0f};
    vf p = vf_set(0x1.04667ap-9f);
    for (int i = 0; i < 10; ++i) {
        p = vf_fma(p, x, vf_set(terms[i]));
    }
    return vf_mul(p, x);
}
