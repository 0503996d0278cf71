"""Totals of ``tokenmill charge`` in words and as a table."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..accounting.exact import money
from ..accounting.nearest import listed_nearest
from ..accounting.status import Status
from ..accounting.totals import Totals
from .charge_data import label, plain

if TYPE_CHECKING:
    from .charge import Run

MOST_GROUPS = 40
_MOST_MODELS = 20
_LONGEST_LABEL = 40
_WIDTH = 100
_REASONS = {
    Status.MISSING_FIELD: "no model, no time where prices depend on it, or no total of a part",
    Status.UNKNOWN_MODEL: "not in the book",
    Status.AMBIGUOUS_MODEL: "several models of the book fit; give --provider or map a column to it",
    Status.BAD_VALUE: "a count that is no whole number, a time that is none, or an unknown tier",
    Status.NEGATIVE_COUNT: "a count below zero",
    Status.BEFORE_FIRST_DATE: "used before the book's first price",
    Status.DYNAMIC_PRICE: "the provider sets the price of each request",
    Status.SUBSET_EXCEEDS_TOTAL: "parts that exceed their total; is the convention right?",
    Status.NO_PRICE: "the book has the model, but no price for something that was used",
    Status.OVERFLOW: "the cost is too large",
}


@dataclass(frozen=True)
class _Line:
    """One line of the table; costs are the own one, that at list prices, and what if."""

    labels: list[str]
    rows: int
    counts: list[int]
    costs: list[Decimal]


def lines(run: Run) -> list[str]:
    """Return what the command prints."""
    return [
        *_heading(run),
        "",
        *_table(run.totals),
        *_unlisted(run.totals),
        *_unpriced(run),
        *(
            [f"rounded: {run.totals.rounded_rows:,} rows, as the book says"]
            if run.totals.rounded_rows
            else []
        ),
    ]


def histogram(totals: Totals) -> str:
    """Say how many rows were not charged, by status."""
    rows = sum(totals.statuses.values())
    listed = ", ".join(
        f"{count:,} {status.name}"
        for status, count in totals.statuses.items()
        if status > Status.PRICED_ZERO
    )
    return f"{totals.unpriced:,} of {rows:,} rows were not charged: {listed}"


def _heading(run: Run) -> list[str]:
    totals = run.totals
    rows = sum(totals.statuses.values())
    return [
        f"{run.ledger.path}: {_plural(rows, 'row')}, convention {run.asked.convention}",
        f"prices {run.books[0].title}",
        *(f"what if {n}: {file.title}" for n, file in enumerate(run.books[1:], 1)),
    ]


def _table(totals: Totals) -> list[str]:
    """Return the totals, the largest cost first, what does not fit folded into one line."""
    units = [unit for unit in totals.units if any(totals.tokens[unit])]
    groups = [_line(totals, units, [g]) for g in range(len(totals))]
    order = sorted(range(len(totals)), key=lambda g: -totals.cost[g])
    shown = [groups[g] for g in order[:MOST_GROUPS]] if totals.by else []
    if totals.by and len(order) > MOST_GROUPS:
        rest = order[MOST_GROUPS:]
        shown.append(_line(totals, units, rest, f"({len(rest):,} more)"))
    whole = _line(totals, units, range(len(totals)), "all")
    header = [*totals.by] if totals.by else [""]
    header += ["rows", *units, f"cost {totals.currency}"]
    if totals.list_cost is not None:
        header += ["list", "difference", "%"]
    for n in range(1, len(totals.what_if) + 1):
        header += [f"what if {n}", f"difference {n}", "%"]
    table = [[*line.labels, *_cells(line)] for line in (*shown, whole)]
    _align_points(table, len(whole.labels) + 1 + len(units))
    return _aligned(header, table, len(whole.labels), bool(shown))


def _line(
    totals: Totals,
    units: Sequence[str],
    groups: Sequence[int],
    name: str = "",
) -> _Line:
    """Return the sum of some groups, under `name` or the labels of the only one."""
    costs = [(totals.scale, totals.cost)]
    if totals.list_cost is not None:
        costs.append((totals.list_scale, totals.list_cost))
    costs += [(scale, cost) for _, scale, cost in totals.what_if]
    labels = [name, *[""] * (len(totals.by) - 1)]
    if not name:
        labels = [_label(totals.keys[key][groups[0]]) for key in totals.by]
    return _Line(
        labels,
        sum(totals.rows[g] for g in groups),
        [sum(totals.tokens[unit][g] for g in groups) for unit in units],
        [money(sum(cost[g] for g in groups), scale) for scale, cost in costs],
    )


def _cells(line: _Line) -> list[str]:
    own, *others = line.costs
    cells = [f"{line.rows:,}", *(f"{count:,}" for count in line.counts), _grouped(own)]
    for other in others:
        difference = Fraction(other) - Fraction(own)
        places = max(0, -min(int(c.as_tuple().exponent) for c in (own, other)))
        exact = money(int(difference * 10**places), places)
        sign = "+" if difference > 0 else ""
        cells += [_grouped(other), sign + _grouped(exact), _percent(difference, Fraction(own))]
    return cells


def _percent(difference: Fraction, base: Fraction) -> str:
    """Write a change in percent with one decimal; "-" where there is nothing to compare with."""
    if not base:
        return "-"
    tenths = round(difference / base * 1000)
    sign = "-" if tenths < 0 else "+" if tenths > 0 else ""
    return f"{sign}{abs(tenths) // 10:,}.{abs(tenths) % 10}"


def _grouped(amount: Decimal) -> str:
    """Write money with every digit that counts, thousands set apart."""
    whole, point, rest = plain(amount).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.removeprefix('-')):,}{point}{rest}"


def _align_points(table: list[list[str]], first: int) -> None:
    """Fill the columns of money from `first` on with zeros, so that their points align."""
    for column in range(first, len(table[0])):
        if (column - first) % 3 == 0 and column > first:
            continue  # percent
        places = max(len(row[column].partition(".")[2]) for row in table)
        for row in table:
            whole, _, rest = row[column].partition(".")
            row[column] = f"{whole}.{rest:0<{places}}" if places else whole


def _aligned(header: list[str], table: list[list[str]], labels: int, ruled: bool) -> list[str]:
    """Return lines of columns: labels to the left, numbers to the right, the whole below a rule."""
    widths = [max(len(row[c]) for row in (header, *table)) for c in range(len(header))]
    text = [
        "   ".join(
            cell.ljust(width) if c < labels else cell.rjust(width)
            for c, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *table)
    ]
    rule = "-" * max(map(len, text))
    return [text[0], rule, *text[1:-1], *([rule] if ruled else []), text[-1]]


def _label(value: Any) -> str:
    text = "(none)" if value is None else str(label(value))
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 3] + "..."


def _unpriced(run: Run) -> list[str]:
    """Say what was not charged: by status, the most tokens first."""
    totals = run.totals
    if not totals.unpriced:
        return []
    entries = sorted(
        totals.unpriced_models.items(),
        key=lambda item: (-item[1][1], -item[1][0], [part or "" for part in item[0][:2]]),
    )
    rows = [
        [
            status.name,
            _label("/".join(filter(None, (provider, model))) or None),
            _plural(count, "row"),
            _plural(tokens, "token"),
        ]
        for (provider, model, status), (count, tokens) in entries[:_MOST_MODELS]
    ]
    widths = [max(len(row[c]) for row in rows) for c in range(4)]
    listed = [
        f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}"
        + _near(run, model, status)
        for (a, b, c, d), ((_, model, status), _) in zip(rows, entries, strict=False)
    ]
    if len(entries) > _MOST_MODELS:
        listed.append(f"  ({len(entries) - _MOST_MODELS:,} more models)")
    reasons = [
        line
        for status in totals.statuses
        if status in _REASONS
        for line in textwrap.wrap(
            f"  {status.name}: {_REASONS[status]}", _WIDTH, subsequent_indent="    "
        )
    ]
    return ["", histogram(totals), *listed, *reasons]


def _unlisted(totals: Totals) -> list[str]:
    """Say where the cost at list prices lacks rows that were charged."""
    if totals.list_rows is None or totals.list_rows == totals.rows:
        return []
    listed, charged = sum(totals.list_rows), sum(totals.rows)
    return ["", f"list: {listed:,} rows at list prices, beside {charged:,} that were charged"]


def _near(run: Run, model: str | None, status: Status) -> str:
    if status != Status.UNKNOWN_MODEL or not model:
        return ""
    return listed_nearest(model, {one.name for one in run.books[0].book.models})


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"
