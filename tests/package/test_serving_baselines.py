"""The baselines of the serving rows compute what the sweep computes."""

import numpy as np
import pytest

from benchmarks import serving, serving_numpy, serving_work
from tokenmill.montecarlo import sample

COUNT = 300


@pytest.fixture
def few(monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(serving_work, "SCENARIOS", COUNT)


def drawn() -> dict[str, np.ndarray]:
    laws = serving_work.UNCERTAIN.items()
    return {name: sample(law, COUNT, seed=serving_work.SEED, input=name) for name, law in laws}


def test_numpy_computes_what_the_twin_does(few) -> None:  # type: ignore[no-untyped-def]
    one = serving_work.setting()
    values = serving_work.numpy_values(drawn())
    found = serving_numpy.usd_per_mtok(one.shape, one.machine, one.layout, one.pool, values)
    np.testing.assert_allclose(found, serving_work.twin()(), rtol=1e-12)


def test_numpy_draws_from_the_same_laws() -> None:
    rng = np.random.Generator(np.random.SFC64(1))
    for law in serving_work.UNCERTAIN.values():
        found = serving_work.numpy_draw(rng, law, 40_000)
        levels = [0.05, 0.5, 0.95]
        width = law.ppf(0.95) - law.ppf(0.05)
        np.testing.assert_allclose(np.quantile(found, levels), law.ppf(levels), atol=0.03 * width)


def test_the_sweep_computes_what_the_twin_does(few) -> None:  # type: ignore[no-untyped-def]
    outputs, _ = serving_work.swept(scenarios=COUNT)()
    costs = serving_work.twin()()
    assert outputs[0].moments.minimum == pytest.approx(min(costs), rel=1e-11)
    assert outputs[0].moments.values == COUNT


def test_the_rows_are_named() -> None:
    assert [row.name for row in serving.rows()] == [
        "serving cost, one deployment, all inputs uncertain",
        "serving cost, expert skew uncertain too",
    ]
