"""What a sweep refuses, and how; what a model may look like."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import numpy as np
import pytest

from tokenmill.montecarlo import (
    ModelError,
    Normal,
    SweepCancelled,
    Uniform,
    sample,
    sweep,
)

X = {"x": Uniform(0.0, 1.0)}


def identity(x):  # type: ignore[no-untyped-def]
    return x


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"n": -1}, ValueError, ["n", "-1"]),
        ({"n": 1.5}, TypeError, ["n", "1.5"]),
        ({"n": True}, TypeError, ["n", "True"]),
        ({"n": 10, "seed": -1}, ValueError, ["seed", "-1"]),
        ({"n": 10, "seed": 2**64}, ValueError, ["seed", str(2**64)]),
        ({"n": 10, "seed": "7"}, TypeError, ["seed", "'7'"]),
        ({"n": 10, "seed": np.random.default_rng(1)}, TypeError, ["seed", "NumPy generator"]),
        ({"n": 10, "start": -5}, ValueError, ["start", "-5"]),
        ({"n": 10, "threads": 0}, ValueError, ["threads", "0"]),
        ({"n": 10, "threads": "2"}, TypeError, ["threads", "'2'"]),
        ({"n": 10, "progress": 3}, TypeError, ["progress", "3"]),
        ({"n": 10, "correlations": 1}, TypeError, ["correlations", "1"]),
        ({"n": 10, "thresholds": {"cost": [1]}}, ValueError, ["thresholds", "cost", "identity"]),
        ({"n": 10, "thresholds": {"identity": [np.nan]}}, ValueError, ["thresholds", "NaN"]),
        ({"n": 10, "streams": {"y": "x"}}, ValueError, ["streams", "'y'"]),
        ({"n": 10, "streams": {"x": 3}}, TypeError, ["streams", "'x'", "3"]),
    ],
)
def test_bad_arguments_are_named(arguments, error, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error) as caught:
        sweep(identity, X, **{"seed": 1, **arguments})
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        ([1, 2], TypeError, ["inputs", "mapping", "list"]),
        ({"x": "1"}, TypeError, ["inputs", "'x'", "str"]),
        ({"x": True}, TypeError, ["inputs", "'x'", "bool"]),
        ({"": 1.0}, TypeError, ["inputs", "''"]),
        ({}, TypeError, ["identity", "'x'", "neither an input nor a default"]),
        ({**X, "z": 1.0}, TypeError, ["identity", "'z'", "arguments are x"]),
    ],
)
def test_bad_inputs_are_named(inputs, error, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error) as caught:
        sweep(identity, inputs, n=10, seed=1)
    for word in words:
        assert word in str(caught.value)


def test_defaults_constants_and_rest_arguments() -> None:
    def scaled(x, factor=3.0):  # type: ignore[no-untyped-def]
        return x * factor

    def all_of(first, *rest):  # type: ignore[no-untyped-def]
        return first + 10.0 * rest[0] + 100.0 * rest[1]

    assert sweep(scaled, X, n=100, seed=1)["scaled"].max <= 3.0
    assert sweep(scaled, {**X, "factor": 0.5}, n=100, seed=1)["scaled"].max <= 0.5
    found = sweep(all_of, {"a": 1.0, "first": 2.0, "b": 3}, n=10, seed=1)["all_of"]
    assert found.min == found.max == 312.0


def test_names_of_outputs() -> None:
    class Answer(NamedTuple):
        cost: float
        cheap: bool

    def pair(x):  # type: ignore[no-untyped-def]
        return x, 2 * x

    def named(x):  # type: ignore[no-untyped-def]
        return Answer(x, x < 0.5)

    assert sweep(identity, X, n=10, seed=1).outputs == ("identity",)
    assert sweep(pair, X, n=10, seed=1).outputs == ("pair_0", "pair_1")
    assert sweep(named, X, n=10, seed=1).outputs == ("cost", "cheap")
    assert sweep(lambda x: x, X, n=10, seed=1).outputs == ("output",)
    with pytest.raises(KeyError, match="no output 'price'"):
        sweep(named, X, n=10, seed=1)["price"]


def test_an_uncompilable_model_shows_the_users_line() -> None:
    def broken(x):  # type: ignore[no-untyped-def]
        y = x + 1.0
        return y.wattage

    with pytest.raises(ModelError) as caught:
        sweep(broken, X, n=10, seed=1)
    assert "return y.wattage" in str(caught.value)
    assert __file__.rsplit("/", 1)[-1] in str(caught.value)


def test_a_model_must_return_numbers() -> None:
    with pytest.raises(ModelError, match="must return a number"):
        sweep(lambda x: "dear", X, n=10, seed=1)
    with pytest.raises(TypeError, match="plain Python function"):
        sweep(3, X, n=10, seed=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_of_the_model_names_its_scenario(threads: int) -> None:
    def guarded(x):  # type: ignore[no-untyped-def]
        if x > 0.9999:
            raise ValueError("too dear")
        return x

    draws = sample(X["x"], 200_000, seed=3, input="x")
    first = int(np.argmax(draws > 0.9999))
    with pytest.raises(ValueError, match="too dear") as caught:
        sweep(guarded, X, n=200_000, seed=3, threads=threads)
    assert caught.value.scenario == first  # type: ignore[attr-defined]
    assert f"scenario {first}" in caught.value.__notes__[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_counts_up_and_false_cancels(threads: int) -> None:
    seen: list[tuple[int, int]] = []
    sweep(identity, X, n=100_000, seed=1, threads=threads, progress=lambda *a: seen.append(a))
    assert seen[-1] == (100_000, 100_000)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    before = threading.active_count()
    with pytest.raises(SweepCancelled):
        sweep(identity, X, n=1 << 40, seed=1, threads=threads, progress=lambda *a: False)
    assert threading.active_count() == before


SLOW = """
import threading, sys, time
from tokenmill.montecarlo import sweep, Uniform
def model(x):
    return x
sweep(model, {"x": Uniform(0.0, 1.0)}, n=10, seed=1)
print("ready", flush=True)
try:
    sweep(model, {"x": Uniform(0.0, 1.0)}, n=1 << 45, seed=1, threads=THREADS)
except KeyboardInterrupt:
    print("stopped", threading.active_count(), flush=True)
"""


@pytest.mark.usefixtures("answers_ctrl_c")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_within_a_second_and_leaves_no_thread(threads: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW.replace("THREADS", str(threads))],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    watchdog = threading.Timer(60.0, process.kill)  # the sweep itself would take days
    watchdog.start()
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.0)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopped 1\n"
    assert time.monotonic() - began < 1.0
    assert process.wait(timeout=10) == 0
    watchdog.cancel()
    process.stdout.close()


def test_empty_and_single_sweeps() -> None:
    nothing = sweep(identity, X, n=0, seed=1)
    assert nothing.n == 0
    assert np.isnan(nothing["identity"].mean)
    one = sweep(identity, X, n=1, seed=1, start=5)
    assert one["identity"].mean == sample(X["x"], 1, seed=1, input="x", start=5)[0]
    assert (nothing + one).digest == one.digest


def test_replay_gives_the_scenario_back() -> None:
    result = sweep(lambda x, y: x - y, {**X, "y": Normal(0, 1)}, n=5000, seed=11)
    found = result["output"]
    assert result.replay(found.argmin).outputs["output"] == found.min
    worst = result.replay(found.argmax)
    assert worst.inputs["x"] - worst.inputs["y"] == worst.outputs["output"] == found.max


def test_streams_share_uniforms() -> None:
    inputs = {"a": Normal(0.0, 1.0), "b": Normal(5.0, 1.0)}
    shared = sweep(lambda a, b: b - a, inputs, n=5000, seed=1, streams={"a": "s", "b": "s"})
    assert shared["output"].std < 1e-12
    apart = sweep(lambda a, b: b - a, inputs, n=5000, seed=1)
    assert apart["output"].std > 1.0


def test_a_seed_that_is_not_given_is_kept() -> None:
    result = sweep(identity, X, n=2000)
    again = sweep(identity, X, n=2000, seed=result.seed)
    assert again.digest == result.digest
