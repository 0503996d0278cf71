"""What each request costs, whether the ledger counts requests or not."""

from fractions import Fraction
from typing import Any

import pytest

from tokenmill.accounting import (
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
