/* sample.h: draws of a law over a range of scenarios, and arrays of any length through kernels that want whole lanes.
 *
 * Contract: value j is the law's quantile at the uniform of scenario start + j; the cut into calls does not matter.
 *
 *   range --> blocks of 1,024 --> uniforms --> quantile, in place in out; a block cut by the range goes through the stack
 */
static void draw_block(const tm_law *law, uint64_t seed, uint64_t block, double *x)
{
    if (law->kind == TM_LAW_CONSTANT) {
        law_constant(law, TM_BLOCK, x);
        return;
    }
    uniform_block(seed, law->stream, block, x);
    quantile(law, TM_BLOCK, x, x);
}

static void sample(const tm_law *law, uint64_t seed, uint64_t start, size_t n, double *out)
{
    double whole[TM_BLOCK];
    for (size_t done = 0; done < n;) {
        uint64_t block = (start + done) / TM_BLOCK;
        size_t low = (size_t)((start + done) % TM_BLOCK);
        size_t piece = TM_BLOCK - low < n - done ? TM_BLOCK - low : n - done;
        if (piece == TM_BLOCK) {
            draw_block(law, seed, block, out + done);
        } else {
            draw_block(law, seed, block, whole);
            memcpy(out + done, whole + low, piece * sizeof *out);
        }
        done += piece;
    }
}

static inline void elementary_lanes(int32_t function, size_t n, const double *x, double *y)
{
    if (function == TM_FUNCTION_NORM_PPF) {
        normal_quantile(n, x, y);
        return;
    }
    for (size_t j = 0; j < n; j += LANES) {
        vd v = vd_load(x + j);
        switch (function) {
        case TM_FUNCTION_EXP: v = exp_lanes(v); break;
        case TM_FUNCTION_LOG: v = log_lanes(v); break;
        case TM_FUNCTION_LOG1P: v = log1p_lanes(v); break;
        default: v = norm_cdf_lanes(v); break;
        }
        vd_store(y + j, v);
    }
}

/* Arrays of any length: whole blocks in place, the rest through a copy filled up to whole lanes. */
#define FOR_EACH_PIECE(n, x, y, kernel_call)                                                                               \
    for (size_t done = 0; done < (n); done += TM_BLOCK) {                                                                  \
        size_t piece = (n) - done < TM_BLOCK ? (n) - done : TM_BLOCK;                                                      \
        const double *from = (x) + done;                                                                                   \
        double *to = (y) + done;                                                                                           \
        if (piece == TM_BLOCK) {                                                                                           \
            const size_t length = TM_BLOCK;                                                                                \
            kernel_call;                                                                                                   \
        } else {                                                                                                           \
            double padded[TM_BLOCK];                                                                                       \
            memcpy(padded, from, piece * sizeof *padded);                                                                  \
            const size_t length = (piece + LANES - 1) / LANES * LANES;                                                     \
            for (size_t i = piece; i < length; ++i) {                                                                      \
                padded[i] = 0.5;                                                                                           \
            }                                                                                                              \
            from = to = padded;                                                                                            \
            kernel_call;                                                                                                   \
            memcpy((y) + done, padded, piece * sizeof *padded);                                                            \
        }                                                                                                                  \
    }

static void elementary_array(int32_t function, size_t n, const double *x, double *y)
{
    FOR_EACH_PIECE(n, x, y, elementary_lanes(function, length, from, to))
}

static void quantile_array(const tm_law *law, size_t n, const double *u, double *x)
{
    FOR_EACH_PIECE(n, u, x, quantile(law, length, from, to))
}

#undef FOR_EACH_PIECE
