"""What a token's cost is made of, and what owning a layer saves: one line per player."""

from __future__ import annotations

from math import isfinite
from typing import Any

from ..economics.board import RaceResult, RaceRow
from ..economics.cost_parts import PARTS
from ..economics.fields import LAYERS
from .plot_common import (
    ROW_INCHES,
    ROWS_LEFT,
    headline,
    label,
    name_players,
    one_line_per_player,
    section_title,
)
from .style import ACCENT, FAINT, INK
from .text import usd

_ABOVE, _BELOW = 1.42, 0.45
# In the order of the stack: hardware in blues, the site in greens, trade in warm colours.
_COLORS = ("#0B4F8A", "#5BA3DB", "#00795B", "#5CC4A4", "#B9BEC7", "#E69F00", "#CC79A7", "#D55E00")


def height_of(result: RaceResult) -> float:
    """Return the inches that the section takes."""
    return _ABOVE + _BELOW + ROW_INCHES * len(result.rows)


def draw(figure: Any, result: RaceResult) -> None:
    """Draw the stack of costs and the table of savings."""
    height = height_of(result)
    section_title(
        figure,
        height,
        "What it is made of, and what owning saves",
        "Left: every input at its median, idle hours included. Right: median share of the cost, "
        "one layer switched under the same draws.",
    )
    grid = figure.add_gridspec(
        1,
        2,
        width_ratios=(5.6, 5.0),
        left=ROWS_LEFT,
        right=0.985,
        top=1.0 - _ABOVE / height,
        bottom=_BELOW / height,
        wspace=0.06,
    )
    stack, savings = (figure.add_subplot(grid[0, column]) for column in range(2))
    for axis in (stack, savings):
        one_line_per_player(axis, result)
    name_players(stack, result)
    _draw_stack(stack, result)
    _draw_savings(savings, result)


def _draw_stack(axis: Any, result: RaceResult) -> None:
    axis.annotate(
        "Share of the cost, and USD per million tokens",
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0, 36),
        textcoords="offset points",
        fontsize=10.5,
        fontweight="bold",
        color=INK,
    )
    handles = {}
    for y, row in enumerate(result.rows):
        left = 0.0
        total = sum(row.parts.values())
        for (part, words), color in zip(PARTS.items(), _COLORS, strict=True):
            value = row.parts.get(part, 0.0)
            if value <= 0.0:
                continue
            handles[words] = axis.barh(y, value / total, left=left, height=0.56, color=color)
            left += value / total
        label(axis, usd(total) if row.parts else "infinite", left, y, fontweight="bold")
    axis.set_xlim(0.0, 1.13)
    axis.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    axis.legend(
        handles.values(),
        handles.keys(),
        ncols=4,
        loc="lower left",
        bbox_to_anchor=(-0.01, 0.985),
        fontsize=8.5,
        frameon=False,
        handlelength=0.9,
        handleheight=0.9,
        columnspacing=1.2,
        handletextpad=0.5,
    )


def _draw_savings(axis: Any, result: RaceResult) -> None:
    headline(axis, "Owning it saves", color=ACCENT, x=0.015)
    headline(axis, "or would save", x=0.315)
    axis.grid(False)
    axis.set_xlim(-0.55, len(LAYERS) - 0.45)
    names = ("chip", "server", "data\ncentre", "cloud", "model", "customers")
    axis.set_xticks(range(len(LAYERS)), names)
    axis.spines["bottom"].set_visible(False)
    for y, row in enumerate(result.rows):
        for x, layer in enumerate(LAYERS):
            _draw_saving(axis, x, y, row, layer)


def _draw_saving(axis: Any, x: int, y: int, row: RaceRow, layer: str) -> None:
    owned = layer in row.owns
    spread = row.saves.get(layer)
    share = spread.p50 if spread is not None and isfinite(spread.p50) else 0.0
    face = ACCENT if owned else "white"
    strength = 0.12 + 0.65 * min(max(share, 0.0), 1.0) if owned else 1.0
    axis.barh(y, 0.92, left=x - 0.46, height=0.72, color=face, alpha=strength, linewidth=0)
    axis.barh(y, 0.92, left=x - 0.46, height=0.72, color="none", edgecolor=FAINT, linewidth=0.8)
    if spread is None:
        text = "" if owned else "\u2013"
    elif not isfinite(spread.p50):
        text = "all"
    else:
        text = f"{100.0 * spread.p50:.0f} %"
    weight = "bold" if owned else "normal"
    axis.text(x, y, text, ha="center", va="center", fontsize=9, color=INK, fontweight=weight)
