"""The board on a terminal, with rich."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..economics.board import RaceResult, RaceRow
from .text import COST_HEADER, HEADERS, LEGEND, answer, cells, heading

_BAR = 10
_LEADER = "bold cyan"
_LOSS = "red"


def print_board(result: RaceResult) -> None:
    """Print the table and the answer."""
    console = Console(highlight=False)
    table = Table(title=Text(heading(result), style="bold"), box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(HEADERS[0])
    for header in HEADERS[1:]:
        table.add_column(Text(header), justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in result.rows:
        style = _LEADER if row is result.leader else ""
        table.add_row(*_styled(row), Text(_bar(row.probability_cheapest)), style=style)
    console.print(table)
    console.print(Text(f"p5, p50, p95: {COST_HEADER}. {LEGEND}", style="dim"))
    console.print()
    console.print(Text(answer(result), style="bold"))


def _styled(row: RaceRow) -> list[Text]:
    texts = [Text(cell) for cell in cells(row)]
    if row.margin_p50 < 0.0:
        texts[HEADERS.index("margin")].stylize(_LOSS)
    if row.survival_p50 < 1.0:
        texts[HEADERS.index("survival")].stylize(_LOSS)
    return texts


def _bar(share: float) -> str:
    """Draw a probability; what is not nothing shows."""
    filled = max(round(share * _BAR), 1) if share >= 0.005 else 0
    return "\u2588" * filled + "\u2591" * (_BAR - filled)
