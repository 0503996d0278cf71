"""Sums, moments and histograms against rational arithmetic and NIST's certified values."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tokenmill._native.sweep import bucket_edges, collect
from tokenmill.montecarlo import describe
from tokenmill.reference import statistics as twin

RNG = np.random.default_rng(20261124)
SUM_UNIT, SQUARE_UNIT = 1 << 1074, 1 << 2148


def series() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    signs = rng.choice([-1.0, 1.0], 3000)
    return {
        "empty": np.array([]),
        "one": np.array([0.1]),
        "zeros": np.array([0.0, -0.0, 0.0]),
        "lognormal": np.exp(rng.normal(size=5000)),
        "normal": rng.normal(size=2049),
        "cancellation": np.array([1e16, 1.0, -1e16, 0.1, 1e-30, -0.1] * 500),
        "sixty decades": signs * 10.0 ** rng.uniform(-30, 30, 3000),
        "whole range": signs * 10.0 ** rng.uniform(-320, 308, 3000),
        "subnormals": signs * rng.integers(0, 1 << 52, 3000) * 5e-324,
        "huge": signs * rng.uniform(1e307, 1.7e308, 3000),
        "tiny and huge": np.array([1.7e308, 5e-324, -1.7e308, 2.0] * 300),
        "powers of two": signs * 2.0 ** rng.integers(-1074, 1023, 3000),
        "constant": np.full(4096, 0.1),
    }


@pytest.mark.parametrize("name", list(series()))
def test_sums_are_exact(name: str) -> None:
    values = series()[name]
    total, square = twin.exact_sums(values.tolist())
    moments = collect(values).moments
    assert Fraction(moments.total, SUM_UNIT) == total
    assert Fraction(moments.square, SQUARE_UNIT) == square


@pytest.mark.parametrize("name", [name for name in series() if name != "empty"])
def test_mean_and_std_are_rounded_once(name: str) -> None:
    values = series()[name]
    total, square = twin.exact_sums(values.tolist())
    found = describe(values)
    n = len(values)
    assert found.mean == float(total / n)
    if n > 1:
        variance = (n * square - total**2) / (n * (n - 1))
        if variance < Fraction(10) ** 300:
            assert found.variance == float(variance)
        else:
            assert found.variance == math.inf
        assert abs(Fraction(found.std) ** 2 - variance) <= variance / 10**15


def test_a_plain_sum_would_fail() -> None:
    values = series()["cancellation"]
    assert np.sum(values) / len(values) != describe(values).mean


@pytest.mark.parametrize("name", ["lognormal", "normal", "sixty decades", "constant"])
def test_buckets_are_those_of_the_twin(name: str) -> None:
    values = series()[name]
    raw = collect(values)
    low, high = bucket_edges(raw.buckets)
    found = {(a, b): int(c) for a, b, c in zip(low, high, raw.counts, strict=True)}
    assert found == dict(twin.histogram(values.tolist()))


@pytest.mark.parametrize("name", ["lognormal", "normal", "sixty decades", "whole range"])
def test_quantiles_are_within_the_stated_error(name: str) -> None:
    values = series()[name]
    levels = np.linspace(0, 1, 257)
    exact = np.quantile(values, levels, method="inverted_cdf")
    found = describe(values).quantile(levels)
    normal = np.abs(exact) > 1e-300
    assert np.max(np.abs(found[normal] / exact[normal] - 1)) <= 2.0**-11 * (1 + 1e-9)
    assert found[0] == values.min()
    assert found[-1] == values.max()


@pytest.mark.parametrize("scale", [1, 30, 5000, 10**6])
def test_integers_have_exact_quantiles_and_probabilities(scale: int) -> None:
    values = RNG.integers(-scale, scale + 1, 20001).astype(float)
    found = describe(values)
    levels = np.linspace(0, 1, 1001)
    exact = np.quantile(values, levels, method="inverted_cdf")
    assert np.array_equal(found.quantile(levels), exact)
    for x in (-scale - 0.5, -scale / 2, -1, 0, 0.5, 1, scale / 3, scale, scale + 1):
        assert found.probability_below(x) == np.mean(values < x)


def test_fractions_and_integers_in_one_bucket_stay_in_order() -> None:
    first = 2.0**19
    values = np.repeat([first + 1, first + 511.5, first + 600, first + 600.5], 100)
    levels = np.linspace(0, 1, 101)
    exact = np.quantile(values, levels, method="inverted_cdf")
    found = describe(values).quantile(levels)
    assert np.all(np.diff(found) >= 0)
    assert np.max(np.abs(found / exact - 1)) <= 2.0**-11


def test_probability_bounds_hold_the_truth() -> None:
    values = np.exp(RNG.normal(size=10001))
    found = describe(values)
    for x in np.exp(RNG.normal(size=50)):
        low, high = found.probability_bounds(x)
        assert low <= np.mean(values < x) <= high
        assert low <= found.probability_below(x) <= high


def test_histogram_counts_are_exact_between_its_edges() -> None:
    values = np.concatenate([RNG.normal(size=5000), np.zeros(500), np.full(300, 2.0)])
    counts, edges = describe(values).histogram(20)
    assert counts.sum() == len(values)
    assert len(edges) == len(counts) + 1
    for k, count in enumerate(counts[:-1]):
        assert count == np.sum((values >= edges[k]) & (values < edges[k + 1]))


def test_extremes_and_their_index() -> None:
    values = np.array([3.0, 1.0, 7.0, 1.0, 7.0, np.nan])
    found = describe(values)
    assert (found.min, found.argmin, found.max, found.argmax) == (1.0, 1, 7.0, 2)


def test_non_finite_values_follow_ieee_and_finite_leaves_them_out() -> None:
    values = np.array([1.0, np.inf, 2.0, np.inf, 4.0])
    found = describe(values)
    assert found.mean == np.inf
    assert math.isnan(found.std)
    assert found.quantile(0.5) == 4.0
    assert found.quantile(0.9) == np.inf
    assert found.finite.mean == pytest.approx(7 / 3, rel=1e-15)
    assert found.finite.max == 4.0
    assert found.infinite_count == 2
    assert math.isnan(describe([1.0, np.nan]).quantile(0.5))
    assert math.isnan(describe([np.inf, -np.inf]).mean)
    assert math.isnan(describe([]).mean)


def nist_values(one: dict[str, object]) -> list[float]:
    if "data" in one:
        return [float(x) for x in one["data"]]
    if "data_digits" in one:
        return [float(digit) for digit in one["data_digits"]]
    first, low, high = {
        "1.2": (1.2, 1.1, 1.3),
        "1000000.2": (1000000.2, 1000000.1, 1000000.3),
        "10000000.2": (10000000.2, 10000000.1, 10000000.3),
    }[one["certified_mean"]]
    return [first] + [low, high] * 500


def test_nist_univariate(data_folder: Path) -> None:
    content = json.loads((data_folder / "montecarlo" / "nist_strd.json").read_text())
    assert len(content["datasets"]) == 9
    for name, one in content["datasets"].items():
        found = describe(nist_values(one))
        assert found.n == int(one["n"]), name
        assert found.mean == float(one["mean_of_double_rounded_data"]), name
        assert found.std == pytest.approx(
            float(one["sd_of_double_rounded_data"]), rel=2.3e-16, abs=0
        ), name
        if one["exact_sd"] == one["sd_of_double_rounded_data"]:  # the decimals are exact doubles
            assert found.std == pytest.approx(float(one["certified_sd"]), rel=1e-14, abs=0), name
