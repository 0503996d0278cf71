/* groups.h: experts in lanes for rules that keep the groups with the largest sums of their two best choice values.
 *
 *   logits (T, E), row by row
 *     --> ranks (T, E), which come near the choice values (rough.h), and the two largest in each lane of each group
 *     --> transposed: the two best of each group, tokens in lanes --> their sums --> the groups kept
 *     --> the least of the two best of those kept: a floor that 2 kept >= k ranks reach
 *     --> the experts of the kept groups on or above it are the candidates of row_route.h
 *
 * Contract: the ids of the tile (choice.h). Where the sum of a kept group is too close to that of another for ranks to tell
 * which is larger, the token's ranks are made its choice values, whose sums are those of the tile.
 */
#define ROWS_GROUPS 16
#define ROWS_GROUP_SIZE 32           /* below, a tile is faster */

typedef struct best_two {
    vf first, second;
} best_two;

typedef struct groups {
    float first[ROWS_GROUPS * RLANES * RLANES];    /* (groups, tokens, lanes) */
    float second[ROWS_GROUPS * RLANES * RLANES];
    float score[ROWS_GROUPS * RLANES];             /* (groups, tokens): sums of the two best */
    float least[ROWS_GROUPS * RLANES];             /* the second best */
    vf place[ROWS_GROUPS];                         /* how many groups come before */
} groups;

static int keeps_groups_in_rows(const tm_router *router)
{
    const int size = router->experts / router->groups;
    return router->method == TM_METHOD_TOP_K && router->groups > 1 && router->groups <= ROWS_GROUPS
        && size >= ROWS_GROUP_SIZE && size % RLANES == 0 && router->group_best == 2 && router->bias_on == TM_BIAS_CHOICE
        && router->score == TM_SCORE_SIGMOID && router->fill == -__builtin_inf() && !router->shared
        && router->logit_scale == 1.0 && router->softcap == 0.0 && router->top_k <= 2 * router->groups_kept;
}

/* The two largest in each lane of a group of `vectors` vectors. */
INLINED best_two best_of_lanes(const float *rank, int vectors)
{
    best_two best = {vf_load(rank), vf_set(-__builtin_inff())};
    for (int v = 1; v < vectors; ++v) {
        const vf x = vf_load(rank + v * RLANES);
        best.second = vf_max(vf_min(x, best.first), best.second);
        best.first = vf_max(x, best.first);
    }
    return best;
}

static void best_of_row(const tm_router *router, const float *rank, int lane, groups *groups)
{
    const int vectors = router->experts / router->groups / RLANES;
    for (int g = 0; g < router->groups; ++g) {
        const float *from = rank + g * vectors * RLANES;
        const best_two best = vectors == 4 ? best_of_lanes(from, 4)
                            : vectors == 2 ? best_of_lanes(from, 2) : best_of_lanes(from, vectors);
        vf_store(groups->first + (g * RLANES + lane) * RLANES, best.first);
        vf_store(groups->second + (g * RLANES + lane) * RLANES, best.second);
    }
}

/* From (tokens, lanes) to the two best of each token. */
static best_two best_of_group(const float *first, const float *second)
{
    vf high[RLANES], low[RLANES];
    _Pragma("GCC unroll 16") for (int i = 0; i < RLANES; ++i)
    {
        high[i] = vf_load(ROW(first, i));
        low[i] = vf_load(ROW(second, i));
    }
    _Pragma("GCC unroll 4") for (int stage = 0; 1 << stage < RLANES; ++stage)
    {
        _Pragma("GCC unroll 8") for (int i = 0; i < RLANES >> (stage + 1); ++i)
        {
            vf a, b, c, d;
            vf_fold(stage, high[2 * i], high[2 * i + 1], &a, &b);
            vf_fold(stage, low[2 * i], low[2 * i + 1], &c, &d);
            high[i] = vf_max(a, b);
            low[i] = vf_max(vf_min(a, b), vf_max(c, d));
        }
    }
    return (best_two){high[0], low[0]};
}

/* Places of the groups; a bit for each token whose last kept group is not clear of the others by twice the margin. */
static unsigned place_groups(const tm_router *router, const rows *rows, groups *groups)
{
    const int count = router->groups;
    const vf infinity = vf_set(__builtin_inff()), kept = vf_set((float)router->groups_kept);
    vf least = infinity, most = vf_sub(vf_set(0), infinity);
    for (int g = 0; g < count; ++g) {
        const best_two best = best_of_group(groups->first + g * RLANES * RLANES, groups->second + g * RLANES * RLANES);
        vf_store(ROW(groups->score, g), vf_add(best.first, best.second));
        vf_store(ROW(groups->least, g), best.second);
    }
    places_f32(groups->score, count, groups->place);
    for (int g = 0; g < count; ++g) {
        const vf score = vf_load(ROW(groups->score, g));
        const vfm open = vf_lt(groups->place[g], kept);
        least = vf_min(vf_select(open, score, infinity), least);
        most = vf_max(vf_select(open, most, score), most);
    }
    return EVERY_LANE & ~vfm_bits(vf_lt(vf_add(most, vf_set(2 * rows->margin)), least));
}

/* The floor of each token's candidates, and a bit for each of its groups that is kept. */
static vf floor_of_groups(const tm_router *router, const groups *groups, uint32_t *open)
{
    const vf infinity = vf_set(__builtin_inff()), kept = vf_set((float)router->groups_kept), zero = vf_set(0);
    vf least = infinity, bits = zero;
    for (int g = 0; g < router->groups; ++g) {
        const vfm in = vf_lt(groups->place[g], kept);
        least = vf_min(vf_select(in, vf_load(ROW(groups->least, g)), infinity), least);
        bits = vf_add(bits, vf_select(in, vf_set((float)(1u << g)), zero));
    }
    vf_store_whole(open, bits);
    return least;
}
