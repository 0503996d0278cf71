"""The picture of a race: the board, what it is made of, how long it lasts, and what decides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..economics.board import RaceResult
from . import plot_architecture, plot_board, plot_layers, plot_time
from .figure import rendered
from .plot_common import WIDTH_INCHES

# How high a section is, and how it is drawn into a figure of that height.
Section = tuple[Callable[[RaceResult], float], Callable[[Any, RaceResult], None]]

_SECTIONS: tuple[Section, ...] = (
    (plot_board.height_of, plot_board.draw),
    (plot_layers.height_of, plot_layers.draw),
    (plot_time.height_of, plot_time.draw),
    (plot_architecture.height_of, plot_architecture.draw),
)


def picture(result: RaceResult, format: str = "png") -> bytes:
    """Draw the board, one section below the other.

    Parameters
    ----------
    result : RaceResult
    format : str
        "png", "svg" or "pdf".

    Returns
    -------
    bytes
        The file's content.
    """
    drawn = [section for section in _SECTIONS if section[0](result) > 0.0]
    heights = [height_of(result) for height_of, _ in drawn]

    def draw_all(figure: Any) -> None:
        parts = figure.subfigures(len(drawn), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, (_, draw) in zip(parts, drawn, strict=True):
            draw(part, result)

    return rendered((WIDTH_INCHES, sum(heights)), draw_all, format)
