/* stage.h: the counts of a block row by row, for ledgers of 5 to 16 columns of 32 bits.
 *
 *   columns   x_0 ----------------      rows   x_0 x_1 ... x_7 of row 0 | of row 1 | ...
 *             x_1 ----------------  =>         one load beside the weights of its price row, and beside
 *             ...                              the sums of its group
 *
 * Absent columns are 0 up to `lanes`, a multiple of 8. Weights and counts are below 2^31 and their products exact.
 */
#define STAGED_ROW(lanes) ((lanes) > LANES_F ? (lanes) : LANES_F)
#define STAGED_MOST STAGED_ROW(16)

static void stage(const tm_columns *columns, const tm_ledger *ledger, const ledger_block *b, int32_t *staged)
{
    const int n = columns->columns, width = STAGED_ROW(columns->lanes);
    const int whole = b->rows - b->rows % LANES_F;
    for (int from = 0; from < width; from += LANES_F) {
        for (int i = 0; i < whole; i += LANES_F) {
            vf block[LANES_F];
            for (int j = 0; j < LANES_F; ++j) {
                const int32_t *x = from + j < n ? (const int32_t *)ledger->counts[from + j] + b->first + i : 0;
                block[j] = x ? vf_load((const float *)x) : vf_set(0.0f);
            }
            vf_transpose(block);
            for (int j = 0; j < LANES_F; ++j) {
                vf_store((float *)staged + (size_t)(i + j) * (size_t)width + from, block[j]);
            }
        }
    }
    for (int i = whole; i < b->rows; ++i) { /* nothing is read past the end of a column */
        for (int c = 0; c < width; ++c) {
            staged[i * width + c] = c < n ? ((const int32_t *)ledger->counts[c])[b->first + (size_t)i] : 0;
        }
    }
}

INLINED void weigh_staged(const tm_prices *prices, const int32_t *staged, ledger_block *b, int lanes)
{
    for (int i = 0; i < b->rows; ++i) {
        const int32_t row = b->price_row[i] < 0 ? 0 : b->price_row[i];
        const int32_t *x = staged + i * STAGED_ROW(lanes), *weight = prices->narrow_weights + (size_t)row * lanes;
        vu sum = vu_mul_signed32(vu_widen(x), vu_widen(weight));
        for (int c = LANES; c < lanes; c += LANES) {
            sum = vu_add(sum, vu_mul_signed32(vu_widen(x + c), vu_widen(weight + c)));
        }
        b->cost[i] = vu_sum(sum) + (prices->any_fixed ? prices->fixed[2 * (size_t)row] : 0);
        b->status[i] = TM_ROW_OK;
        for (int c = 0; b->cost[i] == 0 && c < lanes; ++c) {
            b->status[i] |= x[c] ? TM_ROW_PRICED_ZERO : TM_ROW_OK;
        }
    }
}

INLINED void add_staged(const int32_t *staged, const ledger_block *b, const int64_t *place, int64_t *narrow, int lanes)
{
    for (int i = 0; i < b->rows; ++i) {
        const int32_t *x = staged + i * STAGED_ROW(lanes);
        int64_t *sum = narrow + place[i];
        sum[0] += 1;
        sum[1] += b->cost[i];
        for (int c = 0; c < lanes; c += LANES) {
            vu_store((uint64_t *)sum + 2 + c, vu_add(vu_load(sum + 2 + c), vu_widen(x + c)));
        }
    }
}

static void weigh_all_staged(const tm_prices *prices, const int32_t *staged, ledger_block *b, int lanes)
{
    if (lanes == 8) {
        weigh_staged(prices, staged, b, 8);
    } else {
        weigh_staged(prices, staged, b, 16);
    }
}

static void add_all_staged(const int32_t *staged, const ledger_block *b, const int64_t *place, int64_t *narrow, int lanes)
{
    if (lanes == 8) {
        add_staged(staged, b, place, narrow, 8);
    } else {
        add_staged(staged, b, place, narrow, 16);
    }
}
