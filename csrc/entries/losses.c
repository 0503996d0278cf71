/* losses.c: the argument checks in front of the sums that losses are made of. */
#include "isa/kernels.h"

int32_t tm_score_sums(const tm_router *router, const tm_route_call *call, const tm_sums *sums)
{
    if (!router || !call || !sums) {
        return TM_E_NULL_POINTER;
    }
    if (router->columns < 1 || router->columns > 8192 || router->score < 0 || router->score >= TM_SCORE_END
        || call->dtype < 0 || call->dtype >= TM_DTYPE_END) {
        return TM_E_ROUTER;
    }
    if (!sums->pieces) {
        return TM_OK;
    }
    if (!sums->offsets || !sums->scores) {
        return TM_E_NULL_POINTER;
    }
    for (size_t piece = 0; piece < sums->pieces; ++piece) {
        if (sums->offsets[piece] < 0 || sums->offsets[piece + 1] < sums->offsets[piece]) {
            return TM_E_SIZE;
        }
    }
    if ((size_t)sums->offsets[sums->pieces] > call->tokens) {
        return TM_E_SIZE;
    }
    if (sums->offsets[sums->pieces] > sums->offsets[0] && !call->logits) {
        return TM_E_NULL_POINTER;
    }
    if (!call->scratch || call->scratch_bytes < tm_score_scratch(router->columns)) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->score_sums(router, call, sums);
    return TM_OK;
}
