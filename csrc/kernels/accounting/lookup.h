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
    uint8_t windows[CALENDARS_SHARED];
} block_time;

static void share_time(const tm_prices *prices, const int64_t *times, int rows, block_time *t)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    t->epoch = !times || prices->epochs == 1 ? 0 : -1;
    t->same_windows = prices->calendars == 0;
    if (!times) {
        return;
    }
    for (int i = 0; i < rows; ++i) {
        low = times[i] < low ? times[i] : low;
        high = times[i] > high ? times[i] : high;
    }
    if (low == INT64_MIN) {
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
        t->windows[c] = prices->weeks[c * MINUTES_OF_WEEK + minute];
        t->same_windows &= prices->unchanged[c * MINUTES_OF_WEEK + minute] > minutes;
    }
}

static inline int32_t key_of_row(const tm_prices *prices, const tm_ledger *ledger, size_t at)
{
    const int32_t model = ledger->models[at];
    if (model < 0) {
        return -TM_ROW_MISSING_FIELD;
    }
    const int32_t tier = ledger->service_tiers ? ledger->service_tiers[at] + 1 : 0;
    const int32_t region = ledger->regions ? ledger->regions[at] + 1 : 0;
    return prices->key_of[((int64_t)model * prices->service_tiers + tier) * prices->regions + region];
}

static inline int32_t row_of_cell(const tm_prices *prices, const tm_cell *cell, const block_time *t, int64_t time,
                                  int64_t basis)
{
    int32_t row = cell->first_row;
    if (cell->calendar >= 0) {
        const int window = t->same_windows
                               ? t->windows[cell->calendar]
                               : prices->weeks[cell->calendar * MINUTES_OF_WEEK + minute_of_week(time)];
        row += window * cell->tiers;
    }
    row += (basis > cell->above[0]) + (basis > cell->above[1]) + (basis > cell->above[2]);
    for (int32_t more = 0; cell->tiers > TM_CELL_THRESHOLDS + 1 + more; ++more) {
        row += basis > prices->more_above[cell->more + more];
    }
    return row;
}

static void look_up(const tm_prices *prices, const tm_ledger *ledger, ledger_block *b)
{
    const int64_t *times = ledger->times ? ledger->times + b->first : 0;
    block_time t;
    int care = 0;
    share_time(prices, times, b->rows, &t);
    for (int i = 0; i < b->rows; ++i) {
        const int32_t key = key_of_row(prices, ledger, b->first + (size_t)i);
        const int64_t time = times ? times[i] : INT64_MIN;
        int32_t row = key;
        if (key < 0) {
        } else if (ledger->bad && ledger->bad[b->first + (size_t)i]) {
            row = -TM_ROW_BAD_VALUE;
        } else if (time == INT64_MIN && prices->timed[key]) {
            row = -TM_ROW_MISSING_FIELD;
        } else {
            const int epoch = t.epoch >= 0 ? t.epoch : epoch_of(prices, time);
            const tm_cell *cell = prices->cells + (size_t)epoch * (size_t)prices->keys + (size_t)key;
            row = cell->first_row < 0 ? cell->first_row : row_of_cell(prices, cell, &t, time, b->basis[i]);
        }
        b->price_row[i] = row;
        b->closely[i] |= row < 0 ? 1 : prices->exact_only[row];
        care |= b->closely[i];
    }
    b->care = care;
}
