/* activations.h: rows of activations in expert order, and expert outputs summed back into token order.
 *
 *   permute:  out[p] = x[tokens[p]]
 *   combine:  out[t] = sum over choices j, ascending, of weights[t, j] * y[inverse[t, j]], without an inverse of -1
 *
 * Contract: products and sums in single precision, each rounded, from +0; a bfloat16 result is rounded once, to the
 * nearest even. A NaN is the quiet one with sign and payload 0, as what a processor would leave in them differs. Each
 * element is summed alone, so neither threads nor lanes can show. O(slots * hidden).
 * Source: the permutation of Megatron-LM (commit d98e8a64). Twin: reference/dispatch.py.
 *
 *   combine, for each token:  row 0  [ tile ][ tile ] ...     top_k rows are read side by side, so that each is a
 *                             row 1  [ tile ][ tile ] ...     stream of its own to the prefetcher; a tile of sums
 *                                       |       |             stays in registers
 *                             out    [ sums ][ sums ] ...
 */
#define SUM_TILE 64

static void permute_rows(const tm_permute_call *call)
{
    for (size_t i = 0; i < call->rows; ++i) {
        const char *row = (const char *)call->source + (size_t)call->tokens[i] * call->stride_source;
        memcpy((char *)call->out + i * call->stride_out, row, call->row_bytes);
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

/* sum (SUM_TILE,) = the weighted sum of `columns` columns from `first` on; `half` is a constant at each call */
static inline void sum_tile(const tm_combine_call *call, size_t token, size_t first, size_t columns, int half,
                            float *sum)
{
    const size_t k = (size_t)call->top_k, width = half ? sizeof(uint16_t) : sizeof(float);
    const int32_t *inverse = call->inverse + token * k;
    const float *weights = call->weights + token * call->stride_weights;
    float edge[SUM_TILE] = {0};
    vf total[SUM_TILE / LANES_F];
    for (int v = 0; v < SUM_TILE / LANES_F; ++v) {
        total[v] = vf_set(0.0f);
    }
    for (size_t j = 0; j < k; ++j) {
        if (inverse[j] < 0) {
            continue;
        }
        const void *row = (const char *)call->outputs + ((size_t)inverse[j] * call->stride_outputs + first) * width;
        if (columns < SUM_TILE) {
            row = memcpy(edge, row, columns * width);
        }
        const vf weight = vf_set(weights[j]);
        for (int v = 0; v < SUM_TILE / LANES_F; ++v) {
            const vf x = half ? vf_from_bf16((const uint16_t *)row + v * LANES_F)
                              : vf_load((const float *)row + v * LANES_F);
            total[v] = vf_add(total[v], vf_mul(weight, x));
        }
    }
    for (int v = 0; v < SUM_TILE / LANES_F; ++v) {
        vf_store(sum + v * LANES_F, total[v]);
    }
}

static void combine_rows(const tm_combine_call *call)
{
    float sum[SUM_TILE];
    for (size_t token = 0; token < call->tokens; ++token) {
        for (size_t first = 0; first < call->hidden; first += SUM_TILE) {
            const size_t left = call->hidden - first, columns = left < SUM_TILE ? left : SUM_TILE;
            const size_t to = token * call->stride_out + first;
            if (call->dtype == TM_BFLOAT16) {
                sum_tile(call, token, first, columns, 1, sum);
                write_row_bf16(sum, (int)columns, (uint16_t *)call->out + to);
            } else {
                sum_tile(call, token, first, columns, 0, sum);
                write_row_f32(sum, (int)columns, (float *)call->out + to);
            }
        }
    }
}
