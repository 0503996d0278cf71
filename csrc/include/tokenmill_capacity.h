/* tokenmill_capacity.h: the part of the public C API that routes a batch as a whole: scores of every (token, expert), the
 * best of each line of a matrix, Sinkhorn's balanced scores and the auction of BASE layers. The rules are those of tokenmill.h.
 */
#ifndef TOKENMILL_CAPACITY_H
#define TOKENMILL_CAPACITY_H

#include <stddef.h>
#include <stdint.h>

/* cffi: begin */
/* Logits of every token and expert, to be scored. */
typedef struct tm_score_call {
    size_t tokens;
    int32_t experts;             /* <= 8192 */
    int32_t score;               /* tm_score */
    int32_t dtype;               /* tm_dtype */
    const void *logits;          /* (tokens, experts) */
    size_t row_stride;           /* elements from a token to the next */
    double *scores;              /* (tokens, experts) */
    double *scratch;             /* (2, 8, experts) */
} tm_score_call;

/* The `count` best items of each line: element (line, item) of x is at line * line_stride + item * item_stride. */
typedef struct tm_lines {
    size_t lines;
    size_t items;
    size_t count;                /* 1 .. items */
    const double *x;
    size_t line_stride;
    size_t item_stride;
    int32_t *index;              /* (lines, count), best first */
    double *value;               /* (lines, count) */
} tm_lines;

/* Sinkhorn's iteration on e^logits; needs tokens and experts of at least 1. */
typedef struct tm_sinkhorn_call {
    size_t tokens;
    size_t experts;
    const double *logits;        /* (tokens, experts) */
    double tolerance;            /* of the mean change of the expert factors */
    int32_t most_rounds;
    double *choice;              /* (tokens, experts), out: the balanced scores */
    double *token_factor;        /* (tokens,), out */
    double *expert_factor;       /* (experts,), out */
    double *scratch;             /* (experts,) */
    int32_t rounds;              /* out: rounds done */
    double change;               /* out: mean change of the expert factors in the last round */
} tm_sinkhorn_call;

/* The auction of BASE layers: every expert gets tokens / experts tokens; needs at least 2 experts. */
typedef struct tm_auction_call {
    size_t tokens;               /* a multiple of experts */
    size_t experts;
    const double *score;         /* (experts, tokens), finite */
    double epsilon;              /* the least bid */
    int32_t most_rounds;
    double *value;               /* (tokens,) scratch: what one expert sees */
    double *top_value;           /* (tokens / experts + 1,) scratch */
    int32_t *top_index;          /* (tokens / experts + 1,) scratch */
    double *price;               /* (tokens,), out */
    double *bid;                 /* (tokens,) scratch */
    int32_t *bidder;             /* (tokens,) scratch */
    int32_t *expert_ids;         /* (tokens,), out */
    int32_t rounds;              /* out: rounds done */
    int64_t placed;              /* out: tokens without a bid after the last round, placed by score */
} tm_auction_call;

int32_t tm_router_scores(const tm_score_call *call);
int32_t tm_best_of_lines(const tm_lines *call);
/* sum (columns,) = sums of the columns of x (rows, columns), from the first row to the last. */
int32_t tm_column_sums(size_t rows, size_t columns, const double *x, double *sum);
int32_t tm_sinkhorn(tm_sinkhorn_call *call);
int32_t tm_auction(tm_auction_call *call);
/* cffi: end */

#endif
