/* accounting.c: the argument checks in front of the kernel that charges ledgers. */
#include "isa/kernels.h"

static int32_t check_prices(const tm_prices *p)
{
    if (!p->key_of || !p->timed || !p->cells || !p->weights || !p->fixed
        || !p->exact_only || !p->prices || !p->divisors || !p->slots || !p->flags || !p->first_step
        || (p->epochs > 1 && !p->starts) || !p->more_above || (p->calendars && (!p->weeks || !p->unchanged))) {
        return TM_E_NULL_POINTER;
    }
    if (p->keys < 0 || p->epochs < 1 || p->calendars < 0 || p->rows < 1 || p->service_tiers < 1 || p->regions < 1
        || p->rounding < 0 || p->rounding > TM_ROUND_UP || p->largest_weight < 0) {
        return TM_E_SIZE;
    }
    if (p->first_step[p->rows] > 0 && (!p->step_slot || !p->step_above || !p->step_price)) {
        return TM_E_NULL_POINTER;
    }
    return TM_OK;
}

/* whether one of some columns is neither -1 nor below the number of them */
static int is_outside(const int32_t *some, int count, int32_t columns)
{
    int outside = 0;
    for (int i = 0; i < count; ++i) {
        outside |= some[i] < -1 || some[i] >= columns;
    }
    return outside;
}

static int32_t check_overlap(const tm_overlap *o, int32_t columns)
{
    if (!o || !o->home) {
        return TM_E_NULL_POINTER;
    }
    const int32_t single[] = {o->input,          o->input_text,     o->cache_read, o->cache_write,
                              o->cache_write_5m, o->cache_write_1h, o->output,     o->output_text};
    int outside = is_outside(single, sizeof single / sizeof *single, columns) || is_outside(o->parts, 3, columns)
                  || is_outside(o->cached, 4, columns) || is_outside(o->made, 4, columns);
    for (int c = 0; c < columns; ++c) {
        outside |= o->home[c] < -1 || o->home[c] >= columns;
    }
    return outside ? TM_E_SIZE : TM_OK;
}

static int32_t check_columns(const tm_columns *c)
{
    if (!c->leaf || !c->basis || !c->within || !c->nested) {
        return TM_E_NULL_POINTER;
    }
    if (c->columns < 1 || c->columns > TM_COLUMNS_MAX || c->lanes < c->columns || c->lanes > TM_COLUMNS_MAX
        || is_outside(&c->replaced, 1, c->columns) || is_outside(c->replacing, 2, c->columns)) {
        return TM_E_SIZE;
    }
    return c->litellm ? check_overlap(c->overlap, c->columns) : TM_OK;
}

static int32_t check_ledger(const tm_ledger *l, int32_t columns)
{
    if (!l->counts || !l->models) {
        return TM_E_NULL_POINTER;
    }
    for (int32_t c = 0; c < columns; ++c) {
        if (!l->counts[c]) {
            return TM_E_NULL_POINTER;
        }
    }
    return TM_OK;
}

static int32_t check_totals(const tm_totals *t)
{
    if (t->groups < 1 || t->group_columns < 0) {
        return TM_E_SIZE;
    }
    if (!t->narrow || !t->wide || (t->group_columns && (!t->group_codes || !t->group_strides))) {
        return TM_E_NULL_POINTER;
    }
    for (int32_t k = 0; k < t->group_columns; ++k) {
        if (!t->group_codes[k]) {
            return TM_E_NULL_POINTER;
        }
    }
    return TM_OK;
}

int32_t tm_charge(const tm_columns *columns, const tm_prices *prices, const tm_ledger *ledger, uint64_t first,
                  uint64_t rows, const tm_charged *charged, const tm_totals *totals)
{
    if (!columns || !prices || !ledger) {
        return TM_E_NULL_POINTER;
    }
    int32_t status = check_prices(prices);
    if (status == TM_OK) {
        status = check_columns(columns);
    }
    if (status == TM_OK) {
        status = check_ledger(ledger, columns->columns);
    }
    if (status == TM_OK && totals) {
        status = check_totals(totals);
    }
    if (status == TM_OK && prices->narrow_weights && columns->lanes != 8 && columns->lanes != 16) {
        status = TM_E_SIZE;
    }
    if (status != TM_OK) {
        return status;
    }
    tm_active_kernels()->charge(columns, prices, ledger, (size_t)first, (size_t)rows, charged, totals);
    return TM_OK;
}
