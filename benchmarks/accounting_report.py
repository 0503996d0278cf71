"""The table of docs/accounting.md: ``python -m benchmarks.accounting_report`` writes it."""

from __future__ import annotations

import json
from typing import Any

from .report import ROOT, ratio

PAGE = ROOT / "docs" / "accounting.md"
BEGIN, END = "<!-- accounting rows -->", "<!-- /accounting rows -->"


def load() -> dict[str, Any]:
    """Return the committed results of the latest date."""
    files = sorted((ROOT / "benchmarks" / "results").glob("*/accounting.json"))
    found: list[dict[str, Any]] = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if not found:
        raise SystemExit("no results: run python -m benchmarks.accounting")
    return max(found, key=lambda content: str(content["machine"]["date"]))


def section(content: dict[str, Any]) -> str:
    """Return what stands between the marks."""
    machine, limit = content["machine"], content["limits"]
    lines = [
        "## Speed",
        "",
        "| row | isa | ns a row | target | share of the limit | times as fast as (95 % interval) |",
        "|---|---|---|---|---|---|",
    ]
    for row in content["rows"]:
        target = f"{row['target_ns']:.3g}" if row["target_ns"] else ""
        share = f"{row['limit_ns'] / row['ns']:.0%}" if row["limit_ns"] else ""
        ratios = "; ".join(f"{name} {ratio(one)}" for name, one in row["baselines"].items())
        cells = (row["row"], row["isa"], f"{row['ns']:.1f}", target, share, ratios)
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "2,000,000 rows, 500 teams and 200 models by Zipf's law, dictionary-encoded Arrow tables; "
        "*simple* has 3 counts of 32 bits, *realistic* 8, 3 context tiers, 4 service tiers, 4 "
        "dates a model and weekly windows. Ours is the whole call of `total` or `charge`, names "
        "looked up; the baselines are given codes joined to the price list beforehand, except "
        "those by name, range and ASOF. All totals were equal to the last 10^-12 USD before "
        "anything "
        f"was timed. {machine['cpu']}, {machine['cores']} cores, {machine['date']}, Python "
        f"{machine['python']}, commit {machine['commit']}; baselines took turns with ours in the "
        "same run, on a machine that others used too. The limit is one read of the columns at "
        f"{limit['read_gb_s']:.1f} GB/s; targets are those of the machine of the design.",
    ]
    return "\n".join(lines)


def page(content: dict[str, Any]) -> str:
    """Return the page with the table of `content`."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n{section(content)}\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Rewrite the page between the marks."""
    PAGE.write_text(page(load()), encoding="utf-8")


if __name__ == "__main__":
    main()
