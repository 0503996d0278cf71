/* charge.h: rows of a ledger charged, and added up by group, one block after the other.
 *
 * Formula: cost = fixed + sum_c weight_c x_c. A bill charges each token once, at the price of the most specific priced
 * unit that holds it, and is therefore linear in the overlapping counts that a ledger has: weight_c = price of c, less
 * the price of what contains it. Rows where that is not known to hold go to exact.h.
 * Contract: the same numbers for any cut of the rows; sums by group are exact in 128 bits; row outputs that are NULL
 * are not written.
 */
#include "kernels/accounting/ledger.h"
#include "kernels/accounting/exact.h"
#include "kernels/accounting/lookup.h"

#define COUNT int32_t
#define COUNTS(name) name##_i32
#include "kernels/accounting/weigh.h"
#define SUM int32_t
#define SUMS(name) name##_i32_i32
#include "kernels/accounting/inspect.h"
#undef SUM
#undef SUMS
#define SUM int64_t
#define SUMS(name) name##_i32_i64
#include "kernels/accounting/inspect.h"
#undef SUMS
#undef COUNT
#undef COUNTS
#define COUNT int64_t
#define COUNTS(name) name##_i64
#define SUMS(name) name##_i64_i64
#include "kernels/accounting/weigh.h"
#include "kernels/accounting/inspect.h"
#undef COUNT
#undef COUNTS
#undef SUM
#undef SUMS

#include "kernels/accounting/stage.h"
#include "kernels/accounting/totals.h"

/* whether no sum of weights of the block can leave 64 bits */
static int fits_weights(const tm_prices *prices, const ledger_block *b)
{
    return b->most >= 0 && prices->largest_weight < INT64_MAX / 2 && b->most < (INT64_MAX / 2) / (prices->largest_weight + 1);
}

static void price_closely(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger,
                          const tm_charged *charged, ledger_block *b, int i)
{
    const size_t at = b->first + (size_t)i;
    const int narrow = charged && charged->cost;
    int64_t *slots = charged && charged->slot_cost ? charged->slot_cost + 2 * at * (size_t)columns->columns : 0;
    i128 cost = 0;
    int status = charge_exactly(columns, prices, ledger, at, b->price_row[i], &cost, slots);
    if ((status & ~TM_ROW_ROUNDED) <= TM_ROW_PRICED_ZERO && narrow && cost != (int64_t)cost) {
        status = TM_ROW_OVERFLOW;
    }
    if ((status & ~TM_ROW_ROUNDED) > TM_ROW_PRICED_ZERO) {
        cost = 0;
        if (slots) {
            memset(slots, 0, 2 * (size_t)columns->columns * sizeof *slots);
        }
    }
    b->status[i] = (uint8_t)status;
    b->cost[i] = (int64_t)(uint64_t)cost;
    b->high[i] = (int64_t)(cost >> 64);
}

/* whether the sum of weights may be wrong for this row: by what `inspect` saw or the price row says */
static int needs_care(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger, const ledger_block *b,
                      int i)
{
    const uint8_t *flags = prices->flags + (size_t)b->price_row[i] * (size_t)columns->columns;
    if (b->closely[i] != TM_EXACT_FLAGGED) {
        return b->closely[i];
    }
    for (int c = 0; c < columns->columns; ++c) {
        if (flags[c] && ledger_count(ledger, c, b->first + (size_t)i)) {
            return 1;
        }
    }
    return 0;
}

static void price_block(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger,
                        const tm_charged *charged, const int32_t *staged, ledger_block *b)
{
    const int all = !fits_weights(prices, b) || (charged && charged->slot_cost);
    if (!all && staged) {
        weigh_all_staged(prices, staged, b, columns->lanes);
    } else if (!all) {
        (ledger->wide ? weigh_all_i64 : weigh_all_i32)(prices, ledger, b, columns->columns);
    }
    for (int i = 0; (all || b->care) && i < b->rows; ++i) {
        const int32_t row = b->price_row[i];
        if (row < 0) {
            b->cost[i] = 0;
            b->status[i] = (uint8_t)-row;
        } else if (all || needs_care(columns, prices, ledger, b, i)) {
            price_closely(columns, prices, ledger, charged, b, i);
            continue;
        }
        b->high[i] = b->cost[i] >> 63;
    }
    for (int i = 0; !all && !b->care && i < b->rows; ++i) {
        b->high[i] = b->cost[i] >> 63;
    }
}

static void write_block(const tm_charged *charged, const ledger_block *b)
{
    const size_t rows = (size_t)b->rows;
    if (charged->cost) {
        memcpy(charged->cost + b->first, b->cost, rows * sizeof *b->cost);
    }
    if (charged->status) {
        memcpy(charged->status + b->first, b->status, rows);
    }
    for (size_t i = 0; charged->wide_cost && i < rows; ++i) {
        charged->wide_cost[2 * (b->first + i)] = b->cost[i];
        charged->wide_cost[2 * (b->first + i) + 1] = b->high[i];
    }
    for (size_t i = 0; charged->price_row && i < rows; ++i) {
        charged->price_row[b->first + i] = b->price_row[i] < 0 ? -1 : b->price_row[i];
    }
}

/* the same row by row, where a sum may leave 64 bits; no threshold lies beyond them, and the basis may end there */
static void inspect_widely(const tm_columns *columns, const tm_ledger *ledger, ledger_block *b)
{
    const int n = columns->columns;
    for (int i = 0; i < b->rows; ++i) {
        i128 x[TM_COLUMNS_MAX], basis = 0, input = 0, output = 0;
        int nested = 0;
        for (int c = 0; c < n; ++c) {
            x[c] = ledger_count(ledger, c, b->first + (size_t)i);
            input += columns->within[c] * x[c];
            output += columns->within[n + c] * x[c];
            nested |= columns->nested[c] && x[c];
        }
        replace_writes(columns, x);
        for (int c = 0; c < n; ++c) {
            basis += columns->basis[c] * x[c];
        }
        b->basis[i] = basis > INT64_MAX ? INT64_MAX : basis < INT64_MIN ? INT64_MIN : (int64_t)basis;
        b->closely[i] = (uint8_t)(nested || input < 0 || output < 0);
    }
}

static void inspect(const tm_columns *columns, const tm_ledger *ledger, ledger_block *b)
{
    b->most = (ledger->wide ? bound_i64 : bound_i32)(columns, ledger, b);
    const int fits = b->most >= 0 && b->most < (ledger->wide ? INT64_MAX : INT32_MAX) / (TM_COLUMNS_MAX + 2);
    if (ledger->wide && !fits) {
        inspect_widely(columns, ledger, b);
    } else if (ledger->wide) {
        inspect_i64_i64(columns, ledger, b);
    } else if (fits) {
        inspect_i32_i32(columns, ledger, b);
    } else {
        inspect_i32_i64(columns, ledger, b);
    }
}

static void charge(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger, size_t first, size_t rows,
                   const tm_charged *charged, const tm_totals *totals)
{
    ledger_block b;
    int32_t room[LEDGER_BLOCK * STAGED_MOST];
    int32_t *staged = prices->narrow_weights && !ledger->wide ? room : 0;
    uint64_t held = 0;
    for (size_t done = 0; done < rows; done += LEDGER_BLOCK) {
        b.first = first + done;
        b.rows = (int)(rows - done < LEDGER_BLOCK ? rows - done : LEDGER_BLOCK);
        inspect(columns, ledger, &b);
        look_up(prices, ledger, &b);
        if (b.most < 0) {
            (ledger->wide ? refuse_negative_i64 : refuse_negative_i32)(columns, ledger, &b);
        }
        if (staged) {
            stage(columns, ledger, &b, staged);
        }
        price_block(columns, prices, ledger, charged, staged, &b);
        if (charged) {
            write_block(charged, &b);
        }
        if (totals) {
            add_block(columns, ledger, totals, staged, &b, &held);
        }
    }
    if (totals) {
        empty_narrow(columns, totals);
    }
}
