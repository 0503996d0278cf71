"""One sweep has one digest: for any threads, split, instruction set and C library variant."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from tokenmill._native import config, select_isa
from tokenmill.jit import exp, log, pow
from tokenmill.montecarlo import (
    PERT,
    Discrete,
    LogNormal,
    Normal,
    SweepResult,
    Triangular,
    Uniform,
    sweep,
)

N = 40_000
INPUTS = {
    "price": LogNormal(0.0, 0.5),
    "tokens": Normal(1000.0, 200.0),
    "hit": Uniform(0.0, 1.0),
    "share": PERT(0.1, 0.4, 0.9),
    "ratio": Triangular(0.8, 1.0, 1.5),
    "tier": Discrete([1.0, 2.0, 4.0], [0.5, 0.3, 0.2]),
}


def model(price, tokens, hit, share, ratio, tier):  # type: ignore[no-untyped-def]
    cost = price * tokens * exp(-hit) * pow(ratio, tier)
    return cost, log(cost) * share, tokens > 1000.0


def run(n: int = N, start: int = 0, threads: int = 1) -> SweepResult:
    return sweep(
        model, INPUTS, n=n, seed=7, start=start, threads=threads, thresholds={"model_0": [900.0]}
    )


@pytest.fixture(scope="module")
def digest() -> str:
    return run().digest


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads(digest: str, threads: int) -> None:
    assert run(threads=threads).digest == digest


@pytest.mark.parametrize("cuts", [[1], [1024], [1023, 1025, 30_001], [5, 6, 7, 39_999]])
def test_any_split_in_any_order(digest: str, cuts: list[int]) -> None:
    edges = [0, *cuts, N]
    parts = [run(high - low, low) for low, high in zip(edges[:-1], edges[1:], strict=True)]
    total = parts[-1]
    for part in parts[:-1]:
        total = part + total
    assert total.digest == digest


@pytest.mark.parametrize("isa", config()["isa_available"])
def test_every_instruction_set(digest: str, isa: str) -> None:
    active = config()["isa_active"]
    try:
        select_isa(isa)
        assert run().digest == digest
    finally:
        select_isa(active)


def test_another_seed_or_input_is_another_digest(digest: str) -> None:
    assert sweep(model, INPUTS, n=N, seed=8, threads=1).digest != digest
    other = INPUTS | {"hit": Uniform(0.0, np.nextafter(1.0, 2.0))}
    thresholds = {"model_0": [900.0]}
    assert sweep(model, other, n=N, seed=7, threads=1, thresholds=thresholds).digest != digest


SCRIPT = """
    import sys
    sys.path.insert(0, {folder!r})
    from test_sweep_bits import run
    print(run().digest)
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX512F,-AVX2_Usable,-FMA_Usable"},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
        {"TOKENMILL_ISA": "baseline", "TOKENMILL_NUM_THREADS": "3"},
    ],
    ids=["C library without FMA", "numba for any processor", "environment"],
)
def test_another_process(digest: str, environment: dict[str, str]) -> None:
    script = textwrap.dedent(SCRIPT.format(folder=os.path.dirname(__file__)))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == digest, done.stderr
