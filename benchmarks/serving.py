"""The rows of the serving model: ``python -m benchmarks.serving`` prints them.

Published, and not measured here: a step of AIConfigurator takes 20-209 us in Python and 17-94 us in
Rust (its performance report, version 095f58a51), one configuration of InferSim 0.23 s (version
f2293da). Neither has money, and neither draws: their figures are for one configuration.
"""

from __future__ import annotations

import json
import time
from typing import Any

from tokenmill.serving import Workload, search

from . import limits
from . import serving_work as work
from .montecarlo import PRODUCTS_PER_UNIFORM
from .paired import best, compare
from .row import Row, Work

# Four accelerators, two formats, 8 x 8 degrees, 489 batches each of four cuts: 1,001,472.
SEARCHED = ("H800", "H200", "B200", "GB200")


def rows() -> list[Row]:
    """Return the rows that run on every instruction set."""
    draws = len(work.UNCERTAIN)
    return [
        Row(
            "serving cost, one deployment, all inputs uncertain",
            "scenario",
            work.SCENARIOS,
            work.swept,
            {"pure Python twin": work.twin, "numpy tuned, cost alone": work.numpy_tuned},
            500.0,
            products=draws * PRODUCTS_PER_UNIFORM,
        ),
        Row(
            "serving cost, expert skew uncertain too",
            "scenario",
            work.SCENARIOS,
            lambda: work.swept(skewed=True),
            {"without": work.swept},
            products=(draws + 1) * PRODUCTS_PER_UNIFORM,
        ),
    ]


def search_work(threads: int = 1) -> Work:
    """Search a million configurations of DeepSeek-V3, compiled before it is timed."""
    workload = Workload(in_len=3600.0, out_len=500.0, cache_hit=0.56, imbalance=1.2)

    def run() -> Any:
        return search(
            "deepseek_v3",
            SEARCHED,
            workload,
            usd_per_hour=2.6,
            precisions=("fp8", "fp4"),
            expert_parallel=(None, 8, 16, 32),
            batches=range(1, 490),
            tpot_limit_s=0.05,
            threads=threads,
        )

    run()
    return run


def search_seconds(times: int = 3) -> dict[str, Any]:
    """Return the figure of the search on one thread."""
    run = search_work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    name = "search of 1,001,472 configurations, one thread"
    return {"row": name, "unit": "s", "value": min(found), "target": 5.0}


def main() -> None:
    """Print the rows and the search."""
    known = limits.measure()
    for row in rows():
        ours = row.ours()
        line: dict[str, Any] = {"row": row.name, "ns": best(ours) / row.items * 1e9}
        line |= {"target_ns": row.target(known), "limit_ns": row.limit_ns(known)}
        for name, build in row.baselines.items():
            found = compare(ours, build(), 7)
            line[name] = [round(x, 2) for x in (found.ratio, found.low, found.high)]
        print(json.dumps(line), flush=True)
    print(json.dumps(search_seconds()))


if __name__ == "__main__":
    main()
