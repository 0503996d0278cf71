/* dispatch.h: slots sorted by expert, a stable counting sort in two passes.
 *
 *   count:  counts[id] += 1                          for each slot
 *   place:  position = cursors[id]++, sorted_slots[position] = slot, inverse[slot] = position
 *           where cursors start at the exclusive sums of the counts, over experts and within one over ranges of slots
 *   tokens: token = floor(slot / top_k)
 *
 * Contract: within an expert, slots ascend, whatever ranges the slots are cut into. A slot without an expert has the
 * code `experts`, so that it needs no branch: it is sorted behind all others and its inverse is -1. O(slots + experts).
 * Source: the permutation of Megatron-LM, moe_align_block_size of vLLM. Twin: reference/dispatch.py.
 *
 *   expert_ids --one read--> codes, kept where the inverse will be --one read--> inverse, in place, in order
 *                                                                            --> sorted_slots, a cursor per expert
 */
#define ID_CHUNK 1024 /* slots checked together: their codes are still in the first-level cache when they are counted */

static inline int64_t expert_id_at(const void *expert_ids, int wide, size_t i)
{
    return wide ? ((const int64_t *)expert_ids)[i] : ((const int32_t *)expert_ids)[i];
}

/* Writes the codes of slots first to end - 1 and returns whether every id is in [-1, experts). One function per width,
 * as the lanes hold twice as many narrow ids. */
#define CODES_OF_IDS(name, integer, natural)                                                                               \
    static inline int name(size_t first, size_t end, const integer *expert_ids, int32_t experts, int32_t *codes)           \
    {                                                                                                                      \
        natural outside = 0;                                                                                               \
        for (size_t i = first; i < end; ++i) {                                                                             \
            const integer id = expert_ids[i];                                                                              \
            outside |= (natural)id + 1 > (natural)experts;                                                                 \
            codes[i] = id < 0 ? experts : (int32_t)id;                                                                     \
        }                                                                                                                  \
        return !outside;                                                                                                   \
    }
CODES_OF_IDS(codes_of_narrow_ids, int32_t, uint32_t)
CODES_OF_IDS(codes_of_wide_ids, int64_t, uint64_t)

static int32_t dispatch_count(size_t slots, const void *expert_ids, int32_t wide, int32_t experts, int32_t *codes,
                              int32_t *counts)
{
    for (size_t first = 0; first < slots; first += ID_CHUNK) {
        const size_t end = slots - first < ID_CHUNK ? slots : first + ID_CHUNK;
        const int inside = wide ? codes_of_wide_ids(first, end, expert_ids, experts, codes)
                                : codes_of_narrow_ids(first, end, expert_ids, experts, codes);
        if (!inside) {
            return TM_E_SIZE;
        }
        for (size_t i = first; i < end; ++i) {
            ++counts[codes[i]];
        }
    }
    return TM_OK;
}

static void dispatch_place(size_t first, size_t slots, int32_t experts, int32_t *cursors, int32_t *codes,
                           int32_t *sorted_slots)
{
    for (size_t i = 0; i < slots; ++i) {
        const int32_t code = codes[i], position = cursors[code]++;
        sorted_slots[position] = (int32_t)(first + i);
        codes[i] = code == experts ? -1 : position;
    }
}

/* The quotient is exact: (slot + 1/2) / top_k is at least 1 / (2 top_k) away from an integer, and the two roundings
 * move it by less than 2^-20 / top_k. Unlike an integer division it is done in all lanes at once. */
static void dispatch_tokens(size_t slots, int32_t top_k, const int32_t *sorted_slots, int32_t *tokens)
{
    const double inverse = 1.0 / top_k;
    for (size_t i = 0; i < slots; ++i) {
        tokens[i] = (int32_t)((sorted_slots[i] + 0.5) * inverse);
    }
}

static void dispatch_align(const tm_blocks *blocks)
{
    const int32_t *slot = blocks->sorted_slots;
    const size_t size = (size_t)blocks->block_size, block_count = (blocks->length + size - 1) / size;
    size_t out = 0, block = 0;
    for (int32_t e = 0; e < blocks->experts; ++e) {
        const size_t count = (size_t)blocks->counts[e], end = out + (count + size - 1) / size * size;
        memcpy(blocks->padded_slots + out, slot, sizeof *slot * count);
        slot += count;
        for (out += count; out < end; ++out) {
            blocks->padded_slots[out] = blocks->none;
        }
        for (; block < end / size; ++block) {
            blocks->block_experts[block] = blocks->expert_map ? blocks->expert_map[e] : e;
        }
    }
    for (; out < blocks->length; ++out) {
        blocks->padded_slots[out] = blocks->none;
    }
    for (; block < block_count; ++block) {
        blocks->block_experts[block] = 0;
    }
}
