"""LiteLLM's own results: every row of the file under a book that the importer made of it."""

import json
from fractions import Fraction

import numpy as np
import pytest

from tokenmill.accounting.charge import charge
from tokenmill.accounting.litellm import from_litellm
from tokenmill.accounting.status import Status
from tokenmill.accounting.units import UNITS

COLUMNS = {
    "prompt": "input",
    "cached": "cache_read",
    "write": "cache_write",
    "w5": "cache_write_5m",
    "w1": "cache_write_1h",
    "audio_in": "input_audio",
    "image_in": "input_image",
    "completion": "output",
    "reasoning": "reasoning",
    "audio_out": "output_audio",
}


@pytest.fixture(scope="module")
def rows(data_folder):
    path = data_folder / "accounting" / "oracle_litellm_generic.jsonl"
    if not path.is_file():
        pytest.skip(f"no LiteLLM oracle at {path}")
    return [json.loads(line) for line in path.read_text().splitlines()]


def book_of(rows):
    """One model for each row, called by its number."""
    return from_litellm(
        {
            str(place): row["prices"]
            | {
                "litellm_provider": row["provider"],
                "threshold_inclusive": row["threshold_inclusive"],
            }
            for place, row in enumerate(rows)
        },
        repair="none",
    )


def ledger_of(rows):
    """The usage of the rows; a count that a row leaves out is null."""
    import pyarrow as pa

    usage = [row["usage"] for row in rows]
    known = set(COLUMNS).union(*usage)
    return pa.table(
        {
            "model": [str(place) for place in range(len(rows))],
            "service_tier": [row["service_tier"] for row in rows],
            "time": pa.array([row["time"] for row in rows]),
            **{key: pa.array([one.get(key) for one in usage], pa.int64()) for key in known},
        }
    )


def sides(charges, place):
    """What a row costs by direction, as fractions of the currency."""
    found = {"input": 0, "output": 0, "": 0}
    for name, costs in charges.per_class.items():
        found[UNITS[name].direction if name in UNITS else ""] += int(costs[place])
    return {side: Fraction(cost, 10**charges.scale) for side, cost in found.items()}


def test_every_row_is_exact(rows):
    charges = charge(
        ledger_of(rows),
        book_of(rows),
        convention="litellm",
        columns=COLUMNS,
        per_class=True,
        cost_dtype="int128",
    )
    wrong = []
    for place, row in enumerate(rows):
        wanted = Fraction(row["exact_prompt"]), Fraction(row["exact_completion"])
        found = sides(charges, place)
        total = Fraction(int(charges.cost[place]), 10**charges.scale)
        if (found["input"], found["output"]) != wanted or total != sum(wanted):
            wrong.append((place, row["model"], found, wanted))
    assert not wrong
    assert set(np.unique(charges.status)) <= {Status.OK, Status.PRICED_ZERO}
