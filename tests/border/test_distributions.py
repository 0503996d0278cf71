"""Every bad parameter is refused by name, expectation and value; odd arguments are defined."""

import math
import re
from dataclasses import fields, replace

import numpy as np
import pytest

from tokenmill.montecarlo import (
    PERT,
    Bernoulli,
    Beta,
    Constant,
    Discrete,
    Empirical,
    Exponential,
    Logistic,
    LogNormal,
    LogUniform,
    Normal,
    Pareto,
    SplitLogNormal,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
)

GOOD = [
    Constant(1),
    Uniform(1, 2),
    LogUniform(1, 2),
    Normal(0, 1),
    LogNormal(0, 1),
    TruncatedNormal(0, 1, -1, 2),
    Triangular(1, 2, 3),
    Exponential(1),
    Weibull(1, 2),
    Pareto(3, 1),
    Logistic(0, 1),
    PERT(1, 2, 3, 4),
    Beta(2, 3, 0, 1),
    Bernoulli(0.5),
    SplitLogNormal(1, 0.5, 2),
]
PARAMETERS = [(dist, field.name) for dist in GOOD for field in fields(dist)]
NO_NUMBERS = [True, np.True_, "1", b"1", None, 1j, np.complex128(1), [1.0], np.array(1.0), object()]
NOT_FINITE = [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400, -(10**400)]

# constructor, arguments, the parameter at fault
OUT_OF_RANGE = [
    (Uniform, (2, 1), "high"),
    (Uniform, (-1.7e308, 1.7e308), "high"),
    (LogUniform, (0, 1), "low"),
    (LogUniform, (-1, 1), "low"),
    (LogUniform, (2, 1), "high"),
    (Normal, (0, -1e-300), "sigma"),
    (LogNormal, (0, -1), "sigma"),
    (LogNormal, (701, 1), "mu"),
    (LogNormal, (-701, 1), "mu"),
    (LogNormal.from_mean_std, (0, 1), "mean"),
    (LogNormal.from_mean_std, (-1, 1), "mean"),
    (LogNormal.from_mean_std, (1, -1), "std"),
    (LogNormal.from_mean_std, (1e-200, 1), "std"),
    (LogNormal.from_quantiles, (0, 1), "low"),
    (LogNormal.from_quantiles, (2, 1), "high"),
    (SplitLogNormal, (0, 1, 1), "median"),
    (SplitLogNormal, (1e140, 1, 1), "median"),
    (SplitLogNormal, (1, -1, 1), "sigma_low"),
    (SplitLogNormal, (1, 1, 4.1), "sigma_high"),
    (SplitLogNormal.from_quantiles, (0, 1, 2), "low"),
    (SplitLogNormal.from_quantiles, (2, 1, 3), "median"),
    (SplitLogNormal.from_quantiles, (1, 2, 1), "high"),
    (TruncatedNormal, (0, -1, 0, 1), "sigma"),
    (TruncatedNormal, (0, 1, 1, 0), "high"),
    (TruncatedNormal, (0, 1, 38, 50), "mu"),
    (TruncatedNormal, (0, 1, -50, -38), "mu"),
    (TruncatedNormal, (0, 0, 1, 2), "mu"),
    (TruncatedNormal, (0, 1e-300, 1, 2), "mu"),
    (Triangular, (3, 2, 1), "high"),
    (Triangular, (1, 0, 3), "mode"),
    (Triangular, (1, 4, 3), "mode"),
    (Triangular, (0, 1e-160, 1e-155), "high"),
    (Triangular, (0, 1, 1e155), "high"),
    (Exponential, (0,), "mean"),
    (Exponential, (-1,), "mean"),
    (Weibull, (0, 1), "shape"),
    (Weibull, (5e-324, 1), "shape"),
    (Weibull, (1, 0), "scale"),
    (Pareto, (-1, 1), "shape"),
    (Pareto, (5e-324, 1), "shape"),
    (Pareto, (1, -1), "scale"),
    (Logistic, (0, -1), "scale"),
    (PERT, (3, 2, 1), "high"),
    (PERT, (1, 0, 3), "mode"),
    (PERT, (1, 4, 3), "mode"),
    (PERT, (1, 2, 3, -1), "peakedness"),
    (PERT, (1, 2, 3, 1e5), "peakedness"),
    (Beta, (0.09, 1), "alpha"),
    (Beta, (1, 0), "beta"),
    (Beta, (1, 1.1e5), "beta"),
    (Beta, (2, 2, 1, 0), "high"),
    (Bernoulli, (-0.1,), "p"),
    (Bernoulli, (1.1,), "p"),
    (Discrete, ([1, 2], [1, -1]), "weights"),
    (Discrete, ([1, 2], [0, 0]), "weights"),
    (Discrete, ([1, 2], [1e308, 1e308]), "weights"),
    (Discrete, ([1, 2], [1, 2, 3]), "weights"),
    (Discrete, ([1, 2], [1, math.nan]), "weights"),
    (Discrete, ([],), "values"),
    (Discrete, ([1, math.inf],), "values"),
    (Discrete, ([[1, 2]],), "values"),
    (Discrete, ([[1], [2, 3]],), "values"),
    (Discrete, (3,), "values"),
    (Empirical, ([],), "data"),
    (Empirical, ([1, math.nan],), "data"),
    (Empirical, (np.ones((2, 2)),), "data"),
]
NO_VECTORS = [["1", "2"], [True, False], [1j], [None], "12", {1.0, 2.0}, None]


@pytest.mark.parametrize("dist, name", PARAMETERS, ids=lambda part: str(part))
def test_parameters_must_be_finite_numbers(dist, name) -> None:
    where = re.escape(f"{type(dist).__name__}.{name}: expected ")
    for value in NO_NUMBERS:
        with pytest.raises(TypeError, match=where + "a real number, found "):
            replace(dist, **{name: value})
    for value in NOT_FINITE:
        with pytest.raises(ValueError, match=where + "a finite number, found "):
            replace(dist, **{name: value})


@pytest.mark.parametrize("make, arguments, name", OUT_OF_RANGE, ids=lambda part: str(part)[:40])
def test_parameters_must_be_in_range(make, arguments, name) -> None:
    where = re.escape(f"{make.__qualname__}.{name}: expected ")
    with pytest.raises(ValueError, match=where + ".+, found .+"):
        make(*arguments)


@pytest.mark.parametrize("levels", [(0, 0.5), (0.5, 0.5), (0.6, 0.4), (0.5, 1), (-1, 0.5)])
def test_from_quantiles_wants_two_levels_in_order(levels) -> None:
    with pytest.raises(ValueError, match=r"LogNormal.from_quantiles.p_(low|high): expected"):
        LogNormal.from_quantiles(1, 2, p_low=levels[0], p_high=levels[1])
    with pytest.raises(TypeError, match=r"LogNormal.from_quantiles.p_low: expected a real number"):
        LogNormal.from_quantiles(1, 2, p_low="5%")


@pytest.mark.parametrize("values", NO_VECTORS, ids=repr)
def test_lists_must_hold_real_numbers(values) -> None:
    for make, name in ((Empirical, "data"), (Discrete, "values")):
        with pytest.raises(TypeError, match=f"{make.__name__}.{name}: expected real numbers"):
            make(values)
    if values is not None:
        with pytest.raises(TypeError, match="Discrete.weights: expected real numbers"):
            Discrete([1, 2], values)


def test_the_value_is_in_the_message() -> None:
    with pytest.raises(ValueError, match=r"^Normal\.sigma: expected a number >= 0, found -1\.5$"):
        Normal(0, -1.5)
    with pytest.raises(ValueError, match=r"found nan at index 2$"):
        Empirical([1, 2, math.nan])


def test_numpy_numbers_and_integers_become_floats() -> None:
    dist = Uniform(np.int8(1), np.float32(2.5))
    assert (type(dist.low), type(dist.high)) == (float, float)
    assert dist == Uniform(1, 2.5)
    assert repr(dist) == "Uniform(low=1.0, high=2.5)"


def test_negative_zero_is_zero() -> None:
    assert math.copysign(1, Constant(-0.0).value) == 1
    assert Normal(-0.0, 1).law().parameters[0].hex() == Normal(0.0, 1).law().parameters[0].hex()
    assert Empirical([0.0, -0.0, 1.0]) == Empirical([0.0, 0.0, 1.0])


@pytest.mark.parametrize("dist", [*GOOD, Discrete([1, 2]), Empirical([1, 2])], ids=repr)
def test_shapes_and_ends(dist) -> None:
    assert type(dist.ppf(0.3)) is float
    assert type(dist.cdf(0.3)) is float
    assert type(dist.ppf(np.float64(0.3))) is float
    assert dist.ppf([]).shape == (0,)
    assert dist.cdf(np.zeros((2, 0))).shape == (2, 0)
    assert dist.ppf([[0.2, 0.4, 0.6]]).shape == (1, 3)
    assert dist.ppf(np.full((3, 4), 0.5)[:, ::2]).shape == (3, 2)
    assert (dist.ppf(0), dist.ppf(1)) == dist.support
    outside = dist.ppf([-1e-300, 1 + 1e-15, math.nan, math.inf, -math.inf])
    assert bool(np.all(np.isnan(outside)))
    assert math.isnan(dist.cdf(math.nan))
    assert dist.cdf([-math.inf, math.inf]).tolist() == [0.0, 1.0]
    for bad in ("a", 1j, None):
        with pytest.raises(TypeError, match="^u: expected real numbers"):
            dist.ppf(bad)
        with pytest.raises(TypeError, match="^x: expected real numbers"):
            dist.cdf(bad)


def test_levels_nearer_than_an_ulp_keep_their_order() -> None:
    tiny = [0.0, 5e-324, 1e-300, 2.0**-54, 2.0**-53]
    for dist in (Normal(0, 1), LogNormal(0, 1), Exponential(1), PERT(0, 1, 2), Beta(0.2, 0.2)):
        assert bool(np.all(np.diff(dist.ppf(tiny)) >= 0))


def test_arguments_are_copied_and_results_are_read_only() -> None:
    data, weights = np.array([3.0, 1.0]), np.array([1.0, 2.0])
    empirical, discrete = Empirical(data), Discrete(data, weights)
    data[:], weights[:] = 9.0, 9.0
    assert empirical.data.tolist() == [1.0, 3.0]
    assert (discrete.values.tolist(), discrete.weights.tolist()) == ([1.0, 3.0], [2.0, 1.0])
    tables = [dist.law().table for dist in (empirical, discrete, PERT(0, 1, 3))]
    for array in (empirical.data, discrete.values, discrete.weights, *tables):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_lists_compare_by_what_is_drawn() -> None:
    assert Discrete([2, 1], [1, 3]) == Discrete([1, 2, 1], [2, 1, 1])
    assert hash(Discrete([2, 1])) == hash(Discrete([1, 2], [5, 5]))
    assert Discrete([1, 2]) != Discrete([1, 2], [1, 2])
    assert Empirical([2, 1, 1]) == Empirical([1, 2, 1])
    assert Empirical([1, 2]) != Empirical([1, 2, 2])
    assert Empirical([1, 2]) != Discrete([1, 2])


def test_long_lists() -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=1_000_000)
    empirical, discrete = Empirical(data), Discrete(data, rng.random(data.size))
    assert repr(empirical) == f"Empirical(<1000000 values from {data.min()} to {data.max()}>)"
    assert repr(discrete).startswith("Discrete(<1000000 values from ")
    assert empirical == Empirical(data[::-1])
    assert len({empirical, Empirical(data)}) == 1
    assert empirical.ppf(0.5) == np.sort(data)[500_000]
    assert abs(discrete.mean) < 0.01


def test_weights_below_what_a_uniform_resolves_are_left_out() -> None:
    assert Discrete([1, 2, 3], [1, 1e-30, 1]).support == (1, 3)
    assert Discrete([1, 2, 3], [1, 1, 1e-30]).support == (1, 2)
