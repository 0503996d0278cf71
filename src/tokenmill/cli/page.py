"""The race as one HTML file that needs nothing from outside: picture, tables, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from .._version import __version__
from ..economics.board import RaceResult
from ..economics.fields import PLAYER, WORLD, Field
from ..economics.quantity import Quantity
from ..economics.scenario import Player
from .findings import LAYER_TITLES, SAVINGS_LEGEND, findings, savings_cells
from .plot import picture
from .text import COST_HEADER, HEADERS, LEGEND, answer, cells, lead, percent, scenarios

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; }
h1 { margin-bottom: 0.2rem; }
.answer { font-size: 1.15rem; border-left: 4px solid #0072B2; padding-left: 0.8rem; }
.note, footer { color: #555; font-size: 0.9rem; }
figure { margin: 1.5rem 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd; text-align: left; }
th { border-bottom: 2px solid #999; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.leader td { font-weight: bold; color: #00527f; }
summary { cursor: pointer; font-weight: bold; margin: 0.6rem 0; }
code { overflow-wrap: anywhere; }
"""

_INPUT_HEADERS = ("parameter", "unit", "distribution", "p5", "p50", "p95", "grade", "source")


def html_page(result: RaceResult) -> str:
    """Return the page.

    Every text of the scenario is escaped, and the policy in the head forbids scripts and anything
    from outside.
    """
    scenario = result.scenario
    inputs = [_inputs("The world all players share", scenario.world, WORLD)]
    inputs += [_inputs(_player_title(player), player.values, PLAYER) for player in scenario.players]
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(scenario.name)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(scenario.name)}</h1>",
        f'<p class="note">{escape(scenario.text)}</p>',
        f'<p class="answer">{escape(answer(result))}</p>',
        f"<figure>{_svg(result)}</figure>",
        _board(result),
        f'<p class="note">p5, p50, p95: {escape(COST_HEADER)}. {escape(LEGEND)}</p>',
        *(f"<p>{escape(text)}</p>" for text in findings(result)[1:]),
        _savings(result),
        _deciders(result),
        "<h2>What the numbers rest on</h2>",
        '<p class="note">Grades: A several published figures agree, B one good source, '
        "C judgement, D unverified.</p>",
        *inputs,
        _warnings(scenario.warnings),
        f"<footer><p>{scenarios(result.n)}, seed {result.seed}, file {escape(scenario.file)}, "
        f"tokenmill {escape(__version__)}.<br>Digest <code>{escape(result.digest)}</code></p>"
        "</footer></body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _svg(result: RaceResult) -> str:
    """Return the picture as an element, without the prolog of a file."""
    text = picture(result, "svg").decode()
    element = text[text.index("<svg") :]
    label = escape(answer(result), quote=True)
    return element.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _table(
    headers: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]], texts: set[int]
) -> str:
    """Return a table; columns in `texts` are text, the others numbers. Cells are escaped here."""

    def cell(tag: str, column: int, content: str) -> str:
        kind = "" if column in texts else ' class="number"'
        return f"<{tag}{kind}>{escape(content)}</{tag}>"

    head = "".join(cell("th", column, text) for column, text in enumerate(headers))
    body = "\n".join(
        f"<tr{kind}>{''.join(cell('td', column, text) for column, text in enumerate(row))}</tr>"
        for kind, row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n'
        "</tbody></table></div>"
    )


def _board(result: RaceResult) -> str:
    rows = [
        (
            ' class="leader"' if row is result.leader else "",
            (*cells(row), percent(row.probability_loss), ", ".join(row.owns) or "nothing"),
        )
        for row in result.rows
    ]
    return _table((*HEADERS, "P(loss)", "owns"), rows, {0, len(HEADERS) + 1})


def _savings(result: RaceResult) -> str:
    if not any(row.saves for row in result.rows):
        return ""
    rows = [("", (row.title, *savings_cells(row))) for row in result.rows]
    return (
        f'<h2>What owning a layer saves</h2><p class="note">{escape(SAVINGS_LEGEND)}</p>'
        + _table(("player", *LAYER_TITLES.values()), rows, {0})
    )


def _deciders(result: RaceResult) -> str:
    if not result.deciders:
        return ""
    rows = [("", (decider.label, lead(decider))) for decider in result.deciders]
    return (
        "<h2>What decides it</h2>"
        "<p class=\"note\">The best rival's cost over the leader's, with one assumption moved from "
        "its 5 % to its 95 % quantile and all others at their medians. Below 1 it is lost.</p>"
        + _table(("assumption", "lead"), rows, {0})
    )


def _player_title(player: Player) -> str:
    owned = ", ".join(player.owns) or "nothing"
    return f"{player.title}: owns {owned}. {player.text}"


def _inputs(title: str, values: Mapping[str, Quantity], fields: Mapping[str, Field]) -> str:
    rows = [("", _input_row(fields[key], quantity)) for key, quantity in values.items()]
    table = _table(_INPUT_HEADERS, rows, {0, 1, 2, 6, 7})
    return f"<details><summary>{escape(title)}</summary>{table}</details>"


def _input_row(field: Field, quantity: Quantity) -> tuple[str, ...]:
    quantiles = tuple(f"{quantity.quantile(level):.4g}" for level in (0.05, 0.5, 0.95))
    source = ", ".join(text for text in (quantity.source, quantity.date) if text)
    return (field.text, field.unit, str(quantity), *quantiles, quantity.confidence, source)


def _warnings(warnings: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f"<h2>Notes</h2><ul>{items}</ul>" if items else ""
