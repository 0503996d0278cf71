/* ledger.h: what the charge kernels share: a block of rows on its way through the steps, and whole numbers of 128 bits.
 *
 *   counts, codes, times --inspect--> basis, closely --look_up--> price_row --price--> cost, status --add_up--> sums
 *
 * A block stays in the first-level cache; each step is a loop over its rows.
 */
#define LEDGER_BLOCK 256
#define MINUTES_OF_WEEK 10080
#define CALENDARS_SHARED 64 /* more than these are looked up row by row */

__extension__ typedef __int128 i128;

typedef struct ledger_block {
    size_t first;
    int rows;
    int64_t most;                 /* every count, or-ed: a bound, and negative where one is */
    int64_t basis[LEDGER_BLOCK];
    uint8_t closely[LEDGER_BLOCK]; /* TM_EXACT_*: the sum of weights is not known to be right */
    int care;                      /* closely, or-ed */
    int32_t price_row[LEDGER_BLOCK]; /* or -status */
    int64_t cost[LEDGER_BLOCK];
    int64_t high[LEDGER_BLOCK];   /* of the cost, sign extension where it fits 64 bits */
    uint8_t status[LEDGER_BLOCK];
} ledger_block;

static inline i128 i128_of(const int64_t *pair)
{
    return (i128)(((unsigned __int128)(uint64_t)pair[1] << 64) | (uint64_t)pair[0]);
}

static inline void i128_store(int64_t *pair, i128 value)
{
    pair[0] = (int64_t)(uint64_t)value;
    pair[1] = (int64_t)(value >> 64);
}

static inline int64_t ledger_count(const tm_ledger *ledger, int column, size_t row)
{
    return ledger->wide ? ((const int64_t *)ledger->counts[column])[row]
                        : ((const int32_t *)ledger->counts[column])[row];
}
