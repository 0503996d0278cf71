/* tokenmill_route_token.h: one token's routing behind flat arguments, for compiled code that calls by address. */
#ifndef TOKENMILL_ROUTE_TOKEN_H
#define TOKENMILL_ROUTE_TOKEN_H

#include "tokenmill_routing.h"

/* cffi: begin */
/* Routes one token: the ids and weights that tm_route gives its row. Pointers as in tm_route_call, NULL where the rule
 * has no such array; token_id is read for a hash table alone, and is the caller's to check. Block routing, which needs
 * the other tokens of the block, is TM_E_ROUTER.
 */
int32_t tm_route_token(const tm_router *router, const double *bias, const double *expert_scale, const int32_t *hash_table,
                       int64_t token_id, const void *logits, int32_t dtype, int32_t *expert_ids, float *weights,
                       float *shared_weights, uint8_t *skipped);
/* cffi: end */

#endif
