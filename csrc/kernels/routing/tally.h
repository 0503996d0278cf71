/* tally.h: how often each expert was chosen, and how many tokens each rank and node receives, one token at a time.
 *
 * A token is counted once for a rank or node, however many of its experts are there. Experts are laid out in contiguous
 * blocks: rank = id / (routed / ranks). Ids from `routed` up (identity and skip experts) compute nothing and go nowhere.
 *
 *   seen (ranks + nodes,): the last token counted there, so that nothing is cleared between tokens
 */
static void tally(const tm_route_call *call, int k, const int32_t *id, uint64_t token, uint64_t *seen)
{
    for (int j = 0; j < k; ++j) {
        call->counts[id[j]] += 1;
    }
    for (int j = 0; j < k && call->ranks; ++j) {
        if (id[j] < call->routed) {
            const int32_t rank = id[j] / (call->routed / call->ranks), node = rank / (call->ranks / call->nodes);
            call->rank_tokens[rank] += seen[rank] != token;
            seen[rank] = token;
            call->node_tokens[node] += seen[call->ranks + node] != token;
            seen[call->ranks + node] = token;
        }
    }
}
