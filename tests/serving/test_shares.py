"""Shares of experts from a trace: what they mean, and what is refused."""

import numpy as np
import pytest

from tokenmill.serving.shares import distinct_from, measured_shares, rank_imbalance

# Four tokens, two experts each.
COUNTS = [4, 2, 1, 1]


def test_shares_are_counts_over_tokens() -> None:
    shares = measured_shares(COUNTS, 4.0)
    assert shares.tolist() == [1.0, 0.5, 0.25, 0.25]
    assert distinct_from(shares, 1.0) == pytest.approx(2.0, rel=1e-12)
    assert distinct_from(shares, 2.0) == pytest.approx(1 + 0.75 + 2 * 0.4375, rel=1e-12)
    assert distinct_from(shares, 0.0) == 0.0


def test_the_busiest_rank_over_the_mean() -> None:
    assert rank_imbalance(COUNTS, [0, 0, 1, 1]) == 6 / 4
    assert rank_imbalance(COUNTS, [0, 1, 1, 1]) == 1.0
    # a rank without an expert counts
    assert rank_imbalance(COUNTS, [0, 0, 2, 2]) == pytest.approx(6 / (8 / 3))


@pytest.mark.parametrize(
    ("counts", "tokens", "message"),
    [
        ([1], 0.0, "tokens: expected a number above 0"),
        ([5], 4.0, "counts: expected"),
        ([-1], 4.0, "counts: expected"),
        ([np.nan], 4.0, "counts: expected"),
        ([[1]], 4.0, "counts: expected one axis"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts: list, tokens: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measured_shares(counts, tokens)


def test_ranks_have_to_match() -> None:
    with pytest.raises(ValueError, match="ranks: expected the shape of shares"):
        rank_imbalance(COUNTS, [0, 1])
    with pytest.raises(ValueError, match="shares: expected a sum above 0"):
        rank_imbalance([0, 0], [0, 1])
