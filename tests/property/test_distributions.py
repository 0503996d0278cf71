"""What holds for every distribution, whatever its parameters."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tokenmill._native import LawKind
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
    sample,
)

LEVELS = np.unique(
    np.concatenate([2.0 ** -np.arange(1, 54), 1 - 2.0 ** -np.arange(1, 54), np.linspace(0, 1, 65)])
)

places = st.floats(-1e6, 1e6)
sizes = st.floats(1e-6, 1e6)
shapes = st.floats(0.1, 1e5)
shares = st.floats(0, 1)


def between(draw, low: float, high: float) -> float:
    return min(max(low + draw(shares) * (high - low), low), high)


@st.composite
def intervals(draw) -> tuple[float, float]:
    low = draw(places)
    return low, low + draw(st.just(0.0) | sizes)


@st.composite
def three_points(draw) -> tuple[float, float, float]:
    low, high = draw(intervals())
    return low, between(draw, low, high), high


@st.composite
def truncated_normals(draw) -> TruncatedNormal:
    mu, sigma = draw(places), draw(sizes)
    first = draw(st.floats(-30, 30))
    width = draw(st.floats(1e-3, 60))
    low, high = mu + first * sigma, mu + (first + width) * sigma
    assume(low < high)
    return TruncatedNormal(mu, sigma, low, high)


@st.composite
def log_uniforms(draw) -> LogUniform:
    low = draw(sizes)
    return LogUniform(low, low * draw(st.floats(1, 1e6)))


@st.composite
def discretes(draw) -> Discrete:
    values = draw(st.lists(places, min_size=1, max_size=20))
    weights = draw(st.lists(st.floats(0, 1e3), min_size=len(values), max_size=len(values)))
    assume(sum(weights) > 0)
    return Discrete(values, weights)


distributions = st.one_of(
    st.builds(Constant, places),
    intervals().map(lambda ends: Uniform(*ends)),
    log_uniforms(),
    st.builds(Normal, places, st.just(0.0) | sizes),
    st.builds(LogNormal, st.floats(-300, 300), st.floats(0, 10)),
    st.builds(SplitLogNormal, sizes, st.floats(0, 4), st.floats(0, 4)),
    truncated_normals(),
    three_points().map(lambda points: Triangular(*points)),
    st.builds(Exponential, sizes),
    st.builds(Weibull, st.floats(0.1, 100), sizes),
    st.builds(Pareto, st.floats(0.1, 100), sizes),
    st.builds(Logistic, places, st.just(0.0) | sizes),
    three_points().map(lambda points: PERT(*points)),
    st.builds(Beta, shapes, shapes),
    st.builds(Bernoulli, shares),
    discretes(),
    st.lists(places, min_size=1, max_size=30).map(Empirical),
)


# a large mu beside a support at zero, and an interval that is narrow and far out
NEAR_ZERO = TruncatedNormal(
    -245974.82840245205, 46242.84187626652, -2.9103830456733704e-11, 6912.694457525999
)
FAR_OUT = TruncatedNormal(
    930770.6588914695, 3551.7806707854847, 826809.1733675073, 826812.725148178
)


@given(dist=distributions)
@example(dist=NEAR_ZERO)
@example(dist=FAR_OUT)
def test_quantiles_ascend_within_the_support(dist: Distribution) -> None:
    x = dist.ppf(LEVELS)
    low, high = dist.support
    assert (x[0], x[-1]) == (low, high)
    assert bool(np.all((x >= low) & (x <= high)))
    finite = x[np.isfinite(x)]
    # exp, log, norm_ppf and the cells of a table may step back by a few units in the last place: of
    # the value, or of the place it is counted from, where the sum of the two cancels
    place = 0.0 if isinstance(dist, LogNormal) else abs(getattr(dist, "mu", 0.0))
    slack = 1e-14 * np.maximum(np.abs(finite[1:]), np.abs(finite[:-1])) + 1e-15 * place
    assert bool(np.all(finite[1:] >= finite[:-1] - slack))


@given(dist=distributions)
@example(dist=NEAR_ZERO)
@example(dist=FAR_OUT)
def test_cdf_ascends_and_undoes_ppf(dist: Distribution) -> None:
    low, high = dist.support
    x = dist.ppf(LEVELS)
    probability = dist.cdf(x)
    assert bool(np.all((probability >= 0) & (probability <= 1)))
    # 5 ulp of norm_cdf at 1/2, twice, over the 4e-4 that the narrowest interval holds: 1.4e-12
    assert bool(np.all(np.diff(dist.cdf(np.sort(x))) >= -2e-12))
    assert dist.cdf(high) == 1.0
    if math.isfinite(low):
        assert dist.cdf(low - abs(low) - 1) == 0.0
    assert math.isnan(dist.cdf(math.nan))
    assert (dist.cdf(-math.inf), dist.cdf(math.inf)) == (0.0, 1.0)
    # whether X is a step, rounded or coarse, the level lies between the shares around its value
    x, levels = x[1:-1], LEVELS[1:-1]
    around = x * (1 + 1e-13), x * (1 - 1e-13)
    above, below = dist.cdf(np.maximum(*around) + 1e-300), dist.cdf(np.minimum(*around) - 1e-300)
    assert bool(np.all(above >= levels - 1e-9))
    assert bool(np.all((below <= levels + 1e-9) | np.isinf(x)))


@given(dist=distributions)
def test_moments_are_numbers_within_the_support(dist: Distribution) -> None:
    low, high = dist.support
    assert low - 1e-12 * abs(low) <= dist.mean <= high + 1e-12 * abs(high)
    assert dist.std >= 0.0
    if low == high:
        assert (dist.mean, dist.std) == (low, 0.0)


@settings(max_examples=50)
@given(dist=distributions)
def test_equal_parameters_are_equal_distributions(dist: Distribution) -> None:
    names = [field.name for field in dataclasses.fields(dist)]
    twins = [
        type(dist)(*(getattr(dist, name) for name in names)),
        pickle.loads(pickle.dumps(dist)),
        copy.deepcopy(dist),
        dataclasses.replace(dist),
    ]
    for other in twins:
        assert other == dist
        assert hash(other) == hash(dist)
        assert repr(other) == repr(dist)
        assert other.law().parameters == dist.law().parameters
        assert np.array_equal(other.law().table, dist.law().table)
    assert dist != "a distribution"
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(dist, names[0], 1.0)


@settings(max_examples=50)
@given(dist=distributions, start=st.integers(0, 5000), n=st.integers(0, 3000))
def test_a_sample_is_ppf_of_the_uniforms(dist: Distribution, start: int, n: int) -> None:
    u = sample(Uniform(0, 1), n, seed=7, start=start)
    assert np.array_equal(sample(dist, n, seed=7, start=start), dist.ppf(u))


@given(sigma=sizes, k=st.integers(0, (1 << 52) - 1))
@example(sigma=1.0, k=0)
def test_normal_and_uniform_mirror_exactly(sigma: float, k: int) -> None:
    u = (2 * k + 1) * 2.0**-53
    assert Normal(0, sigma).ppf(1 - u) == -Normal(0, sigma).ppf(u)
    assert Uniform(-sigma, sigma).ppf(1 - u) == -Uniform(-sigma, sigma).ppf(u)


SYMMETRIC = [
    Logistic(0, 3),
    TruncatedNormal(0, 1, -2, 2),
    Triangular(-1, 0, 1),
    PERT(-1, 0, 1),
    Beta(0.4, 0.4, -1, 1),
    Beta(700, 700, -1, 1),
]


@pytest.mark.parametrize("dist", SYMMETRIC, ids=repr)
def test_symmetric_distributions_mirror(dist: Distribution) -> None:
    k = np.random.default_rng(0).integers(0, 1 << 52, 20_000)
    u = (2 * k + 1) * 2.0**-53
    assert np.max(np.abs(dist.ppf(1 - u) + dist.ppf(u))) <= 2e-15 * max(1.0, dist.std)


@given(
    low=sizes,
    ratio=st.floats(1, 1e6),
    p_low=st.floats(1e-6, 0.45),
    p_high=st.floats(0.55, 1 - 1e-6),
)
def test_from_quantiles_hits_its_quantiles(low, ratio, p_low, p_high) -> None:
    dist = LogNormal.from_quantiles(low, low * ratio, p_low=p_low, p_high=p_high)
    assert dist.ppf([p_low, p_high]) == pytest.approx([low, low * ratio], rel=1e-13)


@given(mean=sizes, variation=st.just(0.0) | st.floats(1e-100, 30))
def test_from_mean_std_hits_both(mean, variation) -> None:
    dist = LogNormal.from_mean_std(mean, variation * mean)
    assert dist.mean == pytest.approx(mean, rel=1e-13)
    assert dist.std == pytest.approx(variation * mean, rel=1e-12, abs=1e-300)


@given(mean=sizes, std=sizes, factor=sizes)
def test_scale_families_scale(mean, std, factor) -> None:
    u = LEVELS[1:-1]
    assert Exponential(factor).ppf(u) == pytest.approx(factor * Exponential(1).ppf(u), rel=1e-15)
    assert Logistic(0, factor).ppf(u) == pytest.approx(factor * Logistic(0, 1).ppf(u), rel=1e-15)
    wide = LogNormal.from_mean_std(mean * factor, std * factor)
    assert wide.ppf(u) == pytest.approx(
        factor * LogNormal.from_mean_std(mean, std).ppf(u), rel=1e-11
    )


POINTS = [
    (Uniform(2, 2), 2.0),
    (LogUniform(2, 2), 2.0),
    (Normal(2, 0), 2.0),
    (LogNormal(0, 0), 1.0),
    (LogNormal.from_mean_std(2, 0), 2.0),
    (LogNormal.from_quantiles(2, 2), 2.0),
    (TruncatedNormal(5, 1, 2, 2), 2.0),
    (TruncatedNormal(2, 0, 1, 3), 2.0),
    (TruncatedNormal(5, 0, 2, 2), 2.0),
    (Triangular(2, 2, 2), 2.0),
    (Logistic(2, 0), 2.0),
    (PERT(2, 2, 2), 2.0),
    (Beta(2, 3, 2, 2), 2.0),
    (Bernoulli(0), 0.0),
    (Bernoulli(1), 1.0),
    (Discrete([2]), 2.0),
    (Discrete([2, 1, 2, 3], [1, 0, 1, 0]), 2.0),
    (Empirical([2, 2]), 2.0),
]


@pytest.mark.parametrize("dist, value", POINTS, ids=repr)
def test_points_are_drawn_as_constants(dist: Distribution, value: float) -> None:
    assert dist.law().kind == LawKind.CONSTANT
    assert dist.support == pytest.approx((value, value), rel=1e-15)
    assert dist.ppf([0.0, 0.3, 1.0]) == pytest.approx([value] * 3, rel=1e-15)
    assert dist.mean == pytest.approx(value, rel=1e-15)
    assert dist.std == 0.0
    point = dist.support[0]
    assert dist.cdf([point - 1, np.nextafter(point, -9), point, point + 1]).tolist() == [0, 0, 1, 1]
