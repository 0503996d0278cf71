"""FOCUS rows: unit price x quantity = cost exactly, and what the columns say."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from fractions import Fraction

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenmill.accounting.focus import SkuLine, focus_table
from tokenmill.accounting.units import UNITS, own_unit

DAY = date(2026, 3, 1)


def line(**fields) -> SkuLine:  # type: ignore[no-untyped-def]
    price = fields.pop("price", Fraction(25, 10**7))
    given = {
        "day": DAY,
        "provider": "openai",
        "model": "gpt-x",
        "unit": UNITS["input"],
        "price_row": "7",
        "quantity": 8_400_001,
        "price": price,
        "list_price": price,
    }
    return SkuLine(**(given | fields))


def products_hold(rows: list[dict]) -> bool:  # type: ignore[type-arg]
    with localcontext(prec=200):
        return all(
            row[f"{kind}UnitPrice"] * row["PricingQuantity"] == row[f"{kind}Cost"]
            for row in rows
            for kind in ("List", "Contracted")
        )


def test_a_row_says_what_the_specification_asks_for() -> None:
    (row,) = focus_table([line(list_price=Fraction(5, 10**6), tags=(("team", "a"),))]).to_pylist()
    assert row["PricingQuantity"] == Decimal("8.400001") and row["PricingUnit"] == "1000000 Tokens"
    assert row["ConsumedQuantity"] == 8_400_001 and row["ConsumedUnit"] == "Tokens"
    assert row["ContractedUnitPrice"] == Decimal("2.5") and row["ListUnitPrice"] == 5
    assert row["ListCost"] == Decimal("42.000005")
    costs = {row[name] for name in ("ContractedCost", "BilledCost", "EffectiveCost")}
    assert costs == {Decimal("21.0000025")}
    assert row["SkuId"] == "openai/gpt-x/input" and row["SkuMeter"] == "Input Tokens"
    assert json.loads(row["SkuPriceDetails"]) == {
        "TokenType": "Input",
        "x_Model": "gpt-x",
        "x_Unit": "input",
    }
    assert json.loads(row["Tags"]) == {"team": "a"}
    assert row["ChargePeriodStart"] == datetime(2026, 3, 1, tzinfo=UTC)
    assert row["ChargePeriodEnd"] == datetime(2026, 3, 2, tzinfo=UTC)
    assert row["BillingPeriodEnd"] == datetime(2026, 4, 1, tzinfo=UTC)
    assert row["ChargeClass"] is None and row["ChargeCategory"] == "Usage"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**12),
            st.integers(0, 10**15),
            st.integers(0, 10**15),
            st.integers(0, 18),
            st.sampled_from(list(UNITS.values())),
        ),
        max_size=8,
    )
)
def test_unit_price_times_quantity_is_the_cost(rows) -> None:  # type: ignore[no-untyped-def]
    lines = [
        line(
            quantity=quantity,
            price=Fraction(price, 10**places),
            list_price=Fraction(listed, 10**places),
            unit=unit,
        )
        for quantity, price, listed, places, unit in rows
        # more than 38 digits are refused, below
        if price < 10 ** (places + 3) and listed < 10 ** (places + 3)
    ]
    buffer = io.BytesIO()
    pq.write_table(focus_table(lines), buffer)
    found = pq.read_table(buffer).to_pylist()
    assert len(found) == len(lines) and products_hold(found)
    with localcontext(prec=200):
        total = sum(row["BilledCost"] for row in found)
    assert Fraction(total) == sum(one.price * one.quantity for one in lines)


def test_marginal_tiers_are_rows_of_their_own() -> None:
    lines = [line(quantity=1, above=200_000, price=Fraction(5, 10**6)), line(quantity=200_000)]
    base, beyond = focus_table(lines).to_pylist()
    assert (base["SkuPriceId"], beyond["SkuPriceId"]) == ("7/input", "7/input>200000")
    assert base["SkuId"] == beyond["SkuId"]
    assert json.loads(beyond["SkuPriceDetails"])["x_AboveTokens"] == 200_000
    assert base["ContractedCost"] + beyond["ContractedCost"] == Decimal("0.500005")


def test_rows_do_not_depend_on_the_order_of_lines() -> None:
    lines = [line(unit=UNITS[name], day=date(2026, 3, d)) for name in ("output", "cache_read")
             for d in (9, 2)]  # fmt: skip
    assert focus_table(lines).equals(focus_table(reversed(lines)))


def test_units_other_than_tokens_and_days_of_a_zone() -> None:
    hour = own_unit("gpu_hours", "", 3600)
    table = focus_table(
        [
            line(unit=UNITS["web_searches"], quantity=3, price=Fraction(1, 100)),
            # a quantity of 1/3600 has no end, so that the price is of single units
            line(unit=hour, quantity=1, price=Fraction(1, 1000), service_tier="batch"),
            line(unit=UNITS["cache_write_1h"], quantity=1, price=Fraction(0)),
        ],
        time_zone="Europe/Berlin",
        currency="EUR",
    )
    rows = {row["SkuMeter"]: row for row in table.to_pylist()}
    assert set(rows) == {"Web Searches", "Gpu Hours", "Cache Write 1h Tokens"}
    assert rows["Gpu Hours"]["PricingUnit"] == rows["Gpu Hours"]["ConsumedUnit"] == "Gpu Hours"
    assert rows["Web Searches"]["PricingUnit"] == "1000 Web Searches"
    assert "TokenType" not in rows["Web Searches"]["SkuPriceDetails"]
    details = json.loads(rows["Cache Write 1h Tokens"]["SkuPriceDetails"])
    assert details["TokenType"] == "CacheWrite"
    assert json.loads(rows["Gpu Hours"]["SkuPriceDetails"])["x_ServiceTier"] == "batch"
    assert rows["Gpu Hours"]["ChargePeriodStart"] == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert rows["Gpu Hours"]["BillingCurrency"] == "EUR"
    assert products_hold(list(rows.values()))


def test_no_lines_give_a_table_without_rows() -> None:
    assert focus_table([]).num_rows == 0 and "SkuPriceId" in focus_table([]).column_names


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"price": Fraction(1, 3), "quantity": 1}, "its cost has no end as a decimal: 1/3"),
        ({"price": Fraction(1, 60), "quantity": 60}, "its list price has no end as a decimal"),
        ({"quantity": -1}, "2026-03-01 openai/gpt-x input: expected a quantity and prices of 0"),
        ({"quantity": 10**37}, "expected at most 38 digits, found"),
    ],
)
def test_what_has_no_exact_row_is_refused(fields, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=text):
        focus_table([line(**fields)])
