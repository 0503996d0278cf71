/* route.h: one token after another, from logits to expert ids and weights.
 *
 *   logits --> z: scaled, softcapped --> s: scores --> c: choice, with bias and groups masked --> ids --> weights
 *
 * Contract: ids by (choice descending, id ascending), groups too; distinct whatever the logits (but for hash tables and
 * the skip expert, which is reported as id 0 with weight 0). Where nothing is added to a score that grows with its logit,
 * ids are ranked on logits, so that rounding makes no ties. A token's result depends on its own logits alone (with block
 * routing on its block's). Formulas: docs/routing.md. Twin: reference/routing.py.
 *
 *   logits (T, columns), one row at a time --> scratch rows that stay in the first-level cache --> k ids and k weights
 */
typedef struct R(row) {
    REAL z[MAX_COLUMNS], s[MAX_COLUMNS], c[MAX_COLUMNS], bias[MAX_COLUMNS], best[MAX_COLUMNS];
    REAL chosen[2 * CANDIDATES + UNIT], weight[2 * CANDIDATES + UNIT];
    int32_t index[MAX_COLUMNS];
    const REAL *logit;               /* z, or the caller's row where nothing has to be done to it */
    R(softmax_of_row) softmax;
    int padded;                      /* columns, rounded up to UNIT */
    int scored;                      /* s and softmax hold this token's */
} R(row);

static inline int R(round_up)(int n) { return (n + UNIT - 1) / UNIT * UNIT; }

static void R(pad)(REAL *x, int from, int to)
{
    for (int i = from; i < to; ++i) {
        x[i] = -(REAL)__builtin_inf();
    }
}

static void R(read_row)(const tm_router *router, const tm_route_call *call, size_t token, R(row) *row)
{
    const int columns = router->columns, transformed = router->logit_scale != 1.0 || router->softcap != 0.0;
    row->scored = 0;
    row->logit = R(logits_of_token)(call, token, columns, row->z);
    if (row->logit != row->z) {
        if (columns % UNIT == 0 && !transformed) {
            return;
        }
        memcpy(row->z, row->logit, sizeof(REAL) * (size_t)columns);
        row->logit = row->z;
    }
    R(pad)(row->z, columns, row->padded);
    if (transformed) {
        const vr scale = VR(set)((REAL)router->logit_scale), cap = VR(set)((REAL)router->softcap), one = VR(set)(1);
        for (int i = 0; i < row->padded; i += RLANES) {
            vr z = VR(mul)(VR(load)(row->z + i), scale);
            if (router->softcap != 0.0) { /* cap * tanh(z / cap), tanh through e^-2|x| */
                const vr x = VR(div)(z, cap), e = VR(exp)(VR(mul)(VR(set)(-2), VR(abs)(x)));
                z = VR(mul)(cap, VR(copysign)(VR(div)(VR(sub)(one, e), VR(add)(one, e)), x));
            }
            VR(store)(row->z + i, z);
        }
        R(pad)(row->z, columns, row->padded);
    }
}

static void R(score_row)(const tm_router *router, R(row) *row)
{
    if (!row->scored) {
        row->softmax = R(scores)(router->score, row->logit, row->padded, router->columns, row->s);
        row->scored = 1;
    }
}

/* the sum of the best scores of one group of n, best first */
static REAL R(group_score)(const REAL *x, int n, int best)
{
    REAL most[CANDIDATES];
    if (best <= 2 && n % UNIT == 0) {
        vr first = VR(set)(-(REAL)__builtin_inf()), second = first;
        for (int i = 0; i < n; i += RLANES) {
            const vr value = VR(max)(VR(load)(x + i), VR(set)(-(REAL)__builtin_inf()));
            second = VR(max)(VR(min)(value, first), second);
            first = VR(max)(value, first);
        }
        const REAL top = VR(hmax)(first);
        if (best == 1) {
            return top;
        }
        const uint32_t holders = VR(eq_bits)(first, VR(set)(top));
        if (holders & (holders - 1)) {
            return top + top;
        }
        REAL lanes[RLANES], below[RLANES];
        VR(store)(lanes, first);
        VR(store)(below, second);
        lanes[__builtin_ctz(holders)] = below[__builtin_ctz(holders)];
        return top + VR(hmax)(VR(load)(lanes));
    }
    for (int b = 0; b < best; ++b) {
        most[b] = -(REAL)__builtin_inf();
    }
    for (int i = 0; i < n; ++i) {
        REAL value = x[i];
        for (int b = 0; b < best; ++b) {
            const REAL larger = value > most[b] ? value : most[b];
            value = value > most[b] ? most[b] : value;
            most[b] = larger;
        }
    }
    REAL sum = 0;
    for (int b = 0; b < best; ++b) {
        sum += most[b];
    }
    return sum;
}

/* Fills the groups that are not kept; `by` holds what groups are ranked on, c what experts are. */
static void R(mask_groups)(const tm_router *router, const REAL *by, REAL *c, R(row) *row)
{
    const int groups = router->groups, size = router->experts / groups;
    uint8_t kept[MAX_COLUMNS];
    for (int g = 0; g < groups; ++g) {
        row->best[g] = R(group_score)(by + g * size, size, router->group_best);
        kept[g] = 0;
    }
    R(pad)(row->best, groups, R(round_up)(groups));
    R(select_top)(row->best, R(round_up)(groups), groups, router->groups_kept, row->index);
    for (int g = 0; g < router->groups_kept; ++g) {
        kept[row->index[g]] = 1;
    }
    for (int g = 0; g < groups; ++g) {
        for (int i = g * size; !kept[g] && i < (g + 1) * size; ++i) {
            c[i] = (REAL)router->fill;
        }
    }
}

static void R(add_bias)(const REAL *x, R(row) *row, int padded)
{
    for (int i = 0; i < padded; i += RLANES) {
        VR(store)(row->c + i, VR(add)(VR(load)(x + i), VR(load)(row->bias + i)));
    }
}

/* What experts are ranked on: logits, or scores, with the bias; may be the caller's row. */
static const REAL *R(choice_of_row)(const tm_router *router, R(row) *row)
{
    const REAL *choice = row->logit, *by = row->logit;
    const int experts = router->experts;
    if (router->bias_on == TM_BIAS_CHOICE) {
        R(score_row)(router, row);
        R(add_bias)(row->s, row, row->padded);
        choice = by = row->c;
    } else if (router->bias_on == TM_BIAS_LOGITS) {
        R(add_bias)(row->logit, row, row->padded);
        choice = by = row->c;
    }
    if (router->groups > 1 || experts < router->columns) {
        if (choice != row->c) {
            memcpy(row->c, choice, sizeof(REAL) * (size_t)row->padded);
            choice = row->c;
        }
        R(pad)(row->c, experts, row->padded);
    }
    if (router->groups > 1) {
        if (router->bias_on == TM_BIAS_NONE && router->group_best > 1) {
            R(score_row)(router, row); /* sums of scores are not in the order of sums of logits */
            by = row->s;
        }
        R(mask_groups)(router, by, row->c, row);
    }
    return choice;
}

/* c = every sum of a first key's score and a second's */
static const REAL *R(product_key_sums)(const tm_router *router, R(row) *row)
{
    const int keys = router->columns / 2;
    for (int i = 0; i < keys; ++i) {
        for (int j = 0; j < keys; ++j) {
            row->c[i * keys + j] = row->logit[i] + row->logit[keys + j];
        }
    }
    R(pad)(row->c, router->experts, R(round_up)(router->experts));
    return row->c;
}

/* Where a weight is infinite, the infinite ones become 1 and the others 0. */
static void R(share_among_infinite)(int k, REAL *w)
{
    REAL most = 0;
    for (int j = 0; j < k; ++j) {
        most = w[j] > most ? w[j] : most;
    }
    for (int j = 0; j < k && most == (REAL)__builtin_inf(); ++j) {
        w[j] = w[j] == most;
    }
}

static void R(normalise)(const tm_router *router, REAL *w)
{
    const int k = router->top_k;
    REAL size = 0;
    if (router->norm == TM_NORM_NONE) {
        return;
    }
    if (router->score == TM_SCORE_SQRT_SOFTPLUS) {
        R(share_among_infinite)(k, w);
    }
    if (router->norm == TM_NORM_POWER && router->power != 1.0) {
        REAL square[2 * CANDIDATES + UNIT];
        REAL most = 0;
        for (int j = 0; j < k; ++j) {
            most = w[j] > most ? w[j] : most;
        }
        for (int j = 0; j < k; ++j) { /* scaled by the largest, so that no power underflows */
            square[j] = (REAL)power_of_ratio(w[j] / most, router->power);
            size += square[j];
        }
        size = most * (REAL)power_of_ratio(size, 1.0 / router->power);
    } else {
        double sum = 0;
        for (int j = 0; j < k; ++j) {
            sum += (double)w[j];
        }
        size = (REAL)sum;
        size = router->norm == TM_NORM_FLOOR ? (size > (REAL)router->eps ? size : (REAL)router->eps) : size + (REAL)router->eps;
    }
    for (int j = 0; j < k; ++j) {
        w[j] = size > 0 ? w[j] / size : router->eps > 0.0 ? 0 : (REAL)1 / (REAL)k;
    }
}

/* weights of the chosen ids: unbiased scores, or a softmax or sigmoid of their logits */
static void R(weigh)(const tm_router *router, const int32_t *id, R(row) *row)
{
    const int k = router->top_k, joint = router->shared;
    REAL *z = row->chosen, *w = row->weight;
    for (int j = 0; j < k; ++j) {
        const int keys = router->columns / 2;
        z[j] = router->method == TM_METHOD_PRODUCT_KEYS ? row->logit[id[j] / keys] + row->logit[keys + id[j] % keys]
                                                        : row->logit[id[j]];
    }
    for (int j = 0; j < joint; ++j) {
        z[k + j] = row->logit[router->experts + j];
    }
    R(pad)(z, k + joint, R(round_up)(k + joint));
    if (router->weight == TM_WEIGHT_JOINT) {
        R(joint_sigmoid)(k + joint, z, w);
    } else if (router->weight == TM_WEIGHT_SOFTMAX) {
        R(softmax_of_chosen)(k, z, w);
        R(normalise)(router, w);
    } else if (router->weight == TM_WEIGHT_SCORE && router->score == TM_SCORE_SOFTMAX) {
        R(score_row)(router, row);
        for (int j = 0; j < k; ++j) {
            w[j] = row->s[id[j]];
        }
        R(normalise)(router, w);
    } else {
        const int32_t score = router->weight == TM_WEIGHT_SIGMOID ? TM_SCORE_SIGMOID : router->score;
        for (int j = 0; j < k; j += RLANES) {
            VR(store)(w + j, R(pointwise_score)(score, VR(load)(z + j)));
        }
        R(normalise)(router, w);
    }
}

/* SparseMixer-v2 at inference: two choices, each weighed by a softmax over the logits that are close to it */
static void R(sparse_mixer)(const tm_router *router, R(row) *row, int32_t *id)
{
    const REAL lowest = -(REAL)__builtin_inf(), bound = 2 * (REAL)router->jitter;
    const int experts = router->experts;
    R(select_top)(row->logit, row->padded, experts, 2, id);
    for (int choice = 0; choice < 2; ++choice) {
        const REAL most = row->logit[id[choice]];
        for (int i = 0; i < row->padded; ++i) {
            const REAL z = i < experts && row->logit[i] > lowest ? row->logit[i] : lowest, size = z < 0 ? -z : z;
            const int far = (most - z) / (size > most ? size : most) > bound || (choice && i == id[0]) || z == lowest;
            row->c[i] = i == id[choice] ? 0 : far ? lowest : R(below_maximum)(z, most);
        }
        REAL sum = 0;
        for (int i = 0; i < row->padded; i += RLANES) {
            VR(store)(row->s + i, VR(exp)(VR(load)(row->c + i)));
        }
        for (int i = 0; i < experts; ++i) {
            sum += row->s[i];
        }
        row->weight[choice] = 1 / sum;
    }
}

static void R(emit)(const tm_router *router, const tm_route_call *call, size_t token, const R(row) *row, int32_t *id)
{
    const int k = router->top_k;
    float *weight = call->weights + token * (size_t)k;
    for (int j = 0; j < k; ++j) {
        REAL w = row->weight[j] * (REAL)router->scale;
        const int skipped = router->skip && id[j] == router->experts - 1;
        if (call->expert_scale) {
            w *= (REAL)call->expert_scale[id[j]];
        }
        weight[j] = skipped ? 0.0f : (float)w;
        if (router->skip) {
            call->skipped[token * (size_t)k + (size_t)j] = (uint8_t)skipped;
            id[j] = skipped ? 0 : id[j];
        }
    }
    for (int j = 0; j < router->shared; ++j) {
        call->shared_weights[token * (size_t)router->shared + (size_t)j] = (float)(row->weight[k + j] * (REAL)router->scale);
    }
}

static void R(route_token)(const tm_router *router, const tm_route_call *call, size_t token, const REAL *open, R(row) *row)
{
    int32_t *id = call->expert_ids + token * (size_t)router->top_k;
    R(read_row)(router, call, token, row);
    if (router->method == TM_METHOD_SPARSE_MIXER) {
        R(sparse_mixer)(router, row, id);
    } else {
        if (router->method == TM_METHOD_HASH) {
            memcpy(id, call->hash_table + (size_t)call->token_ids[token] * (size_t)router->top_k, sizeof *id * (size_t)router->top_k);
        } else {
            const REAL *choice = router->method == TM_METHOD_PRODUCT_KEYS ? R(product_key_sums)(router, row)
                                                                          : R(choice_of_row)(router, row);
            if (open) {
                for (int i = 0; i < router->experts; ++i) {
                    row->best[i] = open[i] > 0 ? choice[i] : -(REAL)__builtin_inf();
                }
                R(pad)(row->best, router->experts, R(round_up)(router->experts));
                choice = row->best;
            }
            R(select_top)(choice, R(round_up)(router->experts), router->experts, router->top_k, id);
        }
        R(weigh)(router, id, row);
    }
    R(emit)(router, call, token, row, id);
}

/* Block routing: an expert is open to a block of tokens if its best choice value in it is among the block's best. */
static void R(open_experts)(const tm_router *router, const tm_route_call *call, size_t first, size_t last, REAL *open, R(row) *row)
{
    const int experts = router->experts, padded = R(round_up)(experts);
    R(pad)(open, 0, padded);
    for (size_t token = first; token < last; ++token) {
        R(read_row)(router, call, token, row);
        const REAL *choice = R(choice_of_row)(router, row);
        for (int i = 0; i < experts; ++i) {
            open[i] = choice[i] > open[i] ? choice[i] : open[i];
        }
    }
    R(select_top)(open, padded, experts, router->block_experts, row->index);
    for (int i = 0; i < experts; ++i) {
        open[i] = 0;
    }
    for (int j = 0; j < router->block_experts; ++j) {
        open[row->index[j]] = 1;
    }
}

static void R(route)(const tm_router *router, const tm_route_call *call)
{
    R(row) row;
    REAL open[MAX_COLUMNS];
    row.padded = R(round_up)(router->columns);
    for (int i = 0; i < row.padded; ++i) {
        row.bias[i] = call->bias && i < router->columns ? (REAL)call->bias[i] : 0;
    }
    const size_t step = router->method == TM_METHOD_BLOCK ? (size_t)router->block_size : call->tokens;
    for (size_t first = 0; first < call->tokens; first += step) {
        const size_t last = call->tokens - first < step ? call->tokens : first + step;
        if (router->method == TM_METHOD_BLOCK) {
            R(open_experts)(router, call, first, last, open, &row);
        }
        for (size_t token = first; token < last; ++token) {
            R(route_token)(router, call, token, router->method == TM_METHOD_BLOCK ? open : NULL, &row);
        }
    }
}
