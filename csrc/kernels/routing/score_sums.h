/* score_sums.h: what losses need of the logits, summed over pieces of consecutive tokens in one pass.
 *
 *   scores_e = sum_t s_te        softmax, or sigmoid and sqrtsoftplus divided by their sum over the row + 1e-20
 *   squares  = sum_t logsumexp(z_t)^2,   logsumexp = max z - log(max s), s the softmax: its largest is 1 / sum e^(z - max)
 *
 * Contract: double accumulators, tokens added in order, so that a piece depends on its own logits alone, whatever the lanes.
 * NaN counts as -inf. A row with +inf, or with nothing above -inf, has an infinite square; where sqrtsoftplus is infinite
 * the infinite ones share the row. Identity is summed as it is. Sources: Switch Transformers (arXiv 2101.03961), ST-MoE
 * (arXiv 2202.08906), the normalised scores of Megatron-LM. Twin: reference/losses.py.
 *
 *   logits (T, columns), a tile at a time --> scores, tokens in lanes --> back to rows in the first-level cache
 *                                              --> (columns,) doubles in the first-level cache --> (pieces, columns), once a piece
 */
#define LOGARITHMS 64 /* tokens whose logarithms are taken together */
#define PARTIAL 16

/* rows (RLANES, count) of a tile (count, RLANES) */
static void R(tile_to_rows)(const REAL *x, int count, REAL *rows)
{
    for (int e = 0; e < count; ++e) {
        for (int lane = 0; lane < RLANES; ++lane) {
            rows[lane * count + e] = ROW(x, e)[lane];
        }
    }
}

static double R(row_total)(const REAL *s, int count)
{
    double partial[PARTIAL] = {0};
    const int whole = count / PARTIAL * PARTIAL;
    for (int i = 0; i < whole; i += PARTIAL) {
        for (int u = 0; u < PARTIAL; ++u) {
            partial[u] += (double)s[i + u];
        }
    }
    for (int i = whole; i < count; ++i) {
        partial[i - whole] += (double)s[i];
    }
    for (int width = PARTIAL / 2; width; width /= 2) {
        for (int u = 0; u < width; ++u) {
            partial[u] += partial[u + width];
        }
    }
    return partial[0];
}

/* What the scores of a row are multiplied by; infinite ones become 1, the others 0, so that they can be divided. */
static double R(normaliser)(int32_t score, REAL *s, int count)
{
    if (score == TM_SCORE_SOFTMAX || score == TM_SCORE_IDENTITY) {
        return 1;
    }
    double total = R(row_total)(s, count);
    if (total == __builtin_inf()) {
        for (int i = 0; i < count; ++i) {
            s[i] = s[i] == (REAL)__builtin_inf();
        }
        total = R(row_total)(s, count);
    }
    return 1 / (total + 1e-20);
}

/* sum of (most - log share)^2 over count tokens, first to last */
static double R(add_squares)(double sum, const double *most, double *share, int count)
{
    for (int t = count; t % LANES; ++t) {
        share[t] = 1;
    }
    for (int t = 0; t < count; t += LANES) {
        vd_store(share + t, log_lanes(vd_load(share + t)));
    }
    for (int t = 0; t < count; ++t) {
        const double logsumexp = most[t] - share[t];
        sum += logsumexp * logsumexp;
    }
    return sum;
}

static void R(piece_sums)(const tm_router *router, const tm_route_call *call, size_t first, size_t last, double *scores,
                          double *squares, REAL *z, REAL *s)
{
    double most[LOGARITHMS], share[LOGARITHMS], square = 0;
    const int columns = router->columns;
    memset(scores, 0, sizeof *scores * (size_t)columns);
    for (size_t from = first; from < last; from += RLANES) {
        const int at = (int)((from - first) % LOGARITHMS), tokens = (int)(last - from < RLANES ? last - from : RLANES);
        R(read_tile)(router, call, from, last, z);
        if (squares) {
            const R(softmax) softmax = R(softmax_of)(z, columns, NULL);
            REAL largest[RLANES], inverse[RLANES];
            VR(store)(largest, softmax.most);
            VR(store)(inverse, softmax.inverse_sum);
            for (int lane = 0; lane < tokens; ++lane) {
                most[at + lane] = (double)largest[lane];
                share[at + lane] = (double)inverse[lane];
            }
            if (at + tokens == LOGARITHMS || from + RLANES >= last) {
                square = R(add_squares)(square, most, share, at + tokens);
            }
        }
        R(scores)(router->score, z, NULL, columns, s);
        R(tile_to_rows)(s, columns, z);
        for (int lane = 0; lane < tokens; ++lane) {
            REAL *row = z + (size_t)lane * (size_t)columns;
            const double factor = R(normaliser)(router->score, row, columns);
            for (int e = 0; e < columns; ++e) {
                scores[e] += (double)row[e] * factor;
            }
        }
    }
    if (squares) {
        *squares = square;
    }
}

static void R(score_sums)(const tm_router *router, const tm_route_call *call, const tm_sums *sums)
{
    REAL *z = (REAL *)(((uintptr_t)call->scratch + 63) & ~(uintptr_t)63);
    REAL *s = z + (size_t)router->columns * (64 / sizeof(REAL));
    for (size_t piece = 0; piece < sums->pieces; ++piece) {
        R(piece_sums)(router, call, (size_t)sums->offsets[piece], (size_t)sums->offsets[piece + 1],
                      sums->scores + piece * (size_t)router->columns, sums->squares ? sums->squares + piece : NULL, z, s);
    }
}
#undef LOGARITHMS
#undef PARTIAL
