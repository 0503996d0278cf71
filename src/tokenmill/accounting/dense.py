"""Compiled keys and rows as the arrays that the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import (
    CELL,
    CELL_THRESHOLDS,
    EXACT_ALWAYS,
    ROUNDINGS,
    ROW_STATUSES,
    DenseColumns,
    DensePrices,
    lanes,
)
from .book import PriceBook
from .columns import Columns
from .litellm_split import homes, overlap_columns
from .price_rows import LONG_AGO, Key, PriceRow, Stretch
from .rates import ModelPrices, Period
from .resolve import Case
from .table import Compiler
from .weeks import MINUTES_OF_WEEK

_NEVER = 2**63 - 1


def dense_columns(columns: Columns) -> DenseColumns:
    """Return the columns of a ledger as the kernel reads them."""
    replace = columns.convention.writes == "replace"
    litellm = columns.convention.overlap == "litellm"
    return DenseColumns(
        leaf=columns.leaf,
        basis=columns.basis,
        within=columns.within,
        nested=columns.nested,
        replaced=columns.index("cache_write") if replace else -1,
        replacing=(columns.index("cache_write_5m"), columns.index("cache_write_1h")),
        overlap=overlap_columns(columns) if litellm else None,
        home=homes(columns),
    )


def dense_prices(compiler: Compiler) -> DensePrices:
    """Return everything that `compiler` has compiled, all but the codes of a ledger.

    They are made anew when there is more than the last time.

    Complexity: O(epochs x keys + rows x columns).
    """
    if compiler.dense is None or len(compiler.dense.timed) != len(compiler.keys):
        compiler.dense = _dense_prices(compiler)
    return compiler.dense


def _dense_prices(compiler: Compiler) -> DensePrices:
    rows = compiler.rows or [_empty_row(compiler)]
    starts = sorted({s.start for key in compiler.keys for s in key.stretches if s.start > LONG_AGO})
    weights = np.array([row.weights for row in rows], dtype=object)
    largest = max((sum(map(abs, row.weights)) + abs(row.fixed) for row in rows), default=0)
    fits = largest < _NEVER
    always = 0 if fits else EXACT_ALWAYS
    exact = [EXACT_ALWAYS] * ROW_STATUSES + [row.exact_only | always for row in rows]
    steps = [step for row in rows for step in row.steps]
    first_step = np.cumsum([0, *(len(row.steps) for row in rows)])
    return DensePrices(
        key_of=np.zeros((0, 1, 1), np.int32),
        starts=np.array(starts, np.int64),
        timed=np.array([key.timed for key in compiler.keys], np.uint8),
        **_cells(compiler.keys, starts),
        weights=np.array(weights if fits else np.zeros(weights.shape), np.int64),
        narrow_weights=_narrow(weights, len(compiler.columns.units)),
        fixed=pairs([row.fixed for row in rows]),
        exact_only=np.array(exact, np.uint8),
        prices=pairs([price for row in rows for price in row.prices]),
        divisors=np.array([row.divisors for row in rows], np.int64),
        slots=np.array([row.slots for row in rows], np.int8),
        flags=np.array([row.flags for row in rows], np.uint8),
        first_step=np.array(first_step, np.int32),
        step_slot=np.array([slot for slot, _, _ in steps], np.int32),
        step_above=np.array([above for _, above, _ in steps], np.int64),
        step_price=pairs([price for _, _, price in steps]),
        largest_weight=largest if fits else 0,
        rounding=_rounding(compiler.book),
        marginal=compiler.book.rules.tier_reach == "marginal",
    )


def _narrow(weights: NDArray[Any], columns: int) -> NDArray[np.int32]:
    """Return weights (rows, lanes) of 32 bits, or nothing where one does not fit."""
    width = lanes(columns)
    if width % 8 or width > 16 or (abs(weights) >= 2**31).any():
        return np.zeros((0, width), np.int32)
    narrow = np.zeros((len(weights), width), np.int32)
    narrow[:, :columns] = weights
    return narrow


def _rounding(book: PriceBook) -> int:
    return ROUNDINGS["half_even" if book.rounding == "refuse" else book.rounding]


def _empty_row(compiler: Compiler) -> PriceRow:
    """Return a row that no key leads to: kernels are never given an empty table."""
    nothing = (0,) * len(compiler.columns.units)
    nobody = ModelPrices("", "", (Period(None, ()),))
    case = Case(nobody, nobody.periods[0])
    return PriceRow(
        case, 0, nothing, nothing, (1,) * len(nothing), nothing, nothing, (), False, False, -1
    )


def _cells(keys: Sequence[Key], starts: list[int]) -> dict[str, NDArray[Any]]:
    """Return the stretch of each key in each epoch, and the weeks they refer to."""
    cells = np.zeros((len(starts) + 1, len(keys)), CELL)
    more: list[int] = []
    weeks: dict[bytes, int] = {}
    for k, key in enumerate(keys):
        for s, stretch in enumerate(key.stretches):
            cell = cells[_epochs_of(key.stretches, s, starts), k]
            first, rest = stretch.above[:CELL_THRESHOLDS], stretch.above[CELL_THRESHOLDS:]
            cell["first_row"], cell["tiers"] = stretch.first_row, len(stretch.above) + 1
            cell["above"] = [*first, *[_NEVER] * (CELL_THRESHOLDS - len(first))]
            cell["more"] = len(more)
            more += rest
            cell["calendar"] = -1
            if stretch.week is not None and any(stretch.week):
                cell["calendar"] = weeks.setdefault(stretch.week, len(weeks))
    table = np.frombuffer(b"".join(weeks), np.uint8).reshape(-1, MINUTES_OF_WEEK)
    unchanged = np.array([_unchanged(week) for week in table], np.uint16)
    return {
        "cells": cells,
        "more_above": np.array(more, np.int64),
        "weeks": table,
        "unchanged": unchanged.reshape(-1, MINUTES_OF_WEEK),
    }


def _unchanged(week: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return for how many minutes a week stays as it is from each minute on, at most a week."""
    twice = np.concatenate([week, week])
    changes = np.flatnonzero(np.diff(twice)) + 1
    changes = np.append(changes, 2 * MINUTES_OF_WEEK)
    minutes = np.arange(MINUTES_OF_WEEK)
    until = changes[np.searchsorted(changes, minutes, side="right")] - minutes
    return np.asarray(np.minimum(until, MINUTES_OF_WEEK), np.int64)


def _epochs_of(stretches: Sequence[Stretch], s: int, starts: list[int]) -> slice:
    def epoch(start: int) -> int:
        return int(np.searchsorted(starts, start, side="right"))

    end = epoch(stretches[s + 1].start) if s + 1 < len(stretches) else len(starts) + 1
    return slice(epoch(stretches[s].start), end)


def pairs(values: Sequence[int]) -> NDArray[np.int64]:
    """Return Python integers as 128 bits (n, 2), the low half first."""
    data = b"".join(value.to_bytes(16, "little", signed=True) for value in values)
    return np.frombuffer(data, "<i8").reshape(-1, 2)


def integers(halves: NDArray[np.int64]) -> list[int]:
    """Return pairs (..., 2) as Python integers, in one list."""
    low = halves[..., 0].astype(np.uint64).ravel().tolist()
    high = halves[..., 1].ravel().tolist()
    return [(top << 64) | rest for rest, top in zip(low, high, strict=True)]
