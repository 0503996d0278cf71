/* inspect.h: the first look at a block's counts, COUNT being their type: bounds, the basis of context tiers, and whether
 * parts stay within input and output.
 *
 *   basis = sum_c basis[c] x_c,  within = sum_c within[c] x_c        columns in turn, rows in lanes
 */

/* sum[i] += factor x[i] for factors -1, 0, 1 */
static inline void COUNTS(add_scaled)(int factor, const COUNT *x, int rows, int64_t *sum)
{
    if (factor > 0) {
        for (int i = 0; i < rows; ++i) {
            sum[i] += x[i];
        }
    } else if (factor < 0) {
        for (int i = 0; i < rows; ++i) {
            sum[i] -= x[i];
        }
    }
}

static void COUNTS(inspect)(const tm_columns *columns, const tm_ledger *ledger, ledger_block *b)
{
    const int n = columns->columns, rows = b->rows;
    COUNT most = 0, nested = 0;
    memset(b->basis, 0, sizeof b->basis);
    memset(b->within, 0, sizeof b->within);
    for (int c = 0; c < n; ++c) {
        const COUNT *x = (const COUNT *)ledger->counts[c] + b->first;
        COUNT seen = 0;
        for (int i = 0; i < rows; ++i) {
            seen |= x[i];
        }
        most |= seen;
        nested |= columns->nested[c] ? seen : 0;
        COUNTS(add_scaled)(columns->basis[c], x, rows, b->basis);
        COUNTS(add_scaled)(columns->within[c], x, rows, b->within[0]);
        COUNTS(add_scaled)(columns->within[n + c], x, rows, b->within[1]);
    }
    b->most = most;
    for (int i = 0; i < rows; ++i) {
        b->closely[i] = (uint8_t)((b->within[0][i] | b->within[1][i]) < 0);
    }
    for (int c = 0; nested && c < n; ++c) {
        const COUNT *x = (const COUNT *)ledger->counts[c] + b->first;
        for (int i = 0; columns->nested[c] && i < rows; ++i) {
            b->closely[i] |= x[i] != 0;
        }
    }
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
    for (int c = 0; c < columns; ++c) {
        x[c] = (const COUNT *)ledger->counts[c] + b->first;
    }
    for (int i = 0; i < b->rows; ++i) {
        const int32_t row = b->price_row[i] < 0 ? 0 : b->price_row[i];
        const int64_t *weight = prices->weights + (size_t)row * columns;
        int64_t cost = prices->fixed[2 * (size_t)row];
        for (int c = 0; c < columns; ++c) {
            cost += weight[c] * x[c][i];
        }
        b->cost[i] = cost;
        b->status[i] = TM_ROW_OK;
        for (int c = 0; cost == 0 && c < columns; ++c) {
            b->status[i] |= x[c][i] ? TM_ROW_PRICED_ZERO : TM_ROW_OK;
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
