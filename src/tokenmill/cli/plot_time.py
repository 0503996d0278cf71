"""How long each player's margin lasts, and which assumptions decide the race."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ..economics.board import CURVE_YEARS, RaceResult
from ..economics.scenario import short_name
from .plot_common import clear, headline, label, section_title
from .style import ACCENT, FAINT, INK

_HEIGHT = 5.3
# Okabe and Ito's colours, the leader's first.
_LINES = (ACCENT, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A8F98", "#222222")
_DASHES = ("-", (0, (5, 2)))
_NAME_GAP = 0.052
_LOST = "#D55E00"
# A tornado's bar towards an assumption's 5 % and its 95 % quantile.
_ENDS = ("#7FB2D9", ACCENT)


def height_of(result: RaceResult) -> float:
    """Return the inches that the section takes."""
    return _HEIGHT


def draw(figure: Any, result: RaceResult) -> None:
    """Draw the survival curves and the tornado."""
    section_title(
        figure,
        _HEIGHT,
        "How long it lasts, and what decides it",
        "Left: share of the scenarios in which the margin at the falling market price is not "
        "negative yet. Right: the best rival's cost over the leader's, one assumption moved.",
    )
    top, bottom = 1.0 - 1.15 / _HEIGHT, 0.62 / _HEIGHT
    _draw_survival(figure.add_axes((0.055, bottom, 0.30, top - bottom)), result)
    _draw_tornado(figure.add_axes((0.685, bottom, 0.285, top - bottom)), result)


def _draw_survival(axis: Any, result: RaceResult) -> None:
    headline(axis, "Still earning")
    clear(axis)
    axis.grid(axis="y", color=FAINT, linewidth=0.7)
    axis.set_xlim(0.0, CURVE_YEARS[-1])
    axis.set_ylim(0.0, 1.0)
    axis.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    axis.set_xlabel("years from today", fontsize=9, color=INK)
    ends = []
    leader = result.leader
    rows = sorted(result.rows, key=lambda row: row is not leader)
    for index, row in enumerate(rows):
        color = _LINES[index % len(_LINES)]
        dash = _DASHES[index // len(_LINES)]
        shares = [1.0 - row.probability_loss, *row.survival_curve]
        width = 2.6 if row is leader else 1.8
        axis.plot([0.0, *CURVE_YEARS], shares, color=color, linewidth=width, linestyle=dash)
        ends.append((shares[-1], short_name(row.title), color))
    _name_lines(axis, ends)


def _name_lines(axis: Any, ends: list[tuple[float, str, str]]) -> None:
    """Write names beside the ends of the lines, moved apart where they would touch."""
    ends.sort()
    places = [share for share, _, _ in ends]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + _NAME_GAP)
    over = places[-1] - 1.0
    if over > 0.0:  # push down from the top again
        places[-1] = 1.0
        for index in range(len(places) - 2, -1, -1):
            places[index] = min(places[index], places[index + 1] - _NAME_GAP)
    for place, (share, name, color) in zip(places, ends, strict=True):
        axis.annotate(
            f"{name} {100.0 * share:.0f} %",
            (1.0, share),
            xycoords="axes fraction",
            xytext=(1.06, place),
            textcoords="axes fraction",
            fontsize=8.5,
            color=color,
            va="center",
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.7},
            annotation_clip=False,
        )


def _draw_tornado(axis: Any, result: RaceResult) -> None:
    clear(axis)
    name = short_name(result.leader.title)
    headline(axis, f"Lead of {name} (log scale)", x=-0.62)
    headline(axis, "at 5 %", x=0.62, color=_ENDS[0])
    headline(axis, "at 95 %", x=0.81, color=_ENDS[1])
    deciders = result.deciders
    axis.set_ylim(max(len(deciders), 1) - 0.4, -0.6)
    if not deciders:
        axis.set_xticks([])
        axis.set_yticks([])
        axis.text(0.0, 0.5, "No assumption moves it.", fontsize=9, color=INK)
        return
    axis.set_xscale("log")
    axis.set_yticks(
        range(len(deciders)),
        [textwrap.fill(decider.label, 34, max_lines=2) for decider in deciders],
        fontsize=8.5,
    )
    for y, decider in enumerate(deciders):
        for end, color in zip((decider.lead_low, decider.lead_high), _ENDS, strict=True):
            axis.barh(y, end - decider.middle, left=decider.middle, height=0.6, color=color)
        low, high = sorted((decider.lead_low, decider.lead_high))
        label(axis, f"{high:.1f}x", high, y)
        axis.annotate(
            f"{low:.1f}x",
            (low, y),
            xytext=(-5, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=INK,
            va="center",
            ha="right",
        )
    least = min(min(d.lead_low, d.lead_high) for d in deciders)
    most = max(max(d.lead_low, d.lead_high) for d in deciders)
    axis.set_xlim(min(least, 1.0) / 1.35, most * 1.35)
    axis.xaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}x"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.axvline(1.0, color=_LOST, linewidth=1.2)
    axis.text(
        1.0,
        len(deciders) - 0.45,
        " lead lost" if least >= 1.0 else "lost",
        color=_LOST,
        fontsize=8.5,
        va="bottom",
    )
