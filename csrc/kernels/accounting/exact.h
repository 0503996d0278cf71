/* exact.h: one row charged by the letter, in 128 bits: what the sum of weights cannot say.
 *
 *   leaf_c = x_c - sum of the leaves of its parts          what no more specific column counts
 *   q_s    = sum of leaf_c over the columns that pay the price of slot s
 *   cost   = fixed + sum_s round(price_s q_s / divisor_s), with steps: + (price_j - price_{j-1}) max(q_s - above_j, 0)
 *
 * Contract: counts are >= 0. Nothing is charged unless the status is OK or PRICED_ZERO.
 * Source: the decomposition is that of genai-prices' unit registry; LiteLLM's cut is that of its generic path.
 */

/* parts of `total` that are kept when they exceed what is left, in their order */
static void cut_parts(i128 *leaf, const int32_t *parts, int count, i128 left)
{
    for (int p = 0; p < count; ++p) {
        if (parts[p] >= 0) {
            leaf[parts[p]] = leaf[parts[p]] < left ? leaf[parts[p]] : left;
            left -= leaf[parts[p]];
        }
    }
}

static i128 sum_of_parts(const i128 *x, const int32_t *parts, int count)
{
    i128 sum = 0;
    for (int p = 0; p < count; ++p) {
        sum += parts[p] >= 0 ? x[parts[p]] : 0;
    }
    return sum;
}

static inline i128 at_column(const i128 *x, int32_t column) { return column >= 0 ? x[column] : 0; }
static inline i128 not_negative(i128 x) { return x > 0 ? x : 0; }

static inline void put(i128 *x, int32_t column, i128 value)
{
    if (column >= 0) {
        x[column] = value;
    }
}

/* cache writes of 5 minutes and 1 hour in the place of all of them */
static void replace_writes(const tm_columns *columns, i128 *x)
{
    const i128 split = at_column(x, columns->replacing[0]) + at_column(x, columns->replacing[1]);
    if (columns->replaced >= 0 && split > 0) {
        x[columns->replaced] = split;
    }
}

/* what each column counts and no more specific one does */
static void specific_leaves(const tm_columns *columns, const i128 *x, i128 *leaf)
{
    const int n = columns->columns;
    for (int c = 0; c < n; ++c) {
        leaf[c] = 0;
        for (int j = 0; j < n; ++j) {
            leaf[c] += columns->leaf[c * n + j] * x[j];
        }
    }
}

static void copy_parts(const i128 *x, const int32_t *parts, int count, i128 *leaf)
{
    for (int p = 0; p < count; ++p) {
        put(leaf, parts[p], at_column(x, parts[p]));
    }
}

/* parts that LiteLLM does not know come out of the one it counts them in; text is charged in the columns given */
static void empty_homes(const tm_columns *columns, int32_t text, int32_t answer, i128 *leaf)
{
    const tm_overlap *o = columns->overlap;
    i128 inside[TM_COLUMNS_MAX] = {0};
    for (int c = 0; c < columns->columns; ++c) {
        int32_t home = o->home[c];
        if (home >= 0) {
            home = home == o->input || home == o->input_text     ? text
                   : home == o->output || home == o->output_text ? answer
                                                                 : home;
            inside[home >= 0 ? home : c] += home >= 0 ? leaf[c] : 0;
        }
    }
    for (int c = 0; c < columns->columns; ++c) {
        leaf[c] = inside[c] ? not_negative(leaf[c] - inside[c]) : leaf[c];
    }
}

/* the leaves as LiteLLM's generic path has them: parts that exceed a counted input are cut when something was cached,
 * and are charged in full otherwise */
static void litellm_leaves(const tm_columns *columns, const i128 *x, i128 *leaf)
{
    const tm_overlap *o = columns->overlap;
    const int32_t writes[2] = {o->cache_write_5m, o->cache_write_1h};
    const i128 split = sum_of_parts(x, writes, 2), cached_parts = sum_of_parts(x, o->cached, 4);
    const i128 written = o->cache_write >= 0 && x[o->cache_write] ? x[o->cache_write] : split;
    const i128 cached = o->cache_read >= 0 ? x[o->cache_read] : cached_parts;
    const i128 input = at_column(x, o->input), spoken = at_column(x, o->output_text);
    const i128 given = not_negative(at_column(x, o->input_text) - at_column(x, o->cached[3]));
    i128 text = given;

    specific_leaves(columns, x, leaf);
    copy_parts(x, writes, 2, leaf);
    copy_parts(x, o->cached, 4, leaf);
    copy_parts(x, o->made, 4, leaf);
    for (int p = 0; p < 3; ++p) {
        put(leaf, o->parts[p], not_negative(at_column(x, o->parts[p]) - at_column(x, o->cached[p])));
    }
    const i128 parts = sum_of_parts(leaf, o->parts, 3);
    if (o->input >= 0 && (cached > 0 || written > 0) && text + cached + written + parts > input) {
        cut_parts(leaf, o->parts, 3, not_negative(input - cached - written));
        text = not_negative(input - cached - written) - sum_of_parts(leaf, o->parts, 3);
    } else if (text == 0) {
        text = not_negative(input - cached - written - parts);
    }
    const i128 rest = not_negative(at_column(x, o->output) - sum_of_parts(x, o->made, 4));
    const int32_t text_at = given > 0 ? o->input_text : o->input, answer_at = spoken > 0 ? o->output_text : o->output;
    put(leaf, o->cache_read, not_negative(cached - cached_parts));
    put(leaf, o->cache_write, split ? 0 : at_column(x, o->cache_write));
    put(leaf, o->input, 0);
    put(leaf, o->input_text, 0);
    put(leaf, text_at, text);
    put(leaf, o->output, 0);
    put(leaf, o->output_text, 0);
    put(leaf, answer_at, spoken > 0 ? spoken : rest);
    empty_homes(columns, text_at, answer_at, leaf);
}

/* the leaves of a row, whose cache writes are replaced in x */
static void leaves_of_row(const tm_columns *columns, i128 *x, i128 *leaf)
{
    if (columns->litellm) {
        litellm_leaves(columns, x, leaf);
        replace_writes(columns, x);
    } else {
        replace_writes(columns, x);
        specific_leaves(columns, x, leaf);
    }
}

/* numerator / divisor as the book rounds; `inexact` is set where it had to */
static i128 divided(i128 numerator, int64_t divisor, int32_t rounding, int *inexact)
{
    const i128 whole = numerator / divisor, rest = numerator % divisor;
    if (rest == 0) {
        return whole;
    }
    *inexact = 1;
    const i128 twice = 2 * rest;
    const int up = rounding == TM_ROUND_UP        ? 1
                   : twice != divisor             ? twice > divisor
                   : rounding == TM_ROUND_HALF_UP ? 1
                                                  : (int)(whole & 1);
    return whole + up;
}

/* the cost of q under the steps of a slot, 1 on overflow */
static int stepped(const tm_prices *prices, int32_t row, int slot, i128 q, i128 base, i128 *cost)
{
    i128 previous = base;
    int over = __builtin_mul_overflow(q, base, cost);
    for (int32_t s = prices->first_step[row]; s < prices->first_step[row + 1]; ++s) {
        if (prices->step_slot[s] != slot || q <= prices->step_above[s]) {
            continue;
        }
        const i128 price = i128_of(prices->step_price + 2 * (size_t)s);
        i128 more;
        if (prices->marginal) {
            over |= __builtin_mul_overflow(q - prices->step_above[s], price - previous, &more);
            over |= __builtin_add_overflow(*cost, more, cost);
        } else {
            over |= __builtin_mul_overflow(q, price, cost);
        }
        previous = price;
    }
    return over;
}

/* q by slot; returns what the flags and the leaves refuse, or TM_ROW_OK */
static int slots_of_row(const tm_columns *columns, const tm_prices *prices, int32_t row, const i128 *x, const i128 *leaf,
                        i128 *q)
{
    const int n = columns->columns;
    const int8_t *slots = prices->slots + (size_t)row * n;
    const uint8_t *flags = prices->flags + (size_t)row * n;
    const int dynamic = prices->exact_only[TM_ROW_STATUSES + row] & TM_EXACT_DYNAMIC;
    int found = dynamic ? TM_ROW_DYNAMIC_PRICE : TM_ROW_OVERFLOW + 1;
    memset(q, 0, (size_t)n * sizeof *q);
    for (int c = 0; c < n; ++c) {
        int refused = found;
        if (x[c] > 0 && (flags[c] & TM_COUNT_ORPHAN)) {
            refused = TM_ROW_MISSING_FIELD;
        } else if (x[c] > 0 && (flags[c] & TM_COUNT_DYNAMIC)) {
            refused = TM_ROW_DYNAMIC_PRICE;
        } else if (slots[c] >= 0) {
            q[slots[c]] += leaf[c];
        } else if (flags[c] & TM_COUNT_UNPRICED) {
            refused = leaf[c] < 0 ? TM_ROW_SUBSET_EXCEEDS_TOTAL : leaf[c] > 0 ? TM_ROW_NO_PRICE : found;
        }
        found = refused < found ? refused : found;
    }
    for (int c = 0; c < n; ++c) {
        if (q[c] < 0 && found > TM_ROW_SUBSET_EXCEEDS_TOTAL) {
            found = TM_ROW_SUBSET_EXCEEDS_TOTAL;
        }
    }
    return found > TM_ROW_OVERFLOW ? TM_ROW_OK : found;
}

/* cost of a row; slot_cost (columns x 2) may be NULL */
static int charge_exactly(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger, size_t at,
                          int32_t row, i128 *cost, int64_t *slot_cost)
{
    const int n = columns->columns;
    i128 x[TM_COLUMNS_MAX], leaf[TM_COLUMNS_MAX], q[TM_COLUMNS_MAX];
    int used = 0, over = 0, inexact = prices->exact_only[TM_ROW_STATUSES + row] & TM_EXACT_ROUNDED;
    for (int c = 0; c < n; ++c) {
        x[c] = ledger_count(ledger, c, at);
        used |= x[c] != 0;
    }
    leaves_of_row(columns, x, leaf);
    const int refused = slots_of_row(columns, prices, row, x, leaf, q);
    if (refused) {
        return refused;
    }
    *cost = i128_of(prices->fixed + 2 * (size_t)row);
    for (int c = 0; c < n; ++c) {
        i128 part;
        if (q[c] == 0) {
            continue;
        }
        over |= stepped(prices, row, c, q[c], i128_of(prices->prices + 2 * ((size_t)row * n + c)), &part);
        part = divided(part, prices->divisors[(size_t)row * n + c], prices->rounding, &inexact);
        inexact |= prices->flags[(size_t)row * n + c] & TM_COUNT_ROUNDED;
        over |= __builtin_add_overflow(*cost, part, cost);
        if (slot_cost) {
            i128_store(slot_cost + 2 * c, part);
        }
    }
    if (over) {
        return TM_ROW_OVERFLOW;
    }
    if (inexact) {
        return TM_ROW_OK | TM_ROW_ROUNDED;
    }
    return *cost == 0 && used ? TM_ROW_PRICED_ZERO : TM_ROW_OK;
}
