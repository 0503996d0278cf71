/* route.h: a tile of tokens after another, from logits to expert ids and weights.
 *
 *   logits --> z --> choice values --> ids --> their logits --> weights --> (T, k) ids and weights, counts
 *
 * Contract: ids by (choice descending, id ascending), groups too; distinct whatever the logits (but for hash tables and
 * the skip expert, which is reported as id 0 with weight 0). A token's result depends on its own logits alone, with block
 * routing on its block's: the same bits for any tile, thread or instruction set. Formulas: docs/routing.md.
 */
static void R(take_from_table)(const tm_router *router, const tm_route_call *call, size_t first, size_t last, R(tile) *tile)
{
    for (int lane = 0; lane < RLANES; ++lane) {
        const size_t token = first + (size_t)lane < last ? first + (size_t)lane : last - 1;
        const int32_t *ids = call->hash_table + (size_t)call->token_ids[token] * (size_t)router->top_k;
        for (int j = 0; j < router->top_k; ++j) {
            tile->id[j * RLANES + lane] = (REAL)ids[j];
        }
    }
}

static void R(emit)(const tm_router *router, const tm_route_call *call, size_t first, size_t last, R(tile) *tile)
{
    const int k = router->top_k, tokens = (int)(last - first < RLANES ? last - first : RLANES);
    const vr scale = VR(set)((REAL)router->scale);
    for (int j = 0; j < k + router->shared; ++j) {
        VR(store)(ROW(tile->weight, j), VR(mul)(VR(load)(ROW(tile->weight, j)), scale));
    }
    R(store_ids)(tile->id, k, tokens, call->expert_ids + first * (size_t)k);
    R(store_columns)(tile->weight, k, tokens, call->weights + first * (size_t)k);
    if (!call->expert_scale && !router->shared && !call->counts && !router->skip) {
        return;
    }
    for (int lane = 0; lane < tokens; ++lane) {
        const size_t token = first + (size_t)lane;
        int32_t *id = call->expert_ids + token * (size_t)k;
        float *weight = call->weights + token * (size_t)k;
        for (int j = 0; call->expert_scale && j < k; ++j) {
            weight[j] = (float)(tile->weight[j * RLANES + lane] * (REAL)call->expert_scale[id[j]]);
        }
        for (int j = 0; j < router->shared; ++j) {
            call->shared_weights[token * (size_t)router->shared + (size_t)j] = (float)tile->weight[(k + j) * RLANES + lane];
        }
        if (call->counts) {
            tally(call, k, id, token + 1, tile->seen);
        }
        for (int j = 0; router->skip && j < k; ++j) {
            const int skipped = id[j] == router->experts - 1;
            call->skipped[token * (size_t)k + (size_t)j] = (uint8_t)skipped;
            id[j] = skipped ? 0 : id[j];
            weight[j] = skipped ? 0.0f : weight[j];
        }
    }
}

/* Routes the tokens first <= t < last, at most RLANES; `closed` holds a flag for each expert, or is NULL. */
static void R(route_tile)(const tm_router *router, const tm_route_call *call, size_t first, size_t last,
                          const uint8_t *closed, R(tile) *tile)
{
    const REAL *choice = tile->z;
    R(read_tile)(router, call, first, last, tile->z);
    R(look_ahead)(call, first, last, tile);
    if (router->method == TM_METHOD_HASH) {
        R(take_from_table)(router, call, first, last, tile);
        choice = NULL;
    } else {
        choice = R(choice_of)(router, tile);
        if (closed) {
            const vr lowest = VR(set)(-(REAL)__builtin_inf());
            for (int e = 0; e < router->experts; ++e) {
                VR(store)(ROW(tile->c, e), closed[e] ? lowest : VR(load)(ROW(choice, e)));
            }
            choice = tile->c;
        }
        R(select_top)(tile, choice, router->experts, router->top_k);
    }
    if (router->method == TM_METHOD_SPARSE_MIXER) {
        R(sparse_mixer)(router, tile);
    } else {
        R(take_chosen)(router, tile, choice == tile->z || router->method == TM_METHOD_PRODUCT_KEYS);
        const int over_all = router->weight == TM_WEIGHT_SCORE && router->score == TM_SCORE_SOFTMAX;
        R(weigh)(router, tile, over_all ? R(softmax_of)(tile->z, router->columns, NULL) : (R(softmax)){VR(set)(0), VR(set)(0)});
    }
    R(emit)(router, call, first, last, tile);
}

/* Block routing: an expert is open to a block of tokens if its best choice value in it is among the block's best. */
static void R(close_experts)(const tm_router *router, const tm_route_call *call, size_t first, size_t last,
                             R(tile) *tile, REAL *best, REAL *id, REAL *value, uint8_t *closed)
{
    for (int e = 0; e < router->experts; ++e) {
        best[e] = -(REAL)__builtin_inf();
        closed[e] = 1;
    }
    for (size_t from = first; from < last; from += RLANES) {
        R(read_tile)(router, call, from, last, tile->z);
        const REAL *choice = R(choice_of)(router, tile);
        for (int e = 0; e < router->experts; ++e) {
            for (int lane = 0; lane < RLANES; ++lane) {
                best[e] = ROW(choice, e)[lane] > best[e] ? ROW(choice, e)[lane] : best[e];
            }
        }
    }
    R(select_by_insertion)(best, router->experts, router->block_experts, 1, value, id);
    for (int j = 0; j < router->block_experts; ++j) {
        closed[(int)id[j]] = 0;
    }
}

/* scratch: z and c, a row of 64 bytes an expert; bias; seen; in single precision another bias; for block routing best, value, id and a flag an expert */
static void R(prepare_tile)(const tm_router *router, const tm_route_call *call, R(tile) *tile)
{
    const size_t rows = routing_rows(router);
    tile->z = (REAL *)(((uintptr_t)call->scratch + 63) & ~(uintptr_t)63);
    tile->c = tile->z + rows * (64 / sizeof(REAL));
    tile->bias = tile->c + rows * (64 / sizeof(REAL));
    for (int e = 0; router->bias_on != TM_BIAS_NONE && e < router->experts; ++e) {
        tile->bias[e] = (REAL)call->bias[e];
    }
    tile->seen = (uint64_t *)(tile->bias + rows);
    memset(tile->seen, 0, sizeof *tile->seen * 2 * rows);
    tile->networks.used = 0;
    memset(tile->networks.count, 0, sizeof tile->networks.count);
}

static void R(route)(const tm_router *router, const tm_route_call *call)
{
    R(tile) tile;
    const size_t rows = routing_rows(router), blocked = router->method == TM_METHOD_BLOCK;
    R(prepare_tile)(router, call, &tile);
    REAL *best = (REAL *)(tile.seen + 2 * rows), *value = best + rows, *id = value + rows;
    uint8_t *closed = (uint8_t *)(id + rows);
    const size_t step = blocked ? (size_t)router->block_size : call->tokens;
    for (size_t first = 0; first < call->tokens; first += step) {
        const size_t last = call->tokens - first < step ? call->tokens : first + step;
        if (blocked) {
            R(close_experts)(router, call, first, last, &tile, best, id, value, closed);
        }
        for (size_t from = first; from < last; from += RLANES) {
            R(route_tile)(router, call, from, last, blocked ? closed : NULL, &tile);
        }
    }
}
