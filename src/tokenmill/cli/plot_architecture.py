"""What a mixture of experts buys: its cost beside a dense model's, over the batch."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import isfinite, nan
from typing import Any

from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ..economics.architecture import Architecture
from ..economics.board import RaceResult
from ..economics.spread import Spread
from .plot_common import clear, headline, section_title
from .style import ACCENT, FAINT, GREY, INK

_HEIGHT = 5.1
_DENSE = "#D55E00"
_WORDS_WIDTH = 165


def height_of(result: RaceResult) -> float:
    """Return the inches that the section takes; nothing without a comparison."""
    return _HEIGHT if result.architecture else 0.0


def draw(figure: Any, result: RaceResult) -> None:
    """Draw the costs of both and their ratio."""
    found = result.architecture
    if found is None:
        return
    section_title(
        figure,
        _HEIGHT,
        "What a mixture of experts buys",
        f"{found.moe_name} beside {found.dense_name} on {found.accelerator}. "
        "Line: median. Band: 5 % to 95 % of the scenarios.",
    )
    words = textwrap.wrap(f"Equal quality: {found.judgement}", _WORDS_WIDTH)
    bottom = 0.75 + 0.2 * len(words)
    grid = figure.add_gridspec(
        1,
        2,
        left=0.065,
        right=0.975,
        top=1.0 - 1.1 / _HEIGHT,
        bottom=bottom / _HEIGHT,
        wspace=0.16,
    )
    costs, ratios = (figure.add_subplot(grid[0, column]) for column in range(2))
    for axis in (costs, ratios):
        clear(axis)
        axis.grid(axis="y", color=FAINT, linewidth=0.7)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlim(found.batches[0], found.batches[-1])
        axis.set_xlabel("sequences decoded together, per accelerator", fontsize=9, color=INK)
        _plain_ticks(axis.xaxis, (1.0, 2.0, 4.0, 8.0), 2.0)
    _draw_costs(costs, found)
    _draw_ratios(ratios, found)
    figure.text(
        0.02, 0.1 / _HEIGHT, "\n".join(words), fontsize=9.5, color=INK, va="bottom", linespacing=1.3
    )


def _plain_ticks(axis: Any, subs: Sequence[float], base: float = 10.0) -> None:
    axis.set_major_locator(LogLocator(base=base, subs=subs if base == 10.0 else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if x >= 1.0 else _share(x)))
    axis.set_minor_locator(NullLocator())


def _share(x: float) -> str:
    return f"1/{1.0 / x:.0f}" if abs(1.0 / x - round(1.0 / x)) < 1e-9 else f"{x:g}"


def _band(
    axis: Any, batches: Sequence[float], spreads: Sequence[Spread], color: str, name: str
) -> None:
    low, middle, high = (
        [value if isfinite(value) else nan for value in values]
        for values in zip(*spreads, strict=True)
    )
    axis.fill_between(batches, low, high, color=color, alpha=0.18, linewidth=0)
    axis.plot(batches, middle, color=color, linewidth=2.2, label=name)


def _draw_costs(axis: Any, found: Architecture) -> None:
    headline(axis, "USD per million tokens (log scale)")
    _band(axis, found.batches, found.dense, _DENSE, found.dense_name)
    _band(axis, found.batches, found.moe, ACCENT, found.moe_name)
    axis.legend(loc="upper right", frameon=False, fontsize=9)
    _plain_decades(axis.yaxis)


def _plain_decades(axis: Any) -> None:
    axis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_locator(NullLocator())


def _draw_ratios(axis: Any, found: Architecture) -> None:
    headline(axis, "Cost of the dense model over that of the other (log scale)")
    _band(axis, found.batches, found.decode_ratio, GREY, "decode alone")
    _band(axis, found.batches, found.ratio, ACCENT, "with prompts")
    axis.legend(loc="upper left", frameon=False, fontsize=9)
    axis.axhline(1.0, color=_DENSE, linewidth=1.2)
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, 0.8), max(high, 1.25))
    axis.text(
        0.02,
        0.03,
        "below the line the dense model is cheaper",
        transform=axis.transAxes,
        fontsize=8.5,
        color=_DENSE,
    )
    _plain_decades(axis.yaxis)
