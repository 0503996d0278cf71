/* quantile.h: from a uniform to a value, one law at a time; every distribution by inversion, so monotone in u up to rounding
 * (a relative 1e-14 at the cell edges of tables and the seams of rational approximations).
 *
 * Contract: u (n,) in (0, 1), x (n,), x may be u; n <= TM_BLOCK and a multiple of LANES. Element by element: the value does
 * not depend on its neighbours. Parameters (law->parameters, in order) and formulas stand at each law; clamp keeps rounding
 * inside the support. Twin: reference/quantiles.py.
 *
 *   u (n,) --> one fused loop per law --> x (n,), in place; tables are read by index
 */
#define P(i) vd_set(law->parameters[i])

static inline vd clamp(vd x, vd low, vd high) { return vd_min(vd_max(x, low), high); }
static inline vd negate(vd x) { return vd_of(vu_xor(vu_of(x), vu_set(0x8000000000000000u))); }
static inline vd exponential_lanes(vd u) { return negate(log1p_lanes(negate(u))); }

/* value */
static void law_constant(const tm_law *law, size_t n, double *x)
{
    for (size_t j = 0; j < n; ++j) {
        x[j] = law->parameters[0];
    }
}

/* low, width, high */
static void law_uniform(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd_store(x + j, clamp(vd_fma(vd_load(u + j), P(1), P(0)), P(0), P(2)));
    }
}

/* log low, log width, low, high */
static void law_log_uniform(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd_store(x + j, clamp(exp_lanes(vd_fma(vd_load(u + j), P(1), P(0))), P(2), P(3)));
    }
}

/* mu, sigma */
static void law_normal(const tm_law *law, size_t n, const double *u, double *x)
{
    normal_quantile(n, u, x);
    for (size_t j = 0; j < n; j += LANES) {
        vd_store(x + j, vd_fma(vd_load(x + j), P(1), P(0)));
    }
}

/* mu, sigma */
static void law_log_normal(const tm_law *law, size_t n, const double *u, double *x)
{
    normal_quantile(n, u, x);
    for (size_t j = 0; j < n; j += LANES) {
        vd_store(x + j, exp_lanes(vd_fma(vd_load(x + j), P(1), P(0))));
    }
}

/* mu, signed sigma, base, width, low, high: a negative sigma mirrors an interval of the upper half, where 1 - F is small */
static void law_truncated_normal(const tm_law *law, size_t n, const double *u, double *x)
{
    const int mirrored = law->parameters[1] < 0.0;
    for (size_t j = 0; j < n; j += LANES) {
        vd v = vd_load(u + j);
        v = mirrored ? vd_sub(vd_set(1.0), v) : v;
        vd_store(x + j, vd_fma(v, P(3), P(2)));
    }
    normal_quantile(n, x, x);
    for (size_t j = 0; j < n; j += LANES) {
        vd_store(x + j, clamp(vd_fma(vd_load(x + j), P(1), P(0)), P(4), P(5)));
    }
}

/* low, mode, high, split, left, right: one square root, of the side that applies */
static void law_triangular(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd v = vd_load(u + j);
        vm is_left = vd_lt(v, P(3));
        vd area = vd_select(is_left, vd_mul(v, P(4)), vd_mul(vd_sub(vd_set(1.0), v), P(5)));
        vd root = vd_sqrt(area);
        vd y = vd_select(is_left, vd_add(P(0), root), vd_sub(P(2), root));
        vd_store(x + j, clamp(y, P(0), P(2)));
    }
}

/* mean */
static void law_exponential(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd_store(x + j, vd_mul(P(0), exponential_lanes(vd_load(u + j))));
    }
}

/* 1/shape, scale */
static void law_weibull(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd power = vd_mul(log_lanes(exponential_lanes(vd_load(u + j))), P(0));
        vd_store(x + j, vd_mul(P(1), exp_lanes(power)));
    }
}

/* 1/shape, scale */
static void law_pareto(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd power = vd_mul(exponential_lanes(vd_load(u + j)), P(0));
        vd_store(x + j, vd_mul(P(1), exp_lanes(power)));
    }
}

/* mu, scale */
static void law_logistic(const tm_law *law, size_t n, const double *u, double *x)
{
    for (size_t j = 0; j < n; j += LANES) {
        vd v = vd_load(u + j);
        vd logit = vd_add(log_lanes(v), exponential_lanes(v));
        vd_store(x + j, vd_fma(logit, P(1), P(0)));
    }
}

#define TABLE_OCTAVES 53
#define TABLE_TERMS 6

/* low, width, high, log2 of the cells per octave; table (2, cells, 6): the standard quantile function on [0, 1] as polynomials
 * in the mantissa bits of p = min(u, 1-u) below the cell's, for 2^-54 <= p <= 1/2 */
static void law_tabulated(const tm_law *law, size_t n, const double *u, double *x)
{
    const int shift = 52 - (int)law->parameters[3];
    const uint64_t first = (uint64_t)(1023 - 54) << (52 - shift);
    const uint64_t cells = ((uint64_t)TABLE_OCTAVES << (52 - shift)) + 1;
    const double low = law->parameters[0], width = law->parameters[1], high = law->parameters[2];
    for (size_t j = 0; j < n; ++j) {
        int upper = !(u[j] < 0.5);
        double p = upper ? 1.0 - u[j] : u[j];
        p = p > 0x1p-54 ? p : 0x1p-54;
        uint64_t bits = bits_of(p), cell = (bits >> shift) - first;
        cell = cell < cells ? cell : cells - 1;
        double t = double_of((bits << (52 - shift) & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u) - 1.0;
        const double *c = law->table + ((upper ? cells : 0) + cell) * TABLE_TERMS;
        double y = one_fma(one_fma(one_fma(one_fma(one_fma(c[5], t, c[4]), t, c[3]), t, c[2]), t, c[1]), t, c[0]);
        y = one_fma(y, width, low);
        y = y > low ? y : low;
        x[j] = y < high ? y : high;
    }
}

/* table: m cumulative probabilities, then m values, both ascending; bisection in a fixed number of steps */
static void law_discrete(const tm_law *law, size_t n, const double *u, double *x)
{
    const size_t m = (size_t)law->table_length / 2;
    const double *cumulative = law->table, *value = law->table + m;
    for (size_t j = 0; j < n; ++j) {
        size_t base = 0;
        for (size_t length = m - 1; length > 0;) {
            size_t half = (length + 1) / 2;
            base += cumulative[base + half - 1] <= u[j] ? half : 0;
            length -= half;
        }
        x[j] = value[base];
    }
}

/* table: the data, ascending */
static void law_empirical(const tm_law *law, size_t n, const double *u, double *x)
{
    const size_t m = (size_t)law->table_length;
    for (size_t j = 0; j < n; ++j) {
        size_t i = (size_t)(u[j] * (double)m);
        x[j] = law->table[i < m ? i : m - 1];
    }
}

#undef P

static void quantile(const tm_law *law, size_t n, const double *u, double *x)
{
    switch (law->kind) {
    case TM_LAW_CONSTANT: law_constant(law, n, x); break;
    case TM_LAW_UNIFORM: law_uniform(law, n, u, x); break;
    case TM_LAW_LOG_UNIFORM: law_log_uniform(law, n, u, x); break;
    case TM_LAW_NORMAL: law_normal(law, n, u, x); break;
    case TM_LAW_LOG_NORMAL: law_log_normal(law, n, u, x); break;
    case TM_LAW_TRUNCATED_NORMAL: law_truncated_normal(law, n, u, x); break;
    case TM_LAW_TRIANGULAR: law_triangular(law, n, u, x); break;
    case TM_LAW_EXPONENTIAL: law_exponential(law, n, u, x); break;
    case TM_LAW_WEIBULL: law_weibull(law, n, u, x); break;
    case TM_LAW_PARETO: law_pareto(law, n, u, x); break;
    case TM_LAW_LOGISTIC: law_logistic(law, n, u, x); break;
    case TM_LAW_TABULATED: law_tabulated(law, n, u, x); break;
    case TM_LAW_DISCRETE: law_discrete(law, n, u, x); break;
    default: law_empirical(law, n, u, x); break;
    }
}
