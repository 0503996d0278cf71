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
    """Return the newest committed results."""
    files = sorted((ROOT / "benchmarks" / "results").glob("*/*.json"))
    if not files:
        raise SystemExit("no results: run python -m benchmarks.run")
    content: dict[str, Any] = json.loads(files[-1].read_text(encoding="utf-8"))
    return content


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
        "| row | isa | ns each | target | times as fast as (95 % interval) |",
        "|---|---|---|---|---|",
    ]
    for row in content["rows"]:
        target = f"{row['target_ns']:g}" if row["target_ns"] else ""
        ratios = "; ".join(f"{name} {ratio(one)}" for name, one in row["baselines"].items())
        lines.append(f"| {row['row']} | {row['isa']} | {row['ns']:.2f} | {target} | {ratios} |")
    lines += ["", "| row | measured | target |", "|---|---|---|"]
    for row in content["scalars"]:
        lines.append(
            f"| {row['row']} | {row['value']:.3g} {row['unit']} | {row['target']:g} {row['unit']} |"
        )
    lines += [
        "",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}, {machine['compiler']}, "
        f"Python {machine['python']}, numpy {machine['numpy']}, numba {machine['numba']}; "
        "one thread unless said; baselines took turns with ours in the same run. Limits measured "
        "in that run: "
        f"reads {limit['read_gb_s']:.1f} GB/s, 32-bit products {limit['multiply_32_g_s']:.1f} G/s "
        "in 256-bit vectors.",
        "Targets are those of the AVX2 machine the design was written on. NumPy, MKL and JAX "
        "choose their own instruction set, here AVX-512, also in the avx2 rows; JAX uses both "
        "cores.",
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
