"""What is one figure rather than a row: import, call, compilation, two threads, memory."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np

from tokenmill._native import available_cores
from tokenmill.montecarlo import philox4x32

from . import montecarlo_work as work
from .paired import best, compare, median
from .row import Work
from .serving import search_seconds

_IMPORT = """
import time, numpy
began = time.perf_counter()
import tokenmill
print((time.perf_counter() - began) * 1e3)
"""
_COMPILE = """
import time
from tokenmill.montecarlo import Normal, sweep
names = [f"x{i}" for i in range(12)]
terms = " + ".join(f"x{i} * {i}.5" for i in range(12))
source = "def model(" + ", ".join(names) + "): return " + terms
space = {}
exec(source, space)
import tokenmill.jit.driver
inputs = {name: Normal(0.0, 1.0) for name in names}
began = time.perf_counter()
sweep(space["model"], inputs, n=1, seed=1)
print((time.perf_counter() - began) * 1e3)
"""
_BILLION = """
from pathlib import Path
from benchmarks.montecarlo_work import SIX_INPUTS, cost
from tokenmill.montecarlo import sweep

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

options = dict(seed=7, correlations=False, threads=THREADS)
sweep(cost, SIX_INPUTS, n=0, **options)
before = resident()
seen = []
watch = lambda done, total: seen.append(resident())
sweep(cost, SIX_INPUTS, n=10**9, progress=watch, **options)
print((max(seen) - before) / 1e6 / THREADS)
"""


def printed(code: str, times: int) -> float:
    """Return the median of the number that fresh processes print."""
    command = [sys.executable, "-c", code]
    found = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(times)
    ]
    return median(found)


def small_call() -> Work:
    """The smallest philox4x32 call."""
    counter, key = np.zeros((1, 4), np.uint32), np.zeros((1, 2), np.uint32)
    return lambda: philox4x32(counter, key)


def two_threads(rounds: int) -> dict[str, Any]:
    """Compare the fused sweep on two threads with one, long enough that a start does not show."""
    long = 16 * work.SCENARIOS
    found = compare(work.fused(False, 2, long), work.fused(False, 1, long), rounds)
    return {
        "row": "speed-up of the fused sweep on 2 threads",
        "unit": "x",
        "value": found.ratio,
        "interval": [found.low, found.high],
        "target": 1.8,
    }


def measure(quick: bool) -> list[dict[str, Any]]:
    """Return one value and its target each; `quick` leaves out the memory of 10^9 scenarios."""
    rows = [
        ("import beyond numpy", "ms", printed(_IMPORT, 15), 50.0),
        ("smallest call", "us", best(small_call()) * 1e6, 2.0),
        ("compile a 12-input model", "ms", printed(_COMPILE, 3), 1500.0),
    ]
    if not quick:
        memory = printed(_BILLION.replace("THREADS", str(available_cores())), 1)
        rows.append(("memory per thread of 10^9 scenarios", "MB", memory, 64.0))
    found = [{"row": n, "unit": u, "value": v, "target": t} for n, u, v, t in rows]
    return [*found, search_seconds(), two_threads(7 if quick else 21)]
