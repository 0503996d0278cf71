/* texts.h: dictionary codes of byte strings, and their bytes side by side.
 *
 *   codes[i] = codes[j]  <=>  text i = text j;  code c is the c-th distinct text by first appearance
 *
 * Contract: text i is lengths[i] bytes at starts[i], which may lie anywhere and unaligned; a negative length is null, with
 * code -1. Bytes are compared, so the hash decides about speed alone. Expected O(bytes + slots); rows < 2^31.
 *
 *   text i ─► hash ─► table (slots) of codes, linear probing ─► first_rows (slots / 2) ─► bytes of that row, compared
 */
#include <string.h>

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Fewer than eight bytes in a word, by loads that may overlap: equal for equal bytes of one length, and only for those. */
static uint64_t short_word(const uint8_t *bytes, size_t length)
{
    if (length >= 4) {
        uint32_t head, tail;
        memcpy(&head, bytes, sizeof head);
        memcpy(&tail, bytes + length - 4, sizeof tail);
        return head | (uint64_t)tail << 32;
    }
    return length ? (uint64_t)bytes[0] | (uint64_t)bytes[length / 2] << 8 | (uint64_t)bytes[length - 1] << 16 : 0;
}

static uint64_t text_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio, odd */
    return hash ^ (hash >> 32);
}

static uint64_t text_hash(const uint8_t *text, size_t length)
{
    uint64_t hash = text_mix(0, length);
    if (length < 8) {
        hash = text_mix(hash, short_word(text, length));
    } else {
        for (size_t at = 0; at + 8 < length; at += 8) {
            hash = text_mix(hash, word_at(text + at));
        }
        hash = text_mix(hash, word_at(text + length - 8));
    }
    return text_mix(hash, 0); /* once more, as slots are low bits and a last letter is a high one */
}

static int same_bytes(const uint8_t *a, const uint8_t *b, size_t length)
{
    if (length < 8) {
        return short_word(a, length) == short_word(b, length);
    }
    for (size_t at = 0; at + 8 < length; at += 8) {
        if (word_at(a + at) != word_at(b + at)) {
            return 0;
        }
    }
    return word_at(a + length - 8) == word_at(b + length - 8);
}

/* Returns TM_E_SIZE where more than half of the slots would be taken. */
static int32_t text_codes(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t slots, int32_t *table,
                          int32_t *codes, int32_t *first_rows, size_t *found)
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
            if (distinct == slots / 2) {
                return TM_E_SIZE;
            }
            code = (int32_t)distinct++;
            table[slot] = code;
            first_rows[code] = (int32_t)row;
        }
        codes[row] = code;
    }
    *found = distinct;
    return TM_OK;
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
