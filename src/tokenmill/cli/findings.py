"""What a race found, in sentences and as a table of layers."""

from __future__ import annotations

import textwrap
from math import isfinite

from ..economics.architecture import Architecture
from ..economics.board import RaceResult, RaceRow
from ..economics.fields import LAYERS
from ..economics.scenario import short_name
from ..economics.spread import Spread
from .text import LEGEND, answer, percent, usd, years

LAYER_TITLES = {
    "chip": "chip",
    "server": "server",
    "site": "data centre",
    "cloud": "cloud",
    "model": "model",
    "app": "customers",
}
SAVINGS_LEGEND = (
    "Share of the cost that owning a layer takes off, one layer switched under the same draws, "
    "median; in brackets what owning a bought layer would save. What lies below a quoted price is "
    "not known (-)."
)
# Who owns none of these lives between those who do and the user.
_SUBSTANCE = ("chip", "site", "model")
_WIDTH = 100


def findings(result: RaceResult) -> list[str]:
    """Return what the board says, a sentence or two on each question."""
    middlemen = [_middleman(row) for row in _middlemen(result)]
    experts = [_experts(result.architecture)] if result.architecture else []
    return [answer(result), *_layers(result), *middlemen, *experts]


def closing(result: RaceResult) -> list[str]:
    """Return the findings and the legend as lines of text."""
    lines: list[str] = []
    legends = (LEGEND, SAVINGS_LEGEND) if any(row.saves for row in result.rows) else (LEGEND,)
    for text in (*findings(result), *legends):
        lines += [*textwrap.wrap(text, _WIDTH, break_on_hyphens=False), ""]
    return lines[:-1]


def savings_cells(row: RaceRow) -> tuple[str, ...]:
    """Return what each layer saves one player, in the order of `LAYERS`."""
    return tuple(_saving(row, layer) for layer in LAYERS)


def _saving(row: RaceRow, layer: str) -> str:
    spread = row.saves.get(layer)
    if spread is None or not isfinite(spread.p50):
        return "-"
    text = f"{100.0 * spread.p50:.0f} %"
    return text if layer in row.owns else f"({text})"


def format_savings(result: RaceResult) -> list[str]:
    """Return the lines of the table of layers; none where no layer can be switched."""
    if not any(row.saves for row in result.rows):
        return []
    rows = [("owning saves", *LAYER_TITLES.values())]
    rows += [(short_name(row.title), *savings_cells(row)) for row in result.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "   ".join(
            (
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            )
        ).rstrip()
        for row in rows
    ]
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:], rule]


def _layers(result: RaceResult) -> list[str]:
    """Say what owning saves the leader, the strongest layer first."""
    leader = result.leader
    owned = {
        layer: spread
        for layer, spread in leader.saves.items()
        if layer in leader.owns and isfinite(spread.p50)
    }
    if not owned:
        return []
    ranked = sorted(owned.items(), key=lambda item: -item[1].p50)
    parts = [f"the {LAYER_TITLES[layer]} {_range(spread)}" for layer, spread in ranked[:3]]
    return [f"Owning saves {short_name(leader.title)} most at {', then '.join(parts)} of the cost."]


def _range(spread: Spread) -> str:
    low, high = 100.0 * spread.p05, 100.0 * spread.p95
    return f"{percent(spread.p50)} ({low:.0f} to {high:.0f})"


def _middlemen(result: RaceResult) -> list[RaceRow]:
    return [row for row in result.rows if not set(_SUBSTANCE) & set(row.owns)]


def _middleman(row: RaceRow) -> str:
    """Say where a player stands that owns neither chip, data centre nor model."""
    return (
        f"{short_name(row.title)} owns neither chip, data centre nor model: it pays "
        f"{row.behind.p50:.1f} times the cheapest player's cost at the median "
        f"({row.behind.p05:.1f} to {row.behind.p95:.1f}), wins {percent(row.probability_cheapest)} "
        f"of the scenarios, loses money today in {percent(row.probability_loss)}, and its median "
        f"margin lasts {years(row.survival_p50)}."
    )


def _experts(found: Architecture) -> str:
    """Say from which batch a mixture of experts pays, and where it does not."""
    ratios = [spread.p50 for spread in found.ratio]
    first, last = (f"{usd(ratios[i])} times at {found.batches[i]:.3g}" for i in (0, -1))
    return (
        f"On {found.accelerator} the dense {found.dense_name} costs {first} sequences per "
        f"accelerator and {last} what {found.moe_name} costs; {_crossing(found)}. "
        f"Equal quality: {found.judgement}."
    )


def _crossing(found: Architecture) -> str:
    """Say where the median costs of both architectures are equal."""
    places = [f"{batch:.2g}" for batch in found.crossings]
    least = min(spread.p50 for spread in found.ratio)
    if not places:
        return f"the mixture of experts pays at {'every' if least >= 1.0 else 'no'} batch"
    if len(places) == 2 and found.ratio[0].p50 > 1.0:
        dearer = percent(1.0 / least - 1.0)
        return (
            f"between {places[0]} and {places[1]} the mixture of experts costs up to {dearer} more"
        )
    return f"the median costs cross at {' and '.join(places)}"
