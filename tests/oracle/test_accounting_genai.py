"""genai-prices' own results: every row of the file under a book that the importer made of it."""

import json
import re
from fractions import Fraction

import numpy as np
import pytest

from tokenmill.accounting.charge import charge
from tokenmill.accounting.genai_prices import from_genai_prices
from tokenmill.accounting.genai_rates import unit_of
from tokenmill.accounting.status import Status
from tokenmill.accounting.units import UNITS

SECONDS = re.compile(r"(.*audio)_seconds")


@pytest.fixture(scope="module")
def folder(data_folder):
    if not (data_folder / "accounting" / "oracle_genai_prices.jsonl").is_file():
        pytest.skip(f"no genai-prices oracle in {data_folder / 'accounting'}")
    return data_folder / "accounting"


def column_of(key):
    """Return the unit that a usage key of the registry counts, and how many of it one is."""
    if key in UNITS:
        return key, 1
    if SECONDS.fullmatch(key):
        return SECONDS.sub(r"\1_milliseconds", key), 1000
    if key.endswith("_document_pages"):
        return key.replace("_document", ""), 1
    name = key.removesuffix("_tokens")
    return name.removeprefix("output_") if name not in UNITS else name, 1


def ledger_of(rows):
    """The usage of the rows; a count that a row leaves out is null."""
    import pyarrow as pa

    columns = {}
    for key in sorted(set().union(*(row["usage"] for row in rows))):
        name, each = column_of(key)
        counts = [row["usage"].get(key) for row in rows]
        columns[name] = pa.array([None if n is None else n * each for n in counts], pa.int64())
    return pa.table({"model": [str(place) for place in range(len(rows))], **columns})


def charged(rows):
    """Return (input, output, total) of each row, and the statuses."""
    models = [
        {"id": str(place), "match": {"equals": str(place)}, "prices": row["prices"]}
        for place, row in enumerate(rows)
    ]
    book = from_genai_prices([{"id": "p", "models": models}], repair="none")
    charges = charge(
        ledger_of(rows), book, convention="genai_prices", per_class=True, cost_dtype="int128"
    )
    found = []
    for place in range(len(rows)):
        sides = {"input": 0, "output": 0}
        for name, costs in charges.per_class.items():
            side = UNITS[name].direction if name in UNITS else ""
            sides[side] = sides.get(side, 0) + int(costs[place])
        amounts = sides["input"], sides["output"], int(charges.cost[place])
        found.append(tuple(Fraction(amount, 10**charges.scale) for amount in amounts))
    return found, charges.status


def test_every_row_is_exact(folder):
    text = (folder / "oracle_genai_prices.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    found, status = charged(rows)
    wanted = [tuple(Fraction(row[k]) for k in ("input", "output", "total")) for row in rows]
    wrong = [place for place in range(len(rows)) if found[place] != wanted[place]]
    assert not wrong
    assert set(np.unique(status)) <= {Status.OK, Status.PRICED_ZERO}


def registry(folder):
    """Yield (usage key, per, price key, direction) of each unit in the registry."""
    path = folder / "genai_prices_units.yml"
    if not path.is_file():
        pytest.skip(f"no unit registry at {path}")
    for block in re.split(r"\n(?=\w)", path.read_text()):
        fields = dict(re.findall(r"^  (\w+): (.*)$", block, re.MULTILINE))
        if fields:
            key = re.search(r"^(\w+):$", block, re.MULTILINE)[1]
            direction = re.search(r"direction: (\w+)", fields["dimensions"])
            side = direction[1] if direction else ""
            yield key, int(fields["per"].replace("_", "")), fields.get("price_key", key), side


def test_every_unit_of_the_registry_is_priced_and_charged(folder):
    units = list(registry(folder))
    assert len(units) > 50
    for key, per, price_key, side in units:
        name, factor = unit_of(price_key)
        assert (name, factor * per) == (column_of(key)[0], Fraction(1, column_of(key)[1]))
        assert UNITS[name].direction == side
    rows = [
        {"usage": {key: per * 3}, "prices": {price_key: "0.5"}} for key, per, price_key, _ in units
    ]
    found, status = charged(rows)
    half = Fraction(3, 2)
    for (_, _, _, side), amounts, code in zip(units, found, status, strict=True):
        assert amounts == (half * (side == "input"), half * (side == "output"), half)
        assert code == Status.OK
