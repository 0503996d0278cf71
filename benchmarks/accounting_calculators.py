"""The calculators that price one request a call: LiteLLM, genai-prices and tokencost.

Their own price lists agree on one model, which `PRICES` repeats; requests have the three classes
of the simple ledger.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .accounting_prices import FIRST_DATE, PriceRow
from .accounting_work import Case, Contestant

MODEL = "gpt-4o"
# 2.5, 1.25 and 10 USD per 10^6 tokens, in all three
PRICES: list[PriceRow] = [
    {
        "model": MODEL,
        "service_tier": "standard",
        "valid_from": FIRST_DATE,
        "thresholds": [],
        "window": None,
        "prices": [{"input": 2_500_000, "cache_read": 1_250_000, "output": 10_000_000}],
    }
]
# Some hundred calls take tens of milliseconds.
REQUESTS = 256
PICO = 10**12

Requests = list[tuple[int, int, int]]


def requests() -> Requests:
    """Return (input, cache_read, output) of each request, as Python integers."""
    case = Case("simple", REQUESTS)
    columns = case.columns()
    return list(zip(*(columns[name].tolist() for name in case.classes), strict=True))


def exact_cost() -> int:
    """Return what all requests cost together, in 10^-12 USD."""
    price = PRICES[0]["prices"][0]
    return sum(
        (inputs - cached) * price["input"] + cached * price["cache_read"] + out * price["output"]
        for inputs, cached, out in requests()
    )


def by_call(one: Callable[[int, int, int], Any], start: Any) -> Contestant:
    """Return a contestant that adds up a call per request."""
    rows = requests()

    def run() -> Any:
        total = start
        for inputs, cached, outputs in rows:
            total += one(inputs, cached, outputs)
        return total

    return Contestant(run, lambda total: {MODEL: (round(total * PICO),)})


def litellm_calls() -> Contestant:
    """litellm.cost_per_token with the provider named, which is its quicker way; binary floats."""
    # without it the import fetches a price list
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    def one(inputs: int, cached: int, outputs: int) -> float:
        prompt, completion = litellm.cost_per_token(
            model=MODEL,
            custom_llm_provider="openai",
            prompt_tokens=inputs,
            completion_tokens=outputs,
            cache_read_input_tokens=cached,
        )
        return prompt + completion

    return by_call(one, 0.0)


def genai_prices_calls() -> Contestant:
    """genai_prices.calc_price, Decimal."""
    from genai_prices import Usage, calc_price

    def one(inputs: int, cached: int, outputs: int) -> Decimal:
        usage = Usage(input_tokens=inputs, cache_read_tokens=cached, output_tokens=outputs)
        return calc_price(usage, MODEL, provider_id="openai").total_price

    return by_call(one, Decimal(0))


def tokencost_calls() -> Contestant:
    """tokencost.calculate_cost_by_tokens, Decimal, a call per class."""
    from tokencost import calculate_cost_by_tokens

    def one(inputs: int, cached: int, outputs: int) -> Decimal:
        return (
            calculate_cost_by_tokens(inputs - cached, MODEL, "input")
            + calculate_cost_by_tokens(cached, MODEL, "cached")
            + calculate_cost_by_tokens(outputs, MODEL, "output")
        )

    return by_call(one, Decimal(0))


CALCULATORS = {
    "LiteLLM": litellm_calls,
    "genai-prices": genai_prices_calls,
    "tokencost": tokencost_calls,
}
