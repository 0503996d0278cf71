/* score.h: scores of a tile of logits, row by row.
 *
 *   softmax       e^(z - max) / sum
 *   sigmoid       1 / (1 + e^-z)
 *   sqrtsoftplus  sqrt(max(z, 0) + log1p(e^-|z|))
 *   identity      z
 *
 * Contract: a token's sum adds STRIPE experts at a time, eight partial sums each, then the stripes in order. A softmax
 * whose maximum is +inf shares its weight among the infinite ones; one without any finite logit, among all.
 *
 * exp_tame is exp without its ends, the same bits where |x| <= TAME: a stripe is looked at before it is chosen.
 *
 *   z --> down the rows for the maximum --> down the rows for the exponentials and their sum
 */
typedef struct R(softmax) {
    vr most;
    vr inverse_sum;
} R(softmax);

/* z - most, 0 where they are equal though infinite */
static inline vr R(below)(vr z, vr most) { return VR(select)(VR(eq)(z, most), VR(set)(0), VR(sub)(z, most)); }

static vr R(minimum)(const REAL *x, int count)
{
    vr least = VR(load)(x);
    for (int e = 1; e < count; ++e) {
        least = VR(min)(VR(load)(ROW(x, e)), least);
    }
    return least;
}

static vr R(maximum)(const REAL *x, int count)
{
    vr most[4];
    for (int i = 0; i < 4; ++i) {
        most[i] = VR(load)(ROW(x, i < count ? i : 0));
    }
    int e = 4;
    for (; e + 4 <= count; e += 4) {
        for (int i = 0; i < 4; ++i) {
            most[i] = VR(max)(VR(load)(ROW(x, e + i)), most[i]);
        }
    }
    for (; e < count; ++e) {
        most[0] = VR(max)(VR(load)(ROW(x, e)), most[0]);
    }
    return VR(max)(VR(max)(most[0], most[1]), VR(max)(most[2], most[3]));
}

/* x = e^x of four; `tame` is a constant to the compiler */
INLINED void R(exponentials)(vr *x, int tame)
{
    if (tame) {
        VR(exp_tame)(x);
    } else {
        EACH_OF_FOUR { x[i] = VR(exp)(x[i]); }
    }
}

/* e^(x - most) of four rows, added to their partial sums */
INLINED void R(add_exponentials)(const REAL *x, vr most, int tame, vr *part, REAL *e)
{
    vr value[FOUR];
    EACH_OF_FOUR { value[i] = tame ? VR(sub)(VR(load)(ROW(x, i)), most) : R(below)(VR(load)(ROW(x, i)), most); }
    R(exponentials)(value, tame);
    EACH_OF_FOUR { part[i] = VR(add)(part[i], value[i]); }
    if (e) {
        EACH_OF_FOUR { VR(store)(ROW(e, i), value[i]); }
    }
}

INLINED vr R(sum_of_stripe)(const REAL *x, int count, vr most, int tame, REAL *e)
{
    vr part[2 * FOUR];
    for (int i = 0; i < 2 * FOUR; ++i) {
        part[i] = VR(set)(0);
    }
    int row = 0;
    for (; row + 2 * FOUR <= count; row += 2 * FOUR) {
        R(add_exponentials)(ROW(x, row), most, tame, part, e ? ROW(e, row) : NULL);
        R(add_exponentials)(ROW(x, row + FOUR), most, tame, part + FOUR, e ? ROW(e, row + FOUR) : NULL);
    }
    if (row < count) { /* what is missing is -inf, which adds 0 */
        REAL rest[2 * FOUR * RLANES], value[2 * FOUR * RLANES];
        for (int i = 0; i < 2 * FOUR; ++i) {
            const vr z = row + i < count ? VR(load)(ROW(x, row + i)) : VR(set)(-(REAL)__builtin_inf());
            VR(store)(ROW(rest, i), row + i < count ? R(below)(z, most) : z);
        }
        R(add_exponentials)(rest, VR(set)(0), 0, part, value);
        R(add_exponentials)(ROW(rest, FOUR), VR(set)(0), 0, part + FOUR, ROW(value, FOUR));
        if (e) {
            memcpy(ROW(e, row), value, sizeof(REAL) * RLANES * (size_t)(count - row));
        }
    }
    const vr low = VR(add)(VR(add)(part[0], part[1]), VR(add)(part[2], part[3]));
    const vr high = VR(add)(VR(add)(part[4], part[5]), VR(add)(part[6], part[7]));
    return VR(add)(low, high);
}

/* sum of e^(x - most) over count rows; the exponentials are kept in e unless it is NULL */
static vr R(sum_of_exponentials)(const REAL *x, int count, vr most, REAL *e)
{
    vr sum = VR(set)(0);
    for (int row = 0; row < count; row += STRIPE) {
        const int rows = count - row < STRIPE ? count - row : STRIPE;
        const vr range = VR(sub)(most, R(minimum)(ROW(x, row), rows));
        const int tame = !VRM(bits)(VR(lt)(VR(set)(TAME), range)) && VRM(bits)(VR(eq)(range, range)) == EVERY_LANE;
        sum = VR(add)(sum, tame ? R(sum_of_stripe)(ROW(x, row), rows, most, 1, e ? ROW(e, row) : NULL)
                                : R(sum_of_stripe)(ROW(x, row), rows, most, 0, e ? ROW(e, row) : NULL));
    }
    return sum;
}

static R(softmax) R(softmax_of)(const REAL *z, int count, REAL *e)
{
    const vr most = R(maximum)(z, count);
    return (R(softmax)){most, VR(div)(VR(set)(1), R(sum_of_exponentials)(z, count, most, e))};
}

static inline vr R(softmax_score)(vr z, R(softmax) softmax)
{
    return VR(mul)(VR(exp)(R(below)(z, softmax.most)), softmax.inverse_sum);
}

/* z = scores of four, sigmoid, root of softplus, or softplus where the score is neither */
INLINED void R(pointwise)(int32_t score, vr *z, int tame)
{
    const vr zero = VR(set)(0), one = VR(set)(1);
    vr e[FOUR];
    if (score == TM_SCORE_SIGMOID) {
        EACH_OF_FOUR { e[i] = VR(sub)(zero, z[i]); }
        R(exponentials)(e, tame);
        EACH_OF_FOUR { z[i] = VR(div)(one, VR(add)(one, e[i])); }
        return;
    }
    EACH_OF_FOUR { e[i] = VR(sub)(zero, VR(abs)(z[i])); }
    R(exponentials)(e, tame);
    VR(log1p_unit)(e);
    EACH_OF_FOUR { z[i] = VR(add)(VR(max)(z[i], zero), e[i]); }
    if (score == TM_SCORE_SQRT_SOFTPLUS) {
        EACH_OF_FOUR { z[i] = VR(sqrt)(z[i]); }
    }
}

static void R(scores_of_rest)(int32_t score, REAL *z)
{
    vr four[FOUR];
    EACH_OF_FOUR { four[i] = VR(load)(ROW(z, i)); }
    R(pointwise)(score, four, 0);
    EACH_OF_FOUR { VR(store)(ROW(z, i), four[i]); }
}

/* s = scores, and the bias of each expert added unless it is NULL */
INLINED void R(scores_of_stripe)(int32_t score, const REAL *z, const REAL *bias, int rows, int tame, REAL *s)
{
    int e = 0;
    vr four[FOUR];
    for (; e + FOUR <= rows; e += FOUR) {
        EACH_OF_FOUR { four[i] = VR(load)(ROW(z, e + i)); }
        R(pointwise)(score, four, tame);
        EACH_OF_FOUR { VR(store)(ROW(s, e + i), bias ? VR(add)(four[i], VR(set)(bias[e + i])) : four[i]); }
    }
    if (e < rows) {
        REAL rest[FOUR * RLANES] = {0};
        memcpy(rest, ROW(z, e), sizeof(REAL) * RLANES * (size_t)(rows - e));
        R(scores_of_rest)(score, rest);
        for (int i = 0; e + i < rows; ++i) {
            const vr value = VR(load)(ROW(rest, i));
            VR(store)(ROW(s, e + i), bias ? VR(add)(value, VR(set)(bias[e + i])) : value);
        }
    }
}

static void R(pointwise_scores)(int32_t score, const REAL *z, const REAL *bias, int count, REAL *s)
{
    for (int row = 0; row < count; row += STRIPE) {
        const int rows = count - row < STRIPE ? count - row : STRIPE;
        const REAL *from = ROW(z, row), *add = bias ? bias + row : NULL;
        vr size = VR(set)(0);
        for (int e = 0; e < rows; ++e) {
            size = VR(max)(VR(abs)(VR(load)(ROW(from, e))), size);
        }
        const int tame = !VRM(bits)(VR(lt)(VR(set)(TAME), size));
        if (score == TM_SCORE_SIGMOID && tame) {
            R(scores_of_stripe)(TM_SCORE_SIGMOID, from, add, rows, 1, ROW(s, row));
        } else if (tame) {
            R(scores_of_stripe)(TM_SCORE_SQRT_SOFTPLUS, from, add, rows, 1, ROW(s, row));
        } else {
            R(scores_of_stripe)(score, from, add, rows, 0, ROW(s, row));
        }
    }
}

/* s = scores of z, and the bias of each expert added unless it is NULL, over count rows */
static void R(scores)(int32_t score, const REAL *z, const REAL *bias, int count, REAL *s)
{
    if (score == TM_SCORE_IDENTITY) {
        for (int e = 0; e < count; ++e) {
            VR(store)(ROW(s, e), bias ? VR(add)(VR(load)(ROW(z, e)), VR(set)(bias[e])) : VR(load)(ROW(z, e)));
        }
        return;
    }
    if (score != TM_SCORE_SOFTMAX) {
        R(pointwise_scores)(score, z, bias, count, s);
        return;
    }
    const R(softmax) softmax = R(softmax_of)(z, count, s);
    for (int e = 0; e < count; ++e) {
        const vr value = VR(mul)(VR(load)(ROW(s, e)), softmax.inverse_sum);
        VR(store)(ROW(s, e), bias ? VR(add)(value, VR(set)(bias[e])) : value);
    }
}
