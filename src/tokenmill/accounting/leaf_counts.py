"""What only each column of a row counts, as the kernel splits a row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .._native.accounting import (
    CELL,
    ROW_STATUSES,
    DensePrices,
    LedgerArrays,
    RowOutputs,
    charge,
)
from .columns import Columns
from .dense import dense_columns, integers, pairs
from .weeks import MINUTES_OF_WEEK


def leaf_counts(columns: Columns, arrays: LedgerArrays) -> list[int]:
    """Return each column's count less those of its parts, of a ledger of one row.

    Below 0 where parts exceed their total. Rows that LiteLLM's rule cuts are split by the kernel
    itself, which charges them one a token.
    """
    if columns.convention.overlap == "litellm":
        return _at_one_each(columns, arrays)
    counts = [int(column[0]) for column in arrays.counts]
    dense = dense_columns(columns)
    if dense.replaced >= 0:
        split = sum(counts[c] for c in dense.replacing if c >= 0)
        counts[dense.replaced] = split or counts[dense.replaced]
    factors = columns.leaf.tolist()
    return [sum(f * n for f, n in zip(row, counts, strict=True)) for row in factors]


def _at_one_each(columns: Columns, arrays: LedgerArrays) -> list[int]:
    n = len(columns.units)
    outputs = RowOutputs(slot_cost=np.zeros((1, n, 2), np.int64))
    plain = replace(
        arrays, models=np.zeros(1, np.int32), service_tiers=None, regions=None, times=None, bad=None
    )
    charge(dense_columns(columns), _one_each(n), plain, outputs, None, 1)
    return integers(outputs.slot_cost[0])


def _one_each(n: int) -> DensePrices:
    """Return prices of one, for each column in a slot of its own."""
    cells = np.zeros((1, 1), CELL)
    cells["calendar"], cells["tiers"], cells["above"] = -1, 1, 2**63 - 1
    none = np.zeros(0, np.int64)
    return DensePrices(
        key_of=np.zeros((2, 1, 1), np.int32),
        starts=none,
        timed=np.zeros(1, np.uint8),
        cells=cells,
        more_above=none,
        weeks=np.zeros((0, MINUTES_OF_WEEK), np.uint8),
        unchanged=np.zeros((0, MINUTES_OF_WEEK), np.uint16),
        weights=np.zeros((1, n), np.int64),
        narrow_weights=np.zeros((0, n), np.int32),
        fixed=pairs([0]),
        exact_only=np.ones(ROW_STATUSES + 1, np.uint8),
        prices=pairs([1] * n),
        divisors=np.ones((1, n), np.int64),
        slots=np.arange(n, dtype=np.int8).reshape(1, n),
        flags=np.zeros((1, n), np.uint8),
        first_step=np.zeros(2, np.int32),
        step_slot=np.zeros(0, np.int32),
        step_above=none,
        step_price=none,
        largest_weight=0,
        rounding=0,
        marginal=False,
    )
