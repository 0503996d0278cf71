/* tile.h: tokens in lanes. A tile holds RLANES tokens; row e of it is one expert's value for each of them.
 *
 *   logits (T, columns)             z (columns, RLANES)
 *   token 0: a b c d ...            row 0: a A ...
 *   token 1: A B C D ...    --->    row 1: b B ...        blocks of RLANES x RLANES, transposed in registers
 *   ...                             ...
 *
 * Everything that follows goes down the rows: one token's arithmetic stays in its lane, so its order is that of the
 * experts on every instruction set, no loop has a remainder, and the tile stays in the first-level cache.
 *
 * Contract: NaN counts as -inf. Lanes past the last token repeat it and are never stored.
 */
typedef struct R(tile) {
    REAL *z;                         /* (columns, RLANES): logits, scaled and softcapped */
    REAL *bias;                      /* (experts,) */
    uint64_t *seen;                  /* (ranks + nodes,), see tally.h */
    REAL *c;                         /* (columns or experts, RLANES): choice values, where they are not z */
    REAL value[(CANDIDATES + 1) * RLANES];  /* choice values of the best, descending */
    REAL id[(CANDIDATES + 1) * RLANES];     /* their experts, whole numbers; the last row takes what is too many */
    REAL chosen[2 * MOST_TOP_K * RLANES];   /* logits of the chosen, then of the joint shared experts */
    REAL weight[2 * MOST_TOP_K * RLANES];
    REAL maxima[2 * MOST_TOP_K * RLANES];
    const char *ahead;               /* bytes of the next tile that are still to be asked for */
    size_t ahead_bytes;
    uint32_t next[RLANES];           /* where each token's next candidate goes */
    networks networks;
} R(tile);

static void R(transform)(const tm_router *router, REAL *z)
{
    const vr scale = VR(set)((REAL)router->logit_scale), cap = VR(set)((REAL)router->softcap), one = VR(set)(1);
    if (router->logit_scale == 1.0 && router->softcap == 0.0) {
        return;
    }
    for (int e = 0; e < router->columns; ++e) {
        vr x = VR(mul)(VR(load)(ROW(z, e)), scale);
        if (router->softcap != 0.0) { /* cap * tanh(x / cap), tanh through e^-2|x| */
            const vr ratio = VR(div)(x, cap), fall = VR(exp)(VR(mul)(VR(set)(-2), VR(abs)(ratio)));
            x = VR(mul)(cap, VR(copysign)(VR(div)(VR(sub)(one, fall), VR(add)(one, fall)), ratio));
        }
        VR(store)(ROW(z, e), x);
    }
}

/* Asks for a few lines of the next tile. Its rows are too short for the processor to see them coming, and all its lines at
 * once are more than it can wait for. */
static inline void R(ask_ahead)(R(tile) *tile)
{
    for (int i = 0; i < 4 && tile->ahead_bytes; ++i) {
        __builtin_prefetch(tile->ahead, 0, 2);
        tile->ahead += 64;
        tile->ahead_bytes -= tile->ahead_bytes < 64 ? tile->ahead_bytes : 64;
    }
}

/* The next tile after the one of the tokens first <= t < last is what is asked for. */
static inline void R(look_ahead)(const tm_route_call *call, size_t first, size_t last, R(tile) *tile)
{
    const size_t width = call->dtype == TM_FLOAT64 ? 8 : call->dtype == TM_FLOAT32 ? 4 : 2, row = call->row_stride * width;
    const size_t after = last - first > RLANES ? last - first - RLANES : 0;
    tile->ahead = (const char *)call->logits + (first + RLANES) * row;
    tile->ahead_bytes = (after < RLANES ? after : RLANES) * row;
}

/* z = logits of the tokens first <= t < last, at most RLANES of them */
static void R(read_tile)(const tm_router *router, const tm_route_call *call, size_t first, size_t last, REAL *z)
{
    const int columns = router->columns;
    size_t start[RLANES];
    for (int lane = 0; lane < RLANES; ++lane) {
        start[lane] = (first + (size_t)lane < last ? first + (size_t)lane : last - 1) * call->row_stride;
    }
    R(load_rows)(call, start, columns, z);
    R(transform)(router, z);
}
