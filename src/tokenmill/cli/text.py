"""The board in words and as a plain table; the rich table and the page use the same cells."""

from __future__ import annotations

from math import isfinite

from ..economics.board import RaceResult, RaceRow
from ..economics.deciders import Decider
from ..economics.scenario import short_name

HEADERS = (
    "player",
    "p5",
    "p50",
    "p95",
    "P(cheapest)",
    "margin",
    "compute tax",
    "survival",
)
COST_HEADER = "USD per million tokens"
LEGEND = (
    "A token is one output token with its share of the prompt. Margin, compute tax and survival "
    "are medians at the market price: gross margin, what a player pays for accelerators or for an "
    "API as a share of revenue, and years until the falling price meets the cost."
)
_LONGEST_SURVIVAL = 99.0


def usd(value: float) -> str:
    """Write a cost with three digits that count."""
    if not isfinite(value) or abs(value) >= 1000.0:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")


def percent(share: float) -> str:
    """Write a share; one that is nearly 0 or 1 is not rounded to it."""
    if not isfinite(share):
        return "-"
    text = f"{100.0 * share:.1f}"
    if text == "0.0" and share > 0.0:
        return "< 0.1 %"
    if text == "100.0" and share < 1.0:
        return "> 99.9 %"
    return f"{text} %"


def years(value: float) -> str:
    """Write years of survival."""
    if value > _LONGEST_SURVIVAL:
        return f"> {_LONGEST_SURVIVAL:.0f} y"
    return f"{value:.1f} y" if isfinite(value) else "-"


def scenarios(n: int) -> str:
    """Write a number of scenarios."""
    return f"{n:,} scenario{'' if n == 1 else 's'}"


def cells(row: RaceRow) -> tuple[str, ...]:
    """Return one player's cells, in the order of `HEADERS`."""
    return (
        row.title,
        usd(row.cost_p05),
        usd(row.cost_p50),
        usd(row.cost_p95),
        percent(row.probability_cheapest),
        percent(row.margin_p50),
        percent(row.tax_p50),
        years(row.survival_p50),
    )


def heading(result: RaceResult) -> str:
    """Return the question and what the answer is drawn from."""
    return f"{result.scenario.name}  {scenarios(result.n)}, seed {result.seed}"


def format_table(result: RaceResult) -> list[str]:
    """Return the lines of an aligned table without colours or boxes."""
    rows = [HEADERS, *(cells(row) for row in result.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    lines = []
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("   ".join((first, *rest)).rstrip())
    costs = widths[1] + widths[2] + widths[3] + 6
    above = " " * (widths[0] + 3) + COST_HEADER.center(costs).rstrip()
    rule = "-" * max(len(line) for line in lines)
    return [above, lines[0], rule, *lines[1:], rule]


def answer(result: RaceResult) -> str:
    """Say in one sentence who makes the cheapest token, how surely, and what decides it."""
    leader = result.leader
    if leader.probability_cheapest == 0.0:
        return "No player makes a token at a finite cost."
    chance = leader.probability_cheapest
    text = (
        f"{short_name(leader.title)} {_certainty(chance, result.n)} makes the cheapest token: "
        f"it wins {percent(chance)} of the scenarios, at a median of "
        f"{usd(leader.cost_p50)} USD per million, {_distance(result)}"
    )
    if not result.deciders:
        return f"{text}."
    first, *rest = result.deciders[:3]
    parts = [f"{first.label} (lead {lead(first)})", *(f"{d.label} ({lead(d)})" for d in rest)]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{text}; what decides it most is {listed}."


def _distance(result: RaceResult) -> str:
    """Say how far the leader's median cost is from the lowest of the others."""
    own = result.leader.cost_p50
    best = min(row.cost_p50 for row in result.rows if row is not result.leader)
    if best < own:
        return "which is not the lowest"
    if best < 1.05 * own or not own:
        return "level with the next"
    return f"{best / own:.1f} times below the next" if isfinite(best) else "the only finite one"


def lead(decider: Decider) -> str:
    """Write how far the leader's lead runs under one assumption, the worse end first."""
    worse, better = sorted((decider.lead_low, decider.lead_high))
    return f"{worse:.1f}x to {better:.1f}x"


def _certainty(chance: float, n: int) -> str:
    """Say how sure a share of `n` scenarios makes us; a few of them prove little."""
    probability = (chance * n + 1.0) / (n + 2.0)  # Laplace's rule of succession
    for least, word in ((0.99, "almost surely"), (0.8, "very likely"), (0.5, "probably")):
        if probability >= least:
            return word
    return "more often than any other"
