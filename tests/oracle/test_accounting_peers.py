"""Every case of peer_cases.json, charged exactly: published bills, threads and peers' own tests."""

import json
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.peer_vocabulary import book_of, row_of
from tokenmill.accounting.charge import charge
from tokenmill.accounting.status import Status

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(os.environ.get("TOKENMILL_DATA", ROOT.parent / "shared" / "data"))
FILE = FILE / "accounting" / "peer_cases.json"


def cases() -> list[Any]:
    if not FILE.is_file():
        why = f"no peer cases at {FILE}: set TOKENMILL_DATA to the folder of the reference data"
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason=why))]
    found = json.loads(FILE.read_text(encoding="utf-8"), parse_float=str)["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


@pytest.mark.parametrize("case", cases())
def test_a_peer_case_costs_exactly_what_it_says(case: dict[str, Any]) -> None:
    row, convention = row_of(case["usage"])
    book = book_of(case["prices_usd_per_mtok"], row["service_tier"][0])
    charges = charge(row, book, convention=convention, per_class=True)
    assert Status(int(charges.status[0])) in (Status.OK, Status.PRICED_ZERO)
    found = {"input": 0, "output": 0}
    for unit, costs in charges.per_class.items():
        output = unit in book.units and book.units[unit].direction == "output"
        side = "output" if output else "input"
        found[side] += int(costs[0])
    found["total"] = int(charges.cost[0])
    expected = {key: Fraction(text) for key, text in case["expected"].items()}
    assert {key: Fraction(cost, 10**charges.scale) for key, cost in found.items()} == expected


UNSEEN = {
    "service tiers inside, own above-tier first": (
        {"input": {"base": "1", ">10": "2", "base@flex": "0.5", ">10@flex": "0.75"}},
        {"input": 11, "service_tier": "flex"},
        "0.00000825",
    ),
    "else the standard above-tier": (
        {"input": {"base": "1", ">10": "2"}, "input@flex": "0.5"},
        {"input": 11, "service_tier": "flex"},
        "0.000022",
    ),
    "a service without any price": (
        {"input": "1"},
        {"input": 5, "service_tier": "gold"},
        "0.000005",
    ),
    "beyond the last range": ({"input": {"(0,10]": "1", "(10,20]": "2"}}, {"input": 30}, "0.00006"),
    "between two ranges": ({"input": {"(0,10]": "1", "(20,30]": "2"}}, {"input": 15}, "0.00003"),
    "marginal beside a flat price": (
        {"input": {"base": "3", "marginal>10": "6"}, "output": "1"},
        {"input": 12, "output": 4},
        "0.000046",
    ),
    "tiers in a dated price": (
        {"input": {"from -inf": "1", "from 2027-01-01": {"base": "2", ">10": "4"}}},
        {"input": 11, "time": "2027-01-01T00:00Z"},
        "0.000044",
    ),
    "one unit's date leaves the other's price": (
        {"input": {"from -inf": "1", "from 2027-01-01": "2"}, "output": "3"},
        {"input": 1, "output": 1, "time": "2028-01-01T00:00Z"},
        "0.000005",
    ),
    "storage is input and no context": (
        {"input": {"base": "1", ">10": "2"}, "cache_storage_token_hours": "1"},
        {"input": 10, "cache_storage_token_hours": 90},
        "0.0001",
    ),
    "plain writes are of five minutes": (
        {"input": "1", "cache_write": "2", "cache_write_1h": "4"},
        {"input_uncached": 1, "cache_write": 10, "cache_write_1h": 10},
        "0.000061",
    ),
    "video, citations": (
        {"input": "1", "input_video": "2", "output": "3", "output_video": "4", "citation": "5"},
        {"input": 10, "input_video": 5, "output": 10, "output_video": 2, "citation": 3},
        "0.000053",
    ),
    "off-peak prices of a service": (
        {"input@flex": "3", "input": "4", "off_peak": {"hours_utc": ["00:00-00:00"], "input": "1"}},
        {"input": 7, "service_tier": "flex", "time": "2026-01-01T00:15Z"},
        "0.000007",
    ),
}


@pytest.mark.parametrize(("prices", "usage", "expected"), UNSEEN.values(), ids=UNSEEN)
def test_the_vocabulary_holds_beyond_the_file(
    prices: dict[str, Any], usage: dict[str, Any], expected: str
) -> None:
    row, convention = row_of(usage)
    charges = charge(row, book_of(prices, row["service_tier"][0]), convention=convention)
    assert charges.total == Decimal(expected)
