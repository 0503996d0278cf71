"""Balance measures: golden values, plain definitions, the wrong axis, edges and refusals."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenmill.routing import balance, balancedness, expert_counts, percentiles, rank_loads

RATIOS = ("max_over_mean", "max_violation", "utilisation", "cv", "gini", "entropy")
# sglang PR 5524: 16 experts of DeepSeek-V3 on one GPU
REAL = [162554, 147879, 102827, 108924, 46123, 505540, 98864, 184719]
REAL += [322237, 128708, 117722, 118096, 73528, 245469, 119943, 69937]


def test_golden():
    found = balance([2, 3, 2, 1])
    assert found.counts.tolist() == [[2, 3, 2, 1]]
    assert (found.minimum[0], found.maximum[0], found.dead[0], found.mean[0]) == (1, 3, 0, 2.0)
    assert found.max_violation.tolist() == [0.5] and found.max_over_mean.tolist() == [1.5]
    assert found.utilisation[0] == 2 / 3 and found.gini[0] == 0.1875
    assert found.std[0] == math.sqrt(0.5) and found.cv[0] ** 2 == pytest.approx(0.125, rel=1e-15)
    assert found.load.tolist() == [[1.0, 1.5, 1.0, 0.5]]


def test_published_counts():
    found = balance(REAL)
    assert round(found.max_over_mean[0], 2) == 3.17
    assert round(found.cv[0], 2) == 0.70 and round(found.gini[0], 2) == 0.33


def test_balancedness_reduces_over_ranks_not_layers():
    loads = [[100, 0, 0, 0], [100, 0, 0, 0]]
    assert balancedness(loads) == 0.25
    assert balancedness(np.transpose(loads)) == 1.0  # what the wrong axis would say of them
    assert balancedness([[5, 5], [7, 7]]) == 1.0
    assert balancedness([3, 1]) == 2 / 3


@given(st.lists(st.lists(st.integers(0, 2**62), min_size=5, max_size=5), max_size=4))
def test_exact_rational_definitions(rows):
    found = balance(np.array(rows, dtype=np.int64).reshape(-1, 5))
    for layer, row in enumerate(rows):
        total = sum(row)
        assert found.dead[layer] == row.count(0) and found.maximum[layer] == max(row)
        if not total:
            assert all(math.isnan(getattr(found, name)[layer]) for name in RATIOS)
            continue
        mean = Fraction(total, 5)
        assert found.mean[layer] == float(mean)
        assert found.max_over_mean[layer] == float(max(row) / mean)
        assert found.max_violation[layer] == float((max(row) - mean) / mean)
        pairs = sum(abs(a - b) for a in row for b in row)
        assert found.gini[layer] == float(pairs / (2 * 25 * mean))
        variance = sum((count - mean) ** 2 for count in row) / 5
        assert found.std[layer] == pytest.approx(math.sqrt(variance), rel=1e-15)
        assert found.cv[layer] == pytest.approx(math.sqrt(variance) / float(mean), rel=1e-15)
        shares = [count / total for count in row if count]
        entropy = -sum(share * math.log(share) for share in shares)
        assert found.entropy[layer] == pytest.approx(entropy, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("experts", [1, 7, 256])
def test_even_and_one_sided(experts):
    even, alone = np.full(experts, 9), np.eye(1, experts, dtype=int)[0] * 9
    found = balance([even, alone])
    assert found.max_over_mean.tolist() == [1.0, experts]
    assert found.gini.tolist() == [0.0, (experts - 1) / experts]
    assert found.dead.tolist() == [0, experts - 1]
    np.testing.assert_allclose(found.entropy, [math.log(experts), 0.0], rtol=1e-14)
    assert str(found.entropy[1]) == "0.0"  # not -0.0


def test_nothing_counted_and_no_layer():
    zero = balance([[0, 0, 0]])
    assert all(math.isnan(getattr(zero, name)[0]) for name in RATIOS)
    assert (zero.dead[0], zero.mean[0], zero.std[0], zero.maximum[0]) == (3, 0.0, 0.0, 0)
    assert np.isnan(zero.load).all()
    none = balance(np.empty((0, 4), int))
    assert none.gini.shape == none.dead.shape == (0,) and none.load.shape == (0, 4)
    assert math.isnan(balancedness(np.empty((0, 4), int))) and math.isnan(balancedness([0, 0]))


def test_counts_and_ranks():
    counts = expert_counts([[0, 5], [1, 0], [7, 6], [2, 3], [5, 4], [0, 7]], 8)
    assert counts.tolist() == [3, 1, 1, 1, 1, 2, 1, 2]
    assert rank_loads(counts, 4).tolist() == [[4, 2, 3, 3]]
    assert expert_counts(np.empty((0, 2), int), 3).tolist() == [0, 0, 0]
    unsigned = np.array([[0, 1]], np.uint64)
    assert expert_counts(unsigned, 2).tolist() == [1, 1]
    assert balance(unsigned).dead.tolist() == [1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_percentiles_are_those_of_numpy(values):
    levels = (0.0, 50.0, 75.0, 90.0, 95.0, 100.0)
    expected = np.percentile(values, levels)
    np.testing.assert_allclose(percentiles(values, levels), expected, rtol=1e-9, atol=1e-9)


def test_percentiles_leave_empty_layers_out():
    assert percentiles([3.0, math.nan, 1.0], (50.0, 100.0)) == (2.0, 3.0)
    assert all(math.isnan(value) for value in percentiles([math.nan]))
    assert len(percentiles([])) == 4


@pytest.mark.parametrize(
    ("kind", "message", "call"),
    [
        (TypeError, "counts: expected integers, found dtype float64", lambda: balance([1.0])),
        (ValueError, r"counts: expected values in \[0, 2\*\*63\), found -1", lambda: balance([-1])),
        (ValueError, "found 18446744073709551615", lambda: balance(np.array([2**64 - 1], "u8"))),
        (ValueError, r"counts: .* found \(2, 0\)", lambda: balance(np.empty((2, 0), int))),
        (ValueError, r"counts: .* found \(1, 1, 1\)", lambda: balance([[[1]]])),
        (
            ValueError,
            "ranks: expected a divisor of 4 experts, found 3",
            lambda: rank_loads([1] * 4, 3),
        ),
        (TypeError, "ranks: expected an integer", lambda: rank_loads([1], 1.0)),
        (TypeError, "loads: expected integers", lambda: balancedness([0.5])),
        (ValueError, "levels: .* found 101", lambda: percentiles([1.0], (101.0,))),
        (ValueError, r"values: expected shape \(layers,\)", lambda: percentiles([[1.0]])),
        (TypeError, "values: expected real numbers", lambda: percentiles(["a"])),
        (ValueError, r"expert_ids: .* found 2", lambda: expert_counts([[2]], 2)),
        (ValueError, "experts: expected an integer", lambda: expert_counts([[0]], 0)),
    ],
)
def test_refusals(kind, message, call):
    with pytest.raises(kind, match=message):
        call()
