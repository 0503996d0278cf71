/* texts.h: dictionary codes of byte strings, and their bytes side by side.
 *
 *   codes[i] = codes[j]  <=>  text i = text j;  code c is the c-th distinct text by first appearance
 *
 * Contract: text i is lengths[i] bytes at starts[i], which may lie anywhere and unaligned; a negative length is null, with
 * code -1. Bytes are compared, so the hash decides about speed alone. Expected O(bytes + slots); rows < 2^31.
 *
 *   text i ─► hash ─► table (slots) of codes, linear probing ─► first_rows (distinct) ─► bytes of that row, compared
 */
#include <string.h>

static uint64_t word_at(const uint8_t *bytes, size_t count)
{
    uint64_t word = 0;
    memcpy(&word, bytes, count);
    return word;
}

static uint64_t text_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio, odd */
    return hash ^ (hash >> 29);
}

static uint64_t text_hash(const uint8_t *text, size_t length)
{
    uint64_t hash = text_mix(0, length);
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        hash = text_mix(hash, word_at(text + at, 8));
    }
    if (at < length) {
        hash = text_mix(hash, word_at(text + at, length - at));
    }
    return hash ^ (hash >> 32);
}

static int same_bytes(const uint8_t *a, const uint8_t *b, size_t length)
{
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        if (word_at(a + at, 8) != word_at(b + at, 8)) {
            return 0;
        }
    }
    for (; at < length; ++at) {
        if (a[at] != b[at]) {
            return 0;
        }
    }
    return 1;
}

static size_t text_codes(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t slots, int32_t *table,
                         int32_t *codes, int32_t *first_rows)
{
    size_t distinct = 0;
    memset(table, 0xFF, slots * sizeof *table); /* -1: free */
    for (size_t row = 0; row < rows; ++row) {
        const int64_t length = lengths[row];
        if (length < 0) {
            codes[row] = -1;
            continue;
        }
        const uint8_t *text = (const uint8_t *)starts[row];
        size_t slot = text_hash(text, (size_t)length) & (slots - 1);
        int32_t code;
        for (; (code = table[slot]) >= 0; slot = (slot + 1) & (slots - 1)) {
            const size_t first = (size_t)first_rows[code];
            if (lengths[first] == length && same_bytes((const uint8_t *)starts[first], text, (size_t)length)) {
                break;
            }
        }
        if (code < 0) {
            code = (int32_t)distinct++;
            table[slot] = code;
            first_rows[code] = (int32_t)row;
        }
        codes[row] = code;
    }
    return distinct;
}

static void text_pack(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t width, uint8_t *packed)
{
    for (size_t row = 0; row < rows; ++row, packed += width) {
        const size_t length = lengths[row] < 0 ? 0 : (size_t)lengths[row];
        const size_t kept = length < width ? length : width;
        if (kept) {
            memcpy(packed, (const uint8_t *)starts[row], kept);
        }
        memset(packed + kept, 0, width - kept);
    }
}
