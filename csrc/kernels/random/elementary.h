/* elementary.h: exp, log, log1p and the normal distribution function with fixed operation sequences.
 *
 *   exp(x) = 2^n e^r, r = x - n ln2;   log(x) = k ln2 + log(1+f), s = f/(2+f), log(1+f) = f - f^2/2 + s (f^2/2 + R(s^2))
 *   log1p(x) = log(w) + c/w, w + c = 1 + x exactly;   Phi(-t) = exp(-t^2/2) P((t-3)/(t+3)) / (1+t)
 *
 * Contract: lane by lane, IEEE + - * / and the fma written here, nothing else: the same bits wherever they run, and the same
 * as tokenmill.jit's. Subnormals, infinities and NaN as in C's Annex F. exp, log within 1 ulp, log1p 2, norm_cdf 4 on [-37, 0].
 * Polynomials: exp minimax on [-ln2/2, ln2/2], log minimax in s^2 on [0, 0.0295], norm_cdf a Chebyshev expansion of
 * (1+t) e^(t^2/2) Phi(-t) in (t-3)/(t+3), cut at degree 26 (truncation 6e-18), all fitted at 50 digits for this file.
 */
#define HORNER(sum, x, coefficient, count)                                                                                 \
    vd sum = vd_set((coefficient)[(count) - 1]);                                                                           \
    _Pragma("GCC unroll 32") for (int term = (count) - 2; term >= 0; --term)                                               \
    {                                                                                                                      \
        sum = vd_fma(sum, x, vd_set((coefficient)[term]));                                                                 \
    }

static const double EXP_TERMS[10] = {
    0x1.000000000000ap-1,  0x1.55555555554fap-3,  0x1.5555555550880p-5,  0x1.1111111127bd5p-7,  0x1.6c16c18429318p-10,
    0x1.a01a012a5b5afp-13, 0x1.a0199a0ee89bap-16, 0x1.71df254e0bdc8p-19, 0x1.28ad706036032p-22, 0x1.ad7f6f424849cp-26};
static const double LOG_TERMS[7] = {0x1.5555555555592p-1, 0x1.999999997fda7p-2, 0x1.24924941f21c0p-2, 0x1.c71c520885e85p-3,
                                    0x1.74663f175d6c9p-3, 0x1.39a1b5b7c65d9p-3, 0x1.2f059877e4aa1p-3};
static const double CDF_TERMS[27] = {
    0x1.f1b89c231e9b8p-2,   -0x1.8b5fa445f284ep-4,  -0x1.0d398fa146071p-6,  0x1.71fb8ac20f89ep-5,   -0x1.7466cb8e55cfep-6,
    0x1.304b6b9b5bc91p-10,  0x1.8a6e4c4a587c8p-9,   -0x1.73eaeca2ad3b3p-12, -0x1.10738c0f0afa3p-11, 0x1.240014e443b6dp-16,
    0x1.b43bd8a527151p-14,  0x1.2497aa9809353p-16,  -0x1.317420e618e4ap-16, -0x1.360b289bcebb4p-17, 0x1.4f5fb38c3ec0bp-20,
    0x1.6c23204f6c3ccp-19,  0x1.9b643222388d4p-21,  -0x1.9b0016aa11eddp-22, -0x1.a283eed773c71p-22, -0x1.4adafded75f4ap-24,
    0x1.66cf0452dc56cp-24,  0x1.08b8eb8bb61e5p-24,  -0x1.11cb78e865b6ap-30, -0x1.198c8146d3f42p-26, -0x1.0e3c80555d82ap-28,
    0x1.f4306288b9222p-30,  0x1.848f6d2d0a8bep-31};

#define LN2_HIGH 0x1.62e42fefa3800p-1 /* 42 bits: times any exponent it is exact */
#define LN2_LOW 0x1.ef35793c76730p-45
#define ROUND_TO_INTEGER 0x1.8p52

static inline vd exp_lanes(vd x)
{
    const vd round = vd_set(ROUND_TO_INTEGER);
    vd a = vd_select(vd_lt(vd_set(710.0), x), vd_set(710.0), x);
    a = vd_select(vd_lt(a, vd_set(-746.0)), vd_set(-746.0), a);
    vd shifted = vd_add(vd_mul(a, vd_set(0x1.71547652b82fep+0)), round);
    vd n = vd_sub(shifted, round);
    vd r = vd_fma(vd_sub(vd_set(0.0), n), vd_set(LN2_HIGH), a);
    r = vd_fma(vd_sub(vd_set(0.0), n), vd_set(LN2_LOW), r);
    HORNER(q, r, EXP_TERMS, 10)
    vd p = vd_add(vd_fma(vd_mul(r, r), q, r), vd_set(1.0));
    /* 2^n as two factors, so that results may be subnormal or overflow; 2046 = two exponent biases */
    vu exponent = vu_sub(vu_of(shifted), vu_set(0x4338000000000000u - 2046));
    vu half = vu_srl(exponent, 1);
    vd y = vd_mul(vd_mul(p, vd_of(vu_sll(half, 52))), vd_of(vu_sll(vu_sub(exponent, half), 52)));
    return vd_select(vd_eq(x, x), y, x);
}

static inline vd log_lanes(vd x)
{
    const uint64_t sqrt_half = 0x3FE6A09E667F3BCDu;
    vm subnormal = vd_lt(x, vd_set(0x1p-1022));
    vd scaled = vd_select(subnormal, vd_mul(x, vd_set(0x1p54)), x);
    vu bits = vu_add(vu_of(scaled), vu_set(0x3FF0000000000000u - sqrt_half));
    /* the exponent as a double: the low bits of 2^52 */
    vd k = vd_sub(vd_of(vu_or(vu_srl(bits, 52), vu_set(0x4330000000000000u))),
                  vd_select(subnormal, vd_set(0x1p52 + 1023.0 + 54.0), vd_set(0x1p52 + 1023.0)));
    vd m = vd_of(vu_add(vu_and(bits, vu_set(0xFFFFFFFFFFFFFu)), vu_set(sqrt_half)));
    vd f = vd_sub(m, vd_set(1.0));
    vd s = vd_div(f, vd_add(vd_set(2.0), f));
    vd z = vd_mul(s, s);
    HORNER(q, z, LOG_TERMS, 7)
    vd remainder = vd_mul(z, q);
    vd half_square = vd_mul(vd_mul(vd_set(0.5), f), f);
    vd low = vd_fma(s, vd_add(half_square, remainder), vd_mul(k, vd_set(LN2_LOW)));
    vd y = vd_fma(k, vd_set(LN2_HIGH), vd_sub(f, vd_sub(half_square, low)));
    y = vd_select(vd_lt(x, vd_set(__builtin_inf())), y, x);
    y = vd_select(vd_lt(vd_set(0.0), x), y, vd_set(__builtin_nan("")));
    return vd_select(vd_eq(x, vd_set(0.0)), vd_set(-__builtin_inf()), y);
}

static inline vd log1p_lanes(vd x)
{
    const vd one = vd_set(1.0);
    vd w = vd_add(one, x);
    vd c = vd_select(vd_lt(x, one), vd_sub(x, vd_sub(w, one)), vd_sub(one, vd_sub(w, x)));
    vd y = log_lanes(w);
    vm ordinary = vm_and(vd_lt(vd_set(0.0), w), vd_lt(w, vd_set(__builtin_inf())));
    y = vd_select(ordinary, vd_add(y, vd_div(c, w)), y);
    vd magnitude = vd_of(vu_and(vu_of(x), vu_set(0x7FFFFFFFFFFFFFFFu)));
    return vd_select(vd_lt(magnitude, vd_set(0x1p-54)), x, y);
}

static inline vd norm_cdf_lanes(vd x)
{
    const vd one = vd_set(1.0);
    vd t = vd_of(vu_and(vu_of(x), vu_set(0x7FFFFFFFFFFFFFFFu)));
    t = vd_select(vd_lt(vd_set(40.0), t), vd_set(40.0), t); /* Phi(-40) underflows to 0 */
    vd w = vd_div(vd_sub(t, vd_set(3.0)), vd_add(t, vd_set(3.0)));
    HORNER(p, w, CDF_TERMS, 27)
    vd square = vd_mul(t, t);
    vd lost = vd_fma(t, t, vd_sub(vd_set(0.0), square));
    vd density = exp_lanes(vd_mul(vd_set(-0.5), square));
    vd tail = vd_div(vd_mul(vd_fma(vd_mul(vd_set(-0.5), lost), density, density), p), vd_add(one, t));
    return vd_select(vd_lt(vd_set(0.0), x), vd_sub(one, tail), tail);
}
