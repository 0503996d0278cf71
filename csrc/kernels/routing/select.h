/* select.h: the k best of n values, ordered by (value descending, index ascending).
 *
 * Contract: x (padded,) with n real values and then -inf up to a multiple of UNIT; 1 <= k <= n. NaN counts as -inf. -0 = +0.
 * The k indices are distinct, whatever the values.
 *
 *   x --> maxima over strided units --> their k-th largest is a floor that at least k values reach -->
 *   the values on or above it, about 1.4 k of them --> ranks by counting, without a branch
 *
 * More than CANDIDATES of them (ties, NaN) are sorted by insertion instead: slower, the same answer.
 */
static inline uint32_t R(unit_ge)(const REAL *x, REAL floor)
{
    uint32_t bits = 0;
    for (int i = 0; i < UNIT; i += RLANES) {
        bits |= VR(ge_bits)(VR(load)(x + i), VR(set)(floor)) << i;
    }
    return bits;
}

static inline uint32_t R(unit_gt)(const REAL *x, REAL floor)
{
    uint32_t bits = 0;
    for (int i = 0; i < UNIT; i += RLANES) {
        bits |= VR(gt_bits)(VR(load)(x + i), VR(set)(floor)) << i;
    }
    return bits;
}

static void R(select_by_insertion)(const REAL *x, int n, int k, int32_t *index)
{
    const REAL lowest = -(REAL)__builtin_inf();
    int count = 0;
    for (int i = 0; i < n; ++i) {
        const REAL value = x[i] > lowest ? x[i] : lowest;
        int place = count;
        while (place && value > (x[index[place - 1]] > lowest ? x[index[place - 1]] : lowest)) {
            --place;
        }
        if (place < k) {
            count += count < k;
            memmove(index + place + 1, index + place, sizeof *index * (size_t)(count - 1 - place));
            index[place] = i;
        }
    }
}

/* A value that at least k of x reach: the k-th largest of 16 * wide maxima, 2 k of them where there are as many. */
static inline REAL R(selection_floor)(const REAL *x, int padded, int k)
{
    REAL maxima[2 * CANDIDATES];
    const int wide = (2 * k + UNIT - 1) / UNIT, units = padded / UNIT, count = UNIT * (wide < units ? wide : units);
    for (int first = 0; first < count; first += RLANES) {
        vr most = VR(set)(-(REAL)__builtin_inf());
        for (int i = first; i < padded; i += count) {
            most = VR(max)(VR(load)(x + i), most);
        }
        VR(store)(maxima + first, most);
    }
    REAL floor = (REAL)__builtin_inf();
    for (int i = 0; i < count; ++i) {
        int above = 0;
        for (int u = 0; u < count; u += UNIT) {
            above += __builtin_popcount(R(unit_gt)(maxima + u, maxima[i]));
        }
        const REAL reached = above < k ? maxima[i] : (REAL)__builtin_inf();
        floor = reached < floor ? reached : floor;
    }
    return floor;
}

static void R(select_top)(const REAL *x, int padded, int n, int k, int32_t *index)
{
    REAL value[CANDIDATES + UNIT];
    int32_t place[CANDIDATES + UNIT];
    const REAL floor = k <= CANDIDATES ? R(selection_floor)(x, padded, k) : -(REAL)__builtin_inf();
    int count = 0;
    for (int u = 0; u < padded && count <= CANDIDATES; u += UNIT) {
        for (uint32_t bits = R(unit_ge)(x + u, floor); bits; bits &= bits - 1) {
            place[count] = u + __builtin_ctz(bits);
            value[count] = x[place[count]];
            ++count;
        }
    }
    if (count > CANDIDATES || count < k || floor == -(REAL)__builtin_inf()) {
        R(select_by_insertion)(x, n, k, index);
        return;
    }
    for (int i = count; i % UNIT; ++i) {
        value[i] = -(REAL)__builtin_inf();
    }
    int32_t ranked[2 * CANDIDATES];
    for (int i = 0; i < count; ++i) {
        int rank = 0;
        for (int u = 0; u < count; u += UNIT) {
            const uint32_t before = i >= u + UNIT ? 0xFFFFu : i > u ? (1u << (i - u)) - 1 : 0;
            const uint32_t above = R(unit_gt)(value + u, value[i]);
            rank += __builtin_popcount(above | (R(unit_ge)(value + u, value[i]) & before));
        }
        ranked[rank] = place[i];
    }
    memcpy(index, ranked, sizeof *index * (size_t)k);
}
