/* inspect.h: the first look at a block's counts, COUNT being their type and SUM one that holds what they add up to: the
 * basis of context tiers, and whether parts stay within input and output.
 *
 *   basis = sum_c basis[c] x_c,  within = sum_c within[c] x_c        columns in turn, rows in lanes
 */

/* sum[i] += factor x[i] for factors -1, 0, 1 */
static inline void SUMS(add_scaled)(int factor, const COUNT *x, int rows, SUM *sum)
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

/* the basis with cache writes of 5 minutes and 1 hour in the place of all of them */
static void SUMS(replace_in_basis)(const tm_columns *columns, const tm_ledger *ledger, const ledger_block *b, SUM *basis)
{
    const int32_t *by = columns->replacing;
    const COUNT *whole = (const COUNT *)ledger->counts[columns->replaced] + b->first;
    const COUNT *first = by[0] >= 0 ? (const COUNT *)ledger->counts[by[0]] + b->first : 0;
    const COUNT *second = by[1] >= 0 ? (const COUNT *)ledger->counts[by[1]] + b->first : 0;
    const int factor = columns->basis[columns->replaced];
    for (int i = 0; i < b->rows; ++i) {
        const SUM split = (SUM)(first ? first[i] : 0) + (second ? second[i] : 0);
        basis[i] += split > 0 ? factor * (split - whole[i]) : 0;
    }
}

static void SUMS(inspect)(const tm_columns *columns, const tm_ledger *ledger, ledger_block *b)
{
    const int n = columns->columns, rows = b->rows;
    SUM basis[LEDGER_BLOCK] = {0}, input[LEDGER_BLOCK] = {0}, output[LEDGER_BLOCK] = {0};
    for (int c = 0; c < n; ++c) {
        const COUNT *x = (const COUNT *)ledger->counts[c] + b->first;
        SUMS(add_scaled)(columns->basis[c], x, rows, basis);
        SUMS(add_scaled)(columns->within[c], x, rows, input);
        SUMS(add_scaled)(columns->within[n + c], x, rows, output);
    }
    if (columns->replaced >= 0 && columns->basis[columns->replaced]) {
        SUMS(replace_in_basis)(columns, ledger, b, basis);
    }
    for (int i = 0; i < rows; ++i) {
        b->basis[i] = basis[i];
        b->closely[i] = (uint8_t)((input[i] | output[i]) < 0);
    }
    for (int c = 0; c < n; ++c) {
        const COUNT *x = (const COUNT *)ledger->counts[c] + b->first;
        for (int i = 0; columns->nested[c] && i < rows; ++i) {
            b->closely[i] |= x[i] != 0;
        }
    }
}
