/* capacity.c: the argument checks in front of the kernels that route a batch as a whole. */
#include "isa/kernels.h"

int32_t tm_router_scores(const tm_score_call *call)
{
    if (!call || (call->tokens && (!call->logits || !call->scores || !call->scratch))) {
        return TM_E_NULL_POINTER;
    }
    if (call->score < 0 || call->score >= TM_SCORE_END || call->dtype < 0 || call->dtype >= TM_DTYPE_END) {
        return TM_E_ROUTER;
    }
    if (call->experts < 1 || call->experts > 8192) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->router_scores(call);
    return TM_OK;
}

int32_t tm_best_of_lines(const tm_lines *call)
{
    if (!call || (call->lines && (!call->x || !call->index || !call->value))) {
        return TM_E_NULL_POINTER;
    }
    if (call->count < 1 || call->count > call->items || call->items > INT32_MAX) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->best_of_lines(call);
    return TM_OK;
}

int32_t tm_column_sums(size_t rows, size_t columns, const double *x, double *sum)
{
    if ((columns && !sum) || (rows && columns && !x)) {
        return TM_E_NULL_POINTER;
    }
    tm_active_kernels()->column_sums(rows, columns, x, sum);
    return TM_OK;
}

int32_t tm_sinkhorn(tm_sinkhorn_call *call)
{
    if (!call || !call->logits || !call->choice || !call->token_factor || !call->expert_factor || !call->scratch) {
        return TM_E_NULL_POINTER;
    }
    if (!call->tokens || !call->experts || call->most_rounds < 1 || !(call->tolerance >= 0.0)) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->sinkhorn(call);
    return TM_OK;
}

int32_t tm_auction(tm_auction_call *call)
{
    if (!call || !call->score || !call->value || !call->top_value || !call->top_index || !call->price || !call->bid
        || !call->bidder || !call->expert_ids) {
        return TM_E_NULL_POINTER;
    }
    if (call->experts < 2 || !call->tokens || call->tokens % call->experts || call->tokens > INT32_MAX
        || call->most_rounds < 1 || !(call->epsilon > 0.0)) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->auction(call);
    return TM_OK;
}
