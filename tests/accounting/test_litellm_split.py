"""LiteLLM's split of usage, which charges each token once: text, cached text, what it knows not."""

from fractions import Fraction
from typing import Any

import pytest

from tokenmill.accounting import (
    CONVENTIONS,
    ModelPrices,
    Period,
    PriceBook,
    PriceRules,
    Rate,
    Status,
    UsageConvention,
    charge,
    explain,
)

ONE = Fraction(1)


def book(unpriced: str = "flag", **prices: int) -> PriceBook:
    rates = tuple(Rate(name, Fraction(price)) for name, price in prices.items())
    model = ModelPrices("p", "m", (Period(None, rates),))
    return PriceBook("b", (model,), rules=PriceRules(unpriced=unpriced))


def charged(prices: PriceBook, **counts: int) -> tuple[int, int]:
    """Return cost and status of a row, the same with and without its parts."""
    usage = {"model": ["m"], **{name: [count] for name, count in counts.items()}}
    found = [
        charge(usage, prices, convention="litellm", per_class=per_class)
        for per_class in (False, True)
    ]
    costs, statuses = [int(f.cost[0]) for f in found], [int(f.status[0]) for f in found]
    assert costs[0] == costs[1] and statuses[0] == statuses[1]
    row = {"model": "m", **counts}
    assert explain(row, prices, convention="litellm").cost == costs[0]
    return costs[0], statuses[0]


@pytest.mark.parametrize("unpriced", ["flag", "ignore"])
def test_text_alone_is_charged_or_refused(unpriced: str) -> None:
    assert charged(book(unpriced, input_text=2), input_text=30) == (60, Status.OK)
    refused = (0, Status.MISSING_FIELD)
    assert charged(book(unpriced, input=2), input_text=30) == refused
    assert charged(book(unpriced, output=2), output_text=30) == refused
    assert charged(book(unpriced, output_text=2), output_text=30) == (60, Status.OK)
    # With a price for each of the two, text costs its own.
    assert charged(book(unpriced, input=2, input_text=3), input=40, input_text=30) == (90, 0)


def test_text_without_its_total_is_not_cut() -> None:
    prices = book(input_text=2, cache_read=1, input_audio=4)
    assert charged(prices, input_text=30, cache_read=10, input_audio=5) == (90, Status.OK)


CASES: list[tuple[dict[str, int], int]] = [
    # 55 tokens, of which 5 were cached and are text
    ({"input": 55, "cache_read": 5, "cache_text_read": 5}, 55),
    ({"input": 55, "input_text": 55, "cache_read": 5, "cache_text_read": 5}, 55),
    ({"input": 55, "input_text": 50, "cache_read": 5, "cache_text_read": 5}, 50),
    ({"input": 55, "input_audio": 20, "cache_read": 9, "cache_text_read": 5}, 55),
    # what was cached, counted by its parts alone
    ({"input": 55, "cache_text_read": 5}, 55),
    ({"input": 55, "input_audio": 20, "cache_audio_read": 5}, 55),
    ({"input": 55, "input_audio": 20, "cache_audio_read": 5, "cache_text_read": 9}, 55),
    # parts that LiteLLM does not know
    ({"input": 55, "input_tool": 5}, 55),
    ({"input": 55, "input_text": 55, "input_tool": 5}, 55),
    ({"input": 55, "input_audio": 20, "input_audio_tool": 5}, 55),
    ({"input": 55, "cache_write": 20, "cache_audio_write": 5}, 55),
    ({"input": 55, "input_audio": 20, "cache_audio_write": 5}, 55),
    ({"output": 55, "reasoning": 20, "output_text_reasoning": 5}, 55),
]


@pytest.mark.parametrize(("counts", "tokens"), CASES, ids=lambda case: str(case))
def test_each_token_is_charged_once(counts: dict[str, int], tokens: int) -> None:
    assert charged(book(input=1, output=1), **counts) == (tokens, Status.OK)
    assert charged(book(**dict.fromkeys(counts, 1)), **counts) == (tokens, Status.OK)


def test_a_part_has_its_own_price() -> None:
    prices = book(input=1, cache_read=3, cache_text_read=5, input_tool=7)
    assert charged(prices, input=55, cache_read=9, cache_text_read=5) == (46 + 12 + 25, 0)
    assert charged(prices, input=55, input_tool=5) == (50 + 35, 0)


def test_citations_are_billed_beside_the_output_where_they_have_a_price() -> None:
    assert charged(book(output=1, citation=4), output=50, citation=5) == (70, 0)
    assert charged(book("ignore", output=1), output=50, citation=5) == (50, 0)
    assert charged(book(output=1), output=50, citation=5) == (0, Status.NO_PRICE)
    assert charged(book(citation=4), citation=5) == (20, 0)
    assert charged(book(output=1, citation=4), citation=5) == (20, 0)
    prices = book(output=1, citation=4)
    assert charged(prices, output=50, citation=5, output_text_citation=2) == (70, 0)


@pytest.mark.parametrize(
    "other", [{"cache_in_input": False}, {"reasoning_in_output": False}, {"writes": "parts"}]
)
def test_the_split_is_of_inclusive_counts(other: dict[str, Any]) -> None:
    given: dict[str, Any] = {"writes": "replace", "overlap": "litellm"} | other
    with pytest.raises(ValueError, match="overlap: expected 'flag' where"):
        UsageConvention("own", **given)
    assert CONVENTIONS["litellm"].overlap == "litellm"
