/* weigh.h: the weights of the chosen, row j that of the j-th chosen.
 *
 * Sums over the chosen add every fourth, then the four: few roundings, one order. A sum of 0 without an eps gives equal
 * weights, with one zeros. Where a score is infinite, the infinite ones share.
 */
static vr R(sum_of_rows)(const REAL *x, int count)
{
    vr part[4];
    for (int i = 0; i < 4; ++i) {
        part[i] = i < count ? VR(load)(ROW(x, i)) : VR(set)(0);
    }
    for (int j = 4; j < count; ++j) {
        part[j % 4] = VR(add)(part[j % 4], VR(load)(ROW(x, j)));
    }
    return VR(add)(VR(add)(part[0], part[1]), VR(add)(part[2], part[3]));
}

/* Where a weight is infinite, the infinite ones become 1 and the others 0. */
static void R(share_among_infinite)(REAL *w, int count)
{
    const vr infinity = VR(set)((REAL)__builtin_inf());
    const vrm any = VR(eq)(R(maximum)(w, count), infinity);
    for (int j = 0; j < count && VRM(bits)(any); ++j) {
        const vr value = VR(load)(ROW(w, j)), share = VR(select)(VR(eq)(value, infinity), VR(set)(1), VR(set)(0));
        VR(store)(ROW(w, j), VR(select)(any, share, value));
    }
}

/* (sum of w^p)^(1/p), scaled by the largest so that no power underflows; in double precision, lane by lane */
static vr R(power_norm)(const REAL *w, int count, double power)
{
    REAL size[RLANES];
    for (int lane = 0; lane < RLANES; ++lane) {
        double most = 0, sum = 0;
        for (int j = 0; j < count; ++j) {
            const double value = (double)w[j * RLANES + lane];
            most = value > most ? value : most;
        }
        for (int j = 0; j < count; ++j) {
            sum += power_of_ratio((double)w[j * RLANES + lane] / most, power);
        }
        size[lane] = (REAL)(most > 0 ? most * power_of_ratio(sum, 1.0 / power) : 0);
    }
    return VR(load)(size);
}

static void R(normalise)(const tm_router *router, REAL *w)
{
    const int k = router->top_k;
    const vr eps = VR(set)((REAL)router->eps), zero = VR(set)(0);
    const vr lost = VR(set)(router->eps > 0.0 ? 0 : (REAL)1 / (REAL)k);
    vr size;
    if (router->norm == TM_NORM_NONE) {
        return;
    }
    if (router->score == TM_SCORE_SQRT_SOFTPLUS) {
        R(share_among_infinite)(w, k);
    }
    if (router->norm == TM_NORM_POWER && router->power != 1.0) {
        size = R(power_norm)(w, k, router->power);
    } else {
        const vr sum = R(sum_of_rows)(w, k);
        size = router->norm == TM_NORM_FLOOR ? VR(max)(sum, eps) : VR(add)(sum, eps);
    }
    const vrm some = VR(lt)(zero, size);
    for (int j = 0; j < k; ++j) {
        VR(store)(ROW(w, j), VR(select)(some, VR(div)(VR(load)(ROW(w, j)), size), lost));
    }
}

/* w = softmax over count logits z alone */
static void R(softmax_of_chosen)(const REAL *z, int count, REAL *w)
{
    const vr most = R(maximum)(z, count);
    for (int j = 0; j < count; ++j) {
        VR(store)(ROW(w, j), VR(exp)(R(below)(VR(load)(ROW(z, j)), most)));
    }
    const vr inverse = VR(div)(VR(set)(1), R(sum_of_rows)(w, count));
    for (int j = 0; j < count; ++j) {
        VR(store)(ROW(w, j), VR(mul)(VR(load)(ROW(w, j)), inverse));
    }
}

/* w = sigmoid(z) / sum sigmoid(z), through logarithms so that very negative logits keep their ratios */
static void R(joint_sigmoid)(const REAL *z, int count, REAL *w)
{
    const vr zero = VR(set)(0);
    for (int j = 0; j < count; ++j) {
        VR(store)(ROW(w, j), VR(sub)(zero, VR(load)(ROW(z, j))));
    }
    R(scores_of_stripe)(SOFTPLUS, w, NULL, count, 0, w);
    for (int j = 0; j < count; ++j) {
        VR(store)(ROW(w, j), VR(sub)(zero, VR(load)(ROW(w, j))));
    }
    R(softmax_of_chosen)(w, count, w);
}

/* chosen = logits of the chosen ids, then those of the joint shared experts */
static void R(take_chosen)(const tm_router *router, R(tile) *tile, int ranked_on_logits)
{
    const int k = router->top_k;
    if (ranked_on_logits) { /* or on sums of two, which are the logits of product keys */
        memcpy(tile->chosen, tile->value, sizeof(REAL) * (size_t)k * RLANES);
    }
    for (int i = 0; i < k * RLANES && !ranked_on_logits; ++i) {
        tile->chosen[i] = ROW(tile->z, (int)tile->id[i])[i % RLANES];
    }
    memcpy(ROW(tile->chosen, k), ROW(tile->z, router->experts), sizeof(REAL) * (size_t)router->shared * RLANES);
}

/* weight = that of each chosen id, from unbiased scores; `softmax` is looked at where the score is one */
static void R(weigh)(const tm_router *router, R(tile) *tile, R(softmax) softmax)
{
    const int k = router->top_k;
    const REAL *z = tile->chosen;
    REAL *w = tile->weight;
    if (router->weight == TM_WEIGHT_JOINT) {
        R(joint_sigmoid)(z, k + router->shared, w);
        return;
    }
    if (router->weight == TM_WEIGHT_SOFTMAX) {
        R(softmax_of_chosen)(z, k, w);
    } else if (router->weight == TM_WEIGHT_SCORE && router->score == TM_SCORE_SOFTMAX) {
        for (int j = 0; j < k; ++j) {
            VR(store)(ROW(w, j), R(softmax_score)(VR(load)(ROW(z, j)), softmax));
        }
    } else {
        const int32_t score = router->weight == TM_WEIGHT_SIGMOID ? TM_SCORE_SIGMOID : router->score;
        R(scores_of_stripe)(score, z, NULL, k, 0, w);
    }
    R(normalise)(router, w);
}

/* SparseMixer-v2 at inference: two choices, each weighed by a softmax over the logits that are close to it */
static void R(sparse_mixer)(const tm_router *router, R(tile) *tile)
{
    const vr lowest = VR(set)(-(REAL)__builtin_inf()), bound = VR(set)(2 * (REAL)router->jitter);
    for (int choice = 0; choice < 2; ++choice) {
        const vr most = VR(load)(ROW(tile->value, choice)), own = VR(load)(ROW(tile->id, choice));
        const vr taken = VR(load)(tile->id);
        for (int e = 0; e < router->experts; ++e) {
            const vr z = VR(load)(ROW(tile->z, e)), row = VR(set)((REAL)e);
            const vr distance = VR(div)(VR(sub)(most, z), VR(max)(VR(abs)(z), most));
            vrm out = VRM(or)(VR(lt)(bound, distance), VR(eq)(z, lowest));
            if (choice) {
                out = VRM(or)(out, VR(eq)(row, taken));
            }
            const vr kept = VR(select)(VR(eq)(row, own), most, VR(select)(out, lowest, z));
            VR(store)(ROW(tile->c, e), kept);
        }
        /* where nothing is finite the chosen one stands alone, not among its equals */
        const vr sum = VR(select)(VR(eq)(most, lowest), VR(set)(1),
                                  R(sum_of_exponentials)(tile->c, router->experts, most, NULL));
        VR(store)(ROW(tile->weight, choice), VR(div)(VR(set)(1), sum));
    }
}
