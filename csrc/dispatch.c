/* dispatch.c: which instruction set runs.
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
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
            && __builtin_cpu_supports("bmi2");
    }
    if (tables[isa] == &tm_kernels_avx512) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
            && __builtin_cpu_supports("bmi2");
    }
#endif
    return 1;
}

const tm_kernels *tm_active_kernels(void)
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

const char *tm_isa_active(void) { return tm_active_kernels()->name; }

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
