"""What each request costs, whether the ledger counts requests or not."""

from fractions import Fraction
from typing import Any

import pytest

from tokenmill.accounting import (
    ROUNDED,
    ModelPrices,
    Period,
    PriceBook,
    Rate,
    Special,
    Status,
    Window,
    charge,
    explain,
)
from tokenmill.accounting.rates import Hours

ONE = Fraction(1)
DYNAMIC = Rate("requests", Special.DYNAMIC)


def book(*rates: Rate, **options: Any) -> PriceBook:
    windows = options.pop("windows", {})
    model = ModelPrices("p", "m", (Period(None, rates),), windows=windows)
    return PriceBook("b", (model,), **options)


def statuses(usage: dict[str, Any], prices: PriceBook, **options: Any) -> list[int]:
    rows = max(map(len, usage.values()))
    found = charge({"model": ["m"] * rows, **usage}, prices, convention="native", **options)
    return [int(status) for status in found.status]


@pytest.mark.parametrize("per_class", [False, True])
def test_a_price_set_per_request_is_missing_where_requests_are_not_counted(per_class: bool) -> None:
    dynamic, missing = Status.DYNAMIC_PRICE, Status.MISSING_FIELD
    prices = book(DYNAMIC, Rate("input", ONE))
    usage = {"input": [7, 0, None], "web_searches": [0, 0, 3]}
    assert statuses(usage, prices, per_class=per_class) == [dynamic, dynamic, dynamic]
    assert statuses({"cache_read": [7, 0]}, prices, per_class=per_class) == [missing, dynamic]
    counted = usage | {"requests": [1, 0, 0]}
    assert statuses(counted, prices, per_class=per_class) == [dynamic, 0, Status.NO_PRICE]
    found = explain({"model": "m", "input": 7}, prices, convention="native")
    assert found.reason == "the provider sets the price per request: requests"


def test_a_price_set_per_request_in_one_window_or_tier_alone() -> None:
    night = {"night": Window((Hours(((0, 60),)),))}
    rates = (Rate("input", ONE), Rate("requests", ONE))
    prices = book(*rates, Rate("requests", Special.DYNAMIC, window="night"), windows=night)
    usage = {"input": [7, 7], "time_us": [0, 3_600_000_000]}
    assert statuses(usage, prices) == [Status.DYNAMIC_PRICE, Status.OK]
    prices = book(*rates, Rate("requests", Special.DYNAMIC, above=10))
    assert statuses({"input": [10, 11]}, prices) == [Status.OK, Status.DYNAMIC_PRICE]


ROUND = [("half_even", 0, 0), ("half_up", 0, 1), ("up", 1, 1)]


@pytest.mark.parametrize(("rounding", "third", "half"), ROUND)
@pytest.mark.parametrize("per_class", [False, True])
def test_a_request_whose_price_is_rounded_says_so(
    rounding: str, third: int, half: int, per_class: bool
) -> None:
    """Thirds have no decimals; of halves of 10^-15 the sixteenth is one too many."""
    tiny = Fraction(1, 10**15)
    usage = {"model": ["m"] * 3, "input": [0, 5, 5], "web_searches": [0, 0, 1]}
    for price, cost in ((tiny / 3, third), (tiny / 2, half), (tiny, 1)):
        fee = book(Rate("input", tiny), fee=price, rounding=rounding)
        own = book(Rate("input", tiny), Rate("requests", price), rounding=rounding)
        for prices in (fee, own):
            found = charge(usage, prices, convention="native", per_class=per_class)
            bit = ROUNDED if price != tiny else 0
            assert found.status.tolist() == [bit, bit, Status.NO_PRICE]
            assert (found.scale, found.cost.tolist()) == (15, [cost, cost + 5, 0])


def test_a_price_that_is_kept_rounded_says_so_where_it_is_charged() -> None:
    """1 / (2^62 + 1) is no ratio that the kernel takes."""
    rates = (Rate("input", Fraction(1, 2**62 + 1)), Rate("output", ONE))
    prices = book(*rates, rounding="half_up")
    usage = {"model": ["m"] * 3, "input": [1, 0, 7], "output": [0, 3, 3]}
    found = charge(usage, prices, convention="native")
    assert found.status.tolist() == [ROUNDED, 0, ROUNDED]
    one = 10**found.scale
    assert found.cost.tolist() == [0, 3 * one, 3 * one]


def test_explain_adds_the_rounding_of_a_request() -> None:
    prices = book(Rate("input", ONE), fee=Fraction(2, 3), rounding="half_up")
    found = explain({"model": "m", "input": 7}, prices, convention="native")
    assert found.lines[-1].amount == Fraction(2, 3)
    assert found.rounding == Fraction(1, 3)
    amount = sum((line.amount for line in found.lines), found.rounding)
    assert amount == Fraction(found.cost, 10**found.scale)
