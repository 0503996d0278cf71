/* sort.h: the networks of network.h on rows of a tile: each lane sorts its own token. */

/* One step in registers: p, q and size are constants to the compiler, so that only the comparisons are left. */
INLINED void R(value_step)(vr *x, int size, int p, int q)
{
    _Pragma("GCC unroll 32") for (int i = 0; i < size - q; ++i)
    {
        if (compared(i, p, q)) {
            const vr high = VR(max)(x[i], x[i + q]);
            x[i + q] = VR(min)(x[i], x[i + q]);
            x[i] = high;
        }
    }
}

INLINED void R(pair_step)(vr *x, vr *id, int size, int p, int q)
{
    _Pragma("GCC unroll 32") for (int i = 0; i < size - q; ++i)
    {
        if (compared(i, p, q)) {
            const vr a = x[i], b = x[i + q], first = id[i], second = id[i + q];
            const vrm swap = VR(lt)(a, b);
            x[i] = VR(max)(a, b);
            x[i + q] = VR(min)(a, b);
            id[i] = VR(select)(swap, second, first);
            id[i + q] = VR(select)(swap, first, second);
        }
    }
}

#define NETWORK(step)                                                                                                      \
    step(1, 1) step(2, 2) step(2, 1) step(4, 4) step(4, 2) step(4, 1)                                                      \
    if (size > 8) { step(8, 8) step(8, 4) step(8, 2) step(8, 1) }                                                          \
    if (size > 16) { step(16, 16) step(16, 8) step(16, 4) step(16, 2) step(16, 1) }

INLINED void R(sort_values_of)(REAL *value, int size)
{
    vr x[IN_REGISTERS];
    _Pragma("GCC unroll 32") for (int i = 0; i < size; ++i) { x[i] = VR(load)(ROW(value, i)); }
#define STEP(p, q) R(value_step)(x, size, p, q);
    NETWORK(STEP)
#undef STEP
    _Pragma("GCC unroll 32") for (int i = 0; i < size; ++i) { VR(store)(ROW(value, i), x[i]); }
}

INLINED void R(sort_pairs_of)(REAL *value, REAL *ids, int size)
{
    vr x[IN_REGISTERS], id[IN_REGISTERS];
    _Pragma("GCC unroll 32") for (int i = 0; i < size; ++i)
    {
        x[i] = VR(load)(ROW(value, i));
        id[i] = VR(load)(ROW(ids, i));
    }
#define STEP(p, q) R(pair_step)(x, id, size, p, q);
    NETWORK(STEP)
#undef STEP
    _Pragma("GCC unroll 32") for (int i = 0; i < size; ++i)
    {
        VR(store)(ROW(value, i), x[i]);
        VR(store)(ROW(ids, i), id[i]);
    }
}
#undef NETWORK

/* value (size, RLANES) descending */
static void R(sort_values)(networks *networks, int size, REAL *value)
{
    if (size == 8) {
        R(sort_values_of)(value, 8);
    } else if (size == 16) {
        R(sort_values_of)(value, 16);
    } else if (size == 32) {
        R(sort_values_of)(value, 32);
    } else {
        const int place = listed_network(networks, size);
        const uint8_t(*pair)[2] = networks->pair + networks->start[place];
        for (int i = 0; i < networks->count[place]; ++i) {
            vr two[2] = {VR(load)(ROW(value, pair[i][0])), VR(load)(ROW(value, pair[i][1]))};
            R(value_step)(two, 2, 1, 1);
            VR(store)(ROW(value, pair[i][0]), two[0]);
            VR(store)(ROW(value, pair[i][1]), two[1]);
        }
    }
}

/* value, ids (size, RLANES) by value descending */
static void R(sort_pairs)(networks *networks, int size, REAL *value, REAL *ids)
{
    if (size == 8) {
        R(sort_pairs_of)(value, ids, 8);
    } else if (size == 16) {
        R(sort_pairs_of)(value, ids, 16);
    } else if (size == 32) {
        R(sort_pairs_of)(value, ids, 32);
    } else {
        const int place = listed_network(networks, size);
        const uint8_t(*pair)[2] = networks->pair + networks->start[place];
        for (int i = 0; i < networks->count[place]; ++i) {
            vr two[2] = {VR(load)(ROW(value, pair[i][0])), VR(load)(ROW(value, pair[i][1]))};
            vr id[2] = {VR(load)(ROW(ids, pair[i][0])), VR(load)(ROW(ids, pair[i][1]))};
            R(pair_step)(two, id, 2, 1, 1);
            for (int side = 0; side < 2; ++side) {
                VR(store)(ROW(value, pair[i][side]), two[side]);
                VR(store)(ROW(ids, pair[i][side]), id[side]);
            }
        }
    }
}

/* Puts runs of equal values, which are short and rare, in the order of their ids. */
static void R(sort_ties)(const REAL *value, REAL *id, int n)
{
    unsigned moved;
    do {
        moved = 0;
        for (int i = 0; i + 1 < n; ++i) {
            const vrm tie = VR(eq)(VR(load)(ROW(value, i)), VR(load)(ROW(value, i + 1)));
            const vr a = VR(load)(ROW(id, i)), b = VR(load)(ROW(id, i + 1));
            const vrm swap = VRM(and)(tie, VR(lt)(b, a));
            VR(store)(ROW(id, i), VR(select)(swap, b, a));
            VR(store)(ROW(id, i + 1), VR(select)(swap, a, b));
            moved |= VRM(bits)(swap);
        }
    } while (moved);
}

static int R(any_tie)(const REAL *value, int n)
{
    vrm tie = VR(eq)(VR(load)(value), VR(load)(ROW(value, n > 1)));
    for (int i = 1; i + 1 < n; ++i) {
        tie = VRM(or)(tie, VR(eq)(VR(load)(ROW(value, i)), VR(load)(ROW(value, i + 1))));
    }
    return n > 1 && VRM(bits)(tie);
}
