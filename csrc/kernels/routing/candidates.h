/* candidates.h: from the ranks of a tile of tokens (rows.h, groups.h) and a floor to the k best of each.
 *
 *   the experts on or above the floor, their logits and biases, (candidates, RLANES)
 *     --> choice values of these alone --> a sorting network
 *
 * A token whose floor is -inf, or with more candidates than there is room, is sorted by insertion: slower, the same.
 */

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

/* What three writes past a token's candidates left behind is nothing again. `bias` may be the constant NULL. */
INLINED void end_candidates(int count, int lane, const float *bias, tile_f32 *tile)
{
    for (int i = count; i < count + 3; ++i) {
        tile->value[i * RLANES + lane] = bias ? 0 : -__builtin_inff();
        if (bias) {
            tile->weight[i * RLANES + lane] = -__builtin_inff();
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
        if (bias) { /* logits that are ranked as they are wait for memory less than this costs in cache */
            ask_ahead_f32(tile);
        }
        const int found = __builtin_popcountll(word), to = count * RLANES + lane;
        count += found;
        if (count > room) {
            return count;
        }
        take_word(word, found, (uint32_t)base, z + base, bias ? bias + base : NULL, tile->value + to, tile->id + to,
                  tile->weight + to);
    }
    end_candidates(count, lane, bias, tile);
    return count;
}

/* The same from the groups that are kept. */
INLINED int take_from_groups(const rows *rows, int lane, int size, const float *bias, float floor, tile_f32 *tile)
{
    const float *z = rows->z[lane], *rank = rows->rank[lane];
    const vf least = vf_set(floor);
    int count = 0;
    for (uint32_t open = rows->open[lane]; open; open &= open - 1) {
        const int group = (int)lowest_bit(open) * size;
        for (int base = group; base < group + size; base += WORD) {
            uint64_t word = 0;
            for (int i = 0; i < WORD && base + i < group + size; i += RLANES) {
                word |= (uint64_t)vfm_bits(vf_le(least, vf_load(rank + base + i))) << i;
            }
            const int found = __builtin_popcountll(word), to = count * RLANES + lane;
            count += found;
            ask_ahead_f32(tile);
            if (count > rows->room) {
                return count;
            }
            take_word(word, found, (uint32_t)base, z + base, bias + base, tile->value + to, tile->id + to,
                      tile->weight + to);
        }
    }
    end_candidates(count, lane, bias, tile);
    return count;
}

/* The choice values of a token in full, where its ranks were. */
static void choose_in_row(const tm_router *router, const rows *rows, int lane, tile_f32 *tile)
{
    float *choice = rows->ranks + (size_t)lane * (size_t)rows->pitch;
    for (int e = 0; e < rows->pitch; e += RLANES) {
        vf_store(choice + e, vf_max(vf_load(rows->z[lane] + e), vf_set(-__builtin_inff())));
    }
    if (rows->way != BY_LOGIT) {
        pointwise_scores_f32(router->score, choice, NULL, rows->pitch / RLANES, choice);
        for (int e = 0; e < rows->pitch; e += RLANES) {
            vf_store(choice + e, vf_add(vf_load(choice + e), vf_load(tile->bias + e)));
        }
    }
}

/* A token's k best by insertion, from its choice values in full. */
static void select_in_row(const tm_router *router, const rows *rows, int lane, tile_f32 *tile)
{
    const int k = router->top_k, size = router->experts / router->groups;
    float *choice = rows->ranks + (size_t)lane * (size_t)rows->pitch, value[ROWS_TOP_K], id[ROWS_TOP_K];
    choose_in_row(router, rows, lane, tile);
    for (int e = 0; e < router->experts && router->groups > 1; ++e) {
        choice[e] = rows->open[lane] >> e / size & 1 ? choice[e] : -__builtin_inff();
    }
    select_by_insertion_f32(choice, router->experts, k, 1, value, id);
    for (int j = 0; j < k; ++j) {
        tile->value[j * RLANES + lane] = value[j];
        tile->id[j * RLANES + lane] = id[j];
    }
}

/* Rows for candidates that there may be; `bias` is NULL where they are ranked by their logits. */
static void clear_candidates(int room, const float *bias, tile_f32 *tile)
{
    const vf lowest = vf_set(-__builtin_inff());
    for (int i = 0; i < room; ++i) {
        vf_store(ROW(tile->value, i), bias ? vf_set(0) : lowest);
        vf_store(ROW(tile->id, i), vf_set(FIRST_ID));
    }
    for (int i = 0; bias && i < room; ++i) {
        vf_store(ROW(tile->weight, i), lowest);
    }
}

/* tile->id (k, RLANES) = the k best of the candidates of each token; `found` is how many it has */
INLINED void sort_candidates(const tm_router *router, const rows *rows, const int *found, int tokens, const float *bias,
                            tile_f32 *tile)
{
    const int k = router->top_k, room = rows->room;
    const vf lowest = vf_set(-__builtin_inff());
    int count = 0;
    for (int lane = 0; lane < tokens; ++lane) {
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
}
