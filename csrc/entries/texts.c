/* texts.c: the argument checks in front of the codes of texts. */
#include "tokenmill_texts.h"
#include "kernels/accounting/texts.h"
#include "kernels/accounting/recode.h"

int32_t tm_text_codes(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t slots, int32_t *table,
                      int32_t *codes, int32_t *first_rows, size_t *distinct)
{
    if (!distinct || !table || (rows && (!starts || !lengths || !codes || !first_rows))) {
        return TM_E_NULL_POINTER;
    }
    if (rows >= INT32_MAX || slots < 2 || (slots & (slots - 1))) {
        return TM_E_SIZE;
    }
    return text_codes(rows, starts, lengths, slots, table, codes, first_rows, distinct);
}

int32_t tm_text_pack(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t width, uint8_t *packed)
{
    if (rows && width && (!starts || !lengths || !packed)) {
        return TM_E_NULL_POINTER;
    }
    text_pack(rows, starts, lengths, width, packed);
    return TM_OK;
}

int32_t tm_recode(size_t rows, const void *codes, int32_t width, size_t values, const int32_t *table, int32_t *recoded)
{
    if (!table || (rows && (!codes || !recoded))) {
        return TM_E_NULL_POINTER;
    }
    switch (width) {
    case 1: return recode_i8(rows, codes, values, table, recoded);
    case 2: return recode_i16(rows, codes, values, table, recoded);
    case 4: return recode_i32(rows, codes, values, table, recoded);
    case 8: return recode_i64(rows, codes, values, table, recoded);
    default: return TM_E_SIZE;
    }
}
