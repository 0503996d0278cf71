/* montecarlo.c: the argument checks in front of the kernels of random numbers and statistics. */
#include <string.h>

#include "isa/kernels.h"

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
    tm_active_kernels()->philox4x32(n, counter, key, out);
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
    tm_active_kernels()->elementary(function, n, x, y);
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
    tm_active_kernels()->quantile(law, n, u, x);
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
    tm_active_kernels()->sample(law, seed, start, n, out);
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
    tm_active_kernels()->moments_add(n, y, first_index, moments);
    return TM_OK;
}

int32_t tm_histogram_add(size_t n, const double *y, uint32_t *histogram)
{
    if (n && (!y || !histogram)) {
        return TM_E_NULL_POINTER;
    }
    tm_active_kernels()->histogram_add(n, y, histogram);
    return TM_OK;
}

int32_t tm_products_add(size_t n, const double *x, double centre, const double *y, tm_sum *sum)
{
    if (!sum || (n && (!x || !y))) {
        return TM_E_NULL_POINTER;
    }
    tm_active_kernels()->products_add(n, x, centre, y, sum);
    return TM_OK;
}

int32_t tm_sweep_draw(const tm_sweep *sweep, uint64_t block)
{
    if (!sweep || (sweep->input_count && (!sweep->inputs || !sweep->columns))) {
        return TM_E_NULL_POINTER;
    }
    tm_active_kernels()->sweep_draw(sweep, block);
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
    tm_active_kernels()->sweep_collect(sweep, block, low, high);
    return TM_OK;
}
