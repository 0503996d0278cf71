/* kernels.h: the table of kernels that every instruction set fills, and dispatch.c chooses from. */
#ifndef TM_KERNELS_H
#define TM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "tokenmill.h"

typedef struct tm_kernels {
    const char *name;
    void (*philox4x32)(size_t n, const uint32_t *counter, const uint32_t *key, uint32_t *out);
    void (*elementary)(int32_t function, size_t n, const double *x, double *y);
    void (*quantile)(const tm_law *law, size_t n, const double *u, double *x);
    void (*sample)(const tm_law *law, uint64_t seed, uint64_t start, size_t n, double *out);
    void (*moments_add)(size_t n, const double *y, uint64_t first_index, tm_moments *moments);
    void (*histogram_add)(size_t n, const double *y, uint32_t *histogram);
    void (*products_add)(size_t n, const double *x, double centre, const double *y, tm_sum *sum);
    void (*sweep_draw)(const tm_sweep *sweep, uint64_t block);
    void (*sweep_collect)(tm_sweep *sweep, uint64_t block, uint64_t low, uint64_t high);
    void (*route)(const tm_router *router, const tm_route_call *call);
    int32_t (*dispatch_count)(size_t slots, const void *expert_ids, int32_t wide, int32_t experts, int32_t *codes,
                              int32_t *counts);
    void (*dispatch_place)(size_t first, size_t slots, int32_t experts, int32_t *cursors, int32_t *codes,
                           int32_t *sorted_slots);
    void (*dispatch_tokens)(size_t slots, int32_t top_k, const int32_t *sorted_slots, int32_t *tokens);
    void (*dispatch_align)(const tm_blocks *blocks);
    int32_t (*dispatch_sends)(const tm_sends *sends, size_t tokens, const void *expert_ids);
    int32_t (*expert_positions)(size_t tokens, int32_t top_k, const void *expert_ids, int32_t wide, int32_t experts,
                                int32_t choice_major, int32_t *counts, int32_t *positions);
    void (*permute)(const tm_permute_call *call);
    void (*combine)(const tm_combine_call *call);
    void (*score_sums)(const tm_router *router, const tm_route_call *call, const tm_sums *sums);
    void (*router_scores)(const tm_score_call *call);
    void (*best_of_lines)(const tm_lines *call);
    void (*column_sums)(size_t rows, size_t columns, const double *x, double *sum);
    void (*sinkhorn)(tm_sinkhorn_call *call);
    void (*auction)(tm_auction_call *call);
    void (*charge)(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger, size_t first, size_t rows,
                   const tm_charged *charged, const tm_totals *totals);
} tm_kernels;

/* The table in use; see dispatch.c. */
const tm_kernels *tm_active_kernels(void);

extern const tm_kernels tm_kernels_baseline;
#if defined(__x86_64__)
extern const tm_kernels tm_kernels_avx2;
extern const tm_kernels tm_kernels_avx512;
#elif defined(__aarch64__)
extern const tm_kernels tm_kernels_neon;
#endif

#endif
