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
    return TM_OK;
}

static int32_t check_ledger(const tm_columns *c, const tm_ledger *l)
{
    if (!c->leaf || !c->basis || !c->within || !c->nested || (c->litellm && !c->overlap) || !l->counts || !l->models) {
        return TM_E_NULL_POINTER;
    }
    if (c->columns < 1 || c->columns > TM_COLUMNS_MAX || c->lanes < c->columns) {
        return TM_E_SIZE;
    }
    for (int i = 0; i < c->columns; ++i) {
        if (!l->counts[i]) {
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
        status = check_ledger(columns, ledger);
    }
    if (status == TM_OK && prices->narrow_weights && columns->lanes != 8 && columns->lanes != 16) {
        status = TM_E_SIZE;
    }
    if (status != TM_OK) {
        return status;
    }
    if (totals && (!totals->narrow || !totals->wide || (totals->group_columns && !totals->group_codes))) {
        return TM_E_NULL_POINTER;
    }
    if (totals && totals->groups < 1) {
        return TM_E_SIZE;
    }
    tm_active_kernels()->charge(columns, prices, ledger, (size_t)first, (size_t)rows, charged, totals);
    return TM_OK;
}
