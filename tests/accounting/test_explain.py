"""Explanations: the numbers of a charge, line by line, and what kept a row from being charged."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.accounting.books import books, with_bases
from tests.accounting.test_billing_cases import CASES, Case
from tests.oracle.peer_vocabulary import book_of, row_of
from tests.oracle.test_accounting_peers import cases as peer_cases
from tokenmill.accounting import CONVENTIONS, PriceBook, Status, charge, describe, explain
from tokenmill.accounting.rates import Hours, ModelPrices, Period, Rate, Special, Window
from tokenmill.accounting.rules import PriceRules, UsageConvention
from tokenmill.accounting.status import ROUNDED

BOOK = PriceBook.from_dict(
    {
        "name": "house",
        "fee": "0.001",
        "discounts": {"acme": "0.9"},
        "models": [
            {
                "provider": "acme",
                "name": "sage",
                "aliases": ["wise"],
                "patterns": ["sage-*"],
                "regions": {"eu": "1.1"},
                "windows": {
                    "night": {
                        "hours": "00:00-06:00",
                        "weekdays": [1, 2],
                        "time_zone": "Asia/Shanghai",
                    }
                },
                "fallbacks": [{"unit": "cache_write", "source": "input", "factor": "5/4"}],
                "periods": [
                    {"start": "2026-01-01", "name": "page", "prices": {"input": "1"}},
                    {
                        "start": "2026-03-01",
                        "prices": {
                            "input": {"base": "2", ">1000": "4"},
                            "input@batch": "1",
                            "output": "8",
                            "web_searches": "dynamic",
                        },
                        "window_prices": {"night": {"output": "4"}},
                    },
                ],
            }
        ],
    }
)
ROW = {
    "provider": "acme",
    "model": "sage",
    "time": datetime(2026, 3, 2, 17, 5, tzinfo=UTC),
    "service_tier": "batch",
    "region": "eu",
    "input": 3000,
    "cache_write": 400,
    "output": 10,
    "reasoning": 4,
}


def same_as_charge(row: dict[str, Any], book: PriceBook, convention: Any) -> None:
    """The explanation of a row has the numbers of its charge, and its lines add up to them."""
    table = {name: [v] if np.ndim(v) == 0 else v for name, v in row.items()}
    charges = charge(table, book, convention=convention, cost_dtype="int128", per_class=True)
    found = explain(row, book, convention=convention)
    code = int(charges.status[0])
    assert (found.cost, found.scale) == (charges.cost[0], charges.scale)
    assert found.status is Status(code & ~ROUNDED)
    assert found.price_row == charges.price_row[0]
    total = sum((line.count * line.price for line in found.lines), found.rounding)
    assert total == Fraction(found.cost, 10**found.scale)
    assert (found.rounding == 0) or code & ROUNDED
    assert bool(found.reason) == (found.status > Status.PRICED_ZERO)
    assert str(found).splitlines()[-1].split()[1].startswith(found.status.name)
    assert describe(book, found.price_row)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_billing_case_is_explained(case: Case) -> None:
    model = {"provider": "p", "name": "m", **({"prices": case.prices} if case.prices else {})}
    book = PriceBook.from_dict({"models": [model | case.model], **case.book})
    same_as_charge({"provider": "p", "model": "m"} | case.row, book, case.convention)


@pytest.mark.parametrize("case", peer_cases())
def test_every_peer_case_is_explained(case: dict[str, Any]) -> None:
    row, convention = row_of(case["usage"])
    same_as_charge(row, book_of(case["prices_usd_per_mtok"], row["service_tier"][0]), convention)


UNIT_NAMES = ["cache_read", "cache_write", "cache_write_1h", "input_audio", "reasoning", "requests"]
prices = st.fractions(0, 1, max_denominator=10**6)


def rates() -> st.SearchStrategy[list[Rate]]:
    """Rates of one period: input and output always, parts and tiers at random."""
    other = st.builds(
        Rate,
        st.sampled_from(["input", "output", *UNIT_NAMES]),
        prices | st.just(Special.INHERIT),
        st.sampled_from(["", "batch"]),
        st.sampled_from([-1, 0, 1000, 10**6]),
        st.sampled_from(["", "night"]),
    )
    base = st.tuples(
        st.builds(Rate, st.just("input"), prices), st.builds(Rate, st.just("output"), prices)
    )
    return st.tuples(base, st.lists(other, max_size=6)).map(
        lambda found: list(
            {
                (r.unit, r.service_tier, r.above, r.window): r for r in (*found[0], *found[1])
            }.values()
        )
    )


@st.composite
def priced(draw: st.DrawFn) -> PriceBook:
    """A book of one model, under any rules, that charges nearly every row."""
    starts = [None, date(2026, 2, 1)][: draw(st.integers(1, 2))]
    model = ModelPrices(
        "p",
        "m",
        tuple(Period(start, tuple(draw(rates()))) for start in starts),
        windows={"night": Window((Hours(((1320, 360),)),), "Europe/Berlin")},
        multipliers=(("region", "eu", Fraction(11, 10)), ("service_tier", "flex", Fraction(1, 2))),
        fallbacks=(("cache_write", "input", draw(prices)),),
    )
    rules = PriceRules(
        tier_basis=draw(st.sampled_from(["input", "uncached", "input+output", "unit"])),
        tier_reach=draw(st.sampled_from(["whole", "marginal"])),
        unpriced="ignore",
    )
    return PriceBook(
        "b",
        (with_bases(model) if rules.by_unit else model,),
        rules=rules,
        rounding="half_up",
        fee=draw(prices),
        discounts=(("p", draw(prices)),),
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), priced(), st.sampled_from(list(CONVENTIONS.values())))
def test_random_rows_are_explained(data: st.DataObject, book: PriceBook, convention: Any) -> None:
    few = st.dictionaries(st.sampled_from(UNIT_NAMES), st.integers(0, 500), max_size=4)
    whole = st.fixed_dictionaries(
        {"input": st.integers(0, 2 * 10**6), "output": st.integers(0, 5000)}
    )
    row = {"provider": "p", "model": "m", **data.draw(few), **data.draw(whole)}
    row["time"] = data.draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 1)))
    row["service_tier"] = data.draw(st.sampled_from(["", "batch", "flex", "priority"]))
    row["region"] = data.draw(st.sampled_from(["", "eu", "us"]))
    same_as_charge(row, book, convention)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data(), books)
def test_rows_under_any_book_are_explained(data: st.DataObject, book: PriceBook) -> None:
    units = {r.unit for m in book.models for p in m.periods for r in p.rates}
    counts = st.dictionaries(
        st.sampled_from(["input", *sorted(units)]), st.integers(-1, 10**7), min_size=1, max_size=5
    )
    names = st.sampled_from([(m.provider, m.name) for m in book.models] or [("", "m")])
    provider, name = data.draw(names)
    row: dict[str, Any] = {"provider": provider, "model": name, **data.draw(counts)}
    if data.draw(st.booleans()):
        row["time"] = data.draw(st.datetimes(datetime(1999, 1, 1), datetime(2101, 1, 1)))
    same_as_charge(row, replace(book, rounding="half_up", public=None), "native")


def test_the_text_says_what_decided_the_price() -> None:
    assert str(explain(ROW, BOOK, convention="native")) == EXPECTED


EXPECTED = """\
model         acme/sage, by its name
time          2026-03-02 17:05:00 UTC
price row     31
period        from 2026-03-01
service tier  batch
region        eu
factors       region eu x 1.1, acme x 0.9: together 0.99
window        night is open (00:00-06:00 on weekdays 1 2) at Tuesday 01:05:00 Asia/Shanghai
context tier  input = 3,000, above 1,000
input         2,600 x 3.96 per 1,000,000 = 0.010296    own rate, above 1,000
cache_write     400 x 4.95 per 1,000,000 = 0.00198     fallback 5/4 x input
output            6 x 3.96 per 1,000,000 = 0.00002376  own rate, window night
reasoning         4 x 3.96 per 1,000,000 = 0.00001584  price of output: own rate, window night
request           1 x 0.001              = 0.001       fee of the book
cost          0.0133156 USD
status        OK"""


def changed(**values: Any) -> dict[str, Any]:
    row = ROW | values
    return {name: value for name, value in row.items() if value is not None}


AMBIGUOUS = PriceBook.from_dict(
    {"models": [{"provider": p, "name": "sage", "prices": {"input": "1"}} for p in "ab"]}
)
REASONS = {
    "no model": (changed(model=""), "MISSING_FIELD: no model"),
    "a misspelled one": (
        changed(model="sgae"),
        "UNKNOWN_MODEL: no model 'sgae' of provider 'acme' in book 'house'; did you mean 'sage'?",
    ),
    "no time": (
        changed(time=None),
        "MISSING_FIELD: no time, and the prices depend on it",
    ),
    "early": (
        changed(time="2025-12-31"),
        "BEFORE_FIRST_DATE: the first price is from 2026-01-01",
    ),
    "a tier": (
        changed(service_tier="bath"),
        "BAD_VALUE: no service tier 'bath' in book 'house'; did you mean 'batch'?",
    ),
    "a fraction": (changed(output=1.5), "BAD_VALUE: cannot be read: output"),
    "no time that can be read": (
        changed(time="soon"),
        "MISSING_FIELD: no time, and the prices depend on it; cannot be read: time",
    ),
    "negative": (changed(output=-1), "NEGATIVE_COUNT: below 0: output -1"),
    "parts": (
        changed(cache_write=5000),
        "SUBSET_EXCEEDS_TOTAL: less their parts there are left: input -2,000",
    ),
    "dynamic": (
        changed(web_searches=1),
        "DYNAMIC_PRICE: the provider sets the price per request: web_searches",
    ),
    "no price": (
        changed(code_sessions=3),
        "NO_PRICE: neither it nor what contains it has a price: code_sessions 3",
    ),
    "a part alone": (
        changed(input=None),
        "MISSING_FIELD: counted: cache_write; not counted: input",
    ),
}


@pytest.mark.parametrize(("row", "told"), REASONS.values(), ids=REASONS)
def test_a_refused_row_says_what_is_missing(row: dict[str, Any], told: str) -> None:
    found = explain(row, BOOK, convention="native")
    assert str(found).splitlines()[-1].split(maxsplit=1)[1] == told
    assert (found.cost, found.lines) == (0, ())


def test_models_that_fit_equally_well_are_listed() -> None:
    found = explain({"model": "sage", "input": 1}, AMBIGUOUS, convention="native")
    assert found.reason == "'sage' fits a/sage, b/sage: give the provider"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sage", "acme/sage, by its name"),
        ("wise", "acme/sage, by its alias wise"),
        ("sage-2", "acme/sage, sage-2 by the pattern sage-*"),
    ],
)
def test_the_model_says_how_it_was_found(name: str, told: str) -> None:
    assert dict(explain(changed(model=name), BOOK, convention="native").facts)["model"] == told


def test_marginal_tiers_have_a_line_for_each_step() -> None:
    rules = {"tier_basis": "unit", "tier_reach": "marginal"}
    prices = {"input": {"base": "1", ">10": "2", ">20": "3"}}
    book = PriceBook.from_dict({"rules": rules, "models": [{"name": "m", "prices": prices}]})
    row = {"model": "m", "input": 25, "cache_read": 15}
    lines = explain(row, book, convention="native").lines
    assert [(line.unit, line.count, line.price * line.per, line.source) for line in lines] == [
        ("input", 10, 1, "own rate; input + cache_read"),
        ("input", 10, 2, "own rate; input + cache_read, above 10"),
        ("input", 5, 3, "own rate; input + cache_read, above 20"),
    ]


PARTS = PriceBook.from_dict(
    {
        "models": [
            {
                "name": "m",
                "prices": {"input": "1", "cache_read": "2", "input_audio": "3", "cache_write": "4"},
            }
        ]
    }
)


def test_parts_are_cut_as_litellm_cuts_them() -> None:
    row = {"model": "m", "input": 10, "cache_read": 4, "input_audio": 9}
    same_as_charge(row, PARTS, "litellm")
    lines = explain(row, PARTS, convention="litellm").lines
    assert {line.unit: line.count for line in lines} == {"cache_read": 4, "input_audio": 6}


def test_writes_by_time_to_live_replace_their_sum() -> None:
    replaced = UsageConvention("replaced", writes="replace")
    row = {"model": "m", "input": 10, "cache_write": 9, "cache_write_5m": 1, "cache_write_1h": 2}
    same_as_charge(row, PARTS, replaced)
    lines = explain(row, PARTS, convention=replaced).lines
    assert {line.unit: line.count for line in lines} == {
        "input": 7,
        "cache_write_1h": 2,
        "cache_write_5m": 1,
    }


def test_what_rounding_adds_has_a_line() -> None:
    prices = {"audio_milliseconds": {"price": "2", "per": 60_000}}
    book = PriceBook.from_dict(
        {"rounding": "half_even", "models": [{"name": "m", "prices": prices}]}
    )
    found = explain({"model": "m", "audio_milliseconds": 100}, book, convention="native")
    assert found.rounding == Fraction(33, 10**4) - Fraction(1, 300) == Fraction(-1, 30_000)
    assert str(found).splitlines()[-3:] == [
        "rounding            -1/30000",
        "cost                0.0033 USD",
        "status              OK",
    ]


def test_a_table_and_nested_fields_are_rows_too() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    row = {"model": "m", "prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}}
    book = PriceBook.from_dict(
        {"models": [{"name": "m", "prices": {"input": "1", "cache_read": "0.5"}}]}
    )
    found = explain(row, book, convention="openai")
    assert [(line.unit, line.count) for line in found.lines] == [("input", 3), ("cache_read", 2)]
    assert explain(pyarrow.Table.from_pylist([row]), book, convention="openai") == found
    assert explain({"n": np.int64(5)}, book, convention="native", columns={"n": "input"},
                   constants={"model": "m"}).cost == 5 * 10  # fmt: skip


@pytest.mark.parametrize("count", [[], [1, 2]])
def test_more_or_less_than_one_row_is_refused(count: list[int]) -> None:
    with pytest.raises(ValueError, match=f"usage_row: expected one row, found {len(count)}"):
        explain({"model": ["m"] * len(count), "input": count}, BOOK, convention="native")


def test_a_price_row_is_described() -> None:
    found = explain(ROW, BOOK, convention="native")
    assert describe(BOOK, found.price_row) == (
        "acme/sage, from 2026-03-01, service tier batch, region eu, window night, input above 1,000"
    )
    early = explain(changed(time="2026-01-05", region=None), BOOK, convention="native")
    assert describe(BOOK, early.price_row) == (
        "acme/sage, from 2026-01-01 until 2026-03-01 (page), service tier batch"
    )
    assert describe(BOOK, -1) == "no price row"


@pytest.mark.parametrize("number", [-2, 1 << 32, 10**6])
def test_a_number_that_is_no_price_row_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="number: expected a price row of book 'house'"):
        describe(BOOK, number)


@pytest.mark.parametrize("number", [1.5, True, "1"])
def test_a_price_row_is_a_number(number: Any) -> None:
    with pytest.raises(TypeError, match="number: expected the number of a price row"):
        describe(BOOK, number)


def test_a_contract_shows_the_cost_at_list_prices() -> None:
    row = {"provider": "p", "model": "m", "input": 1000, "output": 1}
    rates = (Rate("input", Fraction(2)), Rate("output", Fraction(3)))
    listed = PriceBook("list", (ModelPrices("p", "m", (Period(None, rates),)),))
    contract = listed.with_terms(discounts={"p": Fraction(9, 10)}, fee=Fraction(1, 3))
    contract = replace(contract, rounding="up")
    found = explain(row, contract, convention="native")
    charged = charge({n: [v] for n, v in row.items()}, contract, convention="native")
    assert charged.list_cost is not None and found.listed is not None
    assert (found.listed.cost, found.listed.scale) == (int(charged.list_cost[0]), 0)
    assert found.list_money == Decimal(2003)
    assert "\nlist cost     2003 USD\n" in str(found)
    assert explain(row, listed, convention="native").listed is None
    assert "list cost" not in str(explain(row, listed, convention="native"))


def test_a_model_of_the_contract_alone_has_no_list_cost() -> None:
    rates = (Rate("input", Fraction(2)),)
    listed = PriceBook("list", (ModelPrices("p", "m", (Period(None, rates),)),))
    own = PriceBook("deal", (ModelPrices("p", "new", (Period(None, rates),)),))
    found = explain({"model": "new", "input": 3}, listed.overlay(own), convention="native")
    assert found.list_money is None
    assert "list cost     none: UNKNOWN_MODEL" in str(found)
