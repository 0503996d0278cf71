/* routing_dispatch.c: the argument checks in front of the kernels that sort tokens by expert. */
#include "isa/kernels.h"

#define MOST_SLOTS ((size_t)INT32_MAX)

/* Whether tokens * top_k slots can be numbered, and every expert id has a code beside that of no expert. */
static int sized(size_t tokens, int32_t top_k, int32_t experts)
{
    return top_k > 0 && experts > 0 && experts < INT32_MAX && tokens <= MOST_SLOTS / (size_t)top_k;
}

int32_t tm_dispatch_count(size_t slots, const void *expert_ids, int32_t wide, int32_t experts, int32_t *codes,
                          int32_t *counts)
{
    if (!counts || (slots && (!expert_ids || !codes))) {
        return TM_E_NULL_POINTER;
    }
    if (!sized(slots, 1, experts)) {
        return TM_E_SIZE;
    }
    return tm_active_kernels()->dispatch_count(slots, expert_ids, wide, experts, codes, counts);
}

int32_t tm_dispatch_place(size_t first, size_t slots, int32_t experts, int32_t *cursors, int32_t *codes,
                          int32_t *sorted_slots)
{
    if (!cursors || (slots && (!codes || !sorted_slots))) {
        return TM_E_NULL_POINTER;
    }
    if (!sized(slots, 1, experts) || first > MOST_SLOTS - slots) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->dispatch_place(first, slots, experts, cursors, codes, sorted_slots);
    return TM_OK;
}

int32_t tm_dispatch_tokens(size_t slots, int32_t top_k, const int32_t *sorted_slots, int32_t *tokens)
{
    if (slots && (!sorted_slots || !tokens)) {
        return TM_E_NULL_POINTER;
    }
    if (top_k <= 0 || slots > MOST_SLOTS) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->dispatch_tokens(slots, top_k, sorted_slots, tokens);
    return TM_OK;
}

int32_t tm_dispatch_align(const tm_blocks *blocks)
{
    if (!blocks || !blocks->counts || !blocks->sorted_slots || !blocks->padded_slots || !blocks->block_experts) {
        return TM_E_NULL_POINTER;
    }
    if (!sized(blocks->length, 1, blocks->experts) || blocks->block_size <= 0) {
        return TM_E_SIZE;
    }
    const int64_t size = blocks->block_size;
    int64_t left = (int64_t)blocks->length;
    for (int32_t e = 0; e < blocks->experts; ++e) {
        if (blocks->counts[e] < 0 || blocks->counts[e] > left) {
            return TM_E_SIZE;
        }
        left -= (blocks->counts[e] + size - 1) / size * size;
    }
    if (left < 0) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->dispatch_align(blocks);
    return TM_OK;
}

int32_t tm_expert_positions(size_t tokens, int32_t top_k, const void *expert_ids, int32_t wide, int32_t experts,
                            int32_t choice_major, int32_t *counts, int32_t *positions)
{
    if (!counts || (tokens && (!expert_ids || !positions))) {
        return TM_E_NULL_POINTER;
    }
    if (!sized(tokens, top_k, experts)) {
        return TM_E_SIZE;
    }
    return tm_active_kernels()->expert_positions(tokens, top_k, expert_ids, wide, experts, choice_major, counts,
                                                 positions);
}

int32_t tm_dispatch_sends(const tm_sends *sends, size_t tokens, const void *expert_ids)
{
    if (!sends || !sends->group_of || !sends->last || !sends->tokens_per_group || (tokens && !expert_ids)) {
        return TM_E_NULL_POINTER;
    }
    if (!sized(tokens, sends->top_k, sends->experts)) {
        return TM_E_SIZE;
    }
    for (int32_t e = 0; e < sends->experts; ++e) {
        if (sends->group_of[e] < 0 || sends->group_of[e] >= sends->groups) {
            return TM_E_SIZE;
        }
    }
    return tm_active_kernels()->dispatch_sends(sends, tokens, expert_ids);
}

int32_t tm_permute(const tm_permute_call *call)
{
    if (!call || (call->rows && (!call->source || !call->tokens || !call->out))) {
        return TM_E_NULL_POINTER;
    }
    if (call->rows > MOST_SLOTS || (call->rows > 1 && call->stride_out < call->row_bytes)) {
        return TM_E_SIZE;
    }
    for (size_t i = 0; i < call->rows; ++i) {
        if (call->tokens[i] < 0 || (size_t)call->tokens[i] >= call->source_rows) {
            return TM_E_SIZE;
        }
    }
    tm_active_kernels()->permute(call);
    return TM_OK;
}

int32_t tm_combine(const tm_combine_call *call)
{
    if (!call || (call->tokens && (!call->inverse || !call->weights || !call->out))
        || (call->positions && !call->outputs)) {
        return TM_E_NULL_POINTER;
    }
    if ((call->dtype != TM_FLOAT32 && call->dtype != TM_BFLOAT16) || !sized(call->tokens, call->top_k, 1)
        || (call->tokens > 1 && call->stride_out < call->hidden)) {
        return TM_E_SIZE;
    }
    for (size_t i = 0; i < call->tokens * (size_t)call->top_k; ++i) {
        if (call->inverse[i] >= 0 && (size_t)call->inverse[i] >= call->positions) {
            return TM_E_SIZE;
        }
    }
    tm_active_kernels()->combine(call);
    return TM_OK;
}
