/* activations.h: rows of activations in expert order, and expert outputs summed back into token order.
 *
 *   permute:  out[p] = x[tokens[p]]
 *   combine:  out[t] = sum over choices j, ascending, of weights[t, j] * y[inverse[t, j]], slots without an expert left out
 *
 * Contract: products and sums in single precision, each rounded, from +0; a bfloat16 result is rounded once, to the nearest
 * even. A NaN is the quiet one with sign and payload 0, as what a processor would leave in them differs. Each element is
 * summed alone, so neither threads nor lanes can show. O(slots * hidden).
 * Source: routing.md 7.1. Twin: reference/dispatch.py.
 *
 *   combine: for each SUM_COLUMNS of a token: the same columns of top_k rows --> partial sums in the first-level cache --> out
 */
#define SUM_COLUMNS 512

static void permute_rows(const tm_permute_call *call)
{
    for (size_t i = 0; i < call->rows; ++i) {
        const char *row = (const char *)call->source + (size_t)call->tokens[i] * call->stride_source;
        memcpy((char *)call->out + i * call->stride_out, row, call->row_bytes);
    }
}

static inline void add_row_f32(float weight, const float *row, int columns, float *sum)
{
    for (int i = 0; i < columns; ++i) {
        sum[i] += weight * row[i];
    }
}

static inline void add_row_bf16(float weight, const uint16_t *row, int columns, float *sum)
{
    for (int i = 0; i < columns; ++i) {
        sum[i] += weight * float_of((uint32_t)row[i] << 16);
    }
}

static inline uint32_t bits_with_plain_nan(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC00000u : bits;
}

static inline void write_row_f32(const float *sum, int columns, float *out)
{
    for (int i = 0; i < columns; ++i) {
        out[i] = float_of(bits_with_plain_nan(sum[i]));
    }
}

static inline void write_row_bf16(const float *sum, int columns, uint16_t *out)
{
    for (int i = 0; i < columns; ++i) {
        const uint32_t bits = bits_with_plain_nan(sum[i]);
        out[i] = (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
    }
}

static void combine_rows(const tm_combine_call *call)
{
    const size_t k = (size_t)call->top_k;
    const int half = call->dtype == TM_BFLOAT16;
    for (size_t token = 0; token < call->tokens; ++token) {
        const int32_t *inverse = call->inverse + token * k;
        const float *weights = call->weights + token * call->stride_weights;
        for (size_t first = 0; first < call->hidden; first += SUM_COLUMNS) {
            const size_t left = call->hidden - first, to = token * call->stride_out + first;
            const int columns = left < SUM_COLUMNS ? (int)left : SUM_COLUMNS;
            float sum[SUM_COLUMNS] = {0};
            for (size_t j = 0; j < k; ++j) {
                const size_t from = (size_t)inverse[j] * call->stride_outputs + first;
                if (inverse[j] < 0) {
                    continue;
                }
                if (half) {
                    add_row_bf16(weights[j], (const uint16_t *)call->outputs + from, columns, sum);
                } else {
                    add_row_f32(weights[j], (const float *)call->outputs + from, columns, sum);
                }
            }
            if (half) {
                write_row_bf16(sum, columns, (uint16_t *)call->out + to);
            } else {
                write_row_f32(sum, columns, (float *)call->out + to);
            }
        }
    }
}
