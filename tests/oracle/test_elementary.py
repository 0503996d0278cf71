import math

import numpy as np
import pytest
from mpmath import mp, mpf

from tokenmill import jit
from tokenmill.reference import elementary as twin

N = 4000
RNG = np.random.default_rng(11)
CASES = {
    "exp": (mp.exp, 1.0, [RNG.uniform(-745, 709.78, N), RNG.uniform(-1, 1, N)]),
    "expm1": (mp.expm1, 1.0, [RNG.uniform(-2, 2, N), RNG.uniform(-40, 709, N)]),
    "log": (mp.log, 1.0, [10.0 ** RNG.uniform(-320, 308, N), RNG.uniform(0.5, 2, N)]),
    "log1p": (mp.log1p, 2.0, [RNG.uniform(-0.999, 2, N), 10.0 ** RNG.uniform(-18, 300, N)]),
    "norm_cdf": (lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, 4.0, [RNG.uniform(-37, 0, N)]),
}


def ulps(found, exact):
    return float(abs(mpf(found) - exact) / mpf(math.ulp(float(exact))))


@pytest.mark.parametrize("name", CASES)
def test_unary(name):
    exact, limit, parts = CASES[name]
    with mp.workdps(40):
        for x in np.concatenate(parts).tolist():
            assert ulps(getattr(jit, name)(x), exact(mpf(x))) <= limit, x


def test_norm_ppf():
    # one Newton step from z: what it would move is the error of z
    with mp.workdps(40):
        for u in [*RNG.uniform(0, 0.45, 1500).tolist(), *(10.0 ** RNG.uniform(-300, -1, 500))]:
            z = mpf(jit.norm_ppf(float(u)))
            error = (mp.erfc(-z / mp.sqrt(2)) / 2 - mpf(float(u))) / mp.npdf(z)
            assert abs(error) <= 5 * mpf(math.ulp(float(z))), u


def test_pow():
    x = np.concatenate([RNG.uniform(0.5, 2, N), 10.0 ** RNG.uniform(-320, 308, N)])
    y = RNG.uniform(-745, 709, 2 * N) / np.log(x)
    x, y = np.append(x, RNG.uniform(0, 10, N)), np.append(y, RNG.uniform(-5, 5, N))
    with mp.workdps(40):
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            assert ulps(jit.pow(a, b), mpf(a) ** mpf(b)) <= 1.0, (a, b)


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "norm_cdf", "norm_ppf"])
def test_twin(name):
    x = RNG.uniform(0.001, 0.999, 500)
    found = np.array([getattr(jit, name)(value) for value in x])
    np.testing.assert_array_max_ulp(found, getattr(twin, name)(x), maxulp=64)
