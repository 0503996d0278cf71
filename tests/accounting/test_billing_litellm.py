"""LiteLLM's own readings of a price list, each as one entry and one request of ours.

Section 13 of the accounting reference pins them down; the expected costs were worked out by hand.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tokenmill.accounting.charge import charge
from tokenmill.accounting.litellm import from_litellm
from tokenmill.accounting.status import Status

FLAT = {
    "input_cost_per_token": "2e-06",
    "output_cost_per_token": "1e-05",
    "cache_read_input_token_cost": "5e-07",
}
RANGES = [
    {"range": [0, 1000], "input_cost_per_token": "1e-06", "output_cost_per_token": "4e-06"},
    {"range": [1000, 2000], "input_cost_per_token": "3e-06", "output_cost_per_token": "8e-06"},
]
TIERED = FLAT | {"tiered_pricing": RANGES}
WRITES = FLAT | {
    "cache_creation_input_token_cost": "2.5e-06",
    "cache_creation_input_token_cost_above_1hr": "4e-06",
    "cache_creation_input_token_cost_above_1hr_priority": "9e-06",
    "cache_creation_input_token_cost_above_1hr_above_1k_tokens": "6e-06",
    "cache_creation_input_token_cost_above_1hr_above_1k_tokens_priority": "8e-06",
    "input_cost_per_token_above_1k_tokens": "3e-06",
}
AUDIO = FLAT | {"input_cost_per_audio_token": "2e-05", "input_cost_per_image_token": "3e-06"}
OFF_PEAK = {"input_cost_per_token": "1e-06", "output_cost_per_token": "5e-06"}


@dataclass(frozen=True)
class Case:
    """One entry of the list, one request and its cost."""

    name: str
    entry: dict[str, Any]
    row: dict[str, Any]
    expected: str
    provider: str = "p"


CASES = [
    Case("no input: the flat prices", TIERED, {"input": 0, "output": 10}, "0.0001"),
    Case("first range", TIERED, {"input": 1000, "output": 10}, "0.00104"),
    Case("beyond the last range", TIERED, {"input": 9000, "output": 10}, "0.02708"),
    Case(
        "a range takes cached tokens at its own input price",
        TIERED,
        {"input": 1000, "cache_read": 400, "output": 0},
        "0.001",
    ),
    Case(
        "a range without an input price: the flat ones",
        FLAT | {"tiered_pricing": [{"range": [0, 1000], "output_cost_per_token": "4e-06"}]},
        {"input": 100, "cache_read": 50, "output": 10},
        "0.000225",
    ),
    Case(
        "a range ignores the service",
        TIERED | {"input_cost_per_token_priority": "9e-06"},
        {"input": 1000, "output": 0, "service_tier": "priority"},
        "0.001",
    ),
    Case(
        "writes of an hour do not know the service",
        WRITES,
        {"input": 100, "cache_write": 100, "cache_write_1h": 100, "service_tier": "priority"},
        "0.0004",
    ),
    Case(
        "but above a threshold they do",
        WRITES,
        {"input": 1001, "cache_write": 1001, "cache_write_1h": 1001, "service_tier": "priority"},
        "0.008008",
    ),
    Case(
        "off-peak leaves writes of an hour and audio alone",
        WRITES
        | {"input_cost_per_audio_token": "2e-05"}
        | {"off_peak_pricing": {"hours_utc": "16:30-00:30", **OFF_PEAK}},
        {
            "input": 120,
            "input_audio": 10,
            "cache_write": 100,
            "cache_write_1h": 100,
            "output": 0,
            "time": "2026-01-01T18:00Z",
        },
        "0.00061",
    ),
    Case(
        "weekdays in their own zone, hours in UTC",
        FLAT
        | {
            "off_peak_pricing": {
                "windows": [{"hours_utc": "16:00-17:00", "weekdays": [1]}],
                "weekday_timezone": "Asia/Shanghai",
                **OFF_PEAK,
            }
        },
        {"input": 1000, "output": 0, "time": "2026-08-23T16:30Z"},  # Sunday in UTC
        "0.001",
    ),
    Case(
        "no weekdays: all of them; digits as text",
        FLAT
        | {
            "off_peak_pricing": {
                "windows": [
                    {"hours_utc": "10:00-11:00", "weekdays": ["1"]},
                    {"hours_utc": "16:00-17:00"},
                ],
                **OFF_PEAK,
            }
        },
        {"input": 1000, "output": 0, "time": "2026-08-23T16:30Z"},
        "0.001",
    ),
    Case(
        "parts that overlap the cached ones are cut",
        AUDIO,
        {"input": 100, "input_text": 100, "cache_read": 60, "output": 0},
        "0.00011",
    ),
    Case(
        "audio and images beyond the input, nothing cached: in full",
        AUDIO,
        {"input": 100, "input_audio": 80, "input_image": 50, "output": 0},
        "0.00175",
    ),
    Case(
        "parts of the output beyond it: in full",
        FLAT | {"output_cost_per_reasoning_token": "3e-05"},
        {"input": 0, "output": 100, "reasoning": 120},
        "0.0036",
    ),
    Case(
        "more cached than input: as counted",
        FLAT,
        {"input": 100, "cache_read": 150, "output": 0},
        "0.000075",
    ),
    Case(
        "cached tokens without a price: as input",
        {"input_cost_per_token": "2e-06", "output_cost_per_token": "1e-05"},
        {"input": 100, "cache_read": 60, "output": 0},
        "0.0002",
    ),
    Case(
        "at Fireworks: half of it",
        {"input_cost_per_token": "2e-06", "output_cost_per_token": "1e-05"},
        {"input": 100, "cache_read": 60, "output": 0},
        "0.00014",
        "fireworks_ai",
    ),
    Case(
        "xAI's tiers are reached",
        FLAT | {"input_cost_per_token_above_128k_tokens": "4e-06"},
        {"input": 128_000, "output": 0},
        "0.512",
        "xai",
    ),
    Case(
        "other providers' are passed",
        FLAT | {"input_cost_per_token_above_128k_tokens": "4e-06"},
        {"input": 128_000, "output": 0},
        "0.256",
    ),
    Case(
        "batch without prices: half, cached tokens at the full batch rate",
        FLAT | {"input_cost_per_token_batches": "1e-06"},
        {"input": 1000, "cache_read": 400, "output": 10, "service_tier": "batch"},
        "0.00105",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_entry_costs_what_litellms_path_says(case: Case) -> None:
    book = from_litellm({"m": {"litellm_provider": case.provider, **case.entry}}, repair="none")
    row = {"provider": case.provider, "model": "m"} | case.row
    charges = charge({name: [value] for name, value in row.items()}, book, convention="litellm")
    assert Status(int(charges.status[0])) in (Status.OK, Status.PRICED_ZERO)
    assert charges.money(0) == Decimal(case.expected)
