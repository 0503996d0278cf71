"""Totals by group, exact in any order: what `total` and ``charge(by=...)`` return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import GroupSums
from .._native.arrow_out import ArrowTable
from .dense import integers
from .exact import money
from .groups import Grouping
from .status import ROUNDED, Status
from .totals_out import totals_table, totals_text


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
    what_if_rows : list of list of int
        How many rows of each group each of those books charges: where they are not `rows`, costs
        are not of the same rows.
    list_cost, list_rows : list of int or None
        The same under the list prices of a contract, ``book.public``, at `list_scale`; None where
        the book is none.
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
    what_if_rows: list[list[int]] = field(default_factory=list)
    list_scale: int = 0
    list_cost: list[int] | None = None
    list_rows: list[int] | None = None
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
    def list_money(self) -> list[Decimal]:
        """Each group's cost at list prices; empty where the book is no contract."""
        return [money(cost, self.list_scale) for cost in self.list_cost or ()]

    @property
    def total(self) -> Decimal:
        """The cost of every charged row."""
        return money(sum(self.cost), self.scale)

    def difference(self, k: int) -> list[Decimal]:
        """Return what each group costs more under book k of `what_if`, exact; less is negative.

        Raises
        ------
        IndexError
            There is no such book.
        """
        if not 0 <= k < len(self.what_if):
            raise IndexError(f"k: expected one of {len(self.what_if)} other books, found {k}")
        _, scale, costs = self.what_if[k]
        most = max(scale, self.scale)
        theirs, ours = 10 ** (most - scale), 10 ** (most - self.scale)
        pairs = zip(costs, self.cost, strict=True)
        return [money(other * theirs - own * ours, most) for other, own in pairs]

    def to_arrow(self) -> ArrowTable:
        """Return a table that pandas, Polars, DuckDB and pyarrow take over in place.

        Columns: the keys, as integers or else texts; ``rows``; each unit; ``cost``, ``list_cost``
        and ``what_if_1`` ... as decimal128(38, scale) in the currency; ``unpriced_rows`` and
        ``unpriced_`` each unit. Counts are int64, decimal128(38, 0) where one does not fit.

        Raises
        ------
        ValueError
            A key is called like another column, or a cost has more than 38 digits.
        """
        return totals_table(self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return `to_arrow` as a stream in a capsule."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        return totals_text(self)

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

    def charged(self, totals: Totals) -> tuple[list[int], list[int]]:
        """Return costs and charged rows of the groups of `totals`, in its order."""
        labels = zip(*(totals.keys[name] for name in totals.by), strict=True)
        keys = list(labels) if totals.by else list(self._groups)
        sums = [self._groups[key].charged for key in keys]
        return [group[1] for group in sums], [group[0] for group in sums]


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
