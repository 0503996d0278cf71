/* matrix.h: what batch-wide routers need of a whole (tokens, experts) matrix: scores, sums of columns, the best of each line.
 *
 *   scores          the formulas of score.h in double precision, whatever the logits' precision
 *   column sums     sum[e] = x[0][e] + x[1][e] + ..., from the first row to the last
 *   best of lines   the `count` best items of a line by (value descending, item ascending), best first
 *
 * Contract: NaN counts as -inf. A line is a row or a column: strides say which. O(T * E), and O(log count) per item that enters
 * a heap. No allocation.
 *
 *   x, 16 lines at a time, item after item --> each line's heap, the worst of its best on top --> heap sort, best first
 */
#define LINES_TOGETHER 16

static void read_logits(const tm_score_call *call, size_t token, double *z)
{
    const size_t start = token * call->row_stride;
    const int experts = call->experts;
    if (call->dtype == TM_FLOAT64) {
        memcpy(z, (const double *)call->logits + start, sizeof *z * (size_t)experts);
    } else if (call->dtype == TM_FLOAT32) {
        const float *x = (const float *)call->logits + start;
        for (int i = 0; i < experts; ++i) {
            z[i] = (double)x[i];
        }
    } else {
        const uint16_t *half = (const uint16_t *)call->logits + start;
        for (int i = 0; i < experts; i += LANES_F) {
            const int count = experts - i < LANES_F ? experts - i : LANES_F;
            uint16_t piece[LANES_F] = {0};
            float single[LANES_F];
            memcpy(piece, half + i, sizeof *piece * (size_t)count);
            vf_store(single, call->dtype == TM_BFLOAT16 ? vf_from_bf16(piece) : vf_from_f16(piece));
            for (int j = 0; j < count; ++j) {
                z[i + j] = (double)single[j];
            }
        }
    }
    for (int i = 0; i < experts; ++i) {
        z[i] = z[i] == z[i] ? z[i] : -__builtin_inf();
    }
}

static void router_scores(const tm_score_call *call)
{
    const size_t experts = (size_t)call->experts;
    double *z = call->scratch, *s = z + 8 * experts;
    for (size_t first = 0; first < call->tokens; first += LANES) {
        const size_t tokens = call->tokens - first < LANES ? call->tokens - first : LANES;
        for (size_t lane = 0; lane < LANES; ++lane) {
            read_logits(call, first + (lane < tokens ? lane : 0), s);
            for (size_t e = 0; e < experts; ++e) {
                z[e * LANES + lane] = s[e];
            }
        }
        scores_f64(call->score, z, NULL, call->experts, s);
        for (size_t lane = 0; lane < tokens; ++lane) {
            for (size_t e = 0; e < experts; ++e) {
                call->scores[(first + lane) * experts + e] = s[e * LANES + lane];
            }
        }
    }
}

static void column_sums(size_t rows, size_t columns, const double *x, double *sum)
{
    for (size_t e = 0; e < columns; ++e) {
        sum[e] = 0.0;
    }
    for (size_t row = 0; row < rows; ++row) {
        for (size_t e = 0; e < columns; ++e) {
            sum[e] += x[row * columns + e];
        }
    }
}

static inline int ranks_after(const double *value, const int32_t *index, size_t a, size_t b)
{
    return value[a] < value[b] || (value[a] == value[b] && index[a] > index[b]);
}

/* Moves element `at` down until no child ranks after it. */
static void sift_down(size_t count, double *value, int32_t *index, size_t at)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && ranks_after(value, index, child + 1, child);
        if (!ranks_after(value, index, child, at)) {
            return;
        }
        const double v = value[at];
        const int32_t i = index[at];
        value[at] = value[child], index[at] = index[child];
        value[child] = v, index[child] = i;
        at = child;
    }
}

static void sort_heap(size_t count, double *value, int32_t *index)
{
    for (size_t last = count; last-- > 1;) { /* the worst of what remains goes behind it */
        const double v = value[0];
        const int32_t i = index[0];
        value[0] = value[last], index[0] = index[last];
        value[last] = v, index[last] = i;
        sift_down(last, value, index, 0);
    }
}

static void best_of_lines(const tm_lines *call)
{
    const size_t count = call->count;
    double least[LINES_TOGETHER] = {0}; /* the worst of a full heap */
    for (size_t first = 0; first < call->lines; first += LINES_TOGETHER) {
        const size_t together = call->lines - first < LINES_TOGETHER ? call->lines - first : LINES_TOGETHER;
        for (size_t item = 0; item < call->items; ++item) {
            const double *x = call->x + first * call->line_stride + item * call->item_stride;
            for (size_t j = 0; j < together; ++j) {
                const double found = x[j * call->line_stride];
                if (item >= count && !(found > least[j])) {
                    continue; /* an equal one that comes later ranks after */
                }
                double *value = call->value + (first + j) * count;
                int32_t *index = call->index + (first + j) * count;
                const size_t place = item < count ? item : 0;
                value[place] = found == found ? found : -__builtin_inf();
                index[place] = (int32_t)item;
                if (item >= count) {
                    sift_down(count, value, index, 0);
                } else if (item + 1 == count) {
                    for (size_t at = count / 2; at-- > 0;) {
                        sift_down(count, value, index, at);
                    }
                }
                least[j] = value[0];
            }
        }
        for (size_t line = first; line < first + together; ++line) {
            sort_heap(count, call->value + line * count, call->index + line * count);
        }
    }
}
