"""Routing over a grid of sizes, rules and types: ``python -m benchmarks.routing_grid``.

Every cell routes 2^20 logits on one thread beside torch, NumPy and naive numba, paired in one run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import limits
from . import routing_work as work
from .paired import best, compare
from .routing_work import Case
from .run import RESULTS, machine_info, slug

LOGITS = 1 << 20
EXPERTS = (8, 64, 128, 256, 384, 512, 896)
TOP_K = (1, 2, 4, 8, 16, 22)
RULES = ("R1", "R2", "R7", "R11")
DTYPES = ("float32", "bfloat16")
BASELINES = {"torch": work.torch_eager, "numpy": work.numpy_arrays, "naive numba": work.numba_naive}
# The fewest rounds whose extremes hold the median with 95 %, and one more.
ROUNDS = 7
SECONDS = 0.01


def cases() -> Iterator[Case]:
    """Yield every cell of the grid."""
    for rule in RULES:
        for dtype in DTYPES:
            for experts in EXPERTS:
                for top_k in TOP_K:
                    if top_k <= experts:
                        yield Case(rule, experts, top_k, LOGITS // experts, dtype)


def timed(case: Case, read_gb_s: float) -> dict[str, Any]:
    """Time one cell beside its baselines."""
    ours = work.ours(case)
    seconds = best(ours, ROUNDS, SECONDS)
    baselines = {}
    for name, build in BASELINES.items():
        found = compare(ours, build(case), ROUNDS, SECONDS)
        seconds = min(seconds, found.seconds)
        baselines[name] = [round(x, 3) for x in (found.ratio, found.low, found.high)]
    width = 4 if case.dtype == "float32" else 2
    return {
        "rule": case.rule,
        "dtype": case.dtype,
        "experts": case.experts,
        "top_k": case.top_k,
        "tokens": case.tokens,
        "ns": round(seconds / case.tokens * 1e9, 2),
        "limit_ns": round(case.experts * width / read_gb_s, 3),
        "baselines": baselines,
    }


def main() -> None:
    """Measure every cell and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    info = machine_info()
    content: dict[str, Any] = {"machine": info, "limits": limits.measure(), "cells": []}
    for case in cases():
        content["cells"].append(timed(case, content["limits"]["read_gb_s"]))
        print(json.dumps(content["cells"][-1]), flush=True)
    out = options.out or RESULTS / slug(info) / "routing-grid.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(cell) for cell in content["cells"])
    head = json.dumps({name: content[name] for name in ("machine", "limits")})
    out.write_text(f'{head[:-1]}, "cells": [\n{lines}\n]}}\n', encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
