/* print_bits.c: a checksum of every kernel's bits, one line per kernel and instruction set that this processor runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokenmill.h"

enum { N = 4099 }; /* no multiple of any vector */
static const char *isa;

static void print_checksum(const char *kernel, const void *bytes, size_t size)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (size_t i = 0; i < size; ++i) {
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3u;
    }
    printf("%s %s %016llx\n", isa, kernel, (unsigned long long)hash);
}

static void check(int32_t status)
{
    if (status != TM_OK) {
        fprintf(stderr, "status %d\n", status);
        exit(1);
    }
}

#include "print_charge.h"

static void print_random(double *normal)
{
    static const double parameters[][8] = {{2.0},
                                           {1.0, 2.0, 3.0},
                                           {0.5, 1.5, 1.6, 7.4},
                                           {1.0, 2.0},
                                           {0.25, 1.5}};
    static double x[N], y[N];
    static uint32_t counter[4 * N], key[2 * N], words[4 * N];
    for (uint32_t i = 0; i < 4 * N; ++i) {
        counter[i] = i * 2654435761u;
        key[i / 2] = i ^ 0x9E3779B9u;
    }
    check(tm_philox4x32(N, counter, key, words));
    print_checksum("philox4x32", words, sizeof words);
    for (uint32_t kind = TM_LAW_CONSTANT; kind <= TM_LAW_LOG_NORMAL; ++kind) {
        tm_law law = {.stream = 5, .kind = kind};
        memcpy(law.parameters, parameters[kind], sizeof law.parameters);
        check(tm_sample(&law, 7, 1021, N, kind == TM_LAW_NORMAL ? normal : x));
        print_checksum("sample", kind == TM_LAW_NORMAL ? normal : x, sizeof x);
    }
    for (int32_t function = 0; function < TM_FUNCTION_END; ++function) {
        for (int i = 0; i < N; ++i) {
            x[i] = function == TM_FUNCTION_NORM_PPF ? (i + 0.5) / N : normal[i] * normal[i] * 40.0;
        }
        check(tm_elementary(function, N, x, y));
        print_checksum("elementary", y, sizeof y);
    }
}

static void print_statistics(const double *normal)
{
    static tm_moments moments;
    static tm_sum products;
    uint32_t *histogram = calloc(TM_HISTOGRAM_BUCKETS, sizeof *histogram);
    tm_moments_init(&moments);
    check(tm_moments_add(N, normal, 3, &moments));
    print_checksum("moments", &moments, sizeof moments);
    check(tm_histogram_add(N, normal, histogram));
    print_checksum("histogram", histogram, TM_HISTOGRAM_BUCKETS * sizeof *histogram);
    memset(&products, 0, sizeof products);
    check(tm_products_add(N, normal, 0.125, normal, &products));
    print_checksum("products", &products, sizeof products);
    free(histogram);
}

static void print_dispatch(const double *normal)
{
    enum { T = 97, K = 3, E = 11, H = 141, SLOTS = T * K };
    static int32_t ids[SLOTS], inverse[SLOTS], sorted_slots[SLOTS], tokens[SLOTS], counts[E + 1], cursors[E + 1];
    static float rows[SLOTS * H], weights[SLOTS], sums[T * H];
    static uint16_t half_rows[SLOTS * H], half_sums[T * H];
    for (int i = 0; i < SLOTS; ++i) {
        ids[i] = (int32_t)((uint32_t)i * 2654435761u >> 16) % (E + 1) - 1;
        weights[i] = (float)normal[i];
    }
    for (int i = 0; i < SLOTS * H; ++i) {
        rows[i] = i % 1009 ? (float)normal[i % N] : (float)(1e300 * normal[i % N]);
        half_rows[i] = (uint16_t)((uint32_t)i * 2654435761u >> 13);
    }
    memset(counts, 0, sizeof counts);
    check(tm_dispatch_count(SLOTS, ids, 0, E, inverse, counts));
    for (int e = 0, before = 0; e <= E; before += counts[e++]) {
        cursors[e] = before;
    }
    check(tm_dispatch_place(0, SLOTS, E, cursors, inverse, sorted_slots));
    check(tm_dispatch_tokens(SLOTS, K, sorted_slots, tokens));
    print_checksum("dispatch inverse", inverse, sizeof inverse);
    print_checksum("dispatch tokens", tokens, sizeof tokens);
    tm_combine_call call = {T, H, K, TM_FLOAT32, SLOTS, rows, H, inverse, weights, K, sums, H};
    check(tm_combine(&call));
    print_checksum("combine", sums, sizeof sums);
    call.dtype = TM_BFLOAT16;
    call.outputs = half_rows;
    call.out = half_sums;
    check(tm_combine(&call));
    print_checksum("combine", half_sums, sizeof half_sums);
}

enum { TOKENS = 315, EXPERTS = 13, SHARE = TOKENS / 5, BEST = 40 };

static void print_scores(const double *normal)
{
    static double scratch[16 * EXPERTS], scores[TOKENS * EXPERTS], sums[EXPERTS], value[EXPERTS * BEST];
    static int32_t index[EXPERTS * BEST];
    for (int32_t score = 0; score < TM_SCORE_END; ++score) {
        const tm_score_call call = {.tokens = TOKENS,
                                    .experts = EXPERTS,
                                    .score = score,
                                    .dtype = TM_FLOAT64,
                                    .logits = normal,
                                    .row_stride = EXPERTS,
                                    .scores = scores,
                                    .scratch = scratch};
        check(tm_router_scores(&call));
        print_checksum("router_scores", scores, sizeof scores);
    }
    check(tm_column_sums(TOKENS, EXPERTS, normal, sums));
    print_checksum("column_sums", sums, sizeof sums);
    const tm_lines lines = {.lines = EXPERTS,
                            .items = TOKENS,
                            .count = BEST,
                            .x = normal,
                            .line_stride = 1,
                            .item_stride = EXPERTS,
                            .index = index,
                            .value = value};
    check(tm_best_of_lines(&lines));
    print_checksum("best_of_lines", index, sizeof index);
}

static void print_assignments(const double *normal)
{
    static double choice[TOKENS * EXPERTS], by_token[3][TOKENS], by_expert[2][EXPERTS], top[SHARE + 1];
    static int32_t ids[2][TOKENS], top_index[SHARE + 1];
    tm_sinkhorn_call balanced = {.tokens = TOKENS,
                                 .experts = EXPERTS,
                                 .logits = normal,
                                 .tolerance = 1e-4,
                                 .most_rounds = 1000,
                                 .choice = choice,
                                 .token_factor = by_token[0],
                                 .expert_factor = by_expert[0],
                                 .scratch = by_expert[1]};
    check(tm_sinkhorn(&balanced));
    print_checksum("sinkhorn", choice, sizeof choice);
    tm_auction_call sale = {.tokens = TOKENS,
                            .experts = 5,
                            .score = normal,
                            .epsilon = 0.125,
                            .most_rounds = 100,
                            .value = by_token[0],
                            .top_value = top,
                            .top_index = top_index,
                            .price = by_token[1],
                            .bid = by_token[2],
                            .bidder = ids[1],
                            .expert_ids = ids[0]};
    check(tm_auction(&sale));
    print_checksum("auction", by_token[1], sizeof by_token[1]);
}

static void print_routes(const double *normal)
{
    enum { T = 77, E = 41, K = 5 };
    static float single[T * E], weights[T * K];
    static int32_t ids[T * K];
    static uint8_t scratch[1 << 16];
    for (int i = 0; i < T * E; ++i) {
        single[i] = i % 97 ? (float)normal[i] : 40.0f * (float)normal[i];
    }
    for (int32_t score = 0; score < TM_SCORE_IDENTITY; ++score) {
        for (int32_t dtype = TM_FLOAT32; dtype <= TM_FLOAT64; ++dtype) {
            const tm_router router = {.columns = E,
                                      .experts = E,
                                      .top_k = K,
                                      .score = score,
                                      .bias_on = TM_BIAS_CHOICE,
                                      .groups = 1,
                                      .groups_kept = 1,
                                      .group_best = 1,
                                      .norm = TM_NORM_SUM,
                                      .eps = 1e-20,
                                      .power = 1,
                                      .scale = 2.5,
                                      .logit_scale = 1};
            const tm_route_call call = {.tokens = T,
                                        .logits = dtype == TM_FLOAT32 ? (const void *)single : (const void *)normal,
                                        .dtype = dtype,
                                        .row_stride = E,
                                        .bias = normal,
                                        .expert_ids = ids,
                                        .weights = weights,
                                        .scratch = scratch,
                                        .scratch_bytes = sizeof scratch};
            check(tm_route(&router, &call));
            print_checksum("route ids", ids, sizeof ids);
            print_checksum("route weights", weights, sizeof weights);
        }
    }
}

/* groups of whole vectors */
static void print_grouped(const double *normal)
{
    enum { T = 37, E = 64, K = 2 };
    static float single[T * E], weights[T * K];
    static int32_t ids[T * K];
    static uint8_t scratch[1 << 16];
    for (int i = 0; i < T * E; ++i) { /* some tokens have groups that are the same */
        single[i] = i % 97 ? (float)normal[i / E % 3 ? i : i % (E / 2)] : 40.0f * (float)normal[i];
    }
    const tm_router router = {.columns = E,
                              .experts = E,
                              .top_k = K,
                              .score = TM_SCORE_SIGMOID,
                              .bias_on = TM_BIAS_CHOICE,
                              .groups = 2,
                              .groups_kept = 1,
                              .group_best = 2,
                              .fill = -__builtin_inf(),
                              .norm = TM_NORM_SUM,
                              .eps = 1e-20,
                              .power = 1,
                              .scale = 2.5,
                              .logit_scale = 1};
    const tm_route_call call = {.tokens = T,
                                .logits = single,
                                .dtype = TM_FLOAT32,
                                .row_stride = E,
                                .bias = normal,
                                .expert_ids = ids,
                                .weights = weights,
                                .scratch = scratch,
                                .scratch_bytes = sizeof scratch};
    check(tm_route(&router, &call));
    print_checksum("grouped ids", ids, sizeof ids);
    print_checksum("grouped weights", weights, sizeof weights);
}

int main(void)
{
    static double normal[N];
    for (int32_t i = 0; i < tm_isa_count(); ++i) {
        isa = tm_isa_name(i);
        if (tm_isa_supported(i)) {
            check(tm_isa_select(isa));
            print_random(normal);
            print_statistics(normal);
            print_dispatch(normal);
            print_routes(normal);
            print_grouped(normal);
            print_scores(normal);
            print_assignments(normal);
            print_charges();
        }
    }
    return 0;
}
