"""Distributions against mpmath (40 digits), scipy and their NumPy twins."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from scipy import stats

from tokenmill._native import LawKind, quantile
from tokenmill.montecarlo import (
    PERT,
    Bernoulli,
    Beta,
    Constant,
    Discrete,
    Distribution,
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
from tokenmill.reference import quantiles as twin

# both tails down to the last uniform that can be drawn, and the middle
LEVELS = np.unique(
    np.concatenate(
        [2.0 ** -np.arange(1, 54), 1 - 2.0 ** -np.arange(1, 54), np.linspace(0.013, 0.987, 41)]
    )
)

# distribution, scipy's, error of ppf relative to the value, and to the standard deviation
CLOSED = [
    (Uniform(-1, 2), stats.uniform(-1, 3), 2e-16, 2e-16),
    (Uniform(3, 4), stats.uniform(3, 1), 2e-16, 0),
    (LogUniform(1e-3, 1e4), stats.loguniform(1e-3, 1e4), 3e-15, 0),
    (LogUniform(2, 2.1), stats.loguniform(2, 2.1), 1e-15, 0),
    (Normal(0, 1), stats.norm(), 7e-16, 0),
    (Normal(1, 2), stats.norm(1, 2), 7e-16, 7e-16),
    (LogNormal(0.2, 0.8), stats.lognorm(0.8, scale=math.exp(0.2)), 5e-15, 0),
    (LogNormal(-3, 2.5), stats.lognorm(2.5, scale=math.exp(-3)), 1.2e-14, 0),
    (TruncatedNormal(0, 1, -1, 2), stats.truncnorm(-1, 2), 2e-15, 2e-15),
    (TruncatedNormal(0, 1, 4, 5), stats.truncnorm(4, 5), 2e-15, 0),
    (TruncatedNormal(10, 2, -15, -5), stats.truncnorm(-12.5, -7.5, 10, 2), 2e-14, 0),
    (TruncatedNormal(0, 1, 0.5, 0.5001), stats.truncnorm(0.5, 0.5001), 2e-15, 0),
    (Triangular(1, 2, 5), stats.triang(0.25, 1, 4), 2e-16, 2e-16),
    (Triangular(0, 0, 5), stats.triang(0, 0, 5), 1e-15, 1e-15),
    (Triangular(-1, 3, 3), stats.triang(1, -1, 4), 1e-15, 1e-15),
    (Exponential(2), stats.expon(scale=2), 3e-16, 0),
    (Weibull(1.5, 2), stats.weibull_min(1.5, scale=2), 1e-14, 0),
    (Weibull(0.5, 2), stats.weibull_min(0.5, scale=2), 2e-14, 0),
    (Weibull(40, 2), stats.weibull_min(40, scale=2), 1e-15, 0),
    (Pareto(2.5, 3), stats.pareto(2.5, scale=3), 5e-15, 0),
    (Pareto(0.7, 3), stats.pareto(0.7, scale=3), 1.5e-14, 0),
    (Logistic(0, 1), stats.logistic(), 5e-16, 0),
    (Logistic(1, 2), stats.logistic(1, 2), 5e-16, 5e-16),
]
by_name = pytest.mark.parametrize("case", CLOSED, ids=lambda case: repr(case[0]))


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(40):
        yield


def normal_ppf(u):
    return mpmath.sqrt(2) * mpmath.erfinv(2 * mpf(u) - 1)


def normal_cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def exact(dist: Distribution, level: float):
    """Return the quantile to 40 digits, from the textbook formula."""
    u = mpf(float(level))
    p = {name: mpf(value) for name, value in vars(dist).items() if isinstance(value, float)}
    match dist:
        case Uniform():
            return p["low"] + u * (p["high"] - p["low"])
        case LogUniform():
            return p["low"] * (p["high"] / p["low"]) ** u
        case Normal():
            return p["mu"] + p["sigma"] * normal_ppf(u)
        case LogNormal():
            return mpmath.exp(p["mu"] + p["sigma"] * normal_ppf(u))
        case SplitLogNormal():
            side = "sigma_low" if u < 0.5 else "sigma_high"
            return p["median"] * mpmath.exp(p[side] * normal_ppf(u))
        case TruncatedNormal():
            low, high = ((p[end] - p["mu"]) / p["sigma"] for end in ("low", "high"))
            if low > 0:
                tail = normal_cdf(-high) + (1 - u) * (normal_cdf(-low) - normal_cdf(-high))
                return p["mu"] - p["sigma"] * normal_ppf(tail)
            below = normal_cdf(low) + u * (normal_cdf(high) - normal_cdf(low))
            return p["mu"] + p["sigma"] * normal_ppf(below)
        case Triangular():
            low, mode, high = p["low"], p["mode"], p["high"]
            if u < (mode - low) / (high - low):
                return low + mpmath.sqrt(u * (high - low) * (mode - low))
            return high - mpmath.sqrt((1 - u) * (high - low) * (high - mode))
        case Exponential():
            return -p["mean"] * mpmath.log1p(-u)
        case Weibull():
            return p["scale"] * (-mpmath.log1p(-u)) ** (1 / p["shape"])
        case Pareto():
            return p["scale"] * (1 - u) ** (-1 / p["shape"])
        case Logistic():
            return p["mu"] + p["scale"] * mpmath.log(u / (1 - u))
    raise AssertionError(dist)


@by_name
def test_closed_quantile_functions(case) -> None:
    dist, _, relative, in_std = case
    unit = in_std * dist.std if in_std else 0.0
    for u, x in zip(LEVELS, dist.ppf(LEVELS), strict=True):
        truth = exact(dist, u)
        assert abs(mpf(float(x)) - truth) <= relative * abs(truth) + unit, (dist, u, x)


def test_truncated_normal_far_in_the_tail() -> None:
    dist = TruncatedNormal(0, 1, 20, 60)
    with mpmath.workdps(150):
        for u in (2.0**-53, 0.1, 0.5, 0.9, 1 - 2.0**-53):
            tail = normal_cdf(mpf(-60)) + (1 - mpf(u)) * (
                normal_cdf(mpf(-20)) - normal_cdf(mpf(-60))
            )
            assert float(dist.ppf(u)) == pytest.approx(float(-normal_ppf(tail)), rel=1e-15)


@by_name
def test_cdf_is_scipys_and_undoes_ppf(case) -> None:
    dist, other, _, _ = case
    x = dist.ppf(LEVELS)
    # scipy and we both lose digits where the interval is narrow against its distance from mu
    tolerance = 1e-11 if dist.std < 1e-3 * abs(dist.mean) else 3e-14
    assert np.max(np.abs(dist.cdf(x) - other.cdf(x))) < tolerance
    assert np.max(np.abs(dist.cdf(x) - LEVELS)) < tolerance


@by_name
def test_mean_and_std_are_scipys(case) -> None:
    dist, other, _, _ = case
    if isinstance(dist, Pareto) and dist.shape <= 1:
        assert (dist.mean, dist.std) == (math.inf, math.inf)
        return
    assert dist.mean == pytest.approx(float(other.mean()), rel=1e-11, abs=1e-15)
    if not (isinstance(dist, TruncatedNormal) and dist.std < 1e-3):
        assert dist.std == pytest.approx(float(other.std()), rel=1e-11)


def test_pareto_with_a_mean_but_no_deviation() -> None:
    assert (Pareto(2, 3).mean, Pareto(2, 3).std) == (6.0, math.inf)


@pytest.mark.parametrize("low, high", [(4, 5), (-9, -8.5), (0.5, 0.5001), (-40, 40), (36, 90)])
def test_truncated_normal_moments(low, high) -> None:
    mean, std = TruncatedNormal(0, 1, low, high).mean, TruncatedNormal(0, 1, low, high).std
    cuts = [low, high] if high - low < 20 else [low, low + 3, low + 20, high]
    cuts = [-40, -8, 0, 8, 40] if low == -40 else cuts
    peak = mpf(low if low > 0 else high if high < 0 else 0)

    def integral(power, centre):
        def integrand(z):
            return (z - centre) ** power * mpmath.exp((peak - z) * (peak + z) / 2)

        return mpmath.quad(integrand, cuts)

    total = integral(0, 0)
    first = integral(1, 0) / total
    second = integral(2, first) / total
    assert mean == pytest.approx(float(first), rel=2e-15, abs=1e-15)
    assert std == pytest.approx(float(mpmath.sqrt(second)), rel=1e-12)


@pytest.mark.parametrize("shape", [0.05, 0.5, 1, 9.9, 10.1, 300, 1e5])
def test_weibull_moments(shape) -> None:
    first, second = (mpmath.gamma(1 + k / mpf(shape)) for k in (1, 2))
    dist = Weibull(shape, 3)
    assert dist.mean == pytest.approx(float(3 * first), rel=1e-13)
    assert dist.std == pytest.approx(float(3 * mpmath.sqrt(second - first**2)), rel=1e-12)


@pytest.mark.parametrize("ratio", [1 + 1e-9, 1.1, 7.3, 7.5, 1e6, 1e300])
def test_log_uniform_moments(ratio) -> None:
    dist = LogUniform(0.5, 0.5 * ratio)
    low, high = mpf(dist.low), mpf(dist.high)
    width = mpmath.log(high / low)
    mean = (high - low) / width
    variance = (high**2 - low**2) / (2 * width) - mean**2
    assert dist.mean == pytest.approx(float(mean), rel=1e-14)
    assert dist.std == pytest.approx(float(mpmath.sqrt(variance)), rel=1e-13)


@pytest.mark.parametrize("sigma", [1e-9, 0.3, 6.3, 6.4, 30])
def test_log_normal_moments(sigma) -> None:
    dist = LogNormal(-690, sigma)
    mean = mpmath.exp(dist.mu + mpf(sigma) ** 2 / 2)
    std = mean * mpmath.sqrt(mpmath.expm1(mpf(sigma) ** 2))
    assert dist.mean == pytest.approx(float(mean), rel=2e-13)
    assert dist.std == pytest.approx(float(std), rel=2e-13)


def test_moments_beyond_float64_are_infinite() -> None:
    assert (LogNormal(0, 40).mean, LogNormal(0, 40).std) == (math.inf, math.inf)
    assert (Weibull(0.005, 1).mean, Weibull(0.005, 1).std) == (math.inf, math.inf)


@pytest.mark.parametrize("weights", [None, [1, 2, 0.5, 0, 3], [1e-300, 1e300, 1, 0.1, 0.2]])
def test_discrete_by_exact_fractions(weights) -> None:
    values = [3.0, -1.0, 3.0, 7.0, 2.5]
    shares = [Fraction(w) for w in (weights or [1] * 5)]
    pairs = sorted(zip(values, shares, strict=True))
    levels = np.random.default_rng(1).random(300)

    def expected(u):
        below = Fraction(0)
        for value, share in pairs:
            below += share
            if Fraction(float(u)) * sum(shares) < below:
                return value
        raise AssertionError(u)

    dist = Discrete(values, weights)
    assert dist.ppf(levels).tolist() == [expected(u) for u in levels]
    mean = sum(Fraction(v) * w for v, w in pairs) / sum(shares)
    variance = sum((Fraction(v) - mean) ** 2 * w for v, w in pairs) / sum(shares)
    assert dist.mean == pytest.approx(float(mean), rel=1e-14)
    assert dist.std == pytest.approx(math.sqrt(variance), rel=1e-7, abs=1e-12)
    share_below = sum(w for v, w in pairs if v <= 2.6) / sum(shares)
    assert dist.cdf(2.6) == pytest.approx(float(share_below), rel=1e-15, abs=1e-16)


def test_bernoulli() -> None:
    dist = Bernoulli(0.3)
    assert dist.ppf([0.0, 0.5, 0.69, 0.71, 1.0]).tolist() == [0, 0, 0, 1, 1]
    assert dist.cdf([-1, 0, 0.5, 1]).tolist() == [0, 0.7, 0.7, 1]
    assert (dist.mean, dist.std) == (0.3, math.sqrt(0.3 * 0.7))


def test_empirical_is_the_sorted_data() -> None:
    data = np.random.default_rng(2).normal(size=1001)
    dist = Empirical(data)
    ranks = np.arange(1001)
    assert np.array_equal(dist.ppf((ranks + 0.5) / 1001), np.sort(data))
    assert dist.cdf(np.sort(data)) == pytest.approx((ranks + 1) / 1001, rel=1e-15)
    assert (dist.mean, dist.std) == (pytest.approx(data.mean()), pytest.approx(data.std()))


# unit of comparison, and the budget in units in its last place: libm and fma differ by that much
TWINS = [
    (Constant(3), 0, 0),
    (Uniform(-1, 2), 1, 1),
    (LogUniform(1e-3, 1e4), 0, 16),
    (Normal(0, 1), 0, 10),
    (Normal(1, 2), 2, 10),
    (LogNormal(0.2, 0.8), 0, 64),
    (TruncatedNormal(0, 1, -1, 2), 1, 10),
    (TruncatedNormal(0, 1, 4, 5), 0, 10),
    (TruncatedNormal(0, 1, -9, -5), 0, 10),
    (Triangular(1, 2, 5), 0, 1),
    (Exponential(2), 0, 3),
    (Weibull(1.5, 2), 0, 64),
    (Weibull(0.5, 2), 0, 128),
    (Pareto(2.5, 3), 0, 16),
    (Logistic(1, 2), 2, 4),
    (PERT(1, 2, 8), 0, 2),
    (Beta(0.5, 0.7), 0, 2),
    (Beta(50, 2000), 0, 2),
    (Bernoulli(0.3), 0, 0),
    (Discrete([1, 5, 3], [1, 2, 0.5]), 0, 0),
    (Empirical([4.0, 1.0, 2.5]), 0, 0),
]


def test_every_kind_of_law_has_a_twin_that_is_tested() -> None:
    assert set(twin.QUANTILES) == {kind.name for kind in LawKind}
    assert {dist.law().kind for dist, _, _ in TWINS} == set(LawKind)


@pytest.mark.parametrize("dist, unit, budget", TWINS, ids=lambda case: repr(case))
def test_twin_agrees_in_ulp(dist, unit, budget) -> None:
    drawn = np.random.default_rng(1).integers(0, 1 << 52, 100_000)
    u = np.concatenate([(2 * drawn + 1) * 2.0**-53, LEVELS])
    law = dist.law()
    fast, slow = quantile(law, u), twin.quantile(law.kind.name, law.parameters, law.table, u)
    scale = np.maximum(np.abs(slow), unit or 5e-324)
    assert np.max(np.abs(fast - slow) / np.spacing(scale)) <= budget


# both widths, a side without width, and the widest
SPLITS = [(2.0, 0.3, 1.5), (8.0, 0.0, 1.0), (0.1, 1.0, 0.0), (3.0, 4.0, 4.0)]


@pytest.mark.parametrize("parameters", SPLITS)
def test_split_log_normal(parameters) -> None:
    dist = SplitLogNormal(*parameters)
    levels = np.append(LEVELS, np.random.default_rng(5).uniform(0, 1, 200))
    for u, x in zip(levels, dist.ppf(levels), strict=True):
        truth = exact(dist, u)
        assert abs(mpf(float(x)) - truth) <= 5e-12 * truth, (dist, u, x)


def test_moments_of_split_log_normals() -> None:
    same, plain = SplitLogNormal(math.exp(0.2), 0.8, 0.8), LogNormal(0.2, 0.8)
    assert (same.mean, same.std) == pytest.approx((plain.mean, plain.std), rel=1e-14)
    dist = SplitLogNormal(2.0, 0.3, 1.1)

    def moment(order):
        def density(z):
            spread = dist.sigma_low if z < 0 else dist.sigma_high
            return mpmath.exp(order * spread * z) * mpmath.npdf(z)

        return dist.median**order * mpmath.quad(density, [-mpmath.inf, 0, 5, mpmath.inf])

    assert dist.mean == pytest.approx(float(moment(1)), rel=1e-12)
    assert dist.std**2 == pytest.approx(float(moment(2) - moment(1) ** 2), rel=1e-12)


def test_split_log_normal_meets_its_three_quantiles() -> None:
    dist = SplitLogNormal.from_quantiles(2, 8, 100)
    assert dist.ppf([0.05, 0.5, 0.95]) == pytest.approx([2, 8, 100], rel=5e-12)
    point = SplitLogNormal.from_quantiles(3, 3, 3)
    assert (point.support, point.mean, point.std) == ((3.0, 3.0), 3.0, 0.0)
