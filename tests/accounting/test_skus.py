"""Lines of a FOCUS export: they add up to the cost, at list and contracted prices."""

from collections import Counter
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.charge import total
from tokenmill.accounting.focus import focus_table
from tokenmill.accounting.skus import sku_lines

BOOK = PriceBook.from_text("""
name = "list"
fee = "0.001"
[[models]]
provider = "acme"
name = "m"
[[models.periods]]
[models.periods.prices]
input = {base = "2", ">100" = "4"}
cache_read = "0.2"
output = "8"
"output@batch" = "4"
[[models.periods]]
start = "2026-03-02"
prices = {input = "1", output = "8"}
""")
CONTRACT = PriceBook.from_text("""
name = "contract"
[[models]]
provider = "acme"
name = "m"
prices = {output = "7.5"}
""")
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-03"]),
        st.sampled_from(["standard", "batch"]),
        st.integers(0, 300),
        st.integers(0, 100),
        st.integers(0, 10**6),
    ),
    max_size=20,
)


def ledger(rows):  # type: ignore[no-untyped-def]
    days, tiers, extra, cached, made = zip(*rows, strict=True) if rows else ([],) * 5
    return {
        "model": ["m"] * len(rows),
        "time": list(days),
        "service_tier": list(tiers),
        "input": [a + b for a, b in zip(extra, cached, strict=True)],
        "cache_read": list(cached),
        "output": list(made),
    }


@pytest.mark.parametrize(
    "book", [BOOK, BOOK.overlay(CONTRACT), BOOK.with_terms(discounts={"acme": "0.9"})]
)
@settings(deadline=None)  # the first example imports pyarrow
@given(rows=ROWS)
def test_lines_add_up_to_cost_and_list_cost(book: PriceBook, rows) -> None:  # type: ignore[no-untyped-def]
    usage = ledger(rows)
    lines = sku_lines(usage, book, convention="native")
    cost = total(usage, book, convention="native").total
    listed = total(usage, book.public or book, convention="native").total
    assert sum(line.price * line.quantity for line in lines) == Fraction(cost)
    assert sum(line.list_price * line.quantity for line in lines) == Fraction(listed)
    keys = Counter((line.day, line.price_row, line.unit.name) for line in lines)
    assert max(keys.values(), default=1) == 1
    assert focus_table(lines).num_rows == len(lines)


def test_context_and_service_tiers_are_prices_of_their_own() -> None:
    rows = [("2026-03-01", "standard", 50, 50, 10), ("2026-03-01", "batch", 101, 0, 10)]
    lines = sku_lines(ledger(rows), BOOK, convention="native")
    found = {
        (line.service_tier, line.unit.name): (line.quantity, line.price * 10**6)
        for line in lines
        if line.unit.name != "requests"
    }
    assert found == {
        ("", "input"): (50, 2),
        ("", "cache_read"): (50, Fraction(1, 5)),
        ("", "output"): (10, 8),
        ("batch", "input"): (101, 4),
        ("batch", "output"): (10, 4),
    }
    assert {line.day for line in lines} == {date(2026, 3, 1)}
    requests = [line for line in lines if line.unit.name == "requests"]
    assert [(line.quantity, line.price) for line in requests] == [(1, Fraction(1, 1000))] * 2


def stepped(reach: str, basis: str) -> PriceBook:
    return PriceBook.from_text(f"""
name = "steps"
rules = {{tier_reach = "{reach}", tier_basis = "{basis}"}}
[[models]]
provider = "acme"
name = "m"
regions = {{eu = "1.1"}}
[models.prices]
input = {{base = "2", ">10" = "3", ">100" = "3", ">200" = "1"}}
cache_read = {{base = "0.2", ">50" = "0.1"}}
output = "8"
"output@batch" = {{base = "4", ">1000" = "5"}}
""")


STEPPED = [stepped("marginal", "input"), stepped("marginal", "unit"), stepped("whole", "unit")]


@pytest.mark.parametrize("book", [*STEPPED, *(b.with_terms(margin="0.2") for b in STEPPED)])
@settings(deadline=None, max_examples=30)
@given(rows=ROWS)
def test_tiers_by_unit_are_lines_that_add_up(book: PriceBook, rows) -> None:  # type: ignore[no-untyped-def]
    usage = ledger(rows) | {"region": ["eu" if n % 2 else "us" for n in range(len(rows))]}
    lines = sku_lines(usage, book, convention="native")
    totals = total(usage, book, convention="native")
    assert sum(line.price * line.quantity for line in lines) == Fraction(totals.total)
    listed = total(usage, book.public or book, convention="native").total
    assert sum(line.list_price * line.quantity for line in lines) == Fraction(listed)
    assert all(line.quantity > 0 for line in lines)
    table = focus_table(lines).to_pylist()
    for row in table:
        assert row["ContractedUnitPrice"] * row["PricingQuantity"] == row["ContractedCost"]
        assert row["ListUnitPrice"] * row["PricingQuantity"] == row["ListCost"]
    assert len({(row["ChargePeriodStart"], row["SkuPriceId"]) for row in table}) == len(table)


def test_a_marginal_tier_holds_what_each_row_has_beyond_its_threshold() -> None:
    usage = {"model": ["m"] * 3, "input": [11, 230, 9], "time": ["2026-03-01"] * 3}
    found = {
        reach: [
            (line.above, line.quantity, line.price * 10**6)
            for line in sku_lines(usage, stepped(reach, "unit"), convention="native")
        ]
        for reach in ("marginal", "whole")
    }
    # Above 100 the price is that above 10.
    assert found["marginal"] == [(-1, 29, 2), (10, 191, 3), (200, 30, 1)]
    assert found["whole"] == [(-1, 9, 2), (10, 11, 3), (200, 230, 1)]


def test_list_prices_whose_tiers_begin_elsewhere_are_refused() -> None:
    deal = PriceBook.from_text(
        'name = "deal"\nrules = {tier_reach = "marginal", tier_basis = "unit"}\n[[models]]\n'
        'provider = "acme"\nname = "m"\n'
        'prices = {input = {base = "1", ">20" = "2"}}\n'
    )
    usage = {"model": ["m"], "input": [30], "time": ["2026-03-01"]}
    contract = stepped("marginal", "unit").overlay(deal)
    with pytest.raises(ValueError, match="tiers that begin where those of the contract do"):
        sku_lines(usage, contract, convention="native")


def test_a_charged_row_without_a_day_is_refused() -> None:
    book = PriceBook.from_text(
        'name = "x"\n[[models]]\nprovider = "p"\nname = "m"\nprices = {input = "1"}\n'
    )
    usage = {"model": ["m", "m"], "input": [11, 11]}
    with pytest.raises(ValueError, match="expected a time for every charged row"):
        sku_lines(usage | {"time": [None, "2026-03-01"]}, book, convention="native")
