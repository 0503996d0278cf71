/* routing.c: the argument checks in front of the kernels of routing. */
#include "isa/kernels.h"

static int32_t check_router(const tm_router *r)
{
    const int32_t most = 8192, keys = r->columns / 2;
    const int product = r->method == TM_METHOD_PRODUCT_KEYS;
    const int named = r->score >= 0 && r->score < TM_SCORE_END && r->bias_on >= 0 && r->bias_on < TM_BIAS_END
                   && r->weight >= 0 && r->weight < TM_WEIGHT_END && r->norm >= 0 && r->norm < TM_NORM_END
                   && r->method >= 0 && r->method < TM_METHOD_END;
    const int sized = r->columns > 0 && r->columns <= most && r->experts > 0 && r->experts <= most && r->top_k > 0
                   && r->top_k <= 64 && r->top_k <= r->experts && r->shared >= 0 && r->shared <= 64
                   && (product ? r->columns % 2 == 0 && keys * keys == r->experts : r->experts + r->shared == r->columns);
    const int grouped = r->groups > 0 && r->groups <= 64 && r->experts % r->groups == 0 && r->groups_kept > 0 && r->groups_kept <= r->groups
                     && r->group_best > 0 && r->group_best <= 64 && r->group_best <= r->experts / r->groups;
    const int blocked = r->method != TM_METHOD_BLOCK
                     || (r->block_size > 0 && r->block_experts >= r->top_k && r->block_experts <= r->experts);
    const int mixed = r->method != TM_METHOD_SPARSE_MIXER || r->top_k == 2;
    return named && sized && grouped && blocked && mixed ? TM_OK : TM_E_ROUTER;
}

size_t tm_score_scratch(int32_t columns) { return columns > 0 ? 64 + (size_t)columns * 2 * 64 : 0; }

size_t tm_route_scratch(const tm_router *router)
{
    if (!router || check_router(router) != TM_OK) {
        return 0;
    }
    const size_t wide = (size_t)(router->columns > router->experts ? router->columns : router->experts);
    const size_t rows = (wide + 63) / 64 * 64;
    return 128 + rows * (2 * 64 + 3 * sizeof(uint64_t) + (router->method == TM_METHOD_BLOCK ? 3 * sizeof(double) + 1 : 0));
}

int32_t tm_route(const tm_router *router, const tm_route_call *call)
{
    if (!router || !call) {
        return TM_E_NULL_POINTER;
    }
    const int32_t status = check_router(router);
    if (status != TM_OK) {
        return status;
    }
    if (call->dtype < 0 || call->dtype >= TM_DTYPE_END) {
        return TM_E_ROUTER;
    }
    if (call->tokens
        && (!call->logits || !call->expert_ids || !call->weights || (router->shared && !call->shared_weights)
            || (router->skip && !call->skipped) || (router->bias_on != TM_BIAS_NONE && !call->bias)
            || (router->method == TM_METHOD_HASH && (!call->token_ids || !call->hash_table)))) {
        return TM_E_NULL_POINTER;
    }
    if (call->counts && call->ranks) {
        const int divided = call->ranks > 0 && call->nodes > 0 && call->routed > 0 && call->routed <= router->experts
                         && call->routed % call->ranks == 0 && call->ranks % call->nodes == 0;
        if (!divided || !call->rank_tokens || !call->node_tokens) {
            return divided ? TM_E_NULL_POINTER : TM_E_ROUTER;
        }
    }
    if (call->tokens && (!call->scratch || call->scratch_bytes < tm_route_scratch(router))) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->route(router, call);
    return TM_OK;
}
