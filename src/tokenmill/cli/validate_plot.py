"""The picture of a validation: predicted against measured, both axes logarithmic."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..serving.validation import Scored, Validation, in_fitted_half, set_of
from .figure import rendered
from .style import ACCENT, FAINT, GREY, INK

_OTHER = "#D55E00"
_SIZE = (12.0, 6.4)
_PANELS = (
    ("throughput", "Throughput, tokens/s per accelerator, node or system", 1.0),
    ("tpot", "Time per output token, ms", 1e3),
)
_BAND = 1.25


def picture(found: Validation, format: str = "png") -> bytes:
    """Draw the scored points of throughput and time per token.

    Parameters
    ----------
    found : Validation
    format : str
        "png", "svg" or "pdf".

    Returns
    -------
    bytes
        The file's content.
    """
    return rendered(_SIZE, lambda figure: _draw_panels(figure, found), format)


def _draw_panels(figure: Any, found: Validation) -> None:
    axes = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.065, right=0.985, top=0.84, bottom=0.12, wspace=0.16)
    for axis, (name, title, unit) in zip(axes, _PANELS, strict=True):
        _draw(axis, found, name, title, unit)
    figure.text(0.065, 0.94, "Predicted against measured", fontsize=15, color=INK)
    band = f"line: equal; band: within {_BAND - 1.0:.0%}"
    figure.text(0.985, 0.945, band, color=GREY, ha="right")


def _draw(axis: Any, found: Validation, name: str, title: str, unit: float) -> None:
    scored = [s for s in found.scored if set_of(s.point) == name and s.predicted and not s.unscored]
    axis.set_title(title, loc="left", fontsize=11, color=INK)
    axis.set_xlabel("measured", color=INK)
    axis.set_ylabel("predicted", color=INK)
    axis.set(xscale="log", yscale="log")
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        one.set_minor_formatter(NullFormatter())
    axis.grid(color=FAINT, linewidth=0.6, zorder=0)
    if not scored:
        axis.text(0.5, 0.5, "no points", transform=axis.transAxes, ha="center", color=GREY)
        return
    figures = [unit * value for s in scored for value in (s.point.value, s.predicted or 0.0)]
    ends = np.array([min(figures) / 1.3, max(figures) * 1.3])
    axis.fill_between(ends, ends / _BAND, ends * _BAND, color=FAINT, alpha=0.5, linewidth=0)
    axis.plot(ends, ends, color=GREY, linewidth=1.0, zorder=1)
    for half, color, label in ((True, ACCENT, "fitted half"), (False, _OTHER, "other half")):
        _dots(axis, [s for s in scored if in_fitted_half(s.point) == half], unit, color, label)
    axis.set_xlim(*ends)
    axis.set_ylim(*ends)
    axis.legend(loc="upper left", frameon=False)
    summary = found.of_set(name)
    axis.text(
        0.97,
        0.04,
        f"{summary.expressed} points, median error {summary.median:.1%}, p90 {summary.p90:.1%}",
        transform=axis.transAxes,
        ha="right",
        color=INK,
    )


def _dots(axis: Any, scored: list[Scored], unit: float, color: str, label: str) -> None:
    measured = [unit * s.point.value for s in scored]
    predicted = [unit * (s.predicted or 0.0) for s in scored]
    axis.scatter(measured, predicted, s=26, color=color, alpha=0.75, linewidth=0, label=label)
