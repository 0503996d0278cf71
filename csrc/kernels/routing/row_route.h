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

/* Takes the experts of a word whose rank is on or above the floor: logits, ids and biases go down a lane from `to` on.
 * Four are written whether there are as many or not: a branch on each bit would be guessed wrong. */
INLINED void take_word(uint64_t word, int found, uint32_t first, const float *z, const float *bias, float *value,
                       float *id, float *added)
{
    for (; found > 0; found -= 4, value += 4 * RLANES, id += 4 * RLANES, added += 4 * RLANES) {
        _Pragma("GCC unroll 4") for (int i = 0; i < 4; ++i)
        {
            const size_t e = lowest_bit(word) % WORD;
            const uint32_t bits = 0x4B000000u + first + (uint32_t)e;
            word &= word - 1;
            value[i * RLANES] = z[e];
            memcpy(&id[i * RLANES], &bits, sizeof bits);
            if (bias) {
                added[i * RLANES] = bias[e];
            }
        }
    }
}

/* Gathers a token's candidates; more than there is room for are only counted. `bias` may be the constant NULL. */
INLINED int take_candidates(const rows *rows, int lane, const float *bias, float floor, int room, tile_f32 *tile)
{
    const float *z = rows->z[lane], *rank = rows->rank[lane];
    const int pitch = rows->pitch;
    const vf least = vf_set(floor);
    int count = 0;
    for (int base = 0; base < pitch; base += WORD) {
        const uint64_t word = vf_le_word(least, rank + base);
        const int found = __builtin_popcountll(word), to = count * RLANES + lane;
        count += found;
        if (count > room) {
            return count;
        }
        take_word(word, found, (uint32_t)base, z + base, bias ? bias + base : NULL, tile->value + to, tile->id + to,
                  tile->weight + to);
    }
    for (int i = count; i < count + 3; ++i) { /* what was written past them */
        tile->value[i * RLANES + lane] = bias ? 0 : -__builtin_inff();
        if (bias) {
            tile->weight[i * RLANES + lane] = -__builtin_inff();
        }
    }
    return count;
}

/* A token's k best by insertion, from its choice values in full. */
static void select_in_row(const tm_router *router, const rows *rows, int lane, tile_f32 *tile)
{
    const int n = router->experts, k = router->top_k;
    float *choice = rows->ranks + (size_t)lane * (size_t)rows->pitch, value[ROWS_TOP_K], id[ROWS_TOP_K];
    for (int e = 0; e < rows->pitch; e += RLANES) {
        vf_store(choice + e, vf_max(vf_load(rows->z[lane] + e), vf_set(-__builtin_inff())));
    }
    if (rows->way != BY_LOGIT) {
        pointwise_scores_f32(router->score, choice, NULL, rows->pitch / RLANES, choice);
        for (int e = 0; e < rows->pitch; e += RLANES) {
            vf_store(choice + e, vf_add(vf_load(choice + e), vf_load(tile->bias + e)));
        }
    }
    select_by_insertion_f32(choice, n, k, 1, value, id);
    for (int j = 0; j < k; ++j) {
        tile->value[j * RLANES + lane] = value[j];
        tile->id[j * RLANES + lane] = id[j];
    }
}

/* tile->id (k, RLANES) = the k best of each token, and the largest rank of each */
static vf select_in_rows(const tm_router *router, const tm_route_call *call, size_t first, size_t last, rows *rows,
                         tile_f32 *tile)
{
    const int k = router->top_k, tokens = last - first < RLANES ? (int)(last - first) : RLANES, room = 2 * k + 16;
    const vf lowest = vf_set(-__builtin_inff()), margin = vf_set(2 * ROUGH_ERROR);
    const float *bias = rows->way == BY_LOGIT ? NULL : tile->bias;
    const int way = rows->way;
    float floor[RLANES];
    int found[RLANES], count = 0;
    vf most;
    rank_rows(router, call, first, last, rows, tile);
    vf least = floor_of_maxima(tile, rows->maxima, k, &most);
    if (way == BY_ROUGH_SCORE) {
        least = vf_sub(least, margin);
        const vfm low = vf_lt(vf_set(ROUGH_BELOW + rows->bias_high), least);
        const vfm high = vf_lt(most, vf_set(ROUGH_ABOVE + rows->bias_low));
        if (vfm_bits(vfm_and(low, high)) != EVERY_LANE) {
            rows->way = BY_SCORE;
            most = select_in_rows(router, call, first, last, rows, tile);
            rows->way = way;
            return most;
        }
    }
    for (int i = 0; i < room && (k > 1 || bias); ++i) { /* a single best logit is not sorted */
        vf_store(ROW(tile->value, i), bias ? vf_set(0) : lowest);
        vf_store(ROW(tile->id, i), vf_set(FIRST_ID));
    }
    for (int i = 0; bias && i < room; ++i) {
        vf_store(ROW(tile->weight, i), lowest);
    }
    vf_store(floor, least);
    for (int lane = 0; lane < tokens; ++lane) {
        found[lane] = floor[lane] == -__builtin_inff() ? room + 1
                    : bias ? take_candidates(rows, lane, tile->bias, floor[lane], room, tile)
                           : take_candidates(rows, lane, NULL, floor[lane], room, tile);
        count = found[lane] > count && found[lane] <= room ? found[lane] : count;
    }
    const int size = k > 1 || bias ? network_size(count) : 1;
    for (int i = room; i < size; ++i) {
        vf_store(ROW(tile->value, i), lowest);
        vf_store(ROW(tile->id, i), vf_set(FIRST_ID));
    }
    if (bias) {
        for (int i = 0; i < count; ++i) { /* NaN counts as -inf */
            vf_store(ROW(tile->value, i), vf_max(vf_load(ROW(tile->value, i)), lowest));
        }
        pointwise_scores_f32(router->score, tile->value, NULL, count, tile->value);
        for (int i = 0; i < size; ++i) {
            const vf choice = vf_add(vf_load(ROW(tile->value, i)), vf_load(ROW(tile->weight, i)));
            vf_store(ROW(tile->value, i), i < count ? choice : lowest);
        }
    }
    if (size > 1) {
        sort_pairs_f32(&tile->networks, size, tile->value, tile->id);
        if (any_tie_f32(tile->value, k + (k < count))) {
            sort_ties_f32(tile->value, tile->id, size);
        }
    }
    for (int i = 0; i < k; ++i) {
        vf_store(ROW(tile->id, i), vf_sub(vf_load(ROW(tile->id, i)), vf_set(FIRST_ID)));
    }
    for (int lane = 0; lane < tokens; ++lane) {
        if (found[lane] > room || found[lane] < k) {
            select_in_row(router, rows, lane, tile);
        }
    }
    return most;
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
    const vf most = select_in_rows(router, call, first, last, rows, tile);
    softmax_f32 softmax = {most, most};
    if (rows->way == BY_LOGIT) {
        memcpy(tile->chosen, tile->value, sizeof(float) * (size_t)k * RLANES);
    } else {
        for (int lane = 0; lane < tokens; ++lane) {
            for (int j = 0; j < k; ++j) { /* NaN counts as -inf */
                const float z = rows->z[lane][(int)tile->id[j * RLANES + lane]];
                tile->chosen[j * RLANES + lane] = z > -__builtin_inff() ? z : -__builtin_inff();
            }
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
    rows.pitch = (int)pitch;
    const int wanted = 2 * router->top_k > RLANES ? 2 * router->top_k : RLANES;
    for (rows.maxima = 8; rows.maxima < WORD && rows.maxima < wanted; rows.maxima *= 2) {
    }
    const int biased = router->score == TM_SCORE_SIGMOID ? BY_SCORE : BY_ROUGH_SCORE;
    rows.way = router->bias_on == TM_BIAS_NONE ? BY_LOGIT : biased;
    rows.bias_low = rows.bias_high = 0;
    for (int e = 0; rows.way != BY_LOGIT && e < (int)pitch; ++e) {
        if (e >= router->experts) {
            tile.bias[e] = -__builtin_inff();
            continue;
        }
        rows.bias_low = tile.bias[e] < rows.bias_low ? tile.bias[e] : rows.bias_low;
        rows.bias_high = tile.bias[e] > rows.bias_high ? tile.bias[e] : rows.bias_high;
        if (!(__builtin_fabsf(tile.bias[e]) <= ROWS_BIAS)) {
            rows.way = BY_SCORE;
        }
    }
    for (size_t first = 0; first < call->tokens; first += RLANES) {
        route_rows_of_tile(router, call, first, call->tokens, &rows, &tile);
    }
}
