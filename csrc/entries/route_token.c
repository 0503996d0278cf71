/* route_token.c: the call of one token in front of tm_route, which checks it. */
#include "tokenmill.h"

int32_t tm_route_token(const tm_router *router, const double *bias, const double *expert_scale, const int32_t *hash_table,
                       int64_t token_id, const void *logits, int32_t dtype, int32_t *expert_ids, float *weights,
                       float *shared_weights, uint8_t *skipped)
{
    if (!router) {
        return TM_E_NULL_POINTER;
    }
    if (router->method == TM_METHOD_BLOCK) {
        return TM_E_ROUTER;
    }
    const tm_route_call call = {
        .tokens = 1,
        .logits = logits,
        .dtype = dtype,
        .bias = bias,
        .expert_scale = expert_scale,
        .token_ids = &token_id,
        .hash_table = hash_table,
        .expert_ids = expert_ids,
        .weights = weights,
        .shared_weights = shared_weights,
        .skipped = skipped,
    };
    return tm_route(router, &call);
}
