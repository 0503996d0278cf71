"""Statistics do not depend on order, cuts or merging, for any doubles."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill._native.sweep import collect
from tokenmill.montecarlo import describe
from tokenmill.montecarlo.tally import Tally
from tokenmill.reference import statistics as twin

doubles = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60)
anything = st.lists(st.floats(), min_size=1, max_size=60)


def same(a: Tally, b: Tally) -> bool:
    return (
        repr(a.moments) == repr(b.moments)
        and np.array_equal(a.buckets, b.buckets)
        and np.array_equal(a.counts, b.counts)
    )


@settings(max_examples=200, deadline=None)
@given(doubles)
def test_sums_equal_rational_sums(values: list[float]) -> None:
    total, square = twin.exact_sums(values)
    moments = collect(np.array(values)).moments
    assert Fraction(moments.total, 1 << 1074) == total
    assert Fraction(moments.square, 1 << 2148) == square


@settings(max_examples=100, deadline=None)
@given(anything, st.integers(0, 60))
def test_a_cut_and_a_merge_lose_nothing(values: list[float], cut: int) -> None:
    array = np.array(values)
    whole = Tally.of(collect(array))
    cut = min(cut, len(values))
    first = Tally.of(collect(array[:cut]))
    second = Tally.of(collect(array[cut:], first_index=cut))
    assert same(first.merge(second), whole)
    assert same(second.merge(first), whole)


@settings(max_examples=100, deadline=None)
@given(anything, st.randoms(use_true_random=False))
def test_order_does_not_matter(values: list[float], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = values.copy()
    random.shuffle(shuffled)
    a, b = describe(values), describe(shuffled)
    for name in ("mean", "std", "variance"):
        assert getattr(a, name) == getattr(b, name) or math.isnan(getattr(a, name))
    assert np.array_equal(a.quantile([0.1, 0.5, 0.9]), b.quantile([0.1, 0.5, 0.9]), equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(doubles.filter(bool))
def test_quantiles_are_monotone_and_inside(values: list[float]) -> None:
    found = describe(values)
    quantiles = found.quantile(np.linspace(0, 1, 33))
    assert np.all(np.diff(quantiles) >= 0)
    assert found.min == min(values) == quantiles[0]
    assert found.max == max(values) == quantiles[-1]
