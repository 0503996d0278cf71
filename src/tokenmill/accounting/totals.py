"""Totals by group, exact in any order: what `total` and ``charge(by=...)`` return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import GroupSums
from .dense import integers
from .groups import Grouping
from .status import ROUNDED, Status


def money(cost: int, scale: int) -> Decimal:
    """Return a whole number at a scale as an exact Decimal of the currency."""
    with localcontext() as context:
        context.prec = max(1, len(str(abs(cost))))
        return Decimal(cost).scaleb(-scale)


@dataclass
class _Sums:
    """The sums of one group: charged rows and others; each is rows, cost, counts."""

    charged: list[int]
    refused: list[int]


@dataclass
class Totals:
    """Totals of a ledger by group, in the order of their keys.

    Attributes
    ----------
    keys : dict of str to list
        The label of each group in each grouping column.
    units : tuple of str
        The units that the ledger counts.
    scale : int
        Costs are whole numbers of 10**-scale `currency`.
    rows, cost : list of int
        Of rows that were charged.
    tokens : dict of str to list of int
        Counts of those rows, as the ledger has them.
    unpriced_rows : list of int
    unpriced_tokens : dict of str to list of int
        The same of rows that were not charged.
    what_if : list of (book name, scale, list of int)
        The groups' cost under other books.
    statuses : dict of Status to int
        Rows by what became of them.
    rounded_rows : int
        Rows whose cost had to be rounded.
    unpriced_models : dict of (provider, model, Status) to (rows, tokens)
    """

    by: tuple[str, ...]
    units: tuple[str, ...]
    scale: int
    currency: str
    keys: dict[str, list[Any]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    cost: list[int] = field(default_factory=list)
    tokens: dict[str, list[int]] = field(default_factory=dict)
    unpriced_rows: list[int] = field(default_factory=list)
    unpriced_tokens: dict[str, list[int]] = field(default_factory=dict)
    what_if: list[tuple[str, int, list[int]]] = field(default_factory=list)
    statuses: dict[Status, int] = field(default_factory=dict)
    rounded_rows: int = 0
    unpriced_models: dict[tuple[str | None, str | None, Status], tuple[int, int]] = field(
        default_factory=dict
    )

    @property
    def money(self) -> list[Decimal]:
        """Each group's cost in the currency, exact."""
        return [money(cost, self.scale) for cost in self.cost]

    @property
    def total(self) -> Decimal:
        """The cost of every charged row."""
        return money(sum(self.cost), self.scale)

    @property
    def unpriced(self) -> int:
        """How many rows were not charged."""
        return sum(self.unpriced_rows)

    def __len__(self) -> int:
        return len(self.cost)


class Accumulator:
    """Adds up what batches come to, by label."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Any, ...], _Sums] = {}
        self.statuses = np.zeros(256, np.int64)

    def add(self, grouping: Grouping, sums: GroupSums | None) -> None:
        """Add the sums of a batch, by thread, to those of its groups."""
        if sums is None:
            return
        self.statuses += sums.statuses
        used = np.flatnonzero(sums.wide[..., 0, 0].sum(axis=(0, 2)))
        added = _added(sums.wide[:, used])
        for group, (charged, refused) in zip(used.tolist(), added, strict=True):
            found = self._groups.setdefault(grouping.labels(group), _Sums([], []))
            found.charged = _plus(found.charged, charged)
            found.refused = _plus(found.refused, refused)

    def finish(self, totals: Totals) -> Totals:
        """Write the sums into `totals`, sorted by key."""
        order = sorted(self._groups, key=_sort_key)
        sums = [self._groups[labels] for labels in order]
        for b, name in enumerate(totals.by):
            totals.keys[name] = [labels[b] for labels in order]
        totals.rows = [group.charged[0] for group in sums]
        totals.cost = [group.charged[1] for group in sums]
        totals.unpriced_rows = [group.refused[0] for group in sums]
        for c, unit in enumerate(totals.units, 2):
            totals.tokens[unit] = [group.charged[c] for group in sums]
            totals.unpriced_tokens[unit] = [group.refused[c] for group in sums]
        by_status = self.statuses.tolist()
        for status in Status:
            rows = by_status[status] + by_status[status | ROUNDED]
            if rows:
                totals.statuses[status] = rows
        totals.rounded_rows = sum(by_status[ROUNDED:])
        return totals

    def costs(self, totals: Totals) -> list[int]:
        """Return the costs of the groups of `totals`, in its order."""
        labels = zip(*(totals.keys[name] for name in totals.by), strict=True)
        return [self._groups[key].charged[1] for key in (labels if totals.by else self._groups)]


def _added(wide: NDArray[np.int64]) -> list[list[list[int]]]:
    """Return sums (threads, ..., 2) in 128 bits added over threads, as lists of integers."""
    low, high = wide[..., 0], wide[..., 1]
    most = (2**63 - 1) // len(wide)
    if (high == low >> 63).all() and ((-most < low) & (low < most)).all():
        added: list[list[list[int]]] = low.sum(axis=0).tolist()
        return added
    flat = [sum(values) for values in zip(*(integers(part) for part in wide), strict=True)]
    wide_sums: list[list[list[int]]] = np.array(flat, object).reshape(low.shape[1:]).tolist()
    return wide_sums


def _plus(a: list[int], b: list[int]) -> list[int]:
    return [x + y for x, y in zip(a, b, strict=True)] if a else b


def _sort_key(labels: Iterable[Any]) -> list[tuple[int, str, Any]]:
    """Order labels of one type by value, types by name, null last."""
    return [(int(label is None), type(label).__name__, label) for label in labels]


def unpriced_models(
    models: Sequence[tuple[str | None, str | None]],
    model_codes: NDArray[np.int32],
    status: NDArray[np.uint8],
    tokens: NDArray[np.int64],
) -> dict[tuple[str | None, str | None, Status], tuple[int, int]]:
    """Return rows and tokens by model and status of the rows given, none of which was charged."""
    found: dict[tuple[str | None, str | None, Status], tuple[int, int]] = {}
    pairs = np.stack([model_codes.astype(np.int64), status.astype(np.int64)])
    unique, inverse = np.unique(pairs, axis=1, return_inverse=True)
    inverse = inverse.ravel()
    for g, (code, reason) in enumerate(unique.T.tolist()):
        own = tokens[inverse == g]
        provider, name = models[code] if code >= 0 else (None, None)
        key = (provider, name, Status(reason))
        found[key] = (len(own), sum(own.tolist()))
    return found
