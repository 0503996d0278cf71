/* lookup.h: the price row of each row of a block.
 *
 *   (model, service tier, region) -> key      a table of codes
 *   time -> epoch                             the stretch between two dates on which any price changes
 *   cells[epoch][key] -> calendar, thresholds, first row
 *   time -> minute of the week -> window;  basis -> context tier
 *   price_row = first row + window x tiers + tier
 *
 * Ledgers are nearly sorted by time: where the times of a block lie in one epoch, and no calendar changes between them,
 * both are looked up once for the block.
 */

static int epoch_of(const tm_prices *prices, int64_t time)
{
    int epoch = 0;
    for (int e = 1; e < prices->epochs; ++e) {
        epoch += prices->starts[e - 1] <= time;
    }
    return epoch;
}

/* Monday 00:00 UTC is minute 0; 1970-01-01 was a Thursday */
static inline int minute_of_week(int64_t time)
{
    const int64_t week = (int64_t)MINUTES_OF_WEEK * 60000000;
    int64_t since = (time + (int64_t)3 * 1440 * 60000000) % week;
    since += since < 0 ? week : 0;
    return (int)((uint64_t)since / 60000000);
}

/* what a block's times have in common */
typedef struct block_time {
    int epoch;         /* -1 where they differ or one is null */
    int same_windows;  /* 1: each calendar keeps the window in windows[] */
    uint8_t windows[1 + CALENDARS_SHARED]; /* that of no calendar first */
} block_time;

static void share_time(const tm_prices *prices, const int64_t *times, int rows, block_time *t)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    t->epoch = !times || prices->epochs == 1 ? 0 : -1;
    t->same_windows = prices->calendars == 0;
    t->windows[0] = 0;
    if (!times) {
        return;
    }
    for (int i = 0; i < rows; ++i) {
        low = times[i] < low ? times[i] : low;
        high = times[i] > high ? times[i] : high;
    }
    if (low == INT64_MIN) {
        t->epoch = -1;
        return;
    }
    const int epoch = epoch_of(prices, low);
    t->epoch = epoch == epoch_of(prices, high) ? epoch : -1;
    if (prices->calendars == 0 || prices->calendars > CALENDARS_SHARED) {
        return;
    }
    const int minute = minute_of_week(low);
    const uint64_t minutes = ((uint64_t)high - (uint64_t)low) / 60000000 + 1;
    t->same_windows = 1;
    for (int c = 0; c < prices->calendars; ++c) {
        t->windows[c + 1] = prices->weeks[c * MINUTES_OF_WEEK + minute];
        t->same_windows &= prices->unchanged[c * MINUTES_OF_WEEK + minute] > minutes;
    }
}

/* the key of each row, the least of them */
static int32_t find_keys(const tm_prices *prices, const tm_ledger *ledger, const ledger_block *b, int32_t *restrict key)
{
    const int32_t *models = ledger->models + b->first, tiers = prices->service_tiers, regions = prices->regions;
    const int32_t *key_of = prices->key_of;
    int32_t least = 0;
    for (int i = 0; i < b->rows; ++i) {
        key[i] = (models[i] + 1) * tiers * regions;
    }
    if (ledger->service_tiers) {
        const int32_t *codes = ledger->service_tiers + b->first;
        for (int i = 0; i < b->rows; ++i) {
            key[i] += (codes[i] + 1) * regions;
        }
    }
    if (ledger->regions) {
        const int32_t *codes = ledger->regions + b->first;
        for (int i = 0; i < b->rows; ++i) {
            key[i] += codes[i] + 1;
        }
    }
    for (int i = 0; i < b->rows; ++i) {
        key[i] = key_of[key[i]];
        least |= key[i];
    }
    return least;
}

static inline int32_t row_of_cell(const tm_prices *prices, const tm_cell *cell, const block_time *t, int64_t time,
                                  int64_t basis)
{
    int32_t row = cell->first_row;
    if (cell->calendar >= 0) {
        const int window = t->same_windows
                               ? t->windows[cell->calendar + 1]
                               : prices->weeks[cell->calendar * MINUTES_OF_WEEK + minute_of_week(time)];
        row += window * cell->tiers;
    }
    row += (basis > cell->above[0]) + (basis > cell->above[1]) + (basis > cell->above[2]);
    for (int32_t more = 0; cell->tiers > TM_CELL_THRESHOLDS + 1 + more; ++more) {
        row += basis > prices->more_above[cell->more + more];
    }
    return row;
}

/* rows whose times share an epoch and the windows, with keys that exist: nothing but the basis decides */
static void look_up_fast(const tm_prices *prices, const block_time *t, const int32_t *restrict key, ledger_block *b)
{
    const tm_cell *cells = prices->cells + (size_t)t->epoch * (size_t)prices->keys;
    const int64_t *basis = b->basis;
    int32_t *restrict price_row = b->price_row;
    if (!prices->any_thresholds && !prices->calendars) {
        for (int i = 0; i < b->rows; ++i) {
            price_row[i] = cells[key[i]].first_row;
        }
        return;
    }
    for (int i = 0; i < b->rows; ++i) {
        const tm_cell *cell = cells + key[i];
        price_row[i] = cell->first_row + t->windows[cell->calendar + 1] * cell->tiers + (basis[i] > cell->above[0])
                       + (basis[i] > cell->above[1]) + (basis[i] > cell->above[2]);
    }
}

static int32_t look_up_row(const tm_prices *prices, const block_time *t, int32_t key, int64_t time, int64_t basis)
{
    if (key < 0) {
        return key;
    }
    if (time == INT64_MIN && prices->timed[key]) {
        return -TM_ROW_MISSING_FIELD;
    }
    const int epoch = t->epoch >= 0 ? t->epoch : epoch_of(prices, time);
    const tm_cell *cell = prices->cells + (size_t)epoch * (size_t)prices->keys + (size_t)key;
    return row_of_cell(prices, cell, t, time, basis);
}

static void look_up(const tm_prices *prices, const tm_ledger *ledger, ledger_block *b)
{
    const int64_t *times = ledger->times ? ledger->times + b->first : 0;
    int32_t key[LEDGER_BLOCK];
    block_time t;
    uint8_t care = 0;
    share_time(prices, times, b->rows, &t);
    const int same = t.epoch >= 0 && t.same_windows && !prices->many_thresholds && (times || !prices->any_timed);
    if (find_keys(prices, ledger, b, key) >= 0 && same) {
        look_up_fast(prices, &t, key, b);
    } else {
        for (int i = 0; i < b->rows; ++i) {
            b->price_row[i] = look_up_row(prices, &t, key[i], times ? times[i] : INT64_MIN, b->basis[i]);
        }
    }
    for (int i = 0; ledger->bad && i < b->rows; ++i) {
        if (ledger->bad[b->first + (size_t)i] && (b->price_row[i] >= 0 || b->price_row[i] < -TM_ROW_BAD_VALUE)) {
            b->price_row[i] = -TM_ROW_BAD_VALUE;
        }
    }
    const uint8_t *exact_only = prices->exact_only + TM_ROW_STATUSES;
    for (int i = 0; i < b->rows; ++i) {
        b->closely[i] |= exact_only[b->price_row[i]];
        care |= b->closely[i];
    }
    b->care = care;
}
