"""Write how far the serving model is off into its page: ``python -m benchmarks.serving_report``."""

from __future__ import annotations

from tokenmill.serving import Validation, read_points, validate
from tokenmill.serving.validation import Summary, in_fitted_half

from .report import ROOT

PAGE = ROOT / "docs" / "serving.md"
BEGIN, END = "<!-- validation: begin -->", "<!-- validation: end -->"
SETS = {
    "throughput": "tokens/s",
    "tpot": "time per output token, batch > 1",
    "batch-1 tpot": "time per output token, batch 1",
    "ttft": "time to first token",
}


def percent(value: float | None) -> str:
    """Write a share; nothing where there is no point."""
    return "" if value is None else f"{100.0 * value:.1f} %"


def row(title: str, found: Summary) -> str:
    """Write one line of the table."""
    figures = map(percent, (found.median, found.p90, found.bias))
    return f"| {title} | {found.expressed} of {found.count} | {' | '.join(figures)} |"


def block(found: Validation) -> str:
    """Return what stands between the marks."""
    lines = [
        BEGIN,
        "Beside published measurements whose conditions are known, repetitions counted once. Error",
        "is predicted over measured, less 1. Constants are fitted on half of the points, by the",
        "hash of their ids. `python -m benchmarks.serving_report` writes this table;",
        "`tokenmill validate` prints every point.",
        "",
        "| set | points predicted | median size of error | p90 | median error |",
        "|---|---|---|---|---|",
    ]
    for name, title in SETS.items():
        lines.append(row(title, found.of_set(name)))
        if name in ("throughput", "tpot"):
            lines.append(row("of that, the fitted half", found.of_set(name, in_fitted_half)))
            other = found.of_set(name, lambda point: not in_fitted_half(point))
            lines.append(row("of that, the other half", other))
    for family, summary in found.by("family").items():
        lines.append(row(f"tokens/s, {family}", summary))
    share = f"{found.expressed_ok():.1%}"
    lines += ["", f'{share} of the points of quality "ok" have a prediction.', END]
    return "\n".join(lines)


def filled(page: str, text: str) -> str:
    """Return the page with the block in its place."""
    before, _, rest = page.partition(BEGIN)
    return before + text + rest.partition(END)[2]


def main() -> None:
    """Write the page."""
    found = validate(read_points())
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), block(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
