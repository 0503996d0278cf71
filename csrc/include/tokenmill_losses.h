/* tokenmill_losses.h: the part of the public C API that sums what balancing losses need; the rules are those of tokenmill.h. */
#ifndef TOKENMILL_LOSSES_H
#define TOKENMILL_LOSSES_H

#include "tokenmill_routing.h"

/* cffi: begin */
/* Sums over pieces of consecutive tokens: piece i holds the tokens offsets[i] to offsets[i + 1]. */
typedef struct tm_sums {
    size_t pieces;
    const int64_t *offsets;      /* (pieces + 1,) from 0 up, not decreasing */
    double *scores;              /* (pieces, columns), normalised scores */
    double *squares;             /* (pieces,), squares of logsumexp, or NULL */
} tm_sums;

/* Sums the tokens of each piece. Of the rule it reads columns, score, logit_scale and softcap; of the call the logits, their
 * dtype and stride. */
int32_t tm_score_sums(const tm_router *router, const tm_route_call *call, const tm_sums *sums);
/* cffi: end */

#endif
