"""Every token-wise rule against known answers: ids exact, weights to the stated tolerance.

rule_rows.json holds them by the numbers of docs/routing.md, k = 3 of E = 8 unless a row says
otherwise. The weights were computed in 40 digits from the formulas, apart from this package; those
of the rules that the published code fixes agree with it to the 9 digits known.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from tokenmill.reference import routing as twin
from tokenmill.routing import RouterSpec, route

ROWS = json.loads(Path(__file__).with_name("rule_rows.json").read_text(encoding="utf-8"))
ARRAYS = ("bias", "expert_scale", "token_ids", "hash_table")
by_name = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}: {row['name']}")


def spec_of(row):
    return RouterSpec(**({"experts": 8, "top_k": 3} | row["fields"]))


def arrays_of(row):
    return {name: row[name] for name in ARRAYS if name in row}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@by_name
def test_rule(row, dtype):
    found = route(np.array(row["logits"], dtype), spec_of(row), **arrays_of(row))
    # weights are single precision whatever the logits
    rtol = 2e-6 if dtype is np.float32 else 1e-7
    assert found.expert_ids.tolist() == row["expert_ids"]
    np.testing.assert_allclose(found.weights, row["weights"], rtol=rtol)
    if "shared_weights" in row:
        np.testing.assert_allclose(found.shared_weights, row["shared_weights"], rtol=rtol)
    if "skipped" in row:
        assert found.skipped.tolist() == row["skipped"]


@by_name
def test_the_twin(row):
    arrays = arrays_of(row)
    if "bias" in arrays:
        arrays["bias_values"] = np.array(arrays.pop("bias"))
    fields = {"experts": 8, "top_k": 3} | row["fields"]
    found = twin.route(np.array(row["logits"]), **fields, **arrays)
    assert found.expert_ids.tolist() == row["expert_ids"]
    np.testing.assert_allclose(found.weights, row["weights"], rtol=0.0, atol=5e-10)
    if "shared_weights" in row:
        np.testing.assert_allclose(found.shared_weights, row["shared_weights"], atol=5e-10)
    if "skipped" in row:
        assert found.skipped.tolist() == row["skipped"]


def test_every_token_wise_rule_has_a_row():
    rules = {f"R{number}" for number in range(1, 19)} | {"R27", "product keys"}
    rules |= {f"R8{letter}" for letter in "bcde"} | {"R7b"}
    assert rules <= {row["rule"] for row in ROWS}


def test_an_eps_too_small_for_ordinary_scores_shows_on_tiny_ones():
    tiny = {row["name"][-9:]: row for row in ROWS if row["name"].startswith("tiny scores")}
    weights = [row["weights"][0][0] for row in tiny.values()]
    assert len(weights) == 4
    assert min(abs(a / b - 1.0) for a in weights for b in weights if a != b) > 0.1
