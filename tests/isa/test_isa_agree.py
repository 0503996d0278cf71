import os
import subprocess
import sys

import numpy as np
import pytest

from tokenmill._native import Law, LawKind, config, elementary, quantile, sample, select_isa
from tokenmill._native.sweep import collect

ISAS = config()["isa_available"]
STEPS = np.arange(1.0, 9.0)
LAWS = [
    Law(LawKind.CONSTANT, (2.5,)),
    Law(LawKind.UNIFORM, (-1.0, 3.0, 2.0)),
    Law(LawKind.LOG_UNIFORM, (-1.0, 2.0, 0.3, 2.8)),
    Law(LawKind.NORMAL, (1.0, 2.0)),
    Law(LawKind.LOG_NORMAL, (0.1, 0.7)),
    Law(LawKind.TRUNCATED_NORMAL, (0.0, 1.0, 0.1, 0.6, -1.2816, 0.5245)),
    Law(LawKind.TRIANGULAR, (0.0, 1.0, 3.0, 1 / 3, 3.0, 6.0)),
    Law(LawKind.EXPONENTIAL, (4.0,)),
    Law(LawKind.WEIBULL, (0.5, 3.0)),
    Law(LawKind.PARETO, (0.4, 2.0)),
    Law(LawKind.LOGISTIC, (1.0, 0.5)),
    # 53 octaves of 16 cells and the middle, both halves, 6 coefficients each
    Law(LawKind.TABULATED, (0.0, 1.0, 9.0, 4.0), np.sin(np.arange(2.0 * 849 * 6)) + 2.0),
    Law(LawKind.DISCRETE, (), np.concatenate([STEPS / 8.0, STEPS])),
    Law(LawKind.EMPIRICAL, (), STEPS),
]


def with_isa(isa, function):
    active = config()["isa_active"]
    select_isa(isa)
    try:
        return function()
    finally:
        select_isa(active)


def agree(function):
    first = with_isa(ISAS[0], function)
    assert all(with_isa(isa, function) == first for isa in ISAS[1:])


def hard_points():
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2**64, 50_000, dtype=np.uint64).view(np.float64)
    near_one = 1.0 + np.arange(-500, 500) * 2.0**-53
    subnormal_results = rng.uniform(-746.0, -708.0, 20_000)
    edges = [0.0, -0.0, np.inf, -np.inf, 5e-324, -5e-324, 2.0**-1022, 709.79, -745.2]
    x = np.concatenate([edges, bits, near_one, subnormal_results, rng.uniform(0, 1, 20_001)])
    return x[~np.isnan(x)]


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "norm_ppf", "norm_cdf"])
def test_elementary(name):
    x = hard_points()

    def values():
        y = elementary(name, x)
        return np.where(np.isnan(y), np.nan, y).tobytes()

    agree(values)


def test_every_kind_is_covered():
    assert {law.kind for law in LAWS} == set(LawKind)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind.name.lower())
def test_laws(law):
    agree(lambda: sample(law, 99, 5, 1001, 20_003, 1).tobytes())
    u = np.array([2.0**-53, 2.0**-30, 0.075, 0.5, 0.925, 1 - 2.0**-53])
    agree(lambda: quantile(law, u).tobytes())


def test_statistics():
    x = hard_points()

    def collected():
        found = collect(x, 17)
        return found.moments, found.buckets.tobytes(), found.counts.tobytes()

    agree(collected)


def start(isa):
    code = "from tokenmill._native import config; print(config()['isa_active'])"
    environment = {**os.environ, "TOKENMILL_ISA": isa}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("isa", ["baseline", "avx2"])
def test_environment_variable(isa):
    if isa not in ISAS:
        pytest.skip(f"this processor does not run {isa}")
    assert start(isa).stdout.strip() == isa


def test_environment_variable_with_nonsense():
    run = start("nonsense")
    assert run.returncode != 0
    assert "TOKENMILL_ISA" in run.stderr and "'nonsense'" in run.stderr
    assert "baseline" in run.stderr
