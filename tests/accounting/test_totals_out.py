"""Totals and charges on their way out: Arrow, text, differences, list cost of a contract."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tokenmill.accounting import PriceBook, Status, Totals, charge, total

USAGE = {
    "team": ["b", "a", None, "a"],
    "model": ["m", "m", "m", "gone"],
    "input": [1000, 2000, 3, 5],
    "output": [0, 10, 0, 0],
}


def book(name: str, price: str = "2", **more: Any) -> PriceBook:
    prices = {"input": price, "output": "10"}
    return PriceBook.from_dict({"name": name, "models": [{"name": "m", "prices": prices}], **more})


LIST = book("list")
CHEAP = book("cheap", "0.0000125")
CONTRACT = LIST.with_terms(discounts={"": "0.75"})


def by_team(prices: PriceBook = LIST, **more: Any) -> Totals:
    return total(USAGE, prices, convention="native", by=["team"], **more)


def test_totals_are_a_table_of_arrow() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    totals = by_team(what_if=[CHEAP])
    table = pyarrow.table(totals)
    table.validate(full=True)
    assert table.to_pydict() == {
        "team": ["a", "b", None],
        "rows": [1, 1, 1],
        "input": [2000, 1000, 3],
        "output": [10, 0, 0],
        "cost": totals.money,
        "what_if_1": [Decimal("0.000100025"), Decimal("0.0000000125"), Decimal("3.75E-11")],
        "unpriced_rows": [1, 0, 0],
        "unpriced_input": [5, 0, 0],
        "unpriced_output": [0, 0, 0],
    }
    types = {field.name: str(field.type) for field in table.schema}
    assert types["cost"] == f"decimal128(38, {totals.scale})"
    assert types["what_if_1"] == f"decimal128(38, {totals.what_if[0][1]})"
    assert types["input"] == types["rows"] == "int64"


def test_polars_and_duckdb_add_totals_up() -> None:
    polars = pytest.importorskip("polars")
    totals = by_team()
    assert polars.DataFrame(totals)["cost"].sum() == totals.total
    duckdb = pytest.importorskip("duckdb")
    shown = pytest.importorskip("pyarrow").table(totals)
    found = duckdb.sql("select sum(cost), sum(input) from shown").fetchall()
    assert found[0] == (totals.total, 3003), shown


def test_keys_keep_integers_and_name_statuses() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    usage = USAGE | {"customer": [7, 7, 8, 9]}
    found = pyarrow.table(total(usage, LIST, convention="native", by=["customer", "status"]))
    assert found["customer"].to_pylist() == [7, 8, 9]
    assert found["status"].to_pylist() == ["OK", "OK", "UNKNOWN_MODEL"]


def test_counts_beyond_64_bits_are_decimals() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    usage = {"model": ["m"] * 2, "input": [2**63 - 1] * 2}
    found = pyarrow.table(total(usage, LIST, convention="native"))
    assert str(found.schema.field("input").type) == "decimal128(38, 0)"
    assert found["input"].to_pylist() == [2**64 - 2]


def test_a_ledger_without_rows_has_totals_without_groups() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    empty = {"team": [], "model": [], "input": []}
    totals = total(empty, CONTRACT, convention="native", by=["team"], what_if=[CHEAP])
    assert (totals.what_if[0][2], totals.list_cost) == ([], [])
    assert pyarrow.table(totals).num_rows == 0
    assert str(totals).splitlines()[-1].split()[0] == "all"
    assert len(charge(empty, CONTRACT, convention="native").list_cost) == 0


def test_a_key_called_like_another_column_is_refused() -> None:
    usage = USAGE | {"rows": ["x"] * 4}
    totals = total(usage, LIST, convention="native", by=["rows"])
    with pytest.raises(
        ValueError, match="by: expected keys that are no other column, found 'rows'"
    ):
        totals.to_arrow()


def test_differences_are_exact_at_the_finer_scale() -> None:
    totals = by_team(what_if=[CHEAP, LIST])
    differences = totals.difference(0)
    assert differences[1] == Decimal("0.0000000125") - Decimal("0.002")
    assert [own + more for own, more in zip(totals.money, differences, strict=True)] == [
        Decimal("0.000100025"),
        Decimal("0.0000000125"),
        Decimal("0.0000000000375"),
    ]
    assert totals.difference(1) == [0, 0, 0]
    assert totals.what_if_rows == [[1, 1, 1]] * 2


@pytest.mark.parametrize("k", [-1, 1])
def test_a_book_that_was_not_asked_for_has_no_difference(k: int) -> None:
    with pytest.raises(IndexError, match="k: expected one of 1 other books"):
        by_team(what_if=[CHEAP]).difference(k)


def test_rows_that_another_book_cannot_charge_show() -> None:
    other = PriceBook.from_dict({"models": [{"name": "gone", "prices": {"input": "1"}}]})
    totals = by_team(what_if=[other])
    assert totals.rows == [1, 1, 1]
    assert totals.what_if_rows == [[1, 0, 0]]


def test_the_text_is_a_table() -> None:
    assert str(by_team(CONTRACT, what_if=[CHEAP])).splitlines() == [
        "team    rows   cost USD      list         1: cheap  unpriced rows",
        "a          1  0.0030750  0.004100  0.0001000250000              1",
        "b          1  0.0015000  0.002000  0.0000000125000              0",
        "(none)     1  0.0000045  0.000006  0.0000000000375              0",
        "all        3  0.0045795  0.006106  0.0001000375375              1",
    ]
    assert str(total(USAGE, LIST, convention="native")).splitlines()[1].split() == [
        *("3", "0.006106", "1"),
    ]


def test_a_long_text_is_cut() -> None:
    usage = {"team": list(range(1000)), "model": ["m"] * 1000, "input": [2**62] * 1000}
    lines = str(total(usage, LIST, convention="native", by=["team"])).splitlines()
    assert (len(lines), lines[-2]) == (43, "(960 more groups)")
    assert lines[-1].split()[-1] == f"{2**62 * 2 // 1000}.{2**62 * 2 % 1000:03}000"


def test_a_contract_keeps_its_list_cost() -> None:
    totals = by_team(CONTRACT)
    assert totals.what_if == []
    assert totals.list_money == by_team(LIST).money
    assert totals.money == [money * Decimal("0.75") for money in totals.list_money]
    assert totals.list_rows == totals.rows
    pyarrow = pytest.importorskip("pyarrow")
    assert totals.list_scale != totals.scale
    assert pyarrow.table(totals)["list_cost"].to_pylist() == totals.list_money
    charges = charge(USAGE, CONTRACT, convention="native", by=["team"])
    assert charges.list_cost.tolist() == charge(USAGE, LIST, convention="native").cost.tolist()
    assert charges.list_scale == charge(USAGE, LIST, convention="native").scale
    assert charges.totals.list_cost == totals.list_cost
    wide = charge(USAGE, CONTRACT, convention="native", cost_dtype="int128")
    assert wide.list_cost.tolist() == charges.list_cost.tolist()


def test_without_a_contract_there_is_no_list_cost() -> None:
    assert (by_team().list_cost, by_team().list_rows, by_team().list_money) == (None, None, [])
    assert charge(USAGE, LIST, convention="native").list_cost is None


def test_a_model_that_the_list_lacks_has_a_status_there() -> None:
    deal = PriceBook.from_dict({"models": [{"name": "gone", "prices": {"input": "1"}}]})
    charges = charge(USAGE, LIST.overlay(deal), convention="native")
    assert [Status(code).name for code in charges.status] == ["OK"] * 4
    assert [Status(code).name for code in charges.list_status] == ["OK"] * 3 + ["UNKNOWN_MODEL"]
    assert by_team(LIST.overlay(deal)).list_rows == [1, 1, 1]


def test_a_contract_may_have_units_of_its_own() -> None:
    deal = PriceBook.from_dict(
        {
            "units": [{"name": "seats", "direction": "", "per": 1}],
            "models": [{"name": "m", "prices": {"seats": "3"}}],
        }
    )
    usage = {"model": ["m", "m"], "input": [5, 5], "seats": [0, 1]}
    charges = charge(usage, LIST.overlay(deal), convention="native")
    assert [Status(code).name for code in charges.status] == ["OK", "OK"]
    assert [Status(code).name for code in charges.list_status] == ["OK", "NO_PRICE"]


def test_a_unit_that_is_another_elsewhere_is_refused() -> None:
    def seats(per: int) -> PriceBook:
        return book(f"per {per}", units=[{"name": "seats", "direction": "", "per": per}])

    with pytest.raises(ValueError, match="what_if: book 'per 2': .*, found another 'seats'"):
        total({"model": ["m"], "seats": [1]}, seats(1), convention="native", what_if=[seats(2)])


def test_charges_are_a_table_of_arrow() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    charges = charge(USAGE, CONTRACT, convention="native", per_class=True)
    table = pyarrow.table(charges)
    assert table.column_names == [
        "cost", "cost_input", "cost_output", "cost_request", "list_cost", "status", "price_row",
        "list_status",
    ]  # fmt: skip
    assert table["cost"].to_pylist() == [charges.money(i) for i in range(4)]
    assert table["status"].to_pylist() == charges.status.tolist()
    assert table["price_row"].to_pylist() == charges.price_row.tolist()
    wide = charge(USAGE, CONTRACT, convention="native", per_class=True, cost_dtype="int128")
    assert pyarrow.table(wide) == table


def test_list_cost_adds_up_in_any_cut() -> None:
    halves = [{name: values[i : i + 2] for name, values in USAGE.items()} for i in (0, 2)]
    assert total(halves, CONTRACT, convention="native", by=["team"]).list_cost == (
        by_team(CONTRACT).list_cost
    )
    costs = charge(iter(halves), CONTRACT, convention="native").list_cost
    assert np.array_equal(costs, charge(USAGE, CONTRACT, convention="native").list_cost)
