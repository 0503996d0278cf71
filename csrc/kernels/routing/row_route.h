/* row_route.h: a tile of tokens after another with experts in lanes (rows.h), from logits to expert ids and weights. */

/* the k-th largest of a token's maxima, and the largest of them */
static vf floor_of_maxima(tile_f32 *tile, int maxima, int k, vf *most)
{
    float *high = tile->maxima, *low = ROW(tile->maxima, maxima / 2);
    *most = maximum_f32(high, maxima);
    if (k == 1) {
        return *most;
    }
    if (maxima == 8) {
        sort_values_f32(&tile->networks, 8, high);
        return vf_load(ROW(high, k - 1));
    }
    const int half = maxima / 2;
    sort_values_f32(&tile->networks, half, high);
    sort_values_f32(&tile->networks, half, low);
    return kth_of_two_f32(high, low, half, k);
}

/* tile->id (k, RLANES) = the k best of each token, and the largest rank of each */
static vf select_in_rows(const tm_router *router, const tm_route_call *call, size_t first, size_t last, rows *rows,
                         tile_f32 *tile)
{
    const int k = router->top_k, tokens = last - first < RLANES ? (int)(last - first) : RLANES, room = rows->room;
    const float *bias = rows->way == BY_LOGIT ? NULL : tile->bias;
    const int way = rows->way;
    float floor[RLANES];
    int found[RLANES];
    vf most;
    look_ahead_f32(call, first, last, tile);
    rank_rows(router, call, first, last, rows, tile);
    vf least = floor_of_maxima(tile, rows->maxima, k, &most);
    if (way == BY_ROUGH_SCORE) {
        least = vf_sub(least, vf_set(rows->margin));
    }
    if (way == BY_ROUGH_SCORE && router->score == TM_SCORE_SQRT_SOFTPLUS) {
        const vfm low = vf_lt(vf_set(ROUGH_BELOW + rows->bias_high), least);
        const vfm high = vf_lt(most, vf_set(ROUGH_ABOVE + rows->bias_low));
        if (vfm_bits(vfm_and(low, high)) != EVERY_LANE) {
            rows->way = BY_SCORE;
            most = select_in_rows(router, call, first, last, rows, tile);
            rows->way = way;
            return most;
        }
    }
    if (k > 1 || bias) { /* a single best logit is not sorted */
        clear_candidates(room, bias, tile);
    }
    vf_store(floor, least);
    for (int lane = 0; lane < tokens; ++lane) {
        found[lane] = floor[lane] == -__builtin_inff() ? room + 1
                    : bias ? take_candidates(rows, lane, tile->bias, floor[lane], room, tile)
                           : take_candidates(rows, lane, NULL, floor[lane], room, tile);
    }
    sort_candidates(router, rows, found, tokens, bias, tile);
    return most;
}

/* Ranks of a tile whose groups are kept by their two best, and a floor of each token; its choice values where they decide. */
static vf rank_groups(const tm_router *router, const tm_route_call *call, size_t first, size_t last, rows *rows,
                      tile_f32 *tile)
{
    groups groups;
    const float *bias = rows->near_bias;
    look_ahead_f32(call, first, last, tile);
    const int tokens = last - first < RLANES ? (int)(last - first) : RLANES;
    for (int lane = 0; lane < tokens; ++lane) {
        float *rank = rows->ranks + (size_t)lane * (size_t)rows->pitch;
        float *copy = rows->copies + (size_t)lane * (size_t)rows->pitch;
        const float *z = rows->z[lane] = row_of(call, first + (size_t)lane, router->columns, rows->pitch, copy);
        rows->rank[lane] = rank;
        for (int e = 0; e < rows->pitch; e += FOUR * RLANES) {
            vf x[FOUR];
            rough_ranks(TM_SCORE_SIGMOID, z + e, bias + e, x);
            EACH_OF_FOUR { vf_store(rank + e + i * RLANES, x[i]); }
        }
        best_of_row(router, rank, lane, &groups);
    }
    for (int lane = tokens; lane < RLANES; ++lane) { /* lanes past the last token repeat it */
        best_of_row(router, rows->rank[tokens - 1], lane, &groups);
    }
    const unsigned unsure = place_groups(router, rows, &groups);
    if (unsure && router->groups_kept < router->groups) {
        for (int lane = 0; lane < RLANES; ++lane) {
            if (unsure >> lane & 1) {
                const int from = lane < tokens ? lane : tokens - 1;
                if (from == lane) {
                    choose_in_row(router, rows, lane, tile);
                }
                best_of_row(router, rows->rank[from], lane, &groups);
            }
        }
        place_groups(router, rows, &groups);
    }
    return vf_sub(floor_of_groups(router, &groups, rows->open), vf_set(rows->margin));
}

static void select_in_groups(const tm_router *router, const tm_route_call *call, size_t first, size_t last, rows *rows,
                             tile_f32 *tile)
{
    const int tokens = last - first < RLANES ? (int)(last - first) : RLANES, size = router->experts / router->groups;
    float floor[RLANES];
    int found[RLANES];
    vf_store(floor, rank_groups(router, call, first, last, rows, tile));
    clear_candidates(rows->room, tile->bias, tile);
    for (int lane = 0; lane < tokens; ++lane) {
        found[lane] = take_from_groups(rows, lane, size, tile->bias, floor[lane], tile);
    }
    sort_candidates(router, rows, found, tokens, tile->bias, tile);
}

/* sum of e^(z - most) over a row, in WORD parts: lane i of the result holds those of the experts e = i mod RLANES */
static vf sum_of_row(const float *z, int pitch, float most)
{
    vf part[WORD_VECTORS];
    for (int v = 0; v < WORD_VECTORS; ++v) {
        part[v] = vf_set(0);
    }
    for (int e = 0; e < pitch; e += WORD) {
        _Pragma("GCC unroll 4") for (int v = 0; v < WORD_VECTORS; v += FOUR)
        {
            vf x[FOUR];
            EACH_OF_FOUR { x[i] = vf_sub(vf_load(z + e + (v + i) * RLANES), vf_set(most)); }
            vf_exp_negative(x);
            EACH_OF_FOUR { part[v + i] = vf_add(part[v + i], x[i]); }
        }
    }
    for (int half = WORD_VECTORS / 2; half; half /= 2) {
        for (int v = 0; v < half; ++v) {
            part[v] = vf_add(part[v], part[v + half]);
        }
    }
    return part[0];
}

/* The softmax over all logits of each token of a tile. Infinite maxima share among their equals. */
static softmax_f32 softmax_of_rows(const rows *rows, int columns, int tokens, vf most)
{
    vf part[RLANES];
    float largest[RLANES], sum[RLANES];
    vf_store(largest, most);
    for (int lane = 0; lane < RLANES; ++lane) {
        part[lane] = lane < tokens ? sum_of_row(rows->z[lane], rows->pitch, largest[lane]) : vf_set(1);
    }
    vf_transpose(part);
    for (int half = RLANES / 2; half; half /= 2) {
        for (int i = 0; i < half; ++i) {
            part[i] = vf_add(part[i], part[i + half]);
        }
    }
    vf_store(sum, part[0]);
    for (int lane = 0; lane < tokens; ++lane) {
        if (largest[lane] - largest[lane] != 0) {
            sum[lane] = 0;
            for (int e = 0; e < columns; ++e) {
                sum[lane] += largest[lane] > 0 ? rows->z[lane][e] == largest[lane] : 1;
            }
        }
    }
    return (softmax_f32){most, vf_div(vf_set(1), vf_load(sum))};
}

static void route_rows_of_tile(const tm_router *router, const tm_route_call *call, size_t first, size_t last,
                               rows *rows, tile_f32 *tile)
{
    const int k = router->top_k, tokens = last - first < RLANES ? (int)(last - first) : RLANES;
    vf most = vf_set(0);
    if (router->groups > 1) {
        select_in_groups(router, call, first, last, rows, tile);
    } else {
        most = select_in_rows(router, call, first, last, rows, tile);
    }
    softmax_f32 softmax = {most, most};
    if (rows->way == BY_LOGIT) {
        memcpy(tile->chosen, tile->value, sizeof(float) * (size_t)k * RLANES);
    } else {
        for (int lane = 0; lane < tokens; ++lane) {
            for (int j = 0; j < k; ++j) { /* NaN counts as -inf */
                tile->chosen[j * RLANES + lane] = rows->z[lane][(int)tile->id[j * RLANES + lane]];
            }
        }
        for (int j = 0; j < k; ++j) {
            vf_store(ROW(tile->chosen, j), vf_max(vf_load(ROW(tile->chosen, j)), vf_set(-__builtin_inff())));
        }
    }
    if (router->weight == TM_WEIGHT_SCORE && router->score == TM_SCORE_SOFTMAX) {
        softmax = softmax_of_rows(rows, router->columns, tokens, most);
    }
    weigh_f32(router, tile, softmax);
    emit_f32(router, call, first, last, tile);
}

static void route_in_rows(const tm_router *router, const tm_route_call *call)
{
    tile_f32 tile;
    rows rows;
    const size_t pitch = routing_rows(router);
    prepare_tile_f32(router, call, &tile);
    rows.copies = tile.z;
    rows.ranks = tile.c;
    rows.near_bias = (float *)(tile.seen + 2 * pitch);
    rows.pitch = (int)pitch;
    const int wanted = 2 * router->top_k > RLANES ? 2 * router->top_k : RLANES;
    for (rows.maxima = 8; rows.maxima < WORD && rows.maxima < wanted; rows.maxima *= 2) {
    }
    rows.way = router->bias_on == TM_BIAS_NONE ? BY_LOGIT : BY_ROUGH_SCORE;
    rows.bias_low = rows.bias_high = 0;
    for (int e = 0; rows.way != BY_LOGIT && e < (int)pitch; ++e) {
        if (e >= router->experts) {
            tile.bias[e] = rows.near_bias[e] = -__builtin_inff();
            continue;
        }
        rows.near_bias[e] = tile.bias[e] + (router->score == TM_SCORE_SIGMOID ? 0.5f : 0.0f);
        rows.bias_low = tile.bias[e] < rows.bias_low ? tile.bias[e] : rows.bias_low;
        rows.bias_high = tile.bias[e] > rows.bias_high ? tile.bias[e] : rows.bias_high;
        if (!(__builtin_fabsf(tile.bias[e]) <= ROWS_BIAS)) {
            rows.way = BY_SCORE;
        }
    }
    if (router->groups > 1 && rows.way == BY_SCORE) {
        route_f32(router, call);
        return;
    }
    const int best = 2 * router->groups_kept;
    rows.room = 2 * (router->groups > 1 && best > router->top_k ? best : router->top_k) + 16;
    rows.margin = 2 * (router->score == TM_SCORE_SIGMOID ? SIGMOID_ERROR : ROUGH_ERROR);
    rows.margin += 2 * BIAS_ROUNDING * (1 + (rows.bias_high > -rows.bias_low ? rows.bias_high : -rows.bias_low));
    for (size_t first = 0; first < call->tokens; first += RLANES) {
        route_rows_of_tile(router, call, first, call->tokens, &rows, &tile);
    }
}
