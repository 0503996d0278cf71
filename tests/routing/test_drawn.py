"""Drawn logits: a pure function of seed and place, and standard normal."""

import numpy as np
import pytest
from scipy import stats

from tokenmill._native import config, select_isa
from tokenmill.routing import normal_logits


def test_ranges_threads_and_instruction_sets_change_nothing():
    whole = normal_logits(9000, 130, 7, threads=1)
    assert whole.dtype == np.float32 and whole.shape == (9000, 130)
    parts = [normal_logits(n, 130, 7, start=at) for at, n in ((0, 1), (1, 8000), (8001, 999))]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
    active = config()["isa_active"]
    try:
        for isa in config()["isa_available"]:
            select_isa(isa)
            assert normal_logits(9000, 130, 7, threads=3).tobytes() == whole.tobytes()
    finally:
        select_isa(active)
    assert (normal_logits(10, 130, 8) != whole[:10]).any()


def test_they_are_standard_normal():
    logits = normal_logits(2000, 64, 3)
    assert stats.kstest(logits.reshape(-1), "norm").pvalue > 1e-3
    assert stats.kstest(logits.reshape(-1) * 1.02, "norm").pvalue < 1e-3  # a control that must fail


def test_no_token():
    assert normal_logits(0, 4, 1).shape == (0, 4)


@pytest.mark.parametrize(
    ("kind", "message", "arguments"),
    [
        (TypeError, "tokens: expected an integer", (1.5, 4, 1)),
        (ValueError, "tokens: expected an integer in", (-1, 4, 1)),
        (ValueError, "columns: expected an integer in", (1, 0, 1)),
        (ValueError, "seed: expected an integer in", (1, 4, 1 << 64)),
    ],
)
def test_refusals(kind, message, arguments):
    with pytest.raises(kind, match=message):
        normal_logits(*arguments)
