/* weigh.h: the sum of weights, and the sums by group, COUNT being the type of the counts.
 *
 *   cost_i = fixed + sum_c weight[row_i][c] x_c[i],  sums[group_i] += (1, cost_i, x_0[i], x_1[i], ...)
 */

/* every count of the block, or-ed */
static int64_t COUNTS(bound)(const tm_columns *columns, const tm_ledger *ledger, const ledger_block *b)
{
    COUNT most = 0;
    for (int c = 0; c < columns->columns; ++c) {
        const COUNT *x = (const COUNT *)ledger->counts[c] + b->first;
        for (int i = 0; i < b->rows; ++i) {
            most |= x[i];
        }
    }
    return most;
}

/* rows with a count below 0 */
static void COUNTS(refuse_negative)(const tm_columns *columns, const tm_ledger *ledger, ledger_block *b)
{
    for (int c = 0; c < columns->columns; ++c) {
        const COUNT *x = (const COUNT *)ledger->counts[c] + b->first;
        for (int i = 0; i < b->rows; ++i) {
            if (x[i] < 0 && (b->price_row[i] >= 0 || b->price_row[i] < -TM_ROW_NEGATIVE_COUNT)) {
                b->price_row[i] = -TM_ROW_NEGATIVE_COUNT;
            }
        }
    }
}

/* cost = fixed + sum_c weight_c x_c; columns is a constant where the caller makes it one */
INLINED void COUNTS(weigh)(const tm_prices *prices, const tm_ledger *ledger, ledger_block *b, int columns)
{
    const COUNT *x[TM_COLUMNS_MAX];
    const int64_t *weights = prices->weights, *fixed = prices->any_fixed ? prices->fixed : 0;
    for (int c = 0; c < columns; ++c) {
        x[c] = (const COUNT *)ledger->counts[c] + b->first;
    }
    for (int i = 0; i < b->rows; ++i) {
        const int32_t row = b->price_row[i] < 0 ? 0 : b->price_row[i];
        const int64_t *weight = weights + (size_t)row * columns;
        int64_t cost = fixed ? fixed[2 * (size_t)row] : 0;
        for (int c = 0; c < columns; ++c) {
            cost += weight[c] * x[c][i];
        }
        b->cost[i] = cost;
        b->status[i] = TM_ROW_OK;
        if (cost == 0) {
            for (int c = 0; c < columns; ++c) {
                b->status[i] |= x[c][i] ? TM_ROW_PRICED_ZERO : TM_ROW_OK;
            }
        }
    }
}

/* narrow[group][charged or not] += (1, cost, counts) */
INLINED void COUNTS(add_rows)(const tm_ledger *ledger, const ledger_block *b, const int64_t *group, int64_t *narrow,
                              int columns)
{
    const COUNT *x[TM_COLUMNS_MAX];
    for (int c = 0; c < columns; ++c) {
        x[c] = (const COUNT *)ledger->counts[c] + b->first;
    }
    for (int i = 0; i < b->rows; ++i) {
        int64_t *sum = narrow + group[i];
        sum[0] += 1;
        sum[1] += b->cost[i];
        for (int c = 0; c < columns; ++c) {
            sum[2 + c] += x[c][i];
        }
    }
}

/* the loops above with the usual numbers of columns as constants */
#define FOR_COLUMNS(n, call)                                                                                               \
    switch (n) {                                                                                                           \
    case 2: call(2); break;                                                                                                \
    case 3: call(3); break;                                                                                                \
    case 4: call(4); break;                                                                                                \
    case 5: call(5); break;                                                                                                \
    case 6: call(6); break;                                                                                                \
    case 7: call(7); break;                                                                                                \
    case 8: call(8); break;                                                                                                \
    default: call(n); break;                                                                                               \
    }

static void COUNTS(weigh_all)(const tm_prices *prices, const tm_ledger *ledger, ledger_block *b, int columns)
{
#define WEIGH(n) COUNTS(weigh)(prices, ledger, b, n)
    FOR_COLUMNS(columns, WEIGH)
#undef WEIGH
}

static void COUNTS(add_all)(const tm_ledger *ledger, const ledger_block *b, const int64_t *group, int64_t *narrow,
                            int columns)
{
#define ADD(n) COUNTS(add_rows)(ledger, b, group, narrow, n)
    FOR_COLUMNS(columns, ADD)
#undef ADD
}
#undef FOR_COLUMNS
