"""What the pictures have in common: colours, fonts, and files without a date."""

from __future__ import annotations

from typing import Any

# Okabe and Ito's palette, which colour-blind readers can tell apart.
ACCENT, GREY = "#0072B2", "#8A8F98"
INK, FAINT = "#222222", "#D9DCE1"
DPI = 160
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "svg.fonttype": "path",
    "svg.hashsalt": "tokenmill",
    "text.parse_math": False,
}


def metadata(format: str) -> dict[str, Any]:
    """Leave out the date, so that equal content gives equal files."""
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format, {})
