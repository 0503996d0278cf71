"""A picture as a file's content: one style, no date in it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .style import DPI, STYLE, metadata


def rendered(size: tuple[float, float], draw: Callable[[Figure], None], format: str) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    size : (float, float)
        Width and height, inches.
    draw : callable(figure)
        Draws into an empty figure.
    format : str
        "png", "svg" or "pdf".
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, facecolor="white")
        FigureCanvasAgg(figure)
        draw(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format=format, dpi=DPI, metadata=metadata(format))
    return buffer.getvalue()
