"""Totals of ``tokenmill charge`` for programs: JSON and CSV, complete and exact."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..accounting.exact import money
from ..accounting.status import Status
from ..accounting.totals import Totals

if TYPE_CHECKING:
    from .charge import Run


def plain(amount: Decimal) -> str:
    """Write money without an exponent and without zeros that say nothing."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def label(value: Any) -> Any:
    """Return the label of a group as text, number or None."""
    return value.name if isinstance(value, Status) else value


def as_json(run: Run) -> str:
    """Return everything as JSON; money is a string, in the currency."""
    totals = run.totals
    groups = [
        {
            "keys": {name: label(totals.keys[name][g]) for name in totals.by},
            "rows": totals.rows[g],
            "cost": plain(totals.money[g]),
            "tokens": {unit: totals.tokens[unit][g] for unit in totals.units},
            "unpriced_rows": totals.unpriced_rows[g],
            "unpriced_tokens": {unit: totals.unpriced_tokens[unit][g] for unit in totals.units},
            "what_if": [plain(money(cost[g], scale)) for _, scale, cost in totals.what_if],
            **_listed(totals, g),
        }
        for g in range(len(totals))
    ]
    books = [
        {
            "path": file.path,
            "form": file.form,
            "name": file.book.name,
            "version": file.book.version,
            "fingerprint": file.book.fingerprint,
            "models": len(file.book.models),
        }
        for file in run.books
    ]
    content = {
        "ledger": run.ledger.path,
        "format": run.ledger.format,
        "convention": run.asked.convention,
        "prices": books[0],
        "what_if": [
            book | {"cost": plain(money(sum(cost), scale))}
            for book, (_, scale, cost) in zip(books[1:], totals.what_if, strict=True)
        ],
        "currency": totals.currency,
        "scale": totals.scale,
        "by": list(totals.by),
        "rows": sum(totals.statuses.values()),
        "cost": plain(totals.total),
        **_listed(totals),
        "rounded_rows": totals.rounded_rows,
        "statuses": {status.name: rows for status, rows in totals.statuses.items()},
        "groups": groups,
        "unpriced": [
            {
                "provider": provider,
                "model": model,
                "status": status.name,
                "rows": rows,
                "tokens": tokens,
            }
            for (provider, model, status), (rows, tokens) in totals.unpriced_models.items()
        ],
    }
    return json.dumps(content, indent=2, allow_nan=False)


def _listed(totals: Totals, group: int | None = None) -> dict[str, Any]:
    """Return what a group, or all of them, cost at list prices; nothing without a contract."""
    if totals.list_cost is None or totals.list_rows is None:
        return {}
    own = slice(None) if group is None else slice(group, group + 1)
    cost = money(sum(totals.list_cost[own]), totals.list_scale)
    return {"list_cost": plain(cost), "list_rows": sum(totals.list_rows[own])}


def as_csv(totals: Totals) -> str:
    """Return a line for each group; money is in the currency."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    others = [] if totals.list_cost is None else [f"list_{totals.currency}"]
    others += [f"what_if_{number}" for number in range(1, len(totals.what_if) + 1)]
    writer.writerow(
        [*totals.by, "rows", *totals.units, f"cost_{totals.currency}", *others, "unpriced_rows"]
    )
    for g in range(len(totals)):
        labels = [label(totals.keys[name][g]) for name in totals.by]
        counts = [totals.tokens[unit][g] for unit in totals.units]
        costs = [totals.money[g], *totals.list_money[g : g + 1]]
        costs += [money(cost[g], scale) for _, scale, cost in totals.what_if]
        amounts = map(plain, costs)
        writer.writerow([*labels, totals.rows[g], *counts, *amounts, totals.unpriced_rows[g]])
    return text.getvalue()
