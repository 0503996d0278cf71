/* normal.h: the standard normal quantile function, AS241 PPND16 (Wichura 1988, Applied Statistics 37:477), in two passes.
 *
 *   q = u - 1/2;  |q| <= 0.425: z = q P(r)/Q(r), r = 0.180625 - q^2;  else r = sqrt(-log(min(u, 1-u))) and z = +-P(r-s)/Q(r-s),
 *   s = 1.6 for r <= 5, s = 5 beyond.
 *
 * Contract: u in (0, 1); u = 0 and 1 give -inf and inf, anything outside NaN. At most 5 ulp. An element's value depends on
 * its u alone. z may be u. n <= TM_BLOCK and a multiple of LANES; scratch on the stack, O(n).
 *
 *   pass 1   u --> central rational for all lanes --> z        the 15 % in the tails set a bit
 *   pass 2   bits --> compacted p = min(u, 1-u) --> log, sqrt, rational --> scattered back over z
 */
static inline vd horner8(vd x, const double *coefficient)
{
    vd sum = vd_set(coefficient[7]);
#pragma GCC unroll 7
    for (int i = 6; i >= 0; --i) {
        sum = vd_fma(sum, x, vd_set(coefficient[i]));
    }
    return sum;
}

static const double AS241_A[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
static const double AS241_B[8] = {1.0,                     4.2313330701600911252e1, 6.8718700749205790830e2,
                                  5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
                                  2.8729085735721942674e4, 5.2264952788528545610e3};
static const double AS241_C[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,
                                  3.64784832476320460504e0,  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double AS241_D[8] = {1.0,                       2.05319162663775882187e0,  1.67638483018380384940e0,
                                  6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                                  5.47593808499534494600e-4, 1.05075007164441684324e-9};
static const double AS241_E[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double AS241_F[8] = {1.0,                       5.99832206555887937690e-1, 1.36929880922735805310e-1,
                                  1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                                  1.42151175831644588870e-7, 2.04426310338993978564e-15};

#define NORMAL_CENTRAL 0.425
#define NORMAL_FAR 5.0

/* (numerator + lost) / denominator: the quotient by a reciprocal, corrected by what it and the numerator rounded away */
static inline vd corrected_quotient(vd numerator, vd lost, vd denominator)
{
    vd inverse = vd_div(vd_set(1.0), denominator);
    vd quotient = vd_mul(numerator, inverse);
    vd rest = vd_fma(vd_sub(vd_set(0.0), quotient), denominator, numerator);
    return vd_fma(vd_add(rest, lost), inverse, quotient);
}

static inline vd normal_tail(vd p)
{
    vd r = vd_sqrt(vd_sub(vd_set(0.0), log_lanes(p)));
    vd near = vd_sub(r, vd_set(1.6));
    vd numerator = horner8(near, AS241_C), denominator = horner8(near, AS241_D);
    vm is_near = vd_le(r, vd_set(NORMAL_FAR));
    if (vm_bits(is_near) != (1u << LANES) - 1) { /* p < 1.4e-11 */
        vd far = vd_sub(r, vd_set(NORMAL_FAR));
        numerator = vd_select(is_near, numerator, horner8(far, AS241_E));
        denominator = vd_select(is_near, denominator, horner8(far, AS241_F));
    }
    vd z = corrected_quotient(numerator, vd_set(0.0), denominator);
    z = vd_select(vd_lt(vd_set(0.0), p), z, vd_set(__builtin_inf()));
    return vd_select(vd_le(vd_set(0.0), p), z, vd_set(__builtin_nan("")));
}

static void normal_quantile(size_t n, const double *u, double *z)
{
    double tail[TM_BLOCK];
    uint16_t place[TM_BLOCK];
    uint8_t upper[TM_BLOCK];
    uint64_t is_tail[TM_BLOCK / 64 + 1] = {0};
    const vd half = vd_set(0.5), limit = vd_set(NORMAL_CENTRAL);
    for (size_t j = 0; j < n; j += LANES) {
        vd q = vd_sub(vd_load(u + j), half);
        vd magnitude = vd_of(vu_and(vu_of(q), vu_set(0x7FFFFFFFFFFFFFFFu)));
        is_tail[j / 64] |= (uint64_t)(((1u << LANES) - 1) & ~vm_bits(vd_le(magnitude, limit))) << (j % 64);
    }
    /* the tails' uniforms leave u before z, which may be the same array, is written */
    size_t count = 0;
    for (size_t word = 0; word * 64 < n; ++word) {
        for (uint64_t bits = is_tail[word]; bits; bits &= bits - 1) {
            size_t j = word * 64 + (size_t)__builtin_ctzll(bits);
            place[count] = (uint16_t)j;
            upper[count] = u[j] > 0.5;
            tail[count++] = u[j] > 0.5 ? 1.0 - u[j] : u[j];
        }
    }
    for (size_t j = 0; j < n; j += LANES) {
        vd q = vd_sub(vd_load(u + j), half);
        vd r = vd_fma(vd_sub(vd_set(0.0), q), q, vd_set(0.180625));
        vd polynomial = horner8(r, AS241_A), numerator = vd_mul(q, polynomial);
        vd lost = vd_fma(q, polynomial, vd_sub(vd_set(0.0), numerator));
        vd_store(z + j, corrected_quotient(numerator, lost, horner8(r, AS241_B)));
    }
    for (size_t i = count; i % LANES; ++i) {
        tail[i] = 0.25;
    }
    for (size_t i = 0; i < count; i += LANES) {
        vd_store(tail + i, normal_tail(vd_load(tail + i)));
    }
    for (size_t i = 0; i < count; ++i) {
        z[place[i]] = upper[i] ? tail[i] : -tail[i];
    }
}
