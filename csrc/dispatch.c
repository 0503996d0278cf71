/* dispatch.c: which instruction set runs, and the argument checks in front of every kernel.
 *
 * The active table is one atomic pointer. It starts at the best set this processor runs; tm_isa_select moves it. Results are
 * the same bits whichever is active, so a change while kernels run is harmless.
 */
#include <stdatomic.h>
#include <string.h>

#include "isa/kernels.h"

#ifndef TM_FLAGS
#define TM_FLAGS "unknown"
#endif
#ifndef TM_SOURCE_HASH
#define TM_SOURCE_HASH "unknown"
#endif

static const tm_kernels *const tables[] = {
    &tm_kernels_baseline,
#if defined(__x86_64__)
    &tm_kernels_avx2,
    &tm_kernels_avx512,
#elif defined(__aarch64__)
    &tm_kernels_neon,
#endif
};
#define TABLE_COUNT ((int32_t)(sizeof tables / sizeof *tables))

static _Atomic(const tm_kernels *) active = NULL;

int32_t tm_isa_count(void) { return TABLE_COUNT; }

const char *tm_isa_name(int32_t isa) { return isa >= 0 && isa < TABLE_COUNT ? tables[isa]->name : NULL; }

int32_t tm_isa_supported(int32_t isa)
{
    if (isa < 0 || isa >= TABLE_COUNT) {
        return 0;
    }
#if defined(__x86_64__)
    if (tables[isa] == &tm_kernels_avx2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    }
    if (tables[isa] == &tm_kernels_avx512) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    }
#endif
    return 1;
}

static const tm_kernels *kernels(void)
{
    const tm_kernels *table = atomic_load_explicit(&active, memory_order_acquire);
    if (!table) { /* every thread that gets here finds the same one */
        int32_t best = TABLE_COUNT - 1;
        while (!tm_isa_supported(best)) {
            --best;
        }
        table = tables[best];
        atomic_store_explicit(&active, table, memory_order_release);
    }
    return table;
}

const char *tm_isa_active(void) { return kernels()->name; }

int32_t tm_isa_select(const char *name)
{
    if (!name) {
        return TM_E_NULL_POINTER;
    }
    for (int32_t isa = 0; isa < TABLE_COUNT; ++isa) {
        if (strcmp(tables[isa]->name, name) == 0) {
            if (!tm_isa_supported(isa)) {
                return TM_E_ISA_UNSUPPORTED;
            }
            atomic_store_explicit(&active, tables[isa], memory_order_release);
            return TM_OK;
        }
    }
    return TM_E_ISA_UNKNOWN;
}

const char *tm_compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

const char *tm_compile_flags(void) { return TM_FLAGS; }

const char *tm_source_hash(void) { return TM_SOURCE_HASH; }

static int32_t check_law(const tm_law *law)
{
    if (!law) {
        return TM_E_NULL_POINTER;
    }
    if (law->kind >= TM_LAW_END) {
        return TM_E_LAW;
    }
    if (law->kind < TM_LAW_TABULATED) {
        return TM_OK;
    }
    if (!law->table) {
        return TM_E_NULL_POINTER;
    }
    if (law->kind == TM_LAW_TABULATED) {
        double s = law->parameters[3];
        if (!(s == 4.0 || s == 5.0 || s == 6.0 || s == 7.0)) {
            return TM_E_TABLE;
        }
        return law->table_length == 2 * (((uint64_t)53 << (int)s) + 1) * 6 ? TM_OK : TM_E_TABLE;
    }
    if (law->kind == TM_LAW_DISCRETE && law->table_length % 2) {
        return TM_E_TABLE;
    }
    return law->table_length ? TM_OK : TM_E_TABLE;
}

int32_t tm_philox4x32(size_t n, const uint32_t *counter, const uint32_t *key, uint32_t *out)
{
    if (n && (!counter || !key || !out)) {
        return TM_E_NULL_POINTER;
    }
    kernels()->philox4x32(n, counter, key, out);
    return TM_OK;
}

int32_t tm_elementary(int32_t function, size_t n, const double *x, double *y)
{
    if (n && (!x || !y)) {
        return TM_E_NULL_POINTER;
    }
    if (function < 0 || function >= TM_FUNCTION_END) {
        return TM_E_FUNCTION;
    }
    kernels()->elementary(function, n, x, y);
    return TM_OK;
}

int32_t tm_quantile(const tm_law *law, size_t n, const double *u, double *x)
{
    int32_t status = check_law(law);
    if (status != TM_OK) {
        return status;
    }
    if (n && (!u || !x)) {
        return TM_E_NULL_POINTER;
    }
    kernels()->quantile(law, n, u, x);
    return TM_OK;
}

int32_t tm_sample(const tm_law *law, uint64_t seed, uint64_t start, size_t n, double *out)
{
    int32_t status = check_law(law);
    if (status != TM_OK) {
        return status;
    }
    if (n && !out) {
        return TM_E_NULL_POINTER;
    }
    if (n && start > UINT64_MAX - n) {
        return TM_E_RANGE;
    }
    kernels()->sample(law, seed, start, n, out);
    return TM_OK;
}

void tm_moments_init(tm_moments *moments)
{
    memset(moments, 0, sizeof *moments);
    moments->minimum = __builtin_inf();
    moments->maximum = -__builtin_inf();
    moments->argmin = moments->argmax = UINT64_MAX;
}

int32_t tm_moments_add(size_t n, const double *y, uint64_t first_index, tm_moments *moments)
{
    if (!moments || (n && !y)) {
        return TM_E_NULL_POINTER;
    }
    kernels()->moments_add(n, y, first_index, moments);
    return TM_OK;
}

int32_t tm_histogram_add(size_t n, const double *y, uint32_t *histogram)
{
    if (n && (!y || !histogram)) {
        return TM_E_NULL_POINTER;
    }
    kernels()->histogram_add(n, y, histogram);
    return TM_OK;
}

int32_t tm_products_add(size_t n, const double *x, double centre, const double *y, tm_sum *sum)
{
    if (!sum || (n && (!x || !y))) {
        return TM_E_NULL_POINTER;
    }
    kernels()->products_add(n, x, centre, y, sum);
    return TM_OK;
}

int32_t tm_sweep_draw(const tm_sweep *sweep, uint64_t block)
{
    if (!sweep || (sweep->input_count && (!sweep->inputs || !sweep->columns))) {
        return TM_E_NULL_POINTER;
    }
    kernels()->sweep_draw(sweep, block);
    return TM_OK;
}

int32_t tm_sweep_collect(tm_sweep *sweep, uint64_t block, uint64_t low, uint64_t high)
{
    if (!sweep || !sweep->outputs || !sweep->results) {
        return TM_E_NULL_POINTER;
    }
    if (low > high || high > TM_BLOCK) {
        return TM_E_SIZE;
    }
    kernels()->sweep_collect(sweep, block, low, high);
    return TM_OK;
}
