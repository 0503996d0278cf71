/* lookup.h: the price row of each row of a block.
 *
 *   (model, service tier, region) -> key      a table of codes
 *   time -> epoch                             the stretch between two dates on which any price changes
 *   [epoch][key] -> calendar, thresholds, first row
 *   time -> minute of the week -> window;  basis -> context tier
 *   price_row = first row + window x tiers + tier
 *
 * A block whose times lie in one epoch looks in that epoch's table alone: ledgers are nearly sorted by time.
 */

static int epoch_of(const tm_prices *prices, int64_t time)
{
    int epoch = 0;
    for (int e = 1; e < prices->epochs; ++e) {
        epoch += prices->starts[e - 1] <= time;
    }
    return epoch;
}

/* the epoch of all times of the block, -1 where they differ or one is null */
static int epoch_of_block(const tm_prices *prices, const int64_t *times, int rows)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    if (!times || prices->epochs == 1) {
        return 0;
    }
    for (int i = 0; i < rows; ++i) {
        low = times[i] < low ? times[i] : low;
        high = times[i] > high ? times[i] : high;
    }
    const int epoch = epoch_of(prices, low);
    return low != INT64_MIN && epoch == epoch_of(prices, high) ? epoch : -1;
}

/* Monday 00:00 UTC is minute 0; 1970-01-01 was a Thursday */
static inline int minute_of_week(int64_t time)
{
    int64_t minute = time / 60000000;
    minute -= time % 60000000 < 0;
    minute = (minute + 3 * 1440) % MINUTES_OF_WEEK;
    return (int)(minute < 0 ? minute + MINUTES_OF_WEEK : minute);
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

static inline int32_t row_in_epoch(const tm_prices *prices, int epoch, int32_t key, int64_t time, int64_t basis)
{
    const size_t cell = (size_t)epoch * (size_t)prices->keys + (size_t)key;
    int32_t row = prices->first_row[cell];
    if (row < 0) {
        return row;
    }
    const int32_t calendar = prices->calendar[cell];
    if (calendar >= 0) {
        row += prices->weeks[(size_t)calendar * MINUTES_OF_WEEK + (size_t)minute_of_week(time)] * prices->tiers[cell];
    }
    const int64_t *above = prices->above + cell * (size_t)prices->thresholds;
    for (int t = 0; t < prices->thresholds; ++t) {
        row += basis > above[t];
    }
    return row;
}

static void look_up(const tm_prices *prices, const tm_ledger *ledger, ledger_block *b)
{
    const int64_t *times = ledger->times ? ledger->times + b->first : 0;
    const int common = epoch_of_block(prices, times, b->rows);
    for (int i = 0; i < b->rows; ++i) {
        const int32_t key = key_of_row(prices, ledger, b->first + (size_t)i);
        const int64_t time = times ? times[i] : INT64_MIN;
        if (key < 0) {
            b->price_row[i] = key;
        } else if (ledger->bad && ledger->bad[b->first + (size_t)i]) {
            b->price_row[i] = -TM_ROW_BAD_VALUE;
        } else if (time == INT64_MIN && prices->timed[key]) {
            b->price_row[i] = -TM_ROW_MISSING_FIELD;
        } else {
            const int epoch = common >= 0 ? common : epoch_of(prices, time);
            b->price_row[i] = row_in_epoch(prices, epoch, key, time, b->basis[i]);
        }
    }
}
