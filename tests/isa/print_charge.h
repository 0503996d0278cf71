/* print_charge.h: a ledger of every kind of row under made-up prices, for print_bits.c: keys of 2 epochs, each with a
 * window of the week and a context tier; prices with divisors, steps, flags and requests that are dynamic or rounded.
 */
enum {
    LEDGER = 1337, /* blocks, and a rest that no vector divides */
    MODELS = 5,
    TIERS = 2,
    KEYS = MODELS * TIERS,
    CELL_ROWS = 4,
    PRICE_ROWS = 2 * KEYS * CELL_ROWS,
    WEEK = 10080,
    GROUPS = 8,
    WIDEST = 16
};

typedef struct price_tables {
    int64_t weights[PRICE_ROWS * WIDEST], fixed[PRICE_ROWS * 2], prices[PRICE_ROWS * WIDEST * 2];
    int64_t divisors[PRICE_ROWS * WIDEST], step_above[PRICE_ROWS], step_price[PRICE_ROWS * 2], start, more;
    int32_t narrow[PRICE_ROWS * WIDEST], first_step[PRICE_ROWS + 1], step_slot[PRICE_ROWS], key_of[(1 + MODELS) * TIERS];
    int8_t slots[PRICE_ROWS * WIDEST];
    uint8_t flags[PRICE_ROWS * WIDEST], exact_only[TM_ROW_STATUSES + PRICE_ROWS], timed[KEYS], week[WEEK];
    uint16_t unchanged[WEEK];
    tm_cell cells[2 * KEYS];
} price_tables;

static uint32_t drawn(uint32_t at, uint32_t below)
{
    return (uint32_t)((uint64_t)(at * 2654435761u ^ at >> 7) * below >> 32);
}

/* column 1 is a part of column 0, and column 2 of column 1 */
static void fill_columns(tm_columns *columns, int8_t *leaf, int8_t *within, uint8_t *nested)
{
    const int n = columns->columns;
    memset(leaf, 0, WIDEST * WIDEST);
    memset(within, 0, 2 * WIDEST);
    memset(nested, 0, WIDEST);
    for (int c = 0; c < n; ++c) {
        leaf[c * n + c] = 1;
    }
    leaf[1] = leaf[n + 2] = within[1] = within[2] = -1;
    within[0] = nested[2] = 1;
    columns->leaf = leaf;
    columns->within = columns->basis = within;
    columns->nested = nested;
}

static void fill_row(const tm_columns *columns, price_tables *t, int32_t row, int64_t *largest)
{
    const int n = columns->columns, kind = row % 8;
    int64_t sum = 0;
    for (int c = 0; c < n; ++c) {
        const int at = row * n + c;
        t->prices[2 * at] = drawn((uint32_t)at, 5000);
        t->divisors[at] = kind == 1 ? 3 : 1;
        t->slots[at] = (int8_t)(kind == 2 && c == n - 1 ? -1 : c);
        t->flags[at] = kind == 2 && c == n - 1 ? TM_COUNT_UNPRICED : kind == 3 && c == 0 ? TM_COUNT_ROUNDED : 0;
    }
    for (int j = 0; j < n; ++j) {
        int64_t *weight = t->weights + row * n + j;
        *weight = 0;
        for (int c = 0; c < n; ++c) {
            *weight += columns->leaf[c * n + j] * (t->slots[row * n + c] < 0 ? 0 : t->prices[2 * (row * n + c)]);
        }
        t->narrow[row * columns->lanes + j] = (int32_t)*weight;
        sum += *weight < 0 ? -*weight : *weight;
    }
    t->fixed[2 * row] = kind == 4 ? 77 : 0;
    t->exact_only[TM_ROW_STATUSES + row] = kind == 1   ? TM_EXACT_ALWAYS
                                           : kind < 4  ? TM_EXACT_FLAGGED
                                           : kind == 5 ? TM_EXACT_ALWAYS | TM_EXACT_DYNAMIC
                                           : kind == 6 ? TM_EXACT_ALWAYS | TM_EXACT_ROUNDED
                                                       : 0;
    t->first_step[row + 1] = t->first_step[row] + (kind == 1);
    t->step_above[t->first_step[row]] = 900;
    t->step_price[2 * t->first_step[row]] = 41;
    *largest = sum > *largest ? sum : *largest;
}

static tm_prices fill_prices(const tm_columns *columns, price_tables *t)
{
    tm_prices p = {.keys = KEYS, .epochs = 2, .calendars = 1, .rows = PRICE_ROWS, .service_tiers = TIERS, .regions = 1};
    memset(t, 0, sizeof *t);
    memset(t->exact_only, TM_EXACT_ALWAYS, TM_ROW_STATUSES);
    for (int32_t row = 0; row < PRICE_ROWS; ++row) {
        fill_row(columns, t, row, &p.largest_weight);
    }
    for (int32_t k = 0; k < (1 + MODELS) * TIERS; ++k) {
        t->key_of[k] = k < TIERS ? -TM_ROW_MISSING_FIELD : k == 2 * TIERS ? -TM_ROW_UNKNOWN_MODEL : k - TIERS;
    }
    for (int32_t c = 0; c < 2 * KEYS; ++c) {
        t->cells[c] = (tm_cell){c * CELL_ROWS, c % 3 ? 0 : -1, 2, 0, {1000, INT64_MAX, INT64_MAX}};
        t->timed[c % KEYS] = 1;
    }
    for (int32_t minute = WEEK; minute-- > 0;) {
        t->week[minute] = minute % 1440 / 60 % 5 == 2;
        t->unchanged[minute] = (uint16_t)(60 - minute % 60);
    }
    t->start = (int64_t)LEDGER / 2 * 90000000;
    p.marginal = p.any_fixed = p.any_timed = p.any_thresholds = 1;
    p.key_of = t->key_of, p.starts = &t->start, p.timed = t->timed, p.cells = t->cells, p.more_above = &t->more;
    p.weeks = t->week, p.unchanged = t->unchanged, p.weights = t->weights, p.fixed = t->fixed;
    p.exact_only = t->exact_only, p.prices = t->prices, p.divisors = t->divisors, p.slots = t->slots;
    p.flags = t->flags, p.first_step = t->first_step, p.step_slot = t->step_slot, p.step_above = t->step_above;
    p.step_price = t->step_price;
    p.narrow_weights = columns->lanes % 8 ? 0 : t->narrow;
    return p;
}

/* charges a ledger of n columns, with the parts of its costs or without */
static void print_charge(int32_t n, int32_t lanes, int32_t wide, int parts)
{
    static price_tables tables;
    static int64_t counts[WIDEST][LEDGER], times[LEDGER], cost[LEDGER], wide_cost[LEDGER * 2];
    static int64_t slot_cost[LEDGER * WIDEST * 2], narrow[GROUPS * 2 * (2 + WIDEST)], sums[GROUPS * 4 * (2 + WIDEST)];
    static int32_t models[LEDGER], tiers[LEDGER], groups[LEDGER], price_row[LEDGER];
    static uint8_t bad[LEDGER], status[LEDGER], nested[WIDEST];
    static int8_t leaf[WIDEST * WIDEST], within[2 * WIDEST];
    const void *columns_of[WIDEST];
    const int32_t *codes[1] = {groups};
    const int64_t stride[1] = {1};
    int64_t statuses[256] = {0};
    tm_columns columns = {.columns = n, .lanes = lanes, .replaced = -1, .replacing = {-1, -1}};
    fill_columns(&columns, leaf, within, nested);
    const tm_prices prices = fill_prices(&columns, &tables);
    for (uint32_t i = 0; i < LEDGER; ++i) {
        models[i] = (int32_t)drawn(i, MODELS + 1) - 1;
        tiers[i] = (int32_t)drawn(i + 7, TIERS) - 1;
        groups[i] = (int32_t)drawn(i + 11, GROUPS) - 1;
        times[i] = i % 211 ? (int64_t)i * 90000000 + drawn(i, 60000000) : INT64_MIN;
        bad[i] = i % 173 == 5;
        for (int32_t c = 0; c < n; ++c) {
            int64_t x = c == 2 ? i % 3 == 0 : drawn(i * WIDEST + (uint32_t)c, c ? 900 : 3000);
            x = i % 307 == 9 && c == n - 1 ? -1 : wide && i % 401 == 3 ? INT64_MAX - x : x;
            if (wide) {
                counts[c][i] = x;
            } else {
                ((int32_t *)counts[c])[i] = (int32_t)x;
            }
            columns_of[c] = counts[c];
        }
    }
    const tm_ledger ledger = {wide, columns_of, models, tiers, 0, times, bad};
    const tm_charged charged = {cost, wide_cost, status, price_row, parts ? slot_cost : 0};
    const tm_totals totals = {1, codes, stride, GROUPS, narrow, sums, statuses};
    memset(sums, 0, sizeof sums);
    memset(slot_cost, 0, sizeof slot_cost);
    check(tm_charge(&columns, &prices, &ledger, 0, LEDGER, &charged, &totals));
    print_checksum("charge cost", wide_cost, sizeof wide_cost);
    print_checksum("charge status", status, sizeof status);
    print_checksum("charge price_row", price_row, sizeof price_row);
    print_checksum("charge slot_cost", slot_cost, sizeof slot_cost);
    print_checksum("charge totals", sums, sizeof sums);
    print_checksum("charge statuses", statuses, sizeof statuses);
}

static void print_charges(void)
{
    for (int32_t wide = 0; wide < 2; ++wide) {
        for (int parts = 0; parts < 2; ++parts) {
            print_charge(3, 3, wide, parts);
            print_charge(7, 8, wide, parts);
            print_charge(13, 16, wide, parts);
        }
    }
}
