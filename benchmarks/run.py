"""Run every row on this machine and write one JSON: ``python -m benchmarks.run [--out FILE]``."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from tokenmill import config
from tokenmill._native import select_isa

from . import dispatch, limits, montecarlo, routing, scalars, serving
from .paired import best, compare
from .row import Row

RESULTS = Path(__file__).parent / "results"


def all_rows() -> list[Row]:
    """Return every row, in the order of the table."""
    return montecarlo.rows() + routing.rows() + dispatch.rows() + serving.rows()


def timed(row: Row, isa: str, found_limits: dict[str, float], rounds: int) -> dict[str, Any]:
    """Time one row against its baselines; a baseline that is not installed says so."""
    ours = row.ours()
    baselines: dict[str, Any] = {}
    seconds = best(ours, rounds)
    for name, build in row.baselines.items():
        try:
            work = build()
        except ImportError as error:
            baselines[name] = {"missing": str(error)}
            continue
        found = compare(ours, work, rounds)
        seconds = min(seconds, found.seconds)
        interval = [found.low, found.high]
        baselines[name] = {"ratio": found.ratio, "interval": interval, "rounds": found.rounds}
    return {
        "row": row.name,
        "isa": isa,
        "item": row.item,
        "ns": seconds / row.items * 1e9,
        "limit_ns": row.limit_ns(found_limits),
        "target_ns": row.target(found_limits),
        "baselines": baselines,
    }


def cpu_name() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def commit() -> str:
    """Return the commit that is measured, marked where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def machine_info() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        **{name: value for name, value in config().items() if name != "source_hash"},
    }


def slug(info: dict[str, Any]) -> str:
    """Return the machine's name for a folder."""
    text = f"{info['cpu']} {info['isa_available'][-1]}".lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


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
        for row in all_rows():
            # with fewer than six rounds not even the extremes hold the median with 95 %
            content["rows"].append(timed(row, isa, content["limits"], 7 if options.quick else 11))
            print(json.dumps(content["rows"][-1]), flush=True)
    content["scalars"] = scalars.measure(options.quick)
    out = options.out or RESULTS / slug(info) / f"{info['version']}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
