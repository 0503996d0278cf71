/* tokenmill_accounting.h: rows of a ledger charged at the prices of a book, in whole numbers.
 *
 * A price row is one cell of a price list: a model at one provider in one period, service tier, region, window and
 * context tier. Its prices are integers at the book's scale (currency x 10^-scale a count).
 */
#ifndef TOKENMILL_ACCOUNTING_H
#define TOKENMILL_ACCOUNTING_H

#include <stdint.h>

/* cffi: begin */
#define TM_COLUMNS_MAX 64

/* What became of a row; see tokenmill.accounting.Status. */
#define TM_ROW_OK 0
#define TM_ROW_PRICED_ZERO 1
#define TM_ROW_MISSING_FIELD 2
#define TM_ROW_UNKNOWN_MODEL 3
#define TM_ROW_AMBIGUOUS_MODEL 4
#define TM_ROW_BAD_VALUE 5
#define TM_ROW_NEGATIVE_COUNT 6
#define TM_ROW_BEFORE_FIRST_DATE 7
#define TM_ROW_DYNAMIC_PRICE 8
#define TM_ROW_SUBSET_EXCEEDS_TOTAL 9
#define TM_ROW_NO_PRICE 10
#define TM_ROW_OVERFLOW 11
#define TM_ROW_STATUSES 16 /* more than there are; rows that have one count from -1 down */
#define TM_ROW_ROUNDED 128 /* a bit beside the others */

/* What a count does under one price row, where that is not simply to cost its price. */
#define TM_COUNT_UNPRICED 1 /* neither it nor what contains it has a price: NO_PRICE */
#define TM_COUNT_ORPHAN 2   /* it is part of a priced total that is not counted: MISSING_FIELD */
#define TM_COUNT_DYNAMIC 4  /* its price is set per request: DYNAMIC_PRICE */
#define TM_COUNT_ROUNDED 8  /* its price had to be rounded */

/* Where the sum of weights of a price row does not say it all. */
#define TM_EXACT_ALWAYS 1
#define TM_EXACT_FLAGGED 2 /* where a flagged count is not 0 */
#define TM_EXACT_DYNAMIC 4 /* beside ALWAYS: what each request costs is set per request: DYNAMIC_PRICE */
#define TM_EXACT_ROUNDED 8 /* beside ALWAYS: what each request costs had to be rounded */

#define TM_ROUND_HALF_EVEN 0
#define TM_ROUND_HALF_UP 1
#define TM_ROUND_UP 2

/* How LiteLLM cuts parts that exceed their total: the columns it looks at, -1 where the ledger has none. */
typedef struct tm_overlap {
    int32_t input, input_text, cache_read, cache_write, cache_write_5m, cache_write_1h;
    int32_t parts[3];  /* input audio, image, video */
    int32_t cached[4]; /* cached audio, image, video, text */
    int32_t output, output_text;
    int32_t made[4]; /* output audio, reasoning, image, video */
    const int8_t *home; /* [columns] the column above that counts what c does too, where c is none of them; -1 none */
} tm_overlap;

/* The columns of a ledger: which contain which. Rows of matrices are columns long. */
typedef struct tm_columns {
    int32_t columns;
    int32_t lanes;          /* >= columns: how many counts a group has sums for */
    int32_t replaced;       /* the column of cache writes that 5 min and 1 h ones replace, -1 none */
    int32_t replacing[2];   /* those columns, -1 none */
    int32_t litellm;        /* 1: parts that exceed a total are cut as `overlap` says */
    const int8_t *leaf;     /* [columns x columns] what only c counts = sum of leaf[c][j] x_j */
    const int8_t *basis;    /* [columns] what context tiers look at */
    const int8_t *within;   /* [2 x columns] input, and output, less every part: negative is looked at closely */
    const uint8_t *nested;  /* [columns] 1: a part of a part, looked at closely where it is not 0 */
    const tm_overlap *overlap;
} tm_columns;

#define TM_CELL_THRESHOLDS 3

/* One key in one epoch. */
typedef struct tm_cell {
    int32_t first_row; /* price row of the lowest tier and no window, or -status */
    int32_t calendar;  /* which week, -1 none */
    int32_t tiers;     /* context tiers, 1 + thresholds */
    int32_t more;      /* where the thresholds beyond the third are in more_above */
    int64_t above[TM_CELL_THRESHOLDS]; /* rising, INT64_MAX where there is none */
} tm_cell;

/* The compiled prices. 128-bit integers are pairs of 64 bits, the low half first. */
typedef struct tm_prices {
    int32_t keys, epochs, calendars, rows;
    int32_t service_tiers, regions; /* strides of key_of, 1 where the ledger has no such column */
    int32_t rounding, marginal;
    int32_t any_fixed, any_timed;           /* 1: some row has a fixed cost, some key is timed */
    int32_t any_thresholds, many_thresholds; /* 1: some cell has thresholds, has more_above */
    const int32_t *key_of;      /* [1 + models x service tiers x regions] key, or -status; no model first */
    const int64_t *starts;      /* [epochs - 1] microseconds; epoch e begins at starts[e - 1] */
    const uint8_t *timed;       /* [keys] 1: the price depends on the time */
    const tm_cell *cells;       /* [epochs x keys] */
    const int64_t *more_above;  /* thresholds beyond the third of a cell, rising */
    const uint8_t *weeks;       /* [calendars x 10,080] window of each minute from Monday 00:00 UTC, 0 none */
    const uint16_t *unchanged;  /* [calendars x 10,080] minutes until it changes, at most a week */
    const int64_t *weights;    /* [rows x columns] what one more of column j adds to the cost */
    const int32_t *narrow_weights; /* [rows x lanes], 8 or 16 lanes: the same and 0, or NULL where one needs 64 bits */
    const int64_t *fixed;      /* [rows x 2] what each request costs */
    const uint8_t *exact_only; /* [16 + rows] TM_EXACT_* */
    const int64_t *prices;     /* [rows x columns x 2] price of a slot */
    const int64_t *divisors;   /* [rows x columns] the price is prices / divisors */
    const int8_t *slots;       /* [rows x columns] the column under whose price c is charged, -1 none */
    const uint8_t *flags;      /* [rows x columns] TM_COUNT_* */
    const int32_t *first_step; /* [rows + 1] */
    const int32_t *step_slot;  /* [steps] */
    const int64_t *step_above; /* [steps] rising within a slot */
    const int64_t *step_price; /* [steps x 2] */
    int64_t largest_weight;    /* sum of |weight| of the dearest row */
} tm_prices;

/* A ledger's rows by column; NULL where there is no such column. */
typedef struct tm_ledger {
    int32_t wide;               /* 1: counts are int64, 0: int32 */
    const void *const *counts;  /* [columns] */
    const int32_t *models;      /* codes, -1 null */
    const int32_t *service_tiers, *regions;
    const int64_t *times;       /* microseconds UTC, INT64_MIN null */
    const uint8_t *bad;         /* 1: a value of the row could not be read */
} tm_ledger;

/* What the rows came to; each may be NULL. */
typedef struct tm_charged {
    int64_t *cost;       /* [rows] */
    int64_t *wide_cost;  /* [rows x 2] */
    uint8_t *status;
    int32_t *price_row;  /* -1 none */
    int64_t *slot_cost;  /* [rows x columns x 2] by slot */
} tm_charged;

/* Sums by group: [groups x 2 x (2 + lanes)]: charged rows, then those that were not; rows, cost, counts. */
typedef struct tm_totals {
    int32_t group_columns;
    const int32_t *const *group_codes; /* codes >= -1 (null) */
    const int64_t *group_strides;      /* group = sum of (code + 1) x stride */
    int64_t groups;
    int64_t *narrow;                   /* sums of 64 bits, emptied into `wide` before they can overflow */
    int64_t *wide;                     /* the same in pairs */
    int64_t *statuses;                 /* [256] rows by status */
} tm_totals;

int32_t tm_charge(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger, uint64_t first,
                  uint64_t rows, const tm_charged *charged, const tm_totals *totals);
/* cffi: end */

#endif
