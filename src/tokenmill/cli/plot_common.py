"""What the panels of a race's picture share."""

from __future__ import annotations

import textwrap
from typing import Any

from ..economics.board import RaceResult, RaceRow
from .style import ACCENT, FAINT, GREY, INK

WIDTH_INCHES = 12.0
ROW_INCHES = 0.62
# From the left edge to the rows' panels: the players' titles stand there.
ROWS_LEFT = 0.165
_TITLE_WIDTH = 24


def color_of(result: RaceResult, row: RaceRow) -> str:
    """Return the leader's colour or that of the others."""
    return ACCENT if row is result.leader else GREY


def clear(axis: Any) -> None:
    """Leave a panel with a grid of vertical lines and no frame."""
    axis.tick_params(axis="both", colors=INK, length=0, labelsize=9)
    axis.grid(axis="x", color=FAINT, linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "left", "right"):
        axis.spines[side].set_visible(False)


def one_line_per_player(axis: Any, result: RaceResult) -> None:
    """Give every player of the board a line of the panel, the first on top."""
    clear(axis)
    axis.set_ylim(len(result.rows) - 0.45, -0.75)
    axis.set_yticks([])


def name_players(axis: Any, result: RaceResult) -> None:
    """Write the titles to the left of a panel."""
    for y, row in enumerate(result.rows):
        leads = row is result.leader
        axis.text(
            -0.015,
            y,
            two_lines(row.title),
            transform=axis.get_yaxis_transform(),
            ha="right",
            va="center",
            linespacing=1.1,
            color=ACCENT if leads else INK,
            fontweight="bold" if leads else "normal",
        )


def two_lines(title: str) -> str:
    """Break a title before its bracket; without one, where it gets too wide."""
    head, bracket, tail = title.partition(" (")
    lines = [head, f"({tail}"] if bracket else [title]
    return "\n".join(textwrap.fill(line, _TITLE_WIDTH) for line in lines)


def headline(axis: Any, text: str, x: float = 0.0, color: str = INK) -> None:
    """Write what a panel shows above it."""
    axis.annotate(
        text,
        (x, 1.0),
        xycoords="axes fraction",
        xytext=(0, 9),
        textcoords="offset points",
        fontsize=10.5,
        fontweight="bold",
        color=color,
    )


def label(axis: Any, text: str, x: float, y: float, **kind: Any) -> None:
    """Write a number to the right of a bar."""
    options = {"fontsize": 8.5, "color": INK, "va": "center", **kind}
    axis.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", **options)


def section_title(figure: Any, height: float, title: str, text: str) -> None:
    """Write the title of a section and a line on how to read it."""
    figure.text(0.02, 1.0 - 0.30 / height, title, fontsize=14, fontweight="bold", color=INK)
    figure.text(0.02, 1.0 - 0.56 / height, text, fontsize=9.5, color=INK)
