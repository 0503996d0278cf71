/* tokenmill_routing.h: the part of the public C API that routes tokens to experts; the rules are those of tokenmill.h. */
#ifndef TOKENMILL_ROUTING_H
#define TOKENMILL_ROUTING_H

#include <stddef.h>
#include <stdint.h>

/* cffi: begin */
/* How a router's parts are named; the formulas stand in docs/routing.md. */
typedef enum tm_dtype { TM_FLOAT32 = 0, TM_FLOAT64 = 1, TM_BFLOAT16 = 2, TM_FLOAT16 = 3, TM_DTYPE_END = 4 } tm_dtype;
typedef enum tm_score {
    TM_SCORE_SOFTMAX = 0,
    TM_SCORE_SIGMOID = 1,
    TM_SCORE_SQRT_SOFTPLUS = 2,
    TM_SCORE_IDENTITY = 3,
    TM_SCORE_END = 4
} tm_score;
typedef enum tm_bias { TM_BIAS_NONE = 0, TM_BIAS_CHOICE = 1, TM_BIAS_LOGITS = 2, TM_BIAS_END = 3 } tm_bias;
typedef enum tm_weight {
    TM_WEIGHT_SCORE = 0,
    TM_WEIGHT_SOFTMAX = 1,
    TM_WEIGHT_SIGMOID = 2,
    TM_WEIGHT_JOINT = 3,
    TM_WEIGHT_END = 4
} tm_weight;
typedef enum tm_norm { TM_NORM_NONE = 0, TM_NORM_SUM = 1, TM_NORM_FLOOR = 2, TM_NORM_POWER = 3, TM_NORM_END = 4 } tm_norm;
typedef enum tm_method {
    TM_METHOD_TOP_K = 0,
    TM_METHOD_HASH = 1,
    TM_METHOD_PRODUCT_KEYS = 2,
    TM_METHOD_SPARSE_MIXER = 3,
    TM_METHOD_BLOCK = 4,
    TM_METHOD_END = 5
} tm_method;

/* One routing rule. */
typedef struct tm_router {
    int32_t columns;             /* logits of a token */
    int32_t experts;             /* what ids are chosen from: columns less the shared ones; keys squared */
    int32_t top_k;               /* <= 64 */
    int32_t score;               /* tm_score */
    int32_t bias_on;             /* tm_bias */
    int32_t groups;
    int32_t groups_kept;
    int32_t group_best;          /* how many of a group's best are summed */
    int32_t weight;              /* tm_weight */
    int32_t norm;                /* tm_norm */
    int32_t method;              /* tm_method */
    int32_t shared;              /* the last columns, shared experts weighed together with the chosen */
    int32_t skip;                /* 1: the last expert means none */
    int32_t block_size;
    int32_t block_experts;
    double fill;                 /* choice value of the experts of groups that are not kept */
    double eps;                  /* added to the sum, or its floor */
    double power;                /* of the norm */
    double scale;
    double logit_scale;
    double softcap;              /* 0: none */
    double jitter;               /* SparseMixer's epsilon */
} tm_router;

/* Tokens to route and where the results go. */
typedef struct tm_route_call {
    size_t tokens;
    const void *logits;          /* (tokens, columns) */
    int32_t dtype;               /* tm_dtype */
    size_t row_stride;           /* elements from a token to the next */
    const double *bias;          /* (columns,) or NULL */
    const double *expert_scale;  /* (experts,) or NULL */
    const int64_t *token_ids;    /* (tokens,) for TM_METHOD_HASH */
    const int32_t *hash_table;   /* (vocabulary, top_k) for TM_METHOD_HASH */
    int32_t *expert_ids;         /* (tokens, top_k) */
    float *weights;              /* (tokens, top_k) */
    float *shared_weights;       /* (tokens, shared) */
    uint8_t *skipped;            /* (tokens, top_k) */
    int64_t *counts;             /* (experts,): added to, or NULL: no tallies at all */
    int64_t *rank_tokens;        /* (ranks,): added to */
    int64_t *node_tokens;        /* (nodes,): added to */
    int32_t routed;              /* experts that live on ranks: ids below it */
    int32_t ranks;               /* divides routed; 0: not counted */
    int32_t nodes;               /* divides ranks */
    void *scratch;               /* (scratch_bytes,), for this call alone */
    size_t scratch_bytes;        /* >= tm_route_scratch(router) */
} tm_route_call;

/* How many bytes of scratch memory a call with this router needs; 0 for a router that is refused. */
size_t tm_route_scratch(const tm_router *router);
/* The same for calls that score so many columns and choose nothing. */
size_t tm_score_scratch(int32_t columns);
/* Routes every token of the call; ids of the hash table and token ids are the caller's to check. */
int32_t tm_route(const tm_router *router, const tm_route_call *call);
/* cffi: end */

#endif
