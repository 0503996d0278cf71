/* select.h: the k best rows of each token of a tile, ordered by (value descending, row ascending).
 *
 * Contract: x (n, RLANES) without NaN, 1 <= k <= n, k <= MOST_TOP_K. -0 = +0. The k rows are distinct, whatever the values.
 *
 *   x --> 2 k maxima over rows i, i + 2 k, i + 4 k ... (k even) --> their k-th largest is a floor that at least k values reach
 *     --> the values on or above it, 1.4 k of them on average, are gathered --> a sorting network over the gathered
 *
 * A token with more than the gathered rows hold (many ties) is sorted by insertion: slower, the same answer.
 */

/* The k best of n values `stride` apart, into places `stride` apart. */
static void R(select_by_insertion)(const REAL *x, int n, int k, int stride, REAL *value, REAL *id)
{
    int count = 0;
    for (int e = 0; e < n; ++e) {
        const REAL candidate = x[e * stride];
        int place = count;
        while (place && candidate > value[(place - 1) * stride]) {
            --place;
        }
        if (place < k) {
            count += count < k;
            for (int i = count - 1; i > place; --i) {
                value[i * stride] = value[(i - 1) * stride];
                id[i * stride] = id[(i - 1) * stride];
            }
            value[place * stride] = candidate;
            id[place * stride] = (REAL)e;
        }
    }
}

/* maxima (count, RLANES) of the rows i, i + count, i + 2 count ... of x; count is a multiple of 4 */
static void R(strided_maxima)(const REAL *x, int n, int count, REAL *maxima)
{
    for (int i = 0; i < count; i += 4) {
        vr most[4];
        int e = i + count;
        for (int m = 0; m < 4; ++m) {
            most[m] = VR(load)(ROW(x, i + m));
        }
        for (; e + 4 <= n; e += count) {
            for (int m = 0; m < 4; ++m) {
                most[m] = VR(max)(VR(load)(ROW(x, e + m)), most[m]);
            }
        }
        for (int m = 0; m < 4; ++m) {
            if (e + m < n) {
                most[m] = VR(max)(VR(load)(ROW(x, e + m)), most[m]);
            }
            VR(store)(ROW(maxima, i + m), most[m]);
        }
    }
}

/* the k-th largest of two descending lists of n: the larger of each pair from opposite ends are the k largest */
static vr R(kth_of_two)(const REAL *high, const REAL *low, int n, int k)
{
    vr least = VR(set)((REAL)__builtin_inf());
    for (int i = 0; i < k; ++i) {
        const int j = k - 1 - i;
        const vr from_high = VR(load)(ROW(high, i < n ? i : 0)), from_low = VR(load)(ROW(low, j < n ? j : 0));
        least = VR(min)(i >= n ? from_low : j >= n ? from_high : VR(max)(from_high, from_low), least);
    }
    return least;
}

/* the k-th largest of 4 * (k / 2) rounded up maxima */
static vr R(selection_floor)(R(tile) *tile, const REAL *x, int n, int k)
{
    if (k == 1) {
        return R(maximum)(x, n);
    }
    const int even = k + k % 2, length = network_size(even);
    const vr lowest = VR(set)(-(REAL)__builtin_inf());
    REAL *high = tile->maxima, *low = ROW(tile->maxima, length);
    R(strided_maxima)(x, n, 2 * even, high);
    if (length > even) {
        memmove(low, ROW(high, even), sizeof(REAL) * (size_t)even * RLANES);
    }
    for (int i = even; i < length; ++i) {
        VR(store)(ROW(high, i), lowest);
        VR(store)(ROW(low, i), lowest);
    }
    R(sort_values)(&tile->networks, length, high);
    R(sort_values)(&tile->networks, length, low);
    return R(kth_of_two)(high, low, length, k);
}

/* Gathers the values at the places listed, in each token's lane; those past the room go to the row behind it. */
static void R(gather)(R(tile) *tile, const REAL *x, const uint32_t *place, int count, uint32_t room)
{
    for (int i = 0; i < count; ++i) {
        const uint32_t lane = place[i] % RLANES, next = tile->next[lane];
        const uint32_t to = next < room * RLANES ? next : room * RLANES + lane;
        tile->value[to] = x[place[i]];
        tile->id[to] = (REAL)(int32_t)(place[i] / RLANES);
        tile->next[lane] = next + RLANES;
    }
}

/* Gathers the values on or above the floor: a word holds one bit for each of 64 values, 64 / RLANES rows. */
static void R(gather_above)(R(tile) *tile, const REAL *x, int n, vr floor, uint32_t room)
{
    enum { LIST = 512 };
    uint32_t list[LIST];
    int count = 0;
    for (int base = 0; base < n * RLANES; base += 64) {
        uint64_t word = VR(le_word)(floor, x + base);
        R(ask_ahead)(tile);
        if (base + 64 > n * RLANES) { /* what lies behind the last row is not looked at */
            word &= ((uint64_t)1 << (n * RLANES - base)) - 1;
        }
        /* four places are written whether there are as many or not: a branch on each bit would be guessed wrong */
        const int more = __builtin_popcountll(word);
        for (int done = 0; done < more; done += 4) {
            for (int i = 0; i < 4; ++i) {
                list[count + done + i] = (uint32_t)base + lowest_bit(word);
                word &= word - 1;
            }
        }
        count += more;
        if (count > LIST - 68) {
            R(gather)(tile, x, list, count, room);
            count = 0;
        }
    }
    R(gather)(tile, x, list, count, room);
}

/* tile->value, tile->id (k, RLANES) = the k best of x (n, RLANES) */
static void R(select_top)(R(tile) *tile, const REAL *x, int n, int k)
{
    const vr lowest = VR(set)(-(REAL)__builtin_inf()), none = VR(set)((REAL)n);
    const int all = n <= 2 * k + 2 || n <= 16, room = all ? n : 2 * k + 16 < CANDIDATES ? 2 * k + 16 : CANDIDATES;
    int most = n;
    if (all) {
        memcpy(tile->value, x, sizeof(REAL) * (size_t)n * RLANES);
        for (int e = 0; e < n; ++e) {
            VR(store)(ROW(tile->id, e), VR(set)((REAL)e));
        }
    } else {
        for (int i = 0; i < room; ++i) {
            VR(store)(ROW(tile->value, i), lowest);
            VR(store)(ROW(tile->id, i), none);
        }
        for (uint32_t lane = 0; lane < RLANES; ++lane) {
            tile->next[lane] = lane;
        }
        R(gather_above)(tile, x, n, R(selection_floor)(tile, x, n, k), (uint32_t)room);
        most = 0;
        for (int lane = 0; lane < RLANES; ++lane) {
            const int found = (int)tile->next[lane] / RLANES;
            most = found > most ? found : most;
        }
        most = most < room ? most : room;
    }
    const int size = network_size(most);
    for (int i = all ? n : room; i < size; ++i) {
        VR(store)(ROW(tile->value, i), lowest);
        VR(store)(ROW(tile->id, i), none);
    }
    R(sort_pairs)(&tile->networks, size, tile->value, tile->id);
    if (R(any_tie)(tile->value, k + (k < most))) { /* one more than the chosen: who is among them depends on it */
        R(sort_ties)(tile->value, tile->id, size);
    }
    for (int lane = 0; !all && lane < RLANES; ++lane) {
        if ((int)tile->next[lane] / RLANES > room) {
            R(select_by_insertion)(x + lane, n, k, RLANES, tile->value + lane, tile->id + lane);
        }
    }
}
