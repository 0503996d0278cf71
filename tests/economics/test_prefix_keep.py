"""Keep a prefix or compute it again: by hand, against a simulation, and at the edges."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.economics.stacks import relaxed
from tokenmill import economics as e


def test_a_thousand_tokens_of_deepseek_v3() -> None:
    """H800 at 2 USD reads 7,839 tokens a second; 70,272 bytes each at 0.002 USD/GB-h: 30 min."""
    again = e.recompute_usd(1000.0, 2.0, 7839.0)
    assert again == pytest.approx(7.1e-5, rel=2e-3)
    assert e.keep_seconds(again, 70_272_000.0, 0.002) == pytest.approx(30 * 60, rel=0.01)


def test_at_the_edges() -> None:
    assert e.recompute_usd(1000.0, 2.0, 0.0) == inf
    assert e.keep_seconds(1e-5, 1e6, 0.0) == inf
    assert e.keep_seconds(1e-5, 0.0, 0.002) == inf
    assert e.keep_saving_usd(1.0, 0.01, 0.0, 50.0) == -0.5
    assert e.keep_saving_usd(1.0, 0.0, 0.0, inf) == 0.0
    assert e.keep_saving_usd(1.0, 0.25, 0.5, inf) == 0.5


def test_the_mean_saving_is_that_of_a_simulation() -> None:
    gaps = np.random.default_rng(3).exponential(1 / 0.02, 400_000)
    saved = np.where(gaps < 60.0, 1.0, 0.0) - 0.015 * np.minimum(gaps, 60.0)
    error = 5 * saved.std() / np.sqrt(len(saved))
    assert e.keep_saving_usd(1.0, 0.015, 0.02, 60.0) == pytest.approx(saved.mean(), abs=error)


@relaxed
@given(st.floats(1e-6, 1e-2), st.floats(1e3, 1e10), st.floats(1e-5, 1.0), st.floats(0.1, 10.0))
def test_keeping_pays_where_hits_come_sooner_than_the_breakeven(
    again: float, size: float, price: float, factor: float
) -> None:
    rate = e.storage_usd_per_second(size, price)
    mean_gap = factor * e.keep_seconds(again, size, price)
    for dropped_after in (1.0, 1e6):
        saving = e.keep_saving_usd(again, rate, 1.0 / mean_gap, dropped_after)
        if abs(factor - 1.0) > 1e-6:
            assert (saving > 0.0) is (factor < 1.0) or saving == 0.0
