"""A sweep against the same scenarios drawn as arrays and summed with rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from tokenmill.montecarlo import PERT, Discrete, LogNormal, Normal, Uniform, sample, sweep
from tokenmill.reference import statistics as twin

N = 5001
START = 777
INPUTS = {
    "price": LogNormal(0.0, 1.0),
    "tokens": Normal(1e6, 3.0),
    "hit": Uniform(0.0, 1.0),
    "share": PERT(0.1, 0.4, 0.9),
    "tier": Discrete([1.0, 2.0, 4.0], [0.5, 0.3, 0.2]),
}


def cost(price, tokens, hit, share, tier):  # type: ignore[no-untyped-def]
    return price * (1.0 - hit) * share - tokens * tier


@pytest.fixture(scope="module")
def draws() -> dict[str, np.ndarray]:
    return {name: sample(dist, N, seed=3, input=name, start=START) for name, dist in INPUTS.items()}


@pytest.fixture(scope="module")
def result():  # type: ignore[no-untyped-def]
    return sweep(cost, INPUTS, n=N, seed=3, start=START, thresholds={"cost": [-2e6]})


def test_the_model_sees_the_sampled_inputs(draws, result) -> None:  # type: ignore[no-untyped-def]
    for index in (START, START + 1023, START + N - 1):
        inputs = result.replay(index).inputs
        assert inputs == {name: values[index - START] for name, values in draws.items()}


def test_statistics_are_those_of_the_arrays(draws, result) -> None:  # type: ignore[no-untyped-def]
    y = cost(**draws)
    total, square = twin.exact_sums(y.tolist())
    found = result["cost"]
    assert found.mean == float(total / N)
    assert found.variance == float((N * square - total**2) / (N * (N - 1)))
    assert (found.min, found.argmin) == (y.min(), START + int(np.argmin(y)))
    assert (found.max, found.argmax) == (y.max(), START + int(np.argmax(y)))
    assert found.probability_below(-2e6) == np.mean(y < -2e6)


def test_products_and_correlations(draws, result) -> None:  # type: ignore[no-untyped-def]
    y = cost(**draws)
    for place, item in enumerate(result.plan.drawn):
        x = draws[item.name]
        exact = twin.exact_products(x.tolist(), item.centre, y.tolist())
        assert Fraction(result.tallies[0].products[place][0], 1 << 1074) == exact
        found = result["cost"]
        reference = np.cov(x - item.centre, y - y.mean())
        scale = np.sqrt(reference[0, 0] * reference[1, 1])
        assert found.covariance()[item.name] == pytest.approx(reference[0, 1], abs=1e-12 * scale)
        assert found.correlation()[item.name] == pytest.approx(reference[0, 1] / scale, abs=1e-12)


def test_an_output_that_is_its_input_correlates_fully() -> None:
    found = sweep(lambda x, z: 3.0 * x + z, {"x": Normal(1e9, 1.0), "z": 5.0}, n=4000, seed=2)
    assert found["output"].correlation() == {"x": pytest.approx(1.0, abs=1e-9)}
    assert found["output"].covariance()["x"] == pytest.approx(3.0, rel=0.2)
