"""Traps of billing as rows: prices, one request, and what it costs to the last digit.

Each group is a reading that tools have got wrong in public; the numbers are our own. `billed` are
rows, prices in the form of the price book; costs were worked out by hand.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import Any

import numpy as np
import pytest

from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.charge import charge
from tokenmill.accounting.rules import UsageConvention
from tokenmill.accounting.status import ROUNDED, Status

EXCLUSIVE = UsageConvention("exclusive", cache_in_input=False)
ADDITIVE = UsageConvention("additive", reasoning_in_output=False)
FLAT = {"input": "2", "cache_read": "0.5", "output": "10"}
CLAUDE = {"input": "3", "cache_read": "0.3", "cache_write_5m": "3.75", "cache_write_1h": "6"}
LONG = {
    "input": {"base": "2", ">200000": "4"},
    "cache_read": {"base": "0.2", ">200000": "0.4"},
    "output": {"base": "10", ">200000": "15"},
}
RANGES = {"input": {"base": "1", ">32000": "2", ">128000": "3", ">256000": "6"}}
MODES = {"input": "2", "output": "10", "input_audio": "20", "cache_read": "0.5"}
NIGHT = {
    "windows": {
        "off_peak": {
            "rules": [
                {"hours": "16:30-00:30", "weekdays": [1, 2, 3, 4, 5]},
                {"hours": "00:00-00:00", "weekdays": [6, 7]},
            ]
        }
    },
    "window_prices": {"off_peak": {"input": "1", "output": "5"}},
}


@dataclass(frozen=True)
class Case:
    """One request, and its cost or the status that says why it has none."""

    name: str
    prices: dict[str, Any]
    row: dict[str, Any]
    expected: str | Status
    convention: UsageConvention | str = "native"
    model: dict[str, Any] = field(default_factory=dict)
    book: dict[str, Any] = field(default_factory=dict)


CASES = [
    # Cached tokens are part of the input, and are billed once (5.1, 5.2, 5.6).
    Case("cached once", FLAT, {"input": 1000, "cache_read": 400, "output": 10}, "0.0015"),
    Case("all cached", FLAT, {"input": 400, "cache_read": 400}, "0.0002"),
    Case("more cached than input", FLAT, {"input": 399, "cache_read": 400}, Status(9)),
    # ... or beside it, and nothing is subtracted a second time (5.3, 5.4, 5.5).
    Case("cached beside", FLAT, {"input": 1, "cache_read": 900_000}, "0.450002", EXCLUSIVE),
    Case(
        "anthropic's own names",
        CLAUDE | {"output": "15"},
        {
            "input_tokens": 10,
            "cache_read_input_tokens": 1000,
            "cache_creation_input_tokens": 200,
            "output_tokens": 20,
        },
        "0.00138",
        "anthropic",
        book={"rules": {"fallbacks": [{"unit": "cache_write", "source": "cache_write_5m"}]}},
    ),
    # Writes of one hour at their own price (5.20), of five minutes at theirs.
    Case(
        "writes by life",
        CLAUDE,
        {"input": 5, "cache_write": 300, "cache_write_5m": 100, "cache_write_1h": 200},
        "0.00159",
        EXCLUSIVE,
    ),
    Case(
        "one hour without a price falls back twice",
        {"input": "3"},
        {"input": 100, "cache_write": 100, "cache_write_1h": 100},
        "0.0006",
        book={"rules": "ccusage"},
    ),
    Case("free is a price", FLAT | {"cache_read": "0"}, {"input": 9, "cache_read": 9}, "0"),
    # Reasoning is part of the output (5.8, 5.9, 5.11), or beside it (5.10).
    Case("reasoning inside", FLAT, {"input": 1, "output": 100, "reasoning": 60}, "0.001002"),
    Case(
        "reasoning beside", FLAT, {"input": 1, "output": 100, "reasoning": 60}, "0.001602", ADDITIVE
    ),
    Case(
        "reasoning at its own price",
        FLAT | {"reasoning": "30"},
        {"input": 0, "output": 100, "reasoning": 60},
        "0.0022",
    ),
    Case(
        "gemini's own names",
        FLAT,
        {"promptTokenCount": 10, "candidatesTokenCount": 100, "thoughtsTokenCount": 60},
        "0.00162",
        "gemini",
    ),
    Case(
        "more reasoning than output",  # 5.12
        FLAT | {"reasoning": "30"},
        {"input": 1, "output": 102, "reasoning": 109},
        Status.SUBSET_EXCEEDS_TOTAL,
    ),
    # Context tiers: the whole request, by all input, cached included (5.13, 5.14, 5.15).
    Case("at the threshold", LONG, {"input": 200_000, "output": 10}, "0.4001"),
    Case("above it", LONG, {"input": 200_001, "output": 10}, "0.800154"),
    Case(
        "cached tokens count",
        LONG,
        {"input": 1, "cache_read": 200_000, "output": 0},
        "0.080004",
        EXCLUSIVE,
    ),
    Case(
        "uncached tokens alone count by another rule",
        LONG,
        {"input": 1, "cache_read": 200_000, "output": 0},
        "0.040002",
        EXCLUSIVE,
        book={"rules": {"tier_basis": "uncached"}},
    ),
    Case("output does not count", LONG, {"input": 10, "output": 300_000}, "3.00002"),
    Case(
        "output counts by another rule",
        LONG,
        {"input": 10, "output": 300_000},
        "4.50004",
        book={"rules": {"tier_basis": "input+output"}},
    ),
    Case("reached", {"input": {"base": "2", ">=128000": "4"}}, {"input": 128_000}, "0.512"),
    Case(
        "marginal",
        LONG,
        {"input": 300_000, "output": 10},
        "0.8001",
        book={"rules": {"tier_basis": "unit", "tier_reach": "marginal"}},
    ),
    Case(
        "marginal, each unit by its own count",
        LONG,
        {"input": 250_000, "cache_read": 240_000, "output": 0},
        "0.076",
        book={"rules": {"tier_basis": "unit", "tier_reach": "marginal"}},
    ),
    Case(
        "marginal, over a price that no decimals express",
        {"input": {"base": "1/3", ">10": "2", ">20": "1/7"}},
        {"input": 30_020},
        "0.004309",
        book={
            "rules": {"tier_basis": "unit", "tier_reach": "marginal"},
            "rounding": "half_even",
        },
    ),
    # Every row of a table of ranges is found (5.17), by number and not by text (5.18).
    Case("first range", RANGES, {"input": 32_000}, "0.032"),
    Case("second range", RANGES, {"input": 32_001}, "0.064002"),
    Case("third range", RANGES, {"input": 256_000}, "0.768"),
    Case("beyond the last", RANGES, {"input": 2_000_000}, "12"),
    Case(
        "thresholds are numbers",
        {"input": {"base": "1", ">90000": "5", ">128000": "9"}},
        {"input": 150_000},
        "1.35",
    ),
    Case(
        "each unit has its own thresholds",
        {"input": {"base": "1", ">128000": "9"}, "output": {"base": "2", ">32000": "18"}},
        {"input": 40_000, "output": 1000},
        "0.058",
    ),
    # Service tiers (5.19, 5.21).
    Case(
        "served goes before requested",
        FLAT | {"input@priority": "4"},
        {"input": 1000, "service_tier": "default", "requested_service_tier": "priority"},
        "0.002",
    ),
    Case(
        "requested where nothing says what was served",
        FLAT | {"input@priority": "4"},
        {"input": 1000, "service_tier": None, "requested_service_tier": "priority"},
        "0.004",
    ),
    Case(
        "a price of its own alone",
        {"input@priority": "4", "output": "10"},
        {"input": 100, "output": 10, "service_tier": "priority"},
        "0.0005",
    ),
    Case(
        "without one, the standard price",
        FLAT | {"input@batch": "1"},
        {"input": 100, "output": 10, "service_tier": "batch"},
        "0.0002",
    ),
    Case(
        "batch has a price for cached tokens",
        FLAT | {"input@batch": "1", "cache_read@batch": "0.25"},
        {"input": 1000, "cache_read": 400, "service_tier": "batch"},
        "0.0007",
    ),
    Case(
        "batch has tiers",
        {"input": {"base": "2", ">272000": "4"}, "input@batch": {"base": "1", ">272000": "2"}},
        {"input": 300_000, "service_tier": "batch"},
        "0.6",
    ),
    Case(
        "a standard tier goes before a service's base price",
        {"input": {"base": "2", ">200000": "4"}, "input@priority": "3"},
        {"input": 200_001, "service_tier": "priority"},
        "0.800004",
    ),
    Case(
        "half price for batch",
        FLAT,
        {"input": 1000, "cache_read": 400, "output": 10, "service_tier": "batch"},
        "0.00075",
        model={"service_tiers": {"batch": "0.5"}},
    ),
    Case("a service that the book lacks", FLAT, {"input": 1, "service_tier": "gold"}, Status(5)),
    Case(
        "a tenth more for a region",
        FLAT,
        {"input": 1000, "region": "eu"},
        "0.0022",
        model={"regions": {"eu": "1.1"}},
    ),
    # Modalities: the most specific price, else that of what contains it.
    Case("audio", MODES, {"input": 1000, "input_audio": 300}, "0.0074"),
    Case(
        "cached audio costs what cached tokens do",
        MODES,
        {"input": 1000, "cache_read": 200, "input_audio": 300, "cache_audio_read": 50},
        "0.0062",
    ),
    Case(
        "cached audio with a price",
        MODES | {"cache_audio_read": "1"},
        {"input": 1000, "cache_read": 200, "input_audio": 300, "cache_audio_read": 50},
        "0.006225",
    ),
    Case("an unpriced part stays in its whole", FLAT, {"input": 100, "input_image": 40}, "0.0002"),
    Case(
        "beside tokens",
        FLAT | {"requests": "0.01", "web_searches": "10"},
        {"input": 100, "requests": 1, "web_searches": 3},
        "0.0402",
    ),
    Case(
        "a price per minute",
        {"audio_milliseconds": {"price": "0.006", "per": 60_000}},
        {"audio_milliseconds": 12_345},
        "0.0012345",
    ),
    Case("a fee", FLAT, {"input": 100}, "0.0012", book={"fee": "0.001"}),
    # Hours and weekdays (5.22): start inclusive, end exclusive, past midnight.
    *(
        Case(f"off-peak at {time}", FLAT, {"input": 1000, "output": 0, "time": time}, cost, **more)
        for time, cost in {
            "2026-08-24T16:29:59Z": "0.002",  # Monday
            "2026-08-24T16:30:00Z": "0.001",
            "2026-08-25T00:29:59Z": "0.001",
            "2026-08-25T00:30:00Z": "0.002",
            "2026-08-24T00:15:00Z": "0.001",  # the weekday is that of the instant itself
            "2026-08-22T12:00:00Z": "0.001",  # Saturday
        }.items()
        for more in [{"model": NIGHT}]
    ),
    Case(
        "off-peak goes before the context tier and the service",
        LONG | {"input@priority": "9"},
        {
            "input": 300_000,
            "output": 0,
            "time": "2026-08-24T18:00:00Z",
            "service_tier": "priority",
        },
        "0.3",
        model=NIGHT,
    ),
    # A zone without daylight saving, in a period without a beginning.
    *(
        Case(
            f"night in Singapore at {time}",
            FLAT,
            {"input": 1000, "time": time},
            cost,
            model=NIGHT | {"windows": {"off_peak": {"hours": "0:00-6:00", "time_zone": zone}}},
        )
        for zone in ("Asia/Singapore", "+08:00")
        for time, cost in {"2026-08-24T21:59Z": "0.001", "2026-08-24T22:00Z": "0.002"}.items()
    ),
    Case("hours need a time", FLAT, {"input": 10}, Status.MISSING_FIELD, model=NIGHT),
    # Small and large: no float, no rounding (5.23).
    Case("a small cost", {"input": "0.075"}, {"input": 1}, "0.000000075"),
    Case("no noise", {"input": "1"}, {"input": 1615}, "0.001615"),
    Case("a large count", {"input": "1.25"}, {"input": 220_000_000}, "275"),
    # Nothing becomes 0 in silence (5.24).
    Case("an unknown model", FLAT, {"model": "gpt", "input": 1}, Status.UNKNOWN_MODEL),
    Case("no model", FLAT, {"model": None, "input": 1}, Status.MISSING_FIELD),
    Case("no price", {"input": "1"}, {"input": 1, "output": 1}, Status.NO_PRICE),
    Case(
        "no price, and a rule that ignores it",
        {"input": "1"},
        {"input": 1, "output": 1},
        "0.000001",
        book={"rules": {"unpriced": "ignore"}},
    ),
    Case(
        "set per request",
        {"input": "dynamic", "output": "1"},
        {"input": 1, "output": 1},
        Status.DYNAMIC_PRICE,
    ),
    Case("a negative count", FLAT, {"input": -1}, Status.NEGATIVE_COUNT),
    # genai-prices: a part without its priced whole.
    Case(
        "a part without its whole",
        MODES,
        {"output": 1, "input_audio": 3},
        Status.MISSING_FIELD,
        book={"rules": "genai_prices"},
    ),
]

DATED = {
    "periods": [
        {"start": "2026-01-01", "prices": {"input": "4"}},
        {"start": "2026-07-01T12:00:00+08:00", "prices": {"input": "1"}},
    ]
}
CASES += [
    Case(f"dated {time}", {}, {"input": 1000, "time": time}, expected, model=DATED)
    for time, expected in {
        "2025-12-31T23:59:59.999999Z": Status.BEFORE_FIRST_DATE,
        "2026-01-01T00:00:00Z": "0.004",
        "2026-07-01T03:59:59Z": "0.004",
        "2026-07-01T04:00:00Z": "0.001",
    }.items()
]
CASES += [
    Case(
        "a date in the time stamps' own zone",
        {},
        {"input": 1000, "time": "2026-01-01T00:00:00+02:00"},
        "0.004",
        model=DATED,
        book={"rules": {"date_zone": "timestamp"}},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_costs_exactly(case: Case) -> None:
    model = {"provider": "p", "name": "m", **({"prices": case.prices} if case.prices else {})}
    book = PriceBook.from_dict({"models": [model | case.model], **case.book})
    row = {"provider": "p", "model": "m"} | case.row
    charges = charge(
        {name: [value] for name, value in row.items()}, book, convention=case.convention
    )
    status = Status(int(charges.status[0]) & ~ROUNDED)
    if isinstance(case.expected, Status):
        assert status is case.expected
        assert charges.cost[0] == 0
    else:
        assert status in (Status.OK, Status.PRICED_ZERO)
        assert charges.money(0) == Decimal(case.expected)


def test_deepseeks_day_from_its_rounded_counts() -> None:
    path = resources.files("tokenmill.catalogue") / "prices" / "example.toml"
    book = PriceBook.from_text(path.read_text(encoding="utf-8"))
    day = {
        "provider": ["deepseek"],
        "model": ["deepseek-reasoner"],
        "time": ["2025-02-27T12:00:00+08:00"],
        "input": np.array([608 * 10**9]),
        "cache_read": np.array([342 * 10**9]),
        "output": np.array([168 * 10**9]),
    }
    assert charge(day, book, convention="openai").total == Decimal(562_100)


def test_a_tier_is_of_the_request_and_never_of_a_sum() -> None:
    """Codeburn#1478: a threshold held against a day's sum doubled the bill."""
    book = PriceBook.from_dict({"models": [{"name": "m", "prices": LONG}]})
    rows = {"model": ["m"] * 10, "input": [150_000] * 10}
    assert charge(rows, book, convention="openai").total == Decimal(3)
