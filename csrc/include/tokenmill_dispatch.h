/* tokenmill_dispatch.h: the part of the public C API that sorts tokens by expert; the rules are those of tokenmill.h.
 *
 * A slot is one choice of one token: slot = token * top_k + choice, below 2^31. Expert ids are in [-1, experts), where
 * -1 means that nothing was selected; they are int64 where `wide` is 1, int32 where it is 0. A call that meets another
 * id returns TM_E_SIZE.
 */
#ifndef TOKENMILL_DISPATCH_H
#define TOKENMILL_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

/* cffi: begin */
/* Adds up how often each expert is chosen into counts (experts + 1,), -1 in the last, and copies the ids to codes
 * (slots,), the number of experts standing for -1. */
int32_t tm_dispatch_count(size_t slots, const void *expert_ids, int32_t wide, int32_t experts, int32_t *codes,
                          int32_t *counts);

/* Puts the slots from first on where they belong: sorted_slots[cursors[code]++] = slot for each of codes (slots,),
 * which then hold those places, and -1 for slots without an expert. codes come from tm_dispatch_count. */
int32_t tm_dispatch_place(size_t first, size_t slots, int32_t experts, int32_t *cursors, int32_t *codes,
                          int32_t *sorted_slots);

/* tokens (slots,) = sorted_slots / top_k. */
int32_t tm_dispatch_tokens(size_t slots, int32_t top_k, const int32_t *sorted_slots, int32_t *tokens);

/* How the slots of each expert are padded to whole blocks. */
typedef struct tm_blocks {
    int32_t experts;
    int32_t block_size;
    int32_t none;                /* what padding holds */
    const int64_t *counts;       /* (experts,) */
    const int32_t *sorted_slots; /* (sum of counts,) */
    const int32_t *expert_map;   /* (experts,) or NULL: what a block's expert is called */
    size_t length;               /* >= the sum of the counts, each rounded up to whole blocks */
    int32_t *padded_slots;       /* (length,) */
    int32_t *block_experts;      /* (ceil(length / block_size),), 0 behind the last block in use */
} tm_blocks;

int32_t tm_dispatch_align(const tm_blocks *blocks);

/* positions (tokens, top_k): how many slots before this one chose its expert, -1 for no selection; slots are taken
 * token by token, or with choice_major 1 all first choices, then all second ones. counts (experts,) are added to. */
int32_t tm_expert_positions(size_t tokens, int32_t top_k, const void *expert_ids, int32_t wide, int32_t experts,
                            int32_t choice_major, int32_t *counts, int32_t *positions);

/* Experts in groups that live together: a rank, or a node. */
typedef struct tm_sends {
    int32_t top_k;
    int32_t wide;
    int32_t experts;
    int32_t groups;
    const int32_t *group_of;     /* (experts,), each in [0, groups) */
    int64_t *last;               /* (groups,) scratch */
    int64_t *tokens_per_group;   /* (groups,), added to: tokens with any expert in the group */
    uint8_t *token_in_group;     /* (tokens, groups) or NULL */
} tm_sends;

int32_t tm_dispatch_sends(const tm_sends *sends, size_t tokens, const void *expert_ids);

/* Rows to be copied: row i of out is row tokens[i] of source. */
typedef struct tm_permute_call {
    size_t rows;
    size_t row_bytes;
    size_t source_rows;
    const void *source;          /* (source_rows, row_bytes) */
    size_t stride_source;        /* bytes from a row to the next */
    const int32_t *tokens;       /* (rows,), each in [0, source_rows) */
    void *out;                   /* (rows, row_bytes) */
    size_t stride_out;           /* bytes */
} tm_permute_call;

int32_t tm_permute(const tm_permute_call *call);

/* Expert outputs to be summed for each token. */
typedef struct tm_combine_call {
    size_t tokens;
    size_t hidden;
    int32_t top_k;
    int32_t dtype;               /* TM_FLOAT32 or TM_BFLOAT16, of outputs and out */
    size_t positions;
    const void *outputs;         /* (positions, hidden) */
    size_t stride_outputs;       /* elements from a row to the next */
    const int32_t *inverse;      /* (tokens, top_k), below positions, -1 for none */
    const float *weights;        /* (tokens, top_k) */
    size_t stride_weights;
    void *out;                   /* (tokens, hidden) */
    size_t stride_out;
} tm_combine_call;

int32_t tm_combine(const tm_combine_call *call);
/* cffi: end */

#endif
