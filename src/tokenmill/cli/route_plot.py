"""The picture of a run of ``tokenmill route``: each expert's load against the mean."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from .figure import rendered
from .route_run import RunResult
from .route_text import heading, measures, sentence, speed
from .style import ACCENT, FAINT, GREY, INK

_ABOVE = "#D55E00"
_SIZE = (12.0, 5.4)
_WORDS_WIDTH = 170


def picture(result: RunResult, format: str = "png") -> bytes:
    """Draw the load by id and sorted.

    Parameters
    ----------
    result : RunResult
    format : str
        "png", "svg" or "pdf".

    Returns
    -------
    bytes
        The file's content.
    """
    return rendered(_SIZE, lambda figure: _draw_panels(figure, result), format)


def _draw_panels(figure: Any, result: RunResult) -> None:
    load = result.balance.load[0]
    grid = figure.add_gridspec(
        1, 2, width_ratios=(1.9, 1.0), left=0.06, right=0.985, top=0.79, bottom=0.245, wspace=0.1
    )
    by_id = figure.add_subplot(grid[0, 0])
    ordered = figure.add_subplot(grid[0, 1], sharey=by_id)
    _draw(by_id, result, load, "Load by expert id, as a multiple of the mean")
    _draw(ordered, result, np.sort(load)[::-1], "Sorted, the busiest first")
    ordered.tick_params(labelleft=False)
    by_id.set_xlabel("expert id", color=INK)
    ordered.set_xlabel("place in this order, from 0", color=INK)
    _name_extremes(by_id, load)
    _draw_words(figure, result)


def _draw(axis: Any, result: RunResult, load: Any, title: str) -> None:
    """Draw bars from the mean up and down, over the band that chance alone explains."""
    places = np.arange(len(load))
    if result.chance_cv is not None:
        low, high = 1.0 - 2.0 * result.chance_cv, 1.0 + 2.0 * result.chance_cv
        axis.axhspan(low, high, color=FAINT, alpha=0.55, linewidth=0, zorder=0)
    colors = np.where(load > 1.0, _ABOVE, ACCENT)
    width = 0.85 if len(load) <= 64 else 1.0  # gaps thinner than a dot only flicker
    axis.bar(places, load - 1.0, bottom=1.0, width=width, color=colors, linewidth=0, zorder=2)
    axis.axhline(1.0, color=INK, linewidth=0.9, zorder=3)
    # room for a bar of nothing, and for the labels of the longest
    reach = 1.25 * max(float(np.abs(load - 1.0).max()), 2.5 * (result.chance_cv or 0.0), 1e-3)
    axis.set_ylim(max(1.0 - reach, -0.12 * (1.0 + reach)), 1.0 + reach)
    axis.set_xlim(-0.8, len(load) - 0.2)
    axis.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    axis.yaxis.set_major_locator(MaxNLocator(7))
    axis.yaxis.set_major_formatter(lambda y, _: f"{y:.6g}")
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.grid(axis="y", color=FAINT, linewidth=0.7, zorder=1)
    axis.set_axisbelow(True)
    for side in ("top", "left", "right", "bottom"):
        axis.spines[side].set_visible(False)
    axis.set_title(title, loc="left", fontsize=10.5, fontweight="bold", color=INK)


def _name_extremes(axis: Any, load: Any) -> None:
    """Write id and load at the busiest and the idlest expert."""
    for place, offset, va in ((load.argmax(), 4, "bottom"), (load.argmin(), -4, "top")):
        share = place / max(len(load) - 1, 1)
        axis.annotate(
            f"expert {place}: {load[place]:.3f}",
            (place, load[place]),
            xytext=(0, offset),
            textcoords="offset points",
            ha="left" if share < 0.1 else "right" if share > 0.9 else "center",
            va=va,
            fontsize=8.5,
            color=INK,
        )


def _draw_words(figure: Any, result: RunResult) -> None:
    name, _, rest = heading(result).partition(": ")
    figure.text(0.02, 0.935, name, fontsize=16, fontweight="bold", color=INK, va="center")
    key = f"{rest[:1].upper()}{rest[1:]}. "
    if result.chance_cv is not None:
        key += "Grey band: two standard deviations of chance alone."
    figure.text(0.02, 0.875, key, fontsize=9.5, color=INK, va="center")
    words = [
        *textwrap.wrap(sentence(result), _WORDS_WIDTH),
        *textwrap.wrap(f"Balance: {measures(result)}.", _WORDS_WIDTH),
    ]
    figure.text(
        0.02, 0.075, "\n".join(words), fontsize=9.5, color=INK, va="bottom", linespacing=1.4
    )
    figure.text(0.02, 0.025, speed(result), fontsize=8.5, color=GREY, va="bottom")
