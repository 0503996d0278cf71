"""The board on a terminal, with rich."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..economics.board import RaceResult, RaceRow
from ..economics.scenario import short_name
from .findings import LAYER_TITLES, SAVINGS_LEGEND, findings, savings_cells
from .text import COST_HEADER, HEADERS, LEGEND, answer, cells, heading

# Below this width the bars go, and titles lose what they say in brackets.
_WIDE = 112
_BAR = 10
_LEADER = "bold cyan"
_LOSS = "red"


def print_board(result: RaceResult) -> None:
    """Print the table and the answer."""
    console = Console(highlight=False)
    wide = console.width >= _WIDE
    names = [row.title if wide else short_name(row.title) for row in result.rows]
    if len(set(names)) < len(names):
        names = [row.title for row in result.rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
    table.add_column(HEADERS[0])
    for header in HEADERS[1:]:
        table.add_column(Text(header), justify="right", no_wrap=True)
    if wide:
        table.add_column("", no_wrap=True)
    for name, row in zip(names, result.rows, strict=True):
        bar = [Text(_bar(row.probability_cheapest))] if wide else []
        style = _LEADER if row is result.leader else ""
        table.add_row(Text(name), *_styled(row), *bar, style=style)
    console.print(Text(heading(result), style="bold"))
    console.print(table)
    console.print(Text(answer(result), style="bold"))
    console.print()
    if any(row.saves for row in result.rows):
        console.print(_savings(result))
    for text in findings(result)[1:]:
        console.print(Text(text))
        console.print()
    legend = f"p5, p50, p95: {COST_HEADER}. {LEGEND} {SAVINGS_LEGEND}"
    console.print(Text(legend, style="dim"))


def _savings(result: RaceResult) -> Table:
    """Return the table of what owning each layer saves; what is owned stands out."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("owning saves")
    for title in LAYER_TITLES.values():
        table.add_column(Text(title), justify="right", no_wrap=True)
    for row in result.rows:
        style = _LEADER if row is result.leader else ""
        table.add_row(Text(short_name(row.title)), *map(Text, savings_cells(row)), style=style)
    return table


def _styled(row: RaceRow) -> list[Text]:
    """Return the numbers of a row; what means ruin is red."""
    texts = dict(zip(HEADERS[1:], map(Text, cells(row)[1:]), strict=True))
    if row.margin_p50 < 0.0:
        texts["margin"].stylize(_LOSS)
    if row.survival_p50 < 1.0:
        texts["survival"].stylize(_LOSS)
    return list(texts.values())


def _bar(share: float) -> str:
    """Draw a probability; what is not nothing shows."""
    filled = max(round(share * _BAR), 1) if share >= 0.005 else 0
    return "\u2588" * filled + "\u2591" * (_BAR - filled)
