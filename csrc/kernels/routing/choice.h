/* choice.h: what the experts of a tile are ranked on.
 *
 *   z --> scores where they are added to, else logits, so that rounding makes no ties --> + bias --> groups filled
 *
 * Group score: the sum of a group's `group_best` largest choice values; groups are kept by (score descending, group ascending).
 */

/* The sum of the `best` largest of n rows. */
static vr R(group_score)(const REAL *x, int n, int best)
{
    const vr lowest = VR(set)(-(REAL)__builtin_inf());
    vr most[MOST_TOP_K];
    if (best == 1) {
        return R(maximum)(x, n);
    }
    if (best == 2) { /* the common case, in registers */
        vr first = lowest, second = lowest;
        for (int e = 0; e < n; ++e) {
            const vr value = VR(load)(ROW(x, e));
            second = VR(max)(VR(min)(value, first), second);
            first = VR(max)(value, first);
        }
        return VR(add)(first, second);
    }
    for (int b = 0; b < best; ++b) {
        most[b] = lowest;
    }
    for (int e = 0; e < n; ++e) {
        vr value = VR(load)(ROW(x, e));
        for (int b = 0; b < best; ++b) {
            const vr smaller = VR(min)(value, most[b]);
            most[b] = VR(max)(value, most[b]);
            value = smaller;
        }
    }
    vr sum = most[0];
    for (int b = 1; b < best; ++b) {
        sum = VR(add)(sum, most[b]);
    }
    return sum;
}

/* place = how many groups come before each: those of larger scores (count, RLANES), and of equal ones those before it */
static void R(places)(const REAL *score, int count, vr *place)
{
    const vr one = VR(set)(1), zero = VR(set)(0);
    for (int g = 0; g < count; ++g) {
        place[g] = VR(set)((REAL)g);
    }
    for (int g = 0; g < count; ++g) {
        for (int h = g + 1; h < count; ++h) {
            const vr later = VR(select)(VR(lt)(VR(load)(ROW(score, g)), VR(load)(ROW(score, h))), one, zero);
            place[g] = VR(add)(place[g], later);
            place[h] = VR(sub)(place[h], later);
        }
    }
}

/* c = x where the expert's group is kept, ranked on `by`, and the fill elsewhere; x, by and c may be one. */
static void R(mask_groups)(const tm_router *router, const REAL *by, const REAL *x, REAL *c)
{
    const int groups = router->groups, size = router->experts / groups;
    const vr fill = VR(set)((REAL)router->fill), kept = VR(set)((REAL)router->groups_kept);
    REAL score[MOST_GROUPS * RLANES];
    vr place[MOST_GROUPS];
    for (int g = 0; g < groups; ++g) { /* infinities of both signs add to NaN, which counts as -inf */
        const vr sum = R(group_score)(ROW(by, g * size), size, router->group_best);
        VR(store)(ROW(score, g), VR(max)(sum, VR(set)(-(REAL)__builtin_inf())));
    }
    R(places)(score, groups, place);
    for (int g = 0; g < groups; ++g) {
        const vrm open = VR(lt)(place[g], kept);
        for (int e = g * size; e < (g + 1) * size; ++e) {
            VR(store)(ROW(c, e), VR(select)(open, VR(load)(ROW(x, e)), fill));
        }
    }
}

/* c = every sum of a first key's logit and a second's; infinities of both signs add to NaN, which counts as -inf */
static const REAL *R(product_key_sums)(const tm_router *router, const R(tile) *tile)
{
    const int keys = router->columns / 2;
    for (int i = 0; i < keys; ++i) {
        const vr first = VR(load)(ROW(tile->z, i));
        for (int j = 0; j < keys; ++j) {
            const vr sum = VR(add)(first, VR(load)(ROW(tile->z, keys + j)));
            VR(store)(ROW(tile->c, i * keys + j), VR(max)(sum, VR(set)(-(REAL)__builtin_inf())));
        }
    }
    return tile->c;
}

/* Choice values of the tile (experts, RLANES): z itself where nothing is added and no group is closed. */
static const REAL *R(choice_of)(const tm_router *router, R(tile) *tile)
{
    const REAL *by = tile->z;
    REAL *c = tile->c;
    const int experts = router->experts;
    if (router->method == TM_METHOD_PRODUCT_KEYS) {
        return R(product_key_sums)(router, tile);
    }
    if (router->bias_on != TM_BIAS_NONE) {
        if (router->bias_on == TM_BIAS_CHOICE) {
            R(scores)(router->score, tile->z, tile->bias, experts, c);
        }
        for (int e = 0; e < experts && router->bias_on == TM_BIAS_LOGITS; ++e) {
            VR(store)(ROW(c, e), VR(add)(VR(load)(ROW(by, e)), VR(set)(tile->bias[e])));
        }
        by = c;
    }
    if (router->groups == 1) {
        return by;
    }
    if (router->bias_on == TM_BIAS_NONE && router->group_best > 1) {
        R(scores)(router->score, tile->z, NULL, experts, c); /* sums of scores are not in the order of sums of logits */
        R(mask_groups)(router, c, tile->z, c);
    } else {
        R(mask_groups)(router, by, by, c);
    }
    return c;
}
