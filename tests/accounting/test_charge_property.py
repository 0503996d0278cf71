"""Random ledgers under random books cost what the readable twin says, to the last digit."""

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from tests.accounting.charged import Case, cases, expected
from tokenmill.accounting import ROUNDED, Charges, Status, charge, total

# A failing case is not made smaller: that takes minutes.
EXAMPLES = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


def charged(case: Case, **options: Any) -> Charges:
    return charge(case.usage, case.book, convention=case.convention, threads=1, **options)


@EXAMPLES
@given(cases())
def test_every_row_costs_what_the_twin_says(case: Case) -> None:
    found = charged(case)
    for at, row in enumerate(expected(case, found.scale)):
        status = int(found.status[at])
        assert Status(status & ~ROUNDED).name == row.status
        assert int(found.cost[at]) == row.cost
        assert bool(status & ROUNDED) == row.rounded


@EXAMPLES
@given(cases())
def test_parts_and_groups_add_up(case: Case) -> None:
    found = charged(case, per_class=True)
    assert found.per_class is not None
    plain = charged(case)
    for name in ("cost", "status", "price_row"):
        assert np.array_equal(getattr(found, name), getattr(plain, name))
    assert sum(found.per_class.values()).tolist() == found.cost.tolist()
    for at, row in enumerate(expected(case, found.scale)):
        parts = {name: int(part[at]) for name, part in found.per_class.items() if part[at]}
        named = {name: cost for name, cost in row.parts.items() if name in found.per_class}
        assert parts.get("request", 0) == row.parts.get("request", 0)
        assert all(parts.get(name, 0) == cost for name, cost in named.items() if cost)
    keys = ["model", "region", "service_tier", "status", "price_row"]
    wide = charged(case, cost_dtype="int128", by=keys).totals
    assert total(case.usage, case.book, convention=case.convention, by=keys, threads=1) == wide
    totals = charged(case, by=keys).totals
    assert totals is not None
    assert sum(totals.cost) == sum(found.cost.tolist())
    plain_status = found.status & ~np.uint8(ROUNDED)
    priced = plain_status <= Status.PRICED_ZERO
    assert (sum(totals.rows), totals.unpriced) == (priced.sum(), (~priced).sum())
    assert totals.statuses == Counter(map(Status, plain_status.tolist()))
    assert totals.rounded_rows == (found.status & ROUNDED > 0).sum()
    for unit in case.units:
        counts = [0 if v is None or v == 1.5 else v for v in case.usage[unit]]
        shares = zip(counts, priced.tolist(), strict=True)
        used = [0, 0]
        for count, is_priced in shares:
            used[is_priced] += count
        assert [sum(totals.unpriced_tokens[unit]), sum(totals.tokens[unit])] == used
