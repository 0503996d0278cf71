/* all_kernels.h: every kernel, compiled once per instruction set for the lanes included before it, and their table. */
#include "kernels/random/philox.h"
#include "kernels/random/elementary.h"
#include "kernels/random/normal.h"
#include "kernels/random/quantile.h"
#include "kernels/random/sample.h"
#include "kernels/stats/sums.h"
#include "kernels/stats/moments.h"
#include "kernels/stats/histogram.h"
#include "kernels/stats/sweep.h"
#include "kernels/routing/routing.h"
#include "kernels/routing/dispatch.h"
#include "kernels/routing/positions.h"
#include "kernels/routing/sends.h"
#include "kernels/routing/activations.h"
#include "kernels/routing/matrix.h"
#include "kernels/routing/sinkhorn.h"
#include "kernels/routing/auction.h"
#include "kernels/accounting/charge.h"

#define TM_KERNEL_TABLE(isa)                                                                                               \
    const tm_kernels tm_kernels_##isa = {                                                                                  \
        .name = #isa,                                                                                                      \
        .philox4x32 = philox4x32,                                                                                          \
        .elementary = elementary_array,                                                                                    \
        .quantile = quantile_array,                                                                                        \
        .sample = sample,                                                                                                  \
        .moments_add = moments_add,                                                                                        \
        .histogram_add = histogram_add,                                                                                    \
        .products_add = products_add,                                                                                      \
        .sweep_draw = sweep_draw,                                                                                          \
        .sweep_collect = sweep_collect,                                                                                    \
        .route = route,                                                                                                    \
        .dispatch_count = dispatch_count,                                                                                  \
        .dispatch_place = dispatch_place,                                                                                  \
        .dispatch_tokens = dispatch_tokens,                                                                                \
        .dispatch_align = dispatch_align,                                                                                  \
        .dispatch_sends = dispatch_sends,                                                                                  \
        .expert_positions = expert_positions,                                                                              \
        .permute = permute_rows,                                                                                           \
        .combine = combine_rows,                                                                                           \
        .score_sums = score_sums,                                                                                          \
        .router_scores = router_scores,                                                                                    \
        .best_of_lines = best_of_lines,                                                                                    \
        .column_sums = column_sums,                                                                                        \
        .sinkhorn = sinkhorn,                                                                                              \
        .auction = auction,                                                                                                \
        .charge = charge,                                                                                                  \
    }
