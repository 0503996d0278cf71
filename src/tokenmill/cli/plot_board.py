"""The board as a picture: what a token costs, who is cheapest, what is left of the revenue."""

from __future__ import annotations

import textwrap
from math import inf, isfinite
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ..economics.board import CURVE_LEVELS, RaceResult, RaceRow
from .plot_common import (
    ROW_INCHES,
    ROWS_LEFT,
    color_of,
    headline,
    label,
    name_players,
    one_line_per_player,
)
from .style import INK
from .text import answer, percent, scenarios, usd

_TAX, _MARGIN = "#D55E00", "#009E73"
_ABOVE = 1.2
_RIDGE = 0.62
# Beyond this range of costs only powers of ten have room for their labels.
_MOST_TICKED = 1000.0
_WORDS_WIDTH = 165


def height_of(result: RaceResult) -> float:
    """Return the inches that the board takes."""
    return _ABOVE + _below(_words(result)) + ROW_INCHES * len(result.rows)


def draw(figure: Any, result: RaceResult) -> None:
    """Draw cost distributions, chances, and what is left of the revenue."""
    words = _words(result)
    height = height_of(result)
    grid = figure.add_gridspec(
        1,
        3,
        width_ratios=(5.6, 2.1, 2.9),
        left=ROWS_LEFT,
        right=0.985,
        top=1.0 - _ABOVE / height,
        bottom=_below(words) / height,
        wspace=0.06,
    )
    costs, chances, shares = (figure.add_subplot(grid[0, column]) for column in range(3))
    for axis in (costs, chances, shares):
        one_line_per_player(axis, result)
    name_players(costs, result)
    _draw_costs(costs, result)
    _draw_chances(chances, result)
    _draw_shares(shares, result)
    _draw_words(figure, result, words, height)


def _words(result: RaceResult) -> list[str]:
    return textwrap.wrap(answer(result), _WORDS_WIDTH, break_on_hyphens=False)


def _below(words: list[str]) -> float:
    return 0.7 + 0.2 * len(words)


def _draw_costs(axis: Any, result: RaceResult) -> None:
    headline(axis, "Cost of a million tokens, USD (log scale)")
    axis.set_xscale("log")
    ends = [cost for row in result.rows for cost in row.curve if 0.0 < cost < inf]
    is_wide = bool(ends) and max(ends) > _MOST_TICKED * min(ends)
    axis.xaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    for y, row in enumerate(result.rows):
        if all(isfinite(cost) and cost > 0.0 for cost in row.curve):
            _draw_cost(axis, y, row, color_of(result, row))
        else:
            style = {"transform": axis.get_yaxis_transform(), "va": "center", "fontsize": 8.5}
            axis.text(0.02, y, f"median {usd(row.cost_p50)}", color=INK, **style)


def _draw_cost(axis: Any, y: int, row: RaceRow, color: str) -> None:
    """Draw one player's hill, interval and median."""
    if row.curve[0] < row.curve[-1]:
        x, density = _density(row.curve)
        axis.fill_between(x, y, y - _RIDGE * density, color=color, alpha=0.28, linewidth=0)
    ends = [row.cost_p05, row.cost_p95]
    axis.plot(ends, [y, y], color=color, linewidth=2.6, solid_capstyle="round")
    marker = {"markerfacecolor": "white", "markeredgecolor": color, "markeredgewidth": 2.2}
    axis.plot(row.cost_p50, y, "o", markersize=7, **marker)
    for value in (row.cost_p05, row.cost_p50, row.cost_p95):
        axis.annotate(
            usd(value),
            (value, y),
            xytext=(0, -7),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=8.5,
            color=INK,
            fontweight="bold" if value == row.cost_p50 else "normal",
        )


def _density(curve: tuple[float, ...]) -> tuple[Any, Any]:
    """Return costs and the density of their logarithm, its peak at 1, from a quantile curve."""
    logs = np.log10(np.array(curve))
    grid = np.linspace(logs[0], logs[-1], 160)
    levels = np.interp(grid, logs, CURVE_LEVELS)
    density = np.gradient(levels, grid)
    window = np.hanning(25)
    padded = np.concatenate([np.zeros(24), density, np.zeros(24)])
    smooth = np.convolve(padded, window / window.sum(), mode="same")
    wide = grid[0] + (np.arange(len(padded)) - 24) * (grid[1] - grid[0])
    return 10.0**wide, smooth / smooth.max()


def _draw_chances(axis: Any, result: RaceResult) -> None:
    headline(axis, "P(cheapest)")
    axis.set_xlim(0.0, 1.4)
    axis.set_xticks([0.0, 0.5, 1.0], ["0", "50 %", "100 %"])
    for y, row in enumerate(result.rows):
        share = row.probability_cheapest
        axis.barh(y, share, height=0.5, color=color_of(result, row))
        label(axis, percent(share) if share else "0", share, y)


def _draw_shares(axis: Any, result: RaceResult) -> None:
    headline(axis, "Compute tax", color=_TAX)
    headline(axis, "Gross margin", x=0.44, color=_MARGIN)
    least = min(0.0, *(_drawn(row.margin_p50) for row in result.rows))
    # The room on the right is for the label of the longest bar.
    axis.set_xlim(least * 1.1, 1.1 + 0.27 * (1.1 - least))
    ticks = {0.0: "0", 0.5: "50 %", 1.0: "100 %\nof revenue"}
    if least < -0.3:  # a long scale has no room for the middle
        del ticks[0.5]
    axis.set_xticks(list(ticks), list(ticks.values()))
    axis.axvline(0.0, color=INK, linewidth=0.8)
    for y, row in enumerate(result.rows):
        for value, offset, color in ((row.tax_p50, -0.18, _TAX), (row.margin_p50, 0.18, _MARGIN)):
            axis.barh(y + offset, _drawn(value), height=0.32, color=color)
            label(axis, percent(value), max(_drawn(value), 0.0), y + offset)


def _drawn(share: float) -> float:
    """Cut a share of revenue to what the panel has room for; the label keeps the number."""
    return min(max(share, -1.0), 1.1) if isfinite(share) else 0.0


def _draw_words(figure: Any, result: RaceResult, words: list[str], height: float) -> None:
    left = 0.02
    style = {"color": INK, "va": "center"}
    name = result.scenario.name
    figure.text(left, 1.0 - 0.34 / height, name, fontsize=16, fontweight="bold", **style)
    key = (
        f"Dot: median. Line: 5 % to 95 % of {scenarios(result.n)}. Hill: density. "
        "Tax and margin are medians at the market price."
    )
    figure.text(left, 1.0 - 0.66 / height, key, fontsize=9.5, **style)
    style["va"] = "bottom"
    figure.text(left, 0.12 / height, "\n".join(words), fontsize=9.5, linespacing=1.3, **style)
