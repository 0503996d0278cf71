"""Every case of peer_cases.json, charged exactly: published bills, threads and peers' own tests."""

import json
import os
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
