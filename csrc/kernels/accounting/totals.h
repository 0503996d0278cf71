/* totals.h: the sums of a block by group: rows, cost and counts, of charged rows and of the others.
 *
 *   narrow [group][charged, not][rows, cost, count 0, ... up to lanes]   64 bits: one line of the cache or two a row
 *   wide   the same in 128 bits, into which narrow is emptied before a sum of it can overflow
 */

static void empty_narrow(const tm_columns *columns, const tm_totals *totals)
{
    const size_t width = 2 + (size_t)columns->lanes;
    for (size_t line = 0; line < 2 * (size_t)totals->groups; ++line) {
        int64_t *narrow = totals->narrow + line * width, *wide = totals->wide + 2 * line * width;
        if (narrow[0] == 0) {
            continue;
        }
        for (size_t s = 0; s < width; ++s) {
            i128_store(wide + 2 * s, i128_of(wide + 2 * s) + narrow[s]);
            narrow[s] = 0;
        }
    }
}

/* where each row's sums begin in narrow */
static void places_of_rows(const tm_columns *columns, const tm_totals *totals, const ledger_block *b, int64_t *place)
{
    memset(place, 0, LEDGER_BLOCK * sizeof *place);
    for (int k = 0; k < totals->group_columns; ++k) {
        const int32_t *codes = totals->group_codes[k] + b->first;
        for (int i = 0; i < b->rows; ++i) {
            place[i] += ((int64_t)codes[i] + 1) * totals->group_strides[k];
        }
    }
    const int64_t width = 2 + columns->lanes;
    for (int i = 0; i < b->rows; ++i) {
        place[i] = (2 * place[i] + ((b->status[i] & ~TM_ROW_ROUNDED) > TM_ROW_PRICED_ZERO)) * width;
    }
}

/* rows whose numbers are too large for sums of 64 bits */
static void add_wide(const tm_columns *columns, const tm_ledger *ledger, const tm_totals *totals, const ledger_block *b,
                     const int64_t *place)
{
    for (int i = 0; i < b->rows; ++i) {
        int64_t *wide = totals->wide + 2 * place[i];
        const int64_t cost[2] = {b->cost[i], b->high[i]};
        i128_store(wide, i128_of(wide) + 1);
        i128_store(wide + 2, i128_of(wide + 2) + i128_of(cost));
        for (int c = 0; c < columns->columns; ++c) {
            const int64_t x = ledger_count(ledger, c, b->first + (size_t)i);
            i128_store(wide + 4 + 2 * c, i128_of(wide + 4 + 2 * c) + x);
        }
    }
}

/* `held` bounds every sum in narrow */
static void add_block(const tm_columns *columns, const tm_ledger *ledger, const tm_totals *totals, const int32_t *staged,
                      const ledger_block *b, uint64_t *held)
{
    const uint64_t limit = (uint64_t)1 << 62;
    int64_t place[LEDGER_BLOCK];
    uint64_t most = (uint64_t)(b->most < 0 ? ~b->most : b->most), wide = b->most < 0;
    places_of_rows(columns, totals, b, place);
    for (int i = 0; i < b->rows; ++i) {
        most |= (uint64_t)(b->cost[i] ^ (b->cost[i] >> 63));
        wide |= (uint64_t)(b->high[i] ^ (b->cost[i] >> 63));
    }
    for (int i = 0; totals->statuses && i < b->rows; ++i) {
        totals->statuses[b->status[i]] += 1;
    }
    if (wide || most >= limit / LEDGER_BLOCK - 1) {
        add_wide(columns, ledger, totals, b, place);
        return;
    }
    const uint64_t more = (most + 1) * LEDGER_BLOCK;
    if (*held + more > limit) {
        empty_narrow(columns, totals);
        *held = 0;
    }
    *held += more;
    if (staged) {
        add_all_staged(staged, b, place, totals->narrow, columns->lanes);
    } else {
        (ledger->wide ? add_all_i64 : add_all_i32)(ledger, b, place, totals->narrow, columns->columns);
    }
}
