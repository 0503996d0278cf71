"""Turn the committed JSON into the README's table: ``python -m benchmarks.report [--check]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def load() -> dict[str, Any]:
    """Return the committed results of the latest date."""
    files = (ROOT / "benchmarks" / "results").glob("*/[0-9]*.json")
    found: list[dict[str, Any]] = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if not found:
        raise SystemExit("no results: run python -m benchmarks.run")
    return max(found, key=lambda content: str(content["machine"]["date"]))


def ratio(found: dict[str, Any]) -> str:
    """Format one ratio with its interval."""
    if "missing" in found:
        return "not installed"
    low, high = found["interval"]
    return f"{found['ratio']:.1f}x [{low:.1f}, {high:.1f}]"


def table(content: dict[str, Any]) -> str:
    """Return the markdown of all rows."""
    machine, limit = content["machine"], content["limits"]
    lines = [
        "| row | isa | ns each | limit | target | times as fast as (95 % interval) |",
        "|---|---|---|---|---|---|",
    ]
    for row in content["rows"]:
        target = f"{row['target_ns']:.3g}" if row["target_ns"] else ""
        ratios = "; ".join(f"{name} {ratio(one)}" for name, one in row["baselines"].items())
        share = f"{row['limit_ns'] / row['ns']:.0%} of {row['limit_ns']:.2f}"
        cells = (row["row"], row["isa"], f"{row['ns']:.2f}", share, target, ratios)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| row | measured | target |", "|---|---|---|"]
    for row in content["scalars"]:
        value = f"{row['value']:.4g} {row['unit']}"
        if "interval" in row:
            value += " [{:.3g}, {:.3g}]".format(*row["interval"])
        lines.append(f"| {row['row']} | {value} | {row['target']:g} {row['unit']} |")
    lines += [
        "",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}, {machine['compiler']}, "
        f"Python {machine['python']}, numpy {machine['numpy']}, numba {machine['numba']}, commit "
        f"{machine['commit']}; one thread unless said; baselines took turns with ours in the same "
        "run. Limit: the share of the speed at which this machine, in that run, only read the "
        f"input ({limit['read_gb_s']:.1f} GB/s) or only multiplied for Philox "
        f"({limit['multiply_32_g_s']:.1f} G 32-bit products a second in 256-bit vectors; 512-bit "
        f"vectors could pass 100 %). Two threads of pure multiplication ran "
        f"{limit['two_threads']:.2f}x as fast as one.",
        "Targets are those of the AVX2 machine the design was written on, for routers three "
        "and five limits. NumPy, torch, MKL and JAX "
        f"choose their own instruction set, here {machine['isa_available'][-1]}, also in the avx2 "
        "rows; JAX uses every core.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Rewrite the README between the marks, or check that it is what it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the README differs")
    options = parser.parse_args()
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = f"{before}{BEGIN}\n{table(load())}\n{END}{after}"
    if options.check and wanted != text:
        sys.exit("README.md: the benchmark table is not the one of the committed JSON")
    if not options.check:
        path.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
