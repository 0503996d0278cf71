"""Outputs of real model code with a capacity: NLLB (R19) and Switch (R20)."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from tokenmill.routing import route_top1, route_top2

FOLDER = Path(os.environ.get("TOKENMILL_DATA", Path(__file__).parents[3] / "shared" / "data"))
MANIFEST = FOLDER / "routing" / "manifest.json"
ENTRIES = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else {}
NAMES = {
    rule: sorted(
        name
        for name, entry in ENTRIES.items()
        if name != "_about" and entry["routing_md_rule"].startswith(rule)
    )
    for rule in ("R19", "R20")
}
ABSENT = f"no fixture of this rule under {MANIFEST}"


def arrays_of(entry):
    with np.load(MANIFEST.parent / entry["file"], allow_pickle=False) as stored:
        return dict(stored)


def stated(entry, arrays, key):
    """Return what a fixture states as a key of its entry or as an array, as whole numbers."""
    value = entry[key] if key in entry else arrays[key]
    return [int(number) for number in np.ravel(value)]


def is_prioritised(entry):
    words = " ".join(str(entry.get(key)) for key in ("file", "hyperparameters", "special"))
    found = re.search(r"(batch.prioriti[sz]ed.routing|bpr)\W*(\w*)", words, re.IGNORECASE)
    return found is not None and found[2].lower() not in ("false", "off", "no", "none", "0")


def compare(found, entry, arrays):
    kept = arrays["ids"] >= 0
    np.testing.assert_array_equal(found.expert_ids, arrays["ids"])
    np.testing.assert_array_equal(found.kept, kept)
    rtol = entry["verification"]["suggested_rtol"]
    np.testing.assert_allclose(found.weights[kept], arrays["weights"][kept], rtol=rtol, atol=1e-37)
    assert (found.weights[~kept] == 0.0).all()


@pytest.mark.skipif(not NAMES["R19"], reason=ABSENT)
@pytest.mark.parametrize("name", NAMES["R19"] or ["absent"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nllb(name, dtype):
    entry = ENTRIES[name]
    arrays = arrays_of(entry)
    found = route_top2(
        arrays["logits"].astype(dtype),
        stated(entry, arrays, "capacity")[0],
        normalise="before" if "before" in str(entry["norm"]).lower() else "after",
        prioritised=is_prioritised(entry),
    )
    compare(found, entry, arrays)
    np.testing.assert_array_equal(found.chosen_ids, arrays["choice_ids_before_drop"])


@pytest.mark.skipif(not NAMES["R20"], reason=ABSENT)
@pytest.mark.parametrize("name", NAMES["R20"] or ["absent"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_switch(name, dtype):
    entry = ENTRIES[name]
    arrays = arrays_of(entry)
    found = route_top1(
        arrays["logits"].astype(dtype),
        stated(entry, arrays, "capacity")[0],
        sequence_length=stated(entry, arrays, "shape_bs")[1],
    )
    compare(found, entry, arrays)
    np.testing.assert_array_equal(found.kept, arrays["kept"].reshape(found.kept.shape))
