"""LiteLLM's own results: every row of the file under a book that the importer made of it."""

import json
from fractions import Fraction

import numpy as np
import pytest

from tokenmill.accounting.charge import charge
from tokenmill.accounting.litellm import from_litellm, read_litellm
from tokenmill.accounting.status import ROUNDED, Status
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


def test_the_whole_list_is_charged_in_64_bits(data_folder):
    path = data_folder / "accounting" / "litellm_1.106.2_cost_fields.json"
    if not path.is_file():
        pytest.skip(f"no LiteLLM list at {path}")
    # Prices by the pixel need 22 decimals: they are kept as ratios, and only their rows rounded.
    usage = {
        "provider": ["openai", "fal_ai"],
        "model": ["gpt-6-astra", "fal_ai/fal-ai/flux/dev"],
        "input": [1000, 0],
        "output": [10, 0],
        "output_pixels": [0, 2**20],
    }
    charges = charge(usage, from_litellm(path), convention="litellm")
    assert charges.scale == 15
    assert [int(cost) for cost in charges.cost] == [105 * 10**11, 25 * 10**12]
    assert [int(status) for status in charges.status] == [Status.OK, Status.OK | ROUNDED]


def test_every_key_path_of_the_statistics_is_read_or_listed(data_folder):
    path = data_folder / "accounting" / "litellm_cost_key_stats.tsv"
    if not path.is_file():
        pytest.skip(f"no statistics of keys at {path}")
    keys = [line.split("\t")[0] for line in path.read_text().splitlines()[1:]]
    flat = [key for key in keys if "." not in key and "[" not in key]
    assert len(flat) > 100
    for key in flat:
        for mode in ("chat", "audio_transcription", "video_generation", "rerank"):
            report = read_litellm({"m": {key: "0.001", "mode": mode}})
            (model,) = report.book.models
            priced = any(rate.price for rate in model.periods[0].rates) or model.multipliers
            if priced:
                break
            assert any(one.key == key for one in report.ignored), key
