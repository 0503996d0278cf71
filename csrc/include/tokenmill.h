/* tokenmill.h: the public C API of the native core.
 *
 * The part between the two cffi marks, here and in the header of each room, is also the cffi cdef, so it holds plain
 * declarations only: no macros but integer constants, no static inline, no includes. Every call returns a tm_status; results
 * go through trailing pointers; sizes are counted in elements. Nothing here allocates, prints, exits, or keeps a pointer
 * after it returns.
 */
#ifndef TOKENMILL_H
#define TOKENMILL_H

#include <stddef.h>
#include <stdint.h>

/* cffi: begin */
#define TM_STREAM_VERSION 1
#define TM_BLOCK 1024            /* scenarios in a block */
#define TM_LAW_PARAMETERS 8
#define TM_SUM_LIMBS 68          /* 32-bit limbs from 2^-1074 up */
#define TM_SQUARE_LIMBS 136      /* 32-bit limbs from 2^-2148 up */
#define TM_HISTOGRAM_BUCKETS 6291457
#define TM_HISTOGRAM_INTEGERS 4194304   /* first bucket of the exact integers */
#define TM_HISTOGRAM_LIMIT 1048576      /* integers up to this magnitude have a bucket of their own */

typedef enum tm_status {
    TM_OK = 0,
    TM_E_NULL_POINTER = 1,
    TM_E_SIZE = 2,
    TM_E_ISA_UNKNOWN = 3,
    TM_E_ISA_UNSUPPORTED = 4,
    TM_E_LAW = 5,
    TM_E_TABLE = 6,
    TM_E_FUNCTION = 7,
    TM_E_RANGE = 8,
    TM_E_ROUTER = 9,
    TM_STATUS_END = 10
} tm_status;

typedef enum tm_law_kind {
    TM_LAW_CONSTANT = 0,
    TM_LAW_UNIFORM = 1,
    TM_LAW_LOG_UNIFORM = 2,
    TM_LAW_NORMAL = 3,
    TM_LAW_LOG_NORMAL = 4,
    TM_LAW_TRUNCATED_NORMAL = 5,
    TM_LAW_TRIANGULAR = 6,
    TM_LAW_EXPONENTIAL = 7,
    TM_LAW_WEIBULL = 8,
    TM_LAW_PARETO = 9,
    TM_LAW_LOGISTIC = 10,
    TM_LAW_TABULATED = 11,
    TM_LAW_DISCRETE = 12,
    TM_LAW_EMPIRICAL = 13,
    TM_LAW_END = 14
} tm_law_kind;

typedef enum tm_function {
    TM_FUNCTION_EXP = 0,
    TM_FUNCTION_LOG = 1,
    TM_FUNCTION_LOG1P = 2,
    TM_FUNCTION_NORM_PPF = 3,
    TM_FUNCTION_NORM_CDF = 4,
    TM_FUNCTION_END = 5
} tm_function;

/* One uncertain input: how a uniform becomes a value. The parameters of each kind stand in kernels/random/quantile.h. */
typedef struct tm_law {
    uint32_t stream;             /* counter word 2: the hash of the stream's name */
    uint32_t kind;               /* tm_law_kind */
    double parameters[8];
    const double *table;         /* (table_length,) or NULL */
    uint64_t table_length;
} tm_law;

/* Exact sum of doubles: value = sum over i of limb[i] * 2^(32 i - 1074), limbs signed and not normalised. */
typedef struct tm_sum {
    int64_t limb[68];
    uint64_t additions;          /* since the carries were last propagated */
    uint64_t skipped;            /* non-finite terms left out */
} tm_sum;

/* Exact moments of one series. */
typedef struct tm_moments {
    tm_sum sum;
    int64_t square_limb[136];    /* sum of squares: 2^(32 i - 2148) */
    uint64_t count;              /* all values, finite or not */
    uint64_t nan_count;
    uint64_t positive_infinities;
    uint64_t negative_infinities;
    double minimum;              /* of the values that are not NaN; +inf while there is none */
    double maximum;              /* -inf while there is none */
    uint64_t argmin;             /* lowest scenario index that attains the minimum */
    uint64_t argmax;
} tm_moments;

/* Everything collected about one output. */
typedef struct tm_output {
    tm_moments moments;
    uint32_t *histogram;         /* (TM_HISTOGRAM_BUCKETS,) */
    const double *thresholds;    /* (threshold_count,) */
    uint64_t *below;             /* (threshold_count,): values < threshold */
    uint64_t threshold_count;
    tm_sum *products;            /* (input_count,): sum of (x - centre) * y, or NULL */
} tm_output;

/* The state of one thread of a sweep. Inputs are drawn into columns, the model reads columns and writes results. */
typedef struct tm_sweep {
    uint64_t seed;
    uint64_t input_count;
    const tm_law *inputs;        /* (input_count,) */
    double *columns;             /* (input_count, TM_BLOCK) */
    const double *centres;       /* (input_count,): subtracted before products */
    tm_moments *input_moments;   /* (input_count,) or NULL: no correlations */
    uint64_t output_count;
    tm_output *outputs;          /* (output_count,) */
    const double *results;       /* (output_count, TM_BLOCK) */
} tm_sweep;

/* Instruction sets: which this build holds, which this processor runs, which is active. */
int32_t tm_isa_count(void);
const char *tm_isa_name(int32_t isa);
int32_t tm_isa_supported(int32_t isa);
const char *tm_isa_active(void);
int32_t tm_isa_select(const char *name);
const char *tm_compiler(void);
const char *tm_compile_flags(void);
const char *tm_source_hash(void);

/* out (n, 4) = Philox4x32-10 of counter (n, 4) under key (n, 2) */
int32_t tm_philox4x32(size_t n, const uint32_t *counter, const uint32_t *key, uint32_t *out);

/* y (n,) = function of x (n,); y may be x */
int32_t tm_elementary(int32_t function, size_t n, const double *x, double *y);

/* x (n,) = quantile function of the law at u (n,) in (0, 1); x may be u */
int32_t tm_quantile(const tm_law *law, size_t n, const double *u, double *x);

/* out (n,) = the law's values of the scenarios start .. start + n - 1 */
int32_t tm_sample(const tm_law *law, uint64_t seed, uint64_t start, size_t n, double *out);

void tm_moments_init(tm_moments *moments);
/* adds y (n,), whose first value has scenario index first_index */
int32_t tm_moments_add(size_t n, const double *y, uint64_t first_index, tm_moments *moments);
/* counts y (n,) into histogram (TM_HISTOGRAM_BUCKETS,) */
int32_t tm_histogram_add(size_t n, const double *y, uint32_t *histogram);
/* adds the products (x[i] - centre) * y[i], i < n */
int32_t tm_products_add(size_t n, const double *x, double centre, const double *y, tm_sum *sum);

/* Draws every input of a block into the columns. */
int32_t tm_sweep_draw(const tm_sweep *sweep, uint64_t block);
/* Adds the results of the scenarios low <= j < high of a block to the statistics. */
int32_t tm_sweep_collect(tm_sweep *sweep, uint64_t block, uint64_t low, uint64_t high);
/* cffi: end */

#include "tokenmill_routing.h"
#include "tokenmill_dispatch.h"
#include "tokenmill_losses.h"
#include "tokenmill_accounting.h"
#include "tokenmill_route_token.h"
#include "tokenmill_capacity.h"
#include "tokenmill_texts.h"

#endif
