"""A model over arrays: the bits of a call with floats, shapes, containers, and what is refused."""

from typing import NamedTuple

import numba
import numpy as np
import pytest

import tokenmill
from tokenmill import ModelError, evaluate
from tokenmill.economics import usd_per_mtok
from tokenmill.jit import exp
from tokenmill.montecarlo import Uniform, sample, sweep


class Pair(NamedTuple):
    total: float
    ratio: float


@numba.njit(nogil=True, error_model="numpy")
def pair(a, b=2.0):  # type: ignore[no-untyped-def]
    return Pair(a + exp(b), a / b)


@numba.njit(nogil=True, error_model="numpy")
def refuse_large(a):  # type: ignore[no-untyped-def]
    if a >= 1000.0:
        raise ValueError("too large")
    return a


def total(*values):  # type: ignore[no-untyped-def]
    return values[0] - values[1], values[0] > 1


def test_every_element_has_the_bits_of_a_call_with_floats() -> None:
    a = np.linspace(-3.0, 3.0, 5000)
    b = a[::-1] * 1.5
    found = evaluate(pair, {"a": a, "b": b}, threads=1)
    expected = [pair(x, y) for x, y in zip(a, b, strict=True)]
    assert isinstance(found, Pair)
    assert found.total.tobytes() == np.array([one.total for one in expected]).tobytes()
    assert found.ratio.tobytes() == np.array([one.ratio for one in expected]).tobytes()


def test_threads_leave_the_bits_alone() -> None:
    a = np.linspace(0.1, 9.0, 300).reshape(300, 1)
    b = np.linspace(0.5, 2.0, 200)
    one = evaluate(pair, {"a": a, "b": b}, threads=1)
    for threads in (2, 3, 7):
        many = evaluate(pair, {"a": a, "b": b}, threads=threads)
        assert many.total.tobytes() == one.total.tobytes()
        assert many.ratio.tobytes() == one.ratio.tobytes()


def test_it_is_what_a_sweep_sees() -> None:
    low, high = 1.0, 3.0
    drawn = sample(Uniform(low, high), 3000, seed=4, input="a")
    result = sweep(pair, {"a": Uniform(low, high)}, n=3000, seed=4)
    ratio = evaluate(pair, {"a": drawn}).ratio
    assert (result["ratio"].min, result["ratio"].max) == (ratio.min(), ratio.max())


@pytest.mark.parametrize(
    "shapes", [((), ()), ((4,), ()), ((3, 1), (4,)), ((2, 1, 2), (3, 1)), ((0,), (1,)), ((1,), ())]
)
def test_shapes_are_broadcast(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.uniform(1.0, 2.0, shape) for shape in shapes)
    found = evaluate(pair, {"a": a, "b": b})
    assert found.total.shape == np.broadcast_shapes(*shapes)
    np.testing.assert_array_equal(found.ratio, a / b)


@pytest.mark.parametrize(
    "convert",
    [
        list,
        lambda x: x.astype(np.float32),
        lambda x: x.astype(np.int16),
        lambda x: x.astype(">f8"),
        lambda x: np.repeat(x, 2)[::2],
        lambda x: x.astype(bool),
    ],
)
def test_any_real_array_is_taken(convert) -> None:  # type: ignore[no-untyped-def]
    a = convert(np.arange(1.0, 6.0))
    np.testing.assert_array_equal(evaluate(pair, {"a": a}).ratio, np.asarray(a, float) / 2.0)


def test_a_read_only_array_is_taken_and_left_alone() -> None:
    a = np.arange(5.0)
    a.flags.writeable = False
    np.testing.assert_array_equal(evaluate(pair, {"a": a}).ratio, np.arange(5.0) / 2.0)


def test_starred_models_tuples_and_formulas_of_the_package() -> None:
    difference, above = evaluate(total, {"x": [1.0, 2.0], "y": 3.0})
    assert difference.tolist() == [-2.0, -1.0]
    assert above.tolist() == [0.0, 1.0]
    rents = [2.0, 4.0]
    found = evaluate(
        usd_per_mtok, {"usd_per_hour": rents, "tokens_per_s": 1000.0, "utilisation": 1.0}
    )
    assert found.tolist() == [usd_per_mtok(rent, 1000.0, 1.0) for rent in rents]


@pytest.mark.parametrize("threads", [1, 3])
def test_the_lowest_index_that_raises_is_named(threads: int) -> None:
    a = np.zeros((300, 200))
    a[71, 3:] = 2000.0
    a[250] = 3000.0
    with pytest.raises(ValueError, match="too large") as caught:
        evaluate(refuse_large, {"a": a}, threads=threads)
    assert caught.value.index == (71, 3)  # type: ignore[attr-defined]
    assert "raised by the model at index (71, 3)" in caught.value.__notes__


@pytest.mark.parametrize(
    ("inputs", "options", "error", "words"),
    [
        ([1.0], {}, TypeError, "inputs: expected a mapping of names, found list"),
        ({"a": 1.0, "c": 1.0}, {}, TypeError, "pair.* has no argument 'c'; its arguments are a, b"),
        ({"b": 1.0}, {}, TypeError, "needs 'a', which has neither an input nor a default"),
        ({"a": 1.0, 3: 1.0}, {}, TypeError, "inputs: names must be non-empty strings, found 3"),
        ({"a": Uniform(0, 1)}, {}, TypeError, "'a' must be an array or a number, found Uniform"),
        ({"a": "x"}, {}, TypeError, "inputs: 'a': expected real numbers, found dtype <U1"),
        ({"a": None}, {}, TypeError, "inputs: 'a': expected real numbers, found dtype object"),
        ({"a": [1j]}, {}, TypeError, "inputs: 'a': expected real numbers, found dtype complex"),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]}, {}, ValueError, "'a' .2,., 'b' .3,."),
        ({"a": 1.0}, {"threads": 0}, ValueError, "threads"),
        ({"a": 1.0}, {"thread": 1}, TypeError, "thread"),
    ],
)
def test_bad_arguments_are_named(inputs, options, error, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        evaluate(pair, inputs, **options)


def test_a_model_that_cannot_be_compiled_shows_its_line() -> None:
    def broken(a):  # type: ignore[no-untyped-def]
        return a.missing

    with pytest.raises(ModelError, match="return a.missing"):
        evaluate(broken, {"a": [1.0]})
    with pytest.raises(TypeError, match="model: expected a plain Python function, found int"):
        evaluate(3, {"a": [1.0]})  # type: ignore[arg-type]


def test_a_plain_function_follows_what_it_refers_to() -> None:
    factor = 2.0

    def scaled(a):  # type: ignore[no-untyped-def]
        return a * factor

    assert evaluate(scaled, {"a": [1.0]}).tolist() == [2.0]
    factor = 3.0
    assert evaluate(scaled, {"a": [1.0]}).tolist() == [3.0]


def test_it_is_a_name_of_the_package() -> None:
    assert tokenmill.evaluate is evaluate
    assert "evaluate" in tokenmill.__all__
