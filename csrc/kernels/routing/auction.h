/* auction.h: the balanced assignment of BASE layers: every expert gets S = tokens / experts tokens, for nearly the best sum of scores.
 *
 *   value[e][t] = score[e][t] - price[t], +inf where e holds t
 *   each round every expert bids on its S best tokens: value - (S+1)-th value + epsilon, epsilon for those it holds;
 *   each token goes to its highest bidder (ties: lower expert), the bid is added to its price; done when every token has a bid
 *
 * Contract: finite scores. An expert never holds more than S tokens, so that the end is an exact balance. Tokens without a bid
 * after most_rounds go, in order, to the open expert of the highest score (ties: lower id), so that every call ends: fairseq's
 * code stops holding tokens there, which never ends for experts with equal scores. O(rounds * T * E).
 * Source: Lewis et al. 2021, arXiv 2103.16716, and fairseq's balanced_assignment.cpp; Bertsekas 1992 for the auction.
 *
 *   score, an expert's row at a time --> value --> its S + 1 best --> bids by token, the highest kept as they come
 */
static void offer(tm_auction_call *call, size_t token, int32_t expert, double bid)
{
    if (bid > call->bid[token]) { /* experts come in order: the lower one keeps a tie */
        call->bid[token] = bid;
        call->bidder[token] = expert;
    }
}

static void bid_of_expert(tm_auction_call *call, int32_t expert, size_t share)
{
    const double *score = call->score + (size_t)expert * call->tokens;
    for (size_t t = 0; t < call->tokens; ++t) {
        call->value[t] = call->expert_ids[t] == expert ? __builtin_inf() : score[t] - call->price[t];
    }
    const tm_lines best = {.lines = 1,
                           .items = call->tokens,
                           .count = share + 1,
                           .x = call->value,
                           .item_stride = 1,
                           .index = call->top_index,
                           .value = call->top_value};
    best_of_lines(&best);
    for (size_t j = 0; j < share; ++j) {
        const double more = call->top_value[j] - call->top_value[share] + call->epsilon;
        offer(call, (size_t)call->top_index[j], expert, call->top_value[j] < __builtin_inf() ? more : call->epsilon);
    }
}

/* one round; returns how many tokens have no bid */
static size_t auction_round(tm_auction_call *call, size_t share)
{
    size_t without = 0;
    for (size_t t = 0; t < call->tokens; ++t) {
        call->bid[t] = 0.0;
        call->bidder[t] = -1;
    }
    for (size_t e = 0; e < call->experts; ++e) {
        bid_of_expert(call, (int32_t)e, share);
    }
    for (size_t t = 0; t < call->tokens; ++t) {
        call->price[t] += call->bid[t];
        call->expert_ids[t] = call->bidder[t];
        without += call->bidder[t] < 0;
    }
    return without;
}

static int32_t best_open_expert(const tm_auction_call *call, size_t token, const int32_t *held, size_t share)
{
    int32_t best = -1;
    for (size_t e = 0; e < call->experts; ++e) {
        const double *score = call->score + token;
        if ((size_t)held[e] < share && (best < 0 || score[e * call->tokens] > score[(size_t)best * call->tokens])) {
            best = (int32_t)e;
        }
    }
    return best;
}

static void auction(tm_auction_call *call)
{
    const size_t share = call->tokens / call->experts;
    size_t without = call->tokens;
    for (size_t t = 0; t < call->tokens; ++t) {
        call->price[t] = 0.0;
        call->expert_ids[t] = -1;
    }
    for (call->rounds = 0; without && call->rounds < call->most_rounds; ++call->rounds) {
        without = auction_round(call, share);
    }
    call->placed = (int64_t)without;
    if (!without) {
        return;
    }
    int32_t *held = call->bidder; /* free now, and as long as experts at least */
    memset(held, 0, sizeof *held * call->tokens);
    for (size_t t = 0; t < call->tokens; ++t) {
        if (call->expert_ids[t] >= 0) {
            ++held[call->expert_ids[t]];
        }
    }
    for (size_t t = 0; t < call->tokens; ++t) {
        if (call->expert_ids[t] < 0) {
            call->expert_ids[t] = best_open_expert(call, t, held, share);
            ++held[call->expert_ids[t]];
        }
    }
}
