/* recode.h: codes of one dictionary as codes of another, for each width of codes.
 *
 *   recoded[i] = table[codes[i] + 1], table[0] being what null (-1) becomes
 *
 * Contract: a code outside [-1, values) is met by TM_E_SIZE, and `recoded` is then undefined. O(rows).
 */
#define RECODE(name, type)                                                                                                 \
    static int32_t name(size_t rows, const type *codes, size_t values, const int32_t *table, int32_t *recoded)            \
    {                                                                                                                      \
        int beyond = 0;                                                                                                    \
        for (size_t i = 0; i < rows; ++i) {                                                                                \
            const uint64_t at = (uint64_t)codes[i] + 1;                                                                    \
            beyond |= at > values;                                                                                         \
            recoded[i] = table[at > values ? 0 : at];                                                                      \
        }                                                                                                                  \
        return beyond ? TM_E_SIZE : TM_OK;                                                                                 \
    }

RECODE(recode_i8, int8_t)
RECODE(recode_i16, int16_t)
RECODE(recode_i32, int32_t)
RECODE(recode_i64, int64_t)
