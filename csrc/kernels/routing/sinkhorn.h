/* sinkhorn.h: scores scaled until every token and every expert carries about the same weight.
 *
 *   K = e^z, d1 = 1; repeat  d0[t] = (1/T) / (sum_e d1[e] K[t][e] + 1e-8)
 *                            d1[e] = (1/E) / (sum_t d0[t] K[t][e] + 1e-8)   until mean |d1 - d1 before| <= tolerance
 *   choice[t][e] = d1[e] K[t][e] d0[t]
 *
 * Contract: finite z, at most 700. Sums over experts through 16 partial sums, then pairwise; sums over tokens from the first
 * to the last: one order for every lane width. Source: Sinkhorn and Knopp 1967, as Megatron-LM's sinkhorn() iterates it.
 *
 *   K, one row after another --> the row's sum --> d0[t] --> the same row, still in the cache, into the sums of the columns
 */
#define SINKHORN_FLOOR 1e-8
#define PARTIAL_SUMS 16

static double weighted_row_sum(size_t experts, const double *weight, const double *row)
{
    double partial[PARTIAL_SUMS] = {0};
    size_t e = 0;
    for (; e + PARTIAL_SUMS <= experts; e += PARTIAL_SUMS) {
        for (size_t i = 0; i < PARTIAL_SUMS; ++i) {
            partial[i] += weight[e + i] * row[e + i];
        }
    }
    for (size_t i = 0; e < experts; ++e, ++i) {
        partial[i] += weight[e] * row[e];
    }
    for (size_t width = PARTIAL_SUMS / 2; width; width /= 2) {
        for (size_t i = 0; i < width; ++i) {
            partial[i] += partial[i + width];
        }
    }
    return partial[0];
}

/* one round: new token factors, then new expert factors; returns the mean change of the latter */
static double sinkhorn_round(tm_sinkhorn_call *call)
{
    const size_t tokens = call->tokens, experts = call->experts;
    double *d1 = call->expert_factor, *sum = call->scratch, change = 0.0;
    for (size_t e = 0; e < experts; ++e) {
        sum[e] = 0.0;
    }
    for (size_t t = 0; t < tokens; ++t) {
        const double *row = call->choice + t * experts;
        const double d0 = 1.0 / (double)tokens / (weighted_row_sum(experts, d1, row) + SINKHORN_FLOOR);
        call->token_factor[t] = d0;
        for (size_t e = 0; e < experts; ++e) {
            sum[e] += d0 * row[e];
        }
    }
    for (size_t e = 0; e < experts; ++e) {
        const double next = 1.0 / (double)experts / (sum[e] + SINKHORN_FLOOR), step = next - d1[e];
        change += step < 0.0 ? -step : step;
        d1[e] = next;
    }
    return change / (double)experts;
}

static void sinkhorn(tm_sinkhorn_call *call)
{
    const size_t tokens = call->tokens, experts = call->experts;
    elementary_array(TM_FUNCTION_EXP, tokens * experts, call->logits, call->choice);
    for (size_t e = 0; e < experts; ++e) {
        call->expert_factor[e] = 1.0;
    }
    call->change = __builtin_inf();
    for (call->rounds = 0; call->change > call->tolerance && call->rounds < call->most_rounds; ++call->rounds) {
        call->change = sinkhorn_round(call);
    }
    for (size_t t = 0; t < tokens; ++t) {
        for (size_t e = 0; e < experts; ++e) {
            double *choice = call->choice + t * experts + e;
            *choice = call->expert_factor[e] * *choice * call->token_factor[t];
        }
    }
}
