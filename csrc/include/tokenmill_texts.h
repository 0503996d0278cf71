/* tokenmill_texts.h: the part of the public C API that turns columns of texts into codes; the rules are those of tokenmill.h. */
#ifndef TOKENMILL_TEXTS_H
#define TOKENMILL_TEXTS_H

#include "tokenmill.h"

/* cffi: begin */
/* Gives equal texts equal codes, by first appearance. Text i is the lengths[i] bytes at the address starts[i]; a negative
 * length is null and has the code -1. `table` is scratch of `slots` elements, a power of two; `first_rows` (slots / 2,) gets
 * the row at which each code appears first, `distinct` the number of codes. TM_E_SIZE if there are more than slots / 2. */
int32_t tm_text_codes(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t slots, int32_t *table,
                      int32_t *codes, int32_t *first_rows, size_t *distinct);
/* Copies texts into rows of `width` bytes (rows, width): zeros follow a shorter text, a longer one is cut, null is zeros. */
int32_t tm_text_pack(size_t rows, const uintptr_t *starts, const int64_t *lengths, size_t width, uint8_t *packed);
/* recoded (rows,) = table[code + 1] for codes >= -1 of `width` bytes (1, 2, 4, 8; signed); table (1 + values,) begins with
 * what null becomes. TM_E_SIZE if a code is no value's. */
int32_t tm_recode(size_t rows, const void *codes, int32_t width, size_t values, const int32_t *table, int32_t *recoded);
/* cffi: end */

#endif
