"""Totals on their way out: as a table of Arrow, and as a table to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from .._native.arrow_out import ArrowTable, to_stream
from .._native.out_column import OutColumn, decimals, integers, texts
from .exact import money
from .status import Status

if TYPE_CHECKING:
    from .totals import Totals

MOST_GROUPS = 40


def totals_table(totals: Totals) -> ArrowTable:
    """Return the columns of `Totals.to_arrow`."""
    columns = {name: _labels(labels) for name, labels in totals.keys.items()}
    more: dict[str, OutColumn] = {"rows": _whole(totals.rows)}
    more |= {unit: _whole(totals.tokens[unit]) for unit in totals.units}
    more["cost"] = decimals(totals.cost, totals.scale)
    if totals.list_cost is not None:
        more["list_cost"] = decimals(totals.list_cost, totals.list_scale)
    for k, (_, scale, costs) in enumerate(totals.what_if, 1):
        more[f"what_if_{k}"] = decimals(costs, scale)
    more["unpriced_rows"] = _whole(totals.unpriced_rows)
    more |= {f"unpriced_{unit}": _whole(totals.unpriced_tokens[unit]) for unit in totals.units}
    for name in columns:
        if name in more:
            raise ValueError(f"by: expected keys that are no other column, found {name!r}")
    return to_stream(columns | more)


def charges_table(
    costs: Mapping[str, tuple[Any, int]], codes: Mapping[str, np.ndarray[Any, Any]]
) -> ArrowTable:
    """Return costs (rows,), each with its scale, as decimals, and codes in place."""
    found = {name: decimals(values, scale) for name, (values, scale) in costs.items()}
    return to_stream(found | {name: integers(values) for name, values in codes.items()})


def _whole(values: Sequence[int]) -> OutColumn:
    """Return integers of 64 bits, or decimals of 38 digits where one does not fit."""
    if all(-(2**63) <= value < 2**63 for value in values):
        return integers(np.array(values, np.int64))
    return decimals(values, 0)


def _labels(labels: Sequence[Any]) -> OutColumn:
    """Return integers where all labels are, else texts; statuses by name, None as null."""
    named = [label.name if isinstance(label, Status) else label for label in labels]
    there = np.array([label is not None for label in named], np.bool_)
    known = [label for label in named if label is not None]
    if known and all(type(label) is int and -(2**63) <= label < 2**63 for label in known):
        numbers = [0 if label is None else label for label in named]
        return integers(np.array(numbers, np.int64), there)
    return texts([None if label is None else str(label) for label in named])


def totals_text(totals: Totals) -> str:
    """Return a line for each group, and one for all."""
    costs = {f"cost {totals.currency}": (totals.scale, totals.cost)}
    if totals.list_cost is not None:
        costs["list"] = (totals.list_scale, totals.list_cost)
    for k, (name, scale, other) in enumerate(totals.what_if, 1):
        costs[f"{k}: {name}"] = (scale, other)
    unpriced = [totals.unpriced_rows] if totals.unpriced else []
    counts = [totals.rows, *unpriced]

    def line(labels: Sequence[Any], of: Callable[[Sequence[int]], int]) -> list[str]:
        rows, *refused = (f"{of(values):,}" for values in counts)
        amounts = (f"{money(of(values), scale):f}" for scale, values in costs.values())
        return [*map(_text, labels), rows, *amounts, *refused]

    rows = [[*totals.by, "rows", *costs, *(["unpriced rows"] if unpriced else [])]]
    for g in range(min(len(totals), MOST_GROUPS)):
        rows.append(line([totals.keys[name][g] for name in totals.by], itemgetter(g)))
    if totals.by:
        rows.append(line(["all", *[""] * (len(totals.by) - 1)], sum))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_padded(row, widths, len(totals.by))).rstrip() for row in rows]
    if len(totals) > MOST_GROUPS:
        lines.insert(-1, f"({len(totals) - MOST_GROUPS:,} more groups)")
    return "\n".join(lines)


def _padded(row: Sequence[str], widths: Sequence[int], labels: int) -> list[str]:
    """Return cells of one width: labels to the left, numbers to the right."""
    return [
        f"{cell:<{width}}" if c < labels else f"{cell:>{width}}"
        for c, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _text(label: Any) -> str:
    if label is None:
        return "(none)"
    return label.name if isinstance(label, Status) else str(label)
