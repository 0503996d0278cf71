/* positions.h: the place of each slot in the queue of its expert, which a capacity cuts.
 *
 *   position(slot) = number of earlier slots with the same expert; a slot is kept where position < capacity
 *
 * Contract: earlier means lower (token, choice), or with choice_major lower (choice, token): all first choices queue
 * before any second one. -1 has the position -1. Every slot counts, kept or not. O(slots + experts).
 * Source: Switch Transformers (arXiv 2101.03961), GShard (arXiv 2006.16668), Flaxformer. Twin: reference/dispatch.py.
 *
 *   token-major:   0 1 2 3 4 5        choice-major:   0 3 1 4 2 5       (3 tokens, top_k = 2)
 */
static int32_t expert_positions(size_t tokens, int32_t top_k, const void *expert_ids, int32_t wide, int32_t experts,
                                int32_t choice_major, int32_t *counts, int32_t *positions)
{
    const size_t k = (size_t)top_k, slots = tokens * k;
    const size_t rounds = choice_major ? k : 1, step = choice_major ? k : 1;
    for (size_t first = 0; first < rounds; ++first) {
        for (size_t i = first; i < slots; i += step) {
            const int64_t id = expert_id_at(expert_ids, wide, i);
            if ((uint64_t)id + 1 > (uint64_t)experts) {
                return TM_E_SIZE;
            }
            positions[i] = id < 0 ? -1 : counts[id]++;
        }
    }
    return TM_OK;
}
