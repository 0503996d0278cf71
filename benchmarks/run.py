"""Run every row on this machine and write one JSON: ``python -m benchmarks.run [--out FILE]``."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tokenmill import config
from tokenmill._native import available_cores, select_isa
from tokenmill.montecarlo import LogNormal, Normal, Uniform

from . import limits, workloads
from .paired import Comparison, best, compare, median

RESULTS = Path(__file__).parent / "results"

# (row, our work, {baseline: its work}, items per call, target in ns on the design's machine)
Row = tuple[str, Callable[[], Any], dict[str, Callable[[], Any]], int, float | None]


def kernel_rows() -> list[Row]:
    """Return the rows that run on every instruction set."""
    sfc = np.random.SFC64
    pcg = np.random.PCG64
    n = workloads.VALUES
    return [
        (
            "uniform double",
            lambda: workloads.fill(Uniform(0.0, 1.0)),
            {
                "numpy PCG64": lambda: workloads.numpy_fill("random", pcg(7)),
                "numpy SFC64": lambda: workloads.numpy_fill("random", sfc(7)),
                "mkl_random SFMT": lambda: workloads.mkl_fill("random_sample"),
            },
            n,
            1.35,
        ),
        (
            "normal double",
            lambda: workloads.fill(Normal(0.0, 1.0)),
            {
                "numpy PCG64": lambda: workloads.numpy_fill("standard_normal", pcg(7)),
                "numpy SFC64": lambda: workloads.numpy_fill("standard_normal", sfc(7)),
                "mkl_random SFMT": lambda: workloads.mkl_fill("standard_normal"),
            },
            n,
            3.0,
        ),
        (
            "lognormal double",
            lambda: workloads.fill(LogNormal(0.0, 1.0)),
            {
                "numpy PCG64": lambda: workloads.numpy_fill("lognormal", pcg(7), 0.0, 1.0),
                "numpy SFC64": lambda: workloads.numpy_fill("lognormal", sfc(7), 0.0, 1.0),
                "mkl_random SFMT": lambda: workloads.mkl_fill("lognormal", 0.0, 1.0),
            },
            n,
            4.3,
        ),
        (
            "exact sum and sum of squares",
            workloads.exact_sums,
            {"math.fsum twice": workloads.fsum, "numpy, rounded": workloads.numpy_sums},
            n,
            0.8,
        ),
        (
            "log-histogram add",
            workloads.histogram_add,
            {
                "boost-histogram log axis": workloads.boost_histogram,
                "np.histogram": workloads.numpy_histogram,
            },
            n,
            0.9,
        ),
        (
            "fused 6-input sweep, 1 thread",
            lambda: workloads.fused(False, 1),
            {
                "numpy tuned": workloads.numpy_tuned,
                "numpy whole arrays": workloads.numpy_whole,
                "naive numba": workloads.numba_naive,
                "JAX float64": workloads.jax_whole,
            },
            workloads.SCENARIOS,
            22.0,
        ),
        (
            "the same with correlations",
            lambda: workloads.fused(True, 1),
            {"numpy tuned, without": workloads.numpy_tuned},
            workloads.SCENARIOS,
            None,
        ),
    ]


def timed_row(row: Row, isa: str, rounds: int) -> dict[str, Any]:
    """Time one row against its baselines; a baseline that is not installed says so."""
    name, make, baselines, items, target = row
    ours = make()
    result: dict[str, Any] = {"row": name, "isa": isa, "target_ns": target, "baselines": {}}
    seconds = best(ours, rounds)
    for baseline, build in baselines.items():
        try:
            work = build()
        except ImportError as error:
            result["baselines"][baseline] = {"missing": str(error)}
            continue
        found: Comparison = compare(ours, work, rounds)
        seconds = min(seconds, found.seconds)
        result["baselines"][baseline] = {
            "ratio": found.ratio,
            "interval": [found.low, found.high],
            "rounds": found.rounds,
        }
    result["ns"] = seconds / items * 1e9
    return result


def subprocess_ms(code: str, times: int) -> float:
    """Return the median of what fresh processes print: milliseconds."""
    command = [sys.executable, "-c", code]
    found = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(times)
    ]
    return median(found)


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
from benchmarks import workloads
from tokenmill.montecarlo import sweep

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

options = dict(seed=7, correlations=False, threads=THREADS)
sweep(workloads.cost, workloads.SIX_INPUTS, n=0, **options)
before = resident()
seen = []
watch = lambda done, total: seen.append(resident())
sweep(workloads.cost, workloads.SIX_INPUTS, n=10**9, progress=watch, **options)
print((max(seen) - before) / 1e6 / THREADS)
"""


def long_fused(threads: int) -> Callable[[], Any]:
    """Return a fused sweep long enough that starting threads does not show."""
    return workloads.fused(False, threads, 16 * workloads.SCENARIOS)


def small_call_us() -> float:
    """Return microseconds of the smallest philox4x32 call."""
    from tokenmill.montecarlo import philox4x32

    counter, key = np.zeros((1, 4), np.uint32), np.zeros((1, 2), np.uint32)
    return best(lambda: philox4x32(counter, key)) * 1e6


def scalar_rows(quick: bool) -> list[dict[str, Any]]:
    """Return import, call, compile and memory rows: one value and its target each."""
    threads = available_cores()
    speedup = compare(long_fused(2), long_fused(1), 5 if quick else 11, 0.1)
    rows = [
        ("import beyond numpy", "ms", subprocess_ms(_IMPORT, 5 if quick else 15), 50.0),
        ("smallest call", "us", small_call_us(), 2.0),
        ("compile a 12-input model", "ms", subprocess_ms(_COMPILE, 3), 1500.0),
    ]
    found = [{"row": n, "unit": u, "value": v, "target": t} for n, u, v, t in rows]
    found.append(
        {
            "row": "speed-up of the fused sweep on 2 threads",
            "unit": "x",
            "value": speedup.ratio,
            "interval": [speedup.low, speedup.high],
            "target": 1.8,
        }
    )
    if not quick:
        memory = subprocess_ms(_BILLION.replace("THREADS", str(threads)), 1)
        row = "memory per thread of 10^9 scenarios"
        found.append({"row": row, "unit": "MB", "value": memory, "target": 64.0})
    return found


def cpu_name() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def machine_info() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "date": datetime.date.today().isoformat(),
        **{name: value for name, value in config().items() if name != "source_hash"},
    }


def main() -> None:
    """Measure and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no memory row")
    options = parser.parse_args()
    info = machine_info()
    content: dict[str, Any] = {"machine": info, "limits": limits.measure(), "rows": []}
    for isa in [name for name in info["isa_available"] if name != "baseline"]:
        select_isa(isa)
        for row in kernel_rows():
            content["rows"].append(timed_row(row, isa, 5 if options.quick else 11))
            print(json.dumps(content["rows"][-1]), flush=True)
    content["scalars"] = scalar_rows(options.quick)
    slug = re.sub(r"[^a-z0-9]+", "-", f"{info['cpu']} {info['isa_available'][-1]}".lower())
    out = options.out or RESULTS / slug.strip("-") / f"{info['version']}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
