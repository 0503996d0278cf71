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
 *   logits (T, columns), one row at a time --> scores in the first-level cache --> (columns,) doubles in the first-level cache
 *                                                                              --> (pieces, columns), once a piece
 */
#define LOGARITHMS 64 /* tokens whose logarithms are taken together */

static REAL R(largest)(const REAL *x, int padded)
{
    vr most = VR(set)(-(REAL)__builtin_inf());
    for (int i = 0; i < padded; i += RLANES) {
        most = VR(max)(VR(load)(x + i), most);
    }
    return VR(hmax)(most);
}

static double R(row_total)(const REAL *s, int padded)
{
    double partial[UNIT] = {0};
    for (int i = 0; i < padded; i += UNIT) {
        for (int u = 0; u < UNIT; ++u) {
            partial[u] += (double)s[i + u];
        }
    }
    for (int width = UNIT / 2; width; width /= 2) {
        for (int u = 0; u < width; ++u) {
            partial[u] += partial[u + width];
        }
    }
    return partial[0];
}

/* What the scores of a row are multiplied by; infinite ones become 1, the others 0, so that they can be divided. */
static double R(normaliser)(int32_t score, REAL *s, int padded)
{
    if (score == TM_SCORE_SOFTMAX || score == TM_SCORE_IDENTITY) {
        return 1;
    }
    double total = R(row_total)(s, padded);
    if (total == __builtin_inf()) {
        for (int i = 0; i < padded; ++i) {
            s[i] = s[i] == (REAL)__builtin_inf();
        }
        total = R(row_total)(s, padded);
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
                          double *squares, R(row) *row)
{
    double sum[MAX_COLUMNS] = {0}, most[LOGARITHMS], share[LOGARITHMS], square = 0;
    const int columns = router->columns, padded = row->padded;
    for (size_t token = first; token < last; ++token) {
        const int at = (int)((token - first) % LOGARITHMS);
        R(read_row)(router, call, token, row);
        if (squares) {
            R(scores)(TM_SCORE_SOFTMAX, row->logit, padded, columns, row->s);
            most[at] = (double)R(largest)(row->logit, padded);
            share[at] = (double)R(largest)(row->s, padded);
            if (at == LOGARITHMS - 1 || token + 1 == last) {
                square = R(add_squares)(square, most, share, at + 1);
            }
        }
        if (!squares || router->score != TM_SCORE_SOFTMAX) {
            R(scores)(router->score, row->logit, padded, columns, row->s);
        }
        const double factor = R(normaliser)(router->score, row->s, padded);
        for (int i = 0; i < padded; ++i) {
            sum[i] += (double)row->s[i] * factor;
        }
    }
    if (squares) {
        *squares = square;
    }
    memcpy(scores, sum, sizeof *scores * (size_t)columns);
}

static void R(score_sums)(const tm_router *router, const tm_route_call *call, const tm_sums *sums)
{
    R(row) row;
    row.padded = R(round_up)(router->columns);
    for (size_t piece = 0; piece < sums->pieces; ++piece) {
        R(piece_sums)(router, call, (size_t)sums->offsets[piece], (size_t)sums->offsets[piece + 1],
                      sums->scores + piece * (size_t)router->columns, sums->squares ? sums->squares + piece : NULL, &row);
    }
}
#undef LOGARITHMS
