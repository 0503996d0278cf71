"""The margin of a price list: exact prices out of a book, whatever shape its prices have."""

from decimal import Decimal
from fractions import Fraction
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.economics.stacks import relaxed
from tokenmill import economics as e
from tokenmill.accounting import PriceBook, charge

BOOK = PriceBook.from_text(
    """
name = "list"

[[models]]
provider = "deepseek"
name = "deepseek-r1"
prices = {input = "0.55", cache_read = "0.14", output = "2.19"}

[[models]]
provider = "any"
name = "no-cache-price"
prices = {input = "0.6", output = "0.6"}

[[models]]
provider = "any"
name = "tiered"
prices = {input = {base = "1.25", ">200000" = "2.5"}, output = {base = "10", ">200000" = "15"}}

[[models]]
provider = "any"
name = "free"
prices = {input = "0", output = "0"}

[[models]]
provider = "any"
name = "input-only"
prices = {input = "1"}
"""
)
REQUEST = {"input_tokens": 3600, "cached_tokens": 2025, "output_tokens": 1000}


def of(model: str, book: PriceBook = BOOK, **changes: object) -> e.ListPrice:
    return e.list_price(book, model, **{**REQUEST, **changes})


def test_prices_are_those_of_the_list() -> None:
    price = of("deepseek-r1")
    found = price.input_usd, price.cached_usd, price.output_usd, price.request_usd
    assert found == (Fraction("0.55"), Fraction("0.14"), Fraction("2.19"), 0)
    assert price.as_floats() == (0.55, 0.14, 2.19)
    assert price.described.startswith("deepseek/deepseek-r1")


def test_a_workload_is_billed_exactly() -> None:
    """608 bn tokens of input, 342 of them cached, and 168 of output: 562,100 USD."""
    billed = of("deepseek-r1").billed_usd_mtok(Fraction(608, 168), Fraction(342, 608))
    assert billed * 168_000 == 562_100
    assert of("deepseek-r1").billed_usd_mtok("2", Decimal("0.5")) == Fraction("2.88")
    kernel = e.billed_per_mtok(*of("deepseek-r1").as_floats(), 608 / 168, 342 / 608)
    assert kernel == pytest.approx(float(billed), rel=1e-14)


@relaxed
@given(
    st.sampled_from(["deepseek-r1", "no-cache-price", "tiered"]),
    st.integers(2, 400_000),
    st.integers(1, 10_000),
    st.data(),
)
def test_a_request_is_billed_what_it_is_charged(
    model: str, input_tokens: int, output: int, data: st.DataObject
) -> None:
    cached = data.draw(st.integers(1, input_tokens - 1))
    counts = {"input": input_tokens, "cache_read": cached, "output": output}
    charged = charge({"model": [model], **{k: [v] for k, v in counts.items()}}, BOOK,
                     convention="native", policy="raise").total  # fmt: skip
    price = of(model, input_tokens=input_tokens, cached_tokens=cached, output_tokens=output)
    billed = price.billed_usd_mtok(Fraction(input_tokens, output), Fraction(cached, input_tokens))
    assert billed * output / 10**6 == Fraction(charged)


def test_marginal_tiers_are_a_mean_and_terms_are_in_the_price() -> None:
    marginal = PriceBook.from_dict({**BOOK.to_dict(), "rules": {"tier_reach": "marginal"}})
    price = of("tiered", marginal, input_tokens=400_000)
    assert 1.25 < price.input_usd < 2.5
    contract = BOOK.with_terms(discounts={"deepseek": "0.5"}, fee="0.001")
    assert of("deepseek-r1", contract).output_usd == Fraction("1.095")
    assert of("deepseek-r1", contract).request_usd == Fraction("0.001")
    # A thousandth for a request of 1,000 output tokens is a dollar for a million of them.
    assert of("deepseek-r1", contract).as_floats()[2] == 2.095
    assert of("deepseek-r1", contract).billed_usd_mtok(0, 0) == Fraction("2.095")


def test_the_context_tier_is_that_of_the_request() -> None:
    assert of("tiered").input_usd == of("tiered").cached_usd == Fraction("1.25")
    long = of("tiered", input_tokens=200_001)
    assert (long.input_usd, long.output_usd) == (Fraction("2.5"), 15)


def test_margin_and_markup_of_a_list() -> None:
    found = e.list_margin(of("deepseek-r1"), 0.288, 2, "0.5")
    assert found.billed_usd_mtok == Fraction("2.88")
    assert (found.margin, found.markup) == pytest.approx((0.9, 9.0), rel=1e-14)
    assert e.list_margin(of("deepseek-r1"), 5.76, 2, "0.5").margin == pytest.approx(-1.0)
    free = e.list_margin(of("free"), 1.0, 2, "0.5")
    assert (free.margin, free.markup) == (-inf, -1.0)
    assert e.list_margin(of("deepseek-r1"), 0.0, 2, 0).markup == inf
    assert e.list_margin(of("deepseek-r1"), inf, 2, 0).margin == -inf


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"model": "r2"}, ValueError, "found 'r2', UNKNOWN_MODEL: no model 'r2'"),
        ({"provider": "else"}, ValueError, "UNKNOWN_MODEL"),
        ({"cached_tokens": 0}, ValueError, "expected input > cached >= 1 and output >= 1 tokens"),
        ({"cached_tokens": 3600}, ValueError, "found 3600, 3600 and 1000"),
        ({"output_tokens": 0}, ValueError, "found 3600, 2025 and 0"),
        ({"input_tokens": 3600.0}, TypeError, "input tokens: expected an integer, found 3600.0"),
        ({"book": {}}, TypeError, "book: expected a PriceBook, found dict"),
        ({"book": PriceBook("x", (), currency="CNY")}, ValueError, "prices in USD, found CNY"),
        ({"model": "input-only"}, ValueError, "found 'input-only'"),
    ],
)
def test_what_cannot_be_priced_is_refused(
    arguments: dict[str, object], kind: type[Exception], words: str
) -> None:
    whole = {"book": BOOK, "model": "deepseek-r1", **REQUEST, **arguments}
    with pytest.raises(kind, match=words):
        e.list_price(**whole)


@pytest.mark.parametrize(
    ("ratio", "hit", "kind", "words"),
    [
        (3.6, 0, TypeError, "in_out_ratio: expected an exact number"),
        (1, True, TypeError, "cache_hit: expected an exact number"),
        (-1, 0, ValueError, "in_out_ratio: expected a number >= 0"),
        (1, "1.01", ValueError, r"cache_hit: expected a share in \[0, 1\], found '1.01'"),
        ("many", 0, ValueError, "in_out_ratio: expected a finite number, found 'many'"),
        (Decimal("inf"), 0, ValueError, "in_out_ratio: expected a finite number"),
        ("1/0", 0, ValueError, "in_out_ratio: expected a finite number"),
    ],
)
def test_a_workload_that_is_none_is_refused(
    ratio: object, hit: object, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        of("deepseek-r1").billed_usd_mtok(ratio, hit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cost", "kind", "words"),
    [
        (-1.0, ValueError, "expected a cost >= 0, found -1.0"),
        (nan, ValueError, "expected a cost >= 0, found nan"),
        ("1", TypeError, "expected a number, found '1'"),
    ],
)
def test_a_cost_that_is_none_is_refused(cost: float, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=f"cost_usd_mtok: {words}"):
        e.list_margin(of("free"), cost, 1, 0)
