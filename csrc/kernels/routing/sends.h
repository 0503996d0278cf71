/* sends.h: how many tokens go to each rank or node, a token counted once however many of its experts live there.
 *
 *   tokens_per_group[g] = number of tokens with any expert in g
 *
 * Contract: -1 goes nowhere. `last` remembers the token that each group counted last, so any number of groups costs the
 * same, and no token is looked at twice. O(slots).
 * Source: get_dispatch_layout of DeepEP (commit dd758caf). Twin: reference/dispatch.py.
 *
 *   expert_ids, in order --> group_of[id] --> last[group] == token ? nothing : count, and mark token_in_group
 */
static inline int send_token(const tm_sends *sends, size_t token, const void *expert_ids, int wide)
{
    const size_t k = (size_t)sends->top_k;
    for (size_t i = token * k; i < (token + 1) * k; ++i) {
        const int64_t id = expert_id_at(expert_ids, wide, i);
        if ((uint64_t)id + 1 > (uint64_t)sends->experts) {
            return 0;
        }
        if (id >= 0) {
            const int32_t group = sends->group_of[id];
            sends->tokens_per_group[group] += sends->last[group] != (int64_t)token;
            sends->last[group] = (int64_t)token;
            if (sends->token_in_group) {
                sends->token_in_group[token * (size_t)sends->groups + (size_t)group] = 1;
            }
        }
    }
    return 1;
}

static int32_t dispatch_sends(const tm_sends *sends, size_t tokens, const void *expert_ids)
{
    for (int32_t group = 0; group < sends->groups; ++group) {
        sends->last[group] = -1;
    }
    if (sends->token_in_group) {
        memset(sends->token_in_group, 0, tokens * (size_t)sends->groups);
    }
    for (size_t token = 0; token < tokens; ++token) {
        if (!(sends->wide ? send_token(sends, token, expert_ids, 1) : send_token(sends, token, expert_ids, 0))) {
            return TM_E_SIZE;
        }
    }
    return TM_OK;
}
