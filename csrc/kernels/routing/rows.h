/* rows.h: experts in lanes, for rules that rank an expert by its own logit alone, in single precision.
 *
 * Only what is sorted is transposed:
 *
 *   logits (T, E), row by row
 *     --> ranks (T, E): the logits where they lie, choice values, or what comes near them
 *     --> maxima of the experts e, e + 64 ..., in registers, folded to 2 k or more and transposed
 *     --> their k-th largest, in lanes: a floor that at least k ranks reach
 *     --> the experts on or above it, their logits and biases, (candidates, RLANES)
 *     --> choice values of these alone --> a sorting network
 *
 * Contract: the ids of the tile (select.h), whatever stands for the choice values. A softmax over all experts has its own
 * sum: expert e is added to part e mod 64, then the upper half of the parts to the lower, and so on.
 * A token whose floor is -inf, or with more candidates than there is room, is sorted by insertion: slower, the same.
 */
#define WORD 64                      /* experts looked at together */
#define WORD_VECTORS (WORD / RLANES)
#define ROWS_TOP_K 32
#define ROWS_EXPERTS 32              /* below, a tile is as good */
#define FIRST_ID 8388608.0f          /* 2^23: a float from here on has its whole number in its low bits */

enum { BY_LOGIT, BY_SCORE, BY_ROUGH_SCORE };

typedef struct rows {
    const float *z[RLANES];         /* (pitch,): logits, where they lie or in a copy, filled up with -inf */
    const float *rank[RLANES];      /* (pitch,) */
    float *copies;                   /* (RLANES, pitch) */
    float *ranks;                    /* (RLANES, pitch) */
    float bias_low, bias_high;
    float *near_bias;                /* (pitch,): what is added to rough scores */
    float margin;                    /* twice what a rough rank may be away from its choice value */
    int way, pitch;                  /* the pitch is a whole number of words */
    int maxima;                      /* a token's, a power of two */
    int room;                        /* for candidates */
    uint32_t open[RLANES];           /* a bit for each group that is kept */
} rows;

static int ranks_in_rows(const tm_router *router)
{
    const int plain = router->bias_on == TM_BIAS_NONE;
    const int pointwise = router->score == TM_SCORE_SIGMOID || router->score == TM_SCORE_SQRT_SOFTPLUS;
    return router->method == TM_METHOD_TOP_K && router->groups == 1 && !router->shared && router->logit_scale == 1.0
        && router->softcap == 0.0 && router->top_k <= ROWS_TOP_K && router->experts >= ROWS_EXPERTS
        && router->experts >= 2 * router->top_k && (plain || (router->bias_on == TM_BIAS_CHOICE && pointwise));
}

/* The logits of a token, and where they are not whole words of floats a copy that is. */
static const float *row_of(const tm_route_call *call, size_t token, int columns, int pitch, float *copy)
{
    const size_t at = token * call->row_stride;
    if (call->dtype == TM_FLOAT32 && columns == pitch) {
        return (const float *)call->logits + at;
    }
    int e = 0;
    for (; e + RLANES <= columns; e += RLANES) {
        vf_store(copy + e, logits_at(call, at + (size_t)e));
    }
    if (e < columns) {
        const size_t width = call->dtype == TM_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
        float rest[RLANES] = {0};
        tm_route_call tail = *call;
        const char *from = (const char *)call->logits + (at + (size_t)e) * width;
        tail.logits = memcpy(rest, from, (size_t)(columns - e) * width);
        vf_store(copy + e, logits_at(&tail, 0));
    }
    for (e = columns; e < pitch; ++e) {
        copy[e] = -__builtin_inff();
    }
    return copy;
}

/* Ranks of a word and the maxima so far; `way` and `score` are constants to the compiler. A NaN is never a maximum. */
INLINED void rank_word(const float *z, const float *bias, int way, int32_t score, int tame, float *rank, vf *most)
{
    _Pragma("GCC unroll 4") for (int v = 0; v < WORD_VECTORS; v += FOUR)
    {
        vf x[FOUR];
        if (way == BY_ROUGH_SCORE) {
            rough_ranks(score, z + v * RLANES, bias + v * RLANES, x);
        } else {
            EACH_OF_FOUR { x[i] = vf_load(z + (v + i) * RLANES); }
        }
        if (way == BY_SCORE) {
            EACH_OF_FOUR { x[i] = vf_max(x[i], vf_set(-__builtin_inff())); }
            pointwise_f32(score, x, tame);
            EACH_OF_FOUR { x[i] = vf_add(x[i], vf_load(bias + (v + i) * RLANES)); }
        }
        if (way != BY_LOGIT) {
            EACH_OF_FOUR { vf_store(rank + (v + i) * RLANES, x[i]); }
        }
        EACH_OF_FOUR { most[v + i] = vf_max(x[i], most[v + i]); }
    }
}

INLINED int word_is_tame(const float *z)
{
    vf size = vf_set(0);
    for (int v = 0; v < WORD_VECTORS; ++v) {
        size = vf_max(vf_abs(vf_max(vf_load(z + v * RLANES), vf_set(-__builtin_inff()))), size);
    }
    return !vfm_bits(vf_lt(vf_set(TAME), size));
}

/* rank (pitch,) of a token, and its maxima in the first vectors of `most` */
INLINED void rank_row(const float *z, const float *bias, int pitch, int way, int32_t score, int maxima, float *rank,
                      vf *out)
{
    vf most[WORD_VECTORS];
    for (int v = 0; v < WORD_VECTORS; ++v) {
        most[v] = vf_set(-__builtin_inff());
    }
    for (int e = 0; e < pitch; e += WORD) {
        if (way == BY_SCORE && word_is_tame(z + e)) {
            rank_word(z + e, bias + e, way, score, 1, rank + e, most);
        } else {
            rank_word(z + e, bias + e, way, score, 0, rank + e, most);
        }
    }
    for (int half = WORD_VECTORS / 2; half * RLANES >= maxima; half /= 2) {
        for (int v = 0; v < half; ++v) {
            most[v] = vf_max(most[v + half], most[v]);
        }
    }
    for (int v = 0; v * RLANES < maxima; ++v) {
        out[v] = most[v];
    }
}

/* z, rank and tile->maxima (maxima, RLANES) of the tokens first <= t < last; lanes past the last repeat it */
static void rank_rows(const tm_router *router, const tm_route_call *call, size_t first, size_t last, rows *rows,
                      tile_f32 *tile)
{
    vf most[RLANES][WORD_VECTORS], block[RLANES];
    const int tokens = last - first < RLANES ? (int)(last - first) : RLANES, way = rows->way, pitch = rows->pitch;
    for (int lane = 0; lane < RLANES; ++lane) {
        const int from = lane < tokens ? lane : tokens - 1;
        float *rank = rows->ranks + (size_t)from * (size_t)pitch;
        if (lane < tokens) {
            float *copy = rows->copies + (size_t)lane * (size_t)pitch;
            rows->z[lane] = row_of(call, first + (size_t)lane, router->columns, pitch, copy);
        }
        const float *z = rows->z[lane] = rows->z[from];
        rows->rank[lane] = way == BY_LOGIT ? z : rank;
        if (way == BY_LOGIT) {
            rank_row(z, NULL, pitch, BY_LOGIT, 0, rows->maxima, NULL, most[lane]);
        } else if (way == BY_ROUGH_SCORE && router->score == TM_SCORE_SIGMOID) {
            rank_row(z, rows->near_bias, pitch, BY_ROUGH_SCORE, TM_SCORE_SIGMOID, rows->maxima, rank, most[lane]);
        } else if (way == BY_ROUGH_SCORE) {
            rank_row(z, rows->near_bias, pitch, BY_ROUGH_SCORE, TM_SCORE_SQRT_SOFTPLUS, rows->maxima, rank, most[lane]);
        } else if (router->score == TM_SCORE_SIGMOID) {
            rank_row(z, tile->bias, pitch, BY_SCORE, TM_SCORE_SIGMOID, rows->maxima, rank, most[lane]);
        } else {
            rank_row(z, tile->bias, pitch, BY_SCORE, TM_SCORE_SQRT_SOFTPLUS, rows->maxima, rank, most[lane]);
        }
    }
    for (int v = 0; v * RLANES < rows->maxima; ++v) {
        for (int lane = 0; lane < RLANES; ++lane) {
            block[lane] = most[lane][v];
        }
        vf_transpose(block);
        for (int i = 0; i < RLANES; ++i) {
            vf_store(ROW(tile->maxima, v * RLANES + i), block[i]);
        }
    }
}
