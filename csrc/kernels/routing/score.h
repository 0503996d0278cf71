/* score.h: scores of one token's logits, and the weights of the chosen.
 *
 *   softmax     e^(z - max) / sum, the sum over UNIT partial sums, then pairwise: one order for every lane width
 *   sigmoid     1 / (1 + e^-z)
 *   sqrtsoftplus  sqrt(max(z, 0) + log1p(e^-|z|))
 *   identity    z
 *
 * Contract: z (padded,) with -inf in the padding; NaN counts as -inf. Softmax over a row whose maximum is +inf shares its
 * weight among the infinite ones; over a row without any finite logit, among all.
 *
 *   z --> one pass for the maximum, one for the exponentials and their sum, one for the division
 */
typedef struct R(softmax_of_row) {
    REAL most;
    REAL inverse_sum;
} R(softmax_of_row);

static REAL R(row_maximum)(const REAL *z, int padded)
{
    vr most = VR(set)(-(REAL)__builtin_inf());
    for (int i = 0; i < padded; i += RLANES) {
        most = VR(max)(VR(load)(z + i), most);
    }
    return VR(hmax)(most);
}

static inline REAL R(sum_of_units)(const REAL *partial)
{
    REAL half[UNIT / 2];
    for (int i = 0; i < UNIT / 2; ++i) {
        half[i] = partial[i] + partial[i + UNIT / 2];
    }
    for (int width = UNIT / 4; width; width /= 2) {
        for (int i = 0; i < width; ++i) {
            half[i] += half[i + width];
        }
    }
    return half[0];
}

/* z - most, with the limits that the header promises where most is infinite */
static inline REAL R(below_maximum)(REAL z, REAL most)
{
    const REAL infinity = (REAL)__builtin_inf();
    if (most == infinity) {
        return z == infinity ? 0 : -infinity;
    }
    return most == -infinity ? 0 : z - most;
}

/* e (padded,) = e^(z - max), 0 in the padding; returns the maximum and 1 / sum e */
static R(softmax_of_row) R(exponentials)(const REAL *z, int padded, int columns, REAL *e)
{
    const REAL infinity = (REAL)__builtin_inf();
    R(softmax_of_row) row = {R(row_maximum)(z, padded), 0};
    if (!(row.most < infinity && row.most > -infinity)) {
        for (int i = 0; i < padded; ++i) {
            e[i] = i < columns ? R(below_maximum)(z[i], row.most) : -infinity;
        }
        z = e;
        row.most = 0;
    }
    vr sum[UNIT / RLANES];
    REAL partial[UNIT];
    for (int lane = 0; lane < UNIT / RLANES; ++lane) {
        sum[lane] = VR(set)(0);
    }
    for (int u = 0; u < padded; u += UNIT) {
        for (int lane = 0; lane < UNIT / RLANES; ++lane) {
            const int i = u + lane * RLANES;
            const vr value = VR(exp)(VR(sub)(VR(load)(z + i), VR(set)(row.most)));
            sum[lane] = VR(add)(sum[lane], value);
            VR(store)(e + i, value);
        }
    }
    for (int lane = 0; lane < UNIT / RLANES; ++lane) {
        VR(store)(partial + lane * RLANES, sum[lane]);
    }
    row.inverse_sum = 1 / R(sum_of_units)(partial);
    return row;
}

static inline vr R(sigmoid)(vr z)
{
    const vr one = VR(set)(1), known = VR(max)(z, VR(set)(-(REAL)__builtin_inf()));
    return VR(div)(one, VR(add)(one, VR(exp)(VR(sub)(VR(set)(0), known))));
}

static inline vr R(softplus)(vr z)
{
    const vr zero = VR(set)(0), known = VR(max)(z, VR(set)(-(REAL)__builtin_inf()));
    const vr small = VR(log1p_unit)(VR(exp)(VR(sub)(zero, VR(abs)(known))));
    return VR(add)(VR(max)(known, zero), small);
}

static inline vr R(pointwise_score)(int32_t score, vr z)
{
    if (score == TM_SCORE_SIGMOID) {
        return R(sigmoid)(z);
    }
    return score == TM_SCORE_SQRT_SOFTPLUS ? VR(sqrt)(R(softplus)(z)) : z;
}

/* s (padded,) = scores of z; the row's softmax is kept for the weights */
static R(softmax_of_row) R(scores)(int32_t score, const REAL *z, int padded, int columns, REAL *s)
{
    if (score != TM_SCORE_SOFTMAX) {
        for (int i = 0; i < padded; i += RLANES) {
            VR(store)(s + i, R(pointwise_score)(score, VR(load)(z + i)));
        }
        return (R(softmax_of_row)){0, 0};
    }
    const R(softmax_of_row) row = R(exponentials)(z, padded, columns, s);
    for (int i = 0; i < padded; i += RLANES) {
        VR(store)(s + i, VR(mul)(VR(load)(s + i), VR(set)(row.inverse_sum)));
    }
    return row;
}

/* w (count,) = softmax over the count logits z alone, summed from the first to the last */
static void R(softmax_of_chosen)(int count, const REAL *z, REAL *w)
{
    REAL most = -(REAL)__builtin_inf();
    double sum = 0;
    for (int j = 0; j < count; ++j) {
        most = z[j] > most ? z[j] : most;
    }
    for (int j = 0; j < count; ++j) {
        w[j] = R(below_maximum)(z[j], most);
    }
    for (int j = 0; j < count; j += RLANES) {
        VR(store)(w + j, VR(exp)(VR(load)(w + j)));
    }
    for (int j = 0; j < count; ++j) {
        sum += (double)w[j];
    }
    const double inverse = 1 / sum;
    for (int j = 0; j < count; ++j) {
        w[j] = (REAL)((double)w[j] * inverse);
    }
}

/* w (count,) = sigmoid(z) / sum sigmoid(z), through logarithms so that very negative logits keep their ratios */
static void R(joint_sigmoid)(int count, const REAL *z, REAL *w)
{
    for (int j = 0; j < count; j += RLANES) {
        const vr known = VR(max)(VR(load)(z + j), VR(set)(-(REAL)__builtin_inf()));
        VR(store)(w + j, VR(sub)(VR(set)(0), R(softplus)(VR(sub)(VR(set)(0), known))));
    }
    R(softmax_of_chosen)(count, w, w);
}
