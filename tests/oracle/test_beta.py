"""Beta and PERT by table, and the incomplete beta function, against mpmath and scipy."""

import hashlib
import math

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from scipy import special, stats

from tokenmill.montecarlo import PERT, Beta
from tokenmill.montecarlo.distributions._beta_table import beta_table
from tokenmill.montecarlo.distributions._incomplete_beta import LowerTail, stirling_remainder

# both tails down to the last uniform that can be drawn, and the middle
TAIL = 2.0 ** -np.arange(1, 54)
LEVELS = np.unique(np.concatenate([TAIL, 1 - TAIL, np.linspace(0.013, 0.987, 41)]))
SHAPES = [(3, 3), (1, 5), (2.2, 3.8), (1, 1), (0.5, 0.5), (0.1, 3), (3, 0.1), (0.7, 40), (30, 70)]
LARGE_SHAPES = [(1e4, 1e4), (2, 3e4), (1e5, 0.5), (0.1, 1e5), (1e5, 1e5), (1e5, 3)]


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(40):
        yield


def beta_errors(a: float, b: float, levels, probability) -> tuple[float, float]:
    """Return the worst errors of Beta(a, b).ppf in u and of the distance to the end."""
    in_u, in_x = 0.0, 0.0
    for u, x in zip(levels, Beta(a, b).ppf(levels), strict=True):
        if x in (0.0, 1.0):
            assert x == float(u > 0.5)  # nearer to the end than half a unit in the last place
            continue
        off = abs(float(probability(float(x)) - mpf(float(u))))
        log_density = (a - 1) * math.log(x) + (b - 1) * math.log1p(-x) - special.betaln(a, b)
        density = math.exp(log_density)
        rounding = 4 * np.spacing(x)
        distance = x if u < 0.5 else 1 - x
        in_u = max(in_u, off - rounding * density)
        in_x = max(in_x, (off / density - rounding) / distance)
    return in_u, in_x


@pytest.mark.parametrize("a, b", SHAPES)
def test_beta_quantiles(a, b) -> None:
    def probability(x):
        return mpmath.betainc(a, b, 0, mpf(x), regularized=True)

    in_u, in_x = beta_errors(a, b, LEVELS[::3], probability)
    assert in_u <= 1e-12
    assert in_x <= 1e-10


@pytest.mark.parametrize("a, b", LARGE_SHAPES)
def test_beta_quantiles_of_large_shapes(a, b) -> None:
    # mpmath is slow here; scipy's own error in I is a few 1e-13
    in_u, _ = beta_errors(a, b, LEVELS[::3], lambda x: special.betainc(a, b, x))
    assert in_u <= 1.5e-12


@pytest.mark.parametrize("a, b", [(2, 3e4), (0.1, 1e5), (3, 1e4)])
def test_beta_between_nodes_near_zero(a, b) -> None:
    # X is far below 1 on both sides of the median, where 1 - (1 - x) would have lost its digits
    levels = np.random.default_rng(3).uniform(0.01, 0.99, 500)
    assert Beta(a, b).ppf(levels) == pytest.approx(special.betaincinv(a, b, levels), rel=1e-10)


@pytest.mark.parametrize("a, b", [(1e5, 0.3), (1e5, 3.0), (2.0, 7.0), (0.3, 0.2)])
def test_incomplete_beta(a, b) -> None:
    tail = LowerTail.of(a, b)
    y = np.array([0.1, 0.5, 1, 1.3, 2, 5, 10, 20]) * tail.b / (a + b) / 2.5
    y = y[y < 0.99]
    log_lower, ratio = tail.evaluate(1 - y, y)
    with mpmath.workdps(60):
        for index in range(y.size):
            at = mpf(float(y[index]))
            front = (1 - at) ** a * at**b / mpmath.beta(a, b)
            lower = 1 - at**b / b * mpmath.hyp2f1(b, 1 - a, b + 1, at) / mpmath.beta(a, b)
            # 1 - y is rounded, and a h(x/x0) feels it
            tolerance = 2e-14 + a * 1.2e-16 * abs(a / (a + b) - 1 + float(at)) / (1 - float(at))
            assert float(log_lower[index]) == pytest.approx(float(mpmath.log(lower)), abs=tolerance)
            assert float(ratio[index]) == pytest.approx(float(lower / front), rel=2e-14)


@pytest.mark.parametrize("z", [0.1, 0.5, 1, 3.7, 15.9, 16.1, 250, 1e5])
def test_stirling_remainder(z) -> None:
    z = mpf(z)
    plain = (z - 0.5) * mpmath.log(z) - z + mpmath.log(2 * mpmath.pi) / 2
    truth = float(mpmath.loggamma(z) - plain)
    assert stirling_remainder(float(z)) == pytest.approx(truth, abs=3e-15, rel=1e-15)


@pytest.mark.parametrize("a, b", [*SHAPES, *LARGE_SHAPES])
def test_beta_cdf_and_moments(a, b) -> None:
    dist, other = Beta(a, b, -2, 5), stats.beta(a, b, -2, 7)
    # the density of a distribution pressed against an end magnifies the rounding of x
    x = np.linspace(-2, 5, 41)
    middle = -2 + 7 * stats.beta(a, b).ppf([0.3, 0.5, 0.7])
    assert dist.cdf(x) == pytest.approx(other.cdf(x), abs=1e-13)
    if a + b < 1e3:
        assert dist.cdf(middle) == pytest.approx(other.cdf(middle), abs=1e-12)
    assert dist.mean == pytest.approx(other.mean(), rel=1e-14)
    assert dist.std == pytest.approx(other.std(), rel=1e-14)


def test_pert_is_a_beta() -> None:
    u = np.linspace(0, 1, 101)
    assert PERT(1, 2, 5).ppf(u) == pytest.approx(Beta(2, 4, 1, 5).ppf(u), rel=0, abs=0)
    assert PERT(1, 2, 5, peakedness=8).mean == pytest.approx((1 + 8 * 2 + 5) / 10, rel=1e-15)
    assert PERT(1, 2, 5, peakedness=0).ppf(u) == pytest.approx(1 + 4 * u, rel=1e-12)


# The bits of a table may not depend on the machine: a change here is a change of stream version.
TABLE_DIGESTS = {
    (3.0, 3.0): "d7df76582e791058c83285a96c17a9bddd1251e3ab0574307d63ffefd61d5d7b",
    (2.2, 3.8): "79e9b7dc1e8a0ac1154de4800102e1177a782923882a3bb3d6bdf9b0f15c9a71",
    (0.5, 1e4): "3fcd5c33fa3deb099aac471233e74f4dce51476e228836a02cf57b04e4fc0181",
}


@pytest.mark.parametrize("shapes", TABLE_DIGESTS)
def test_beta_tables_keep_their_bits(shapes) -> None:
    _, table = beta_table(*shapes)
    assert hashlib.sha256(table.astype("<f8").tobytes()).hexdigest() == TABLE_DIGESTS[shapes]
