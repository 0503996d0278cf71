"""Accounting by NumPy, pandas and numba; by whom else, and what everybody has to agree on.

Every contestant totals the same ledger by team: the tokens of each class and the money, exactly.
NumPy and numba work on codes and gather prices from the dense table by an integer key, without a
join, which is the best that they can do.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .accounting_prices import EPOCH_MINUTE, MINUTE, MINUTES_A_WEEK, Dense, dense
from .accounting_work import LIMB, LIMB_MASK, TEAMS, Case, Columns, Contestant, Totals

# Temporaries of this many rows stay in the second-level cache.
CHUNK = 1 << 15


def totals_of(sums: NDArray[np.int64]) -> Totals:
    """Return totals from sums (classes + 2, teams), the last two the limbs of the money."""
    found = {}
    for team, column in enumerate(sums.T.tolist()):
        *tokens, low, high = column
        if any(column):
            found[team] = (*tokens, low + (high << LIMB))
    return found


class Keys:
    """The integer key of each row's price, from the dense table."""

    def __init__(self, table: Dense) -> None:
        self.table = table
        self.starts = [np.ascontiguousarray(start) for start in table.starts.T[1:]]
        self.thresholds = [np.ascontiguousarray(limit) for limit in table.thresholds.T]
        self.open = table.open.ravel()
        self.open_from = table.schedule * MINUTES_A_WEEK

    def of(self, rows: Columns) -> NDArray[np.int64]:
        """Return the keys (n,) of rows."""
        model = rows["model"].astype(np.int64)
        key = model.copy()
        if "service_tier" in rows:
            key *= self.table.services
            key += rows["service_tier"]
        if self.starts:
            key *= len(self.starts) + 1
            for start in self.starts:
                key += rows["ts"] >= start.take(model)
        if self.table.windows == 2:
            minute = rows["ts"] // MINUTE
            minute += EPOCH_MINUTE
            # NumPy has a fast division by a constant, and no fast remainder
            minute -= minute // MINUTES_A_WEEK * MINUTES_A_WEEK
            minute += self.open_from.take(model)
            key *= 2
            key += self.open.take(minute)
        if self.thresholds:
            key *= len(self.thresholds) + 1
            for limit in self.thresholds:
                key += rows["input"] > limit.take(model)
        return key


def in_chunks(
    one: Callable[[int, int], NDArray[np.int64]], rows: int, size: int, threads: int
) -> NDArray[np.int64]:
    """Return the sum of `one(start, stop)` over all rows."""
    starts = range(0, rows, size)
    stops = [min(start + size, rows) for start in starts]
    if threads == 1:
        return sum(map(one, starts, stops), start=np.int64(0))
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(one, starts, stops), start=np.int64(0))


def costs_of(rows: Columns, keys: Keys, classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the cost (n,) of each row, 10^-12 USD."""
    key = keys.of(rows)
    cost = np.zeros(len(key), np.int64)
    for name, prices in zip(classes, keys.table.effective, strict=True):
        product = prices.take(key)
        product *= rows[name]
        cost += product
    return cost


def numpy_gather(case: Case, threads: int = 1) -> Contestant:
    """NumPy: gather prices by key, multiply, bincount by team, chunk by chunk in cache."""
    columns, keys = case.columns(), Keys(dense(case.prices(), case.classes))

    def chunk(start: int, stop: int) -> NDArray[np.int64]:
        rows = {name: array[start:stop] for name, array in columns.items()}
        cost = costs_of(rows, keys, case.classes)
        team = rows["team"].astype(np.intp)
        sums = [np.bincount(team, rows[name], TEAMS) for name in case.classes]
        sums.append(np.bincount(team, cost & LIMB_MASK, TEAMS))
        sums.append(np.bincount(team, cost >> LIMB, TEAMS))
        return np.array(sums).astype(np.int64)

    return Contestant(lambda: in_chunks(chunk, case.rows, CHUNK, threads), totals_of)


def numpy_costs(case: Case, threads: int = 1) -> Contestant:
    """NumPy: the cost of each row, and no totals."""
    columns, keys = case.columns(), Keys(dense(case.prices(), case.classes))

    def run() -> NDArray[np.int64]:
        costs = np.empty(case.rows, np.int64)

        def chunk(start: int, stop: int) -> NDArray[np.int64]:
            rows = {name: array[start:stop] for name, array in columns.items()}
            costs[start:stop] = costs_of(rows, keys, case.classes)
            return np.zeros(1, np.int64)

        in_chunks(chunk, case.rows, CHUNK, threads)
        return costs

    return Contestant(run, lambda costs: {"cost of each row": tuple(costs.tolist())})


def numpy_cells(case: Case, threads: int = 1) -> Contestant:
    """NumPy, for flat prices: tokens by (team, model) first, then priced cell by cell."""
    columns, table = case.columns(), dense(case.prices(), case.classes)
    models = table.effective.shape[1]

    def chunk(start: int, stop: int) -> NDArray[np.int64]:
        cell = columns["team"][start:stop].astype(np.intp) * models
        cell += columns["model"][start:stop]
        counts = [columns[name][start:stop] for name in case.classes]
        size = TEAMS * models
        return np.array([np.bincount(cell, count, size) for count in counts]).astype(np.int64)

    def run() -> NDArray[np.int64]:
        # cells are many, so that chunks are as long as the threads allow
        cells = in_chunks(chunk, case.rows, -(-case.rows // threads), threads)
        cells = cells.reshape(len(case.classes), TEAMS, models)
        limbs = [
            np.einsum("ctm,cm->t", part, table.effective)
            for part in (cells & LIMB_MASK, cells >> LIMB)
        ]
        return np.concatenate([cells.sum(axis=2), limbs])

    return Contestant(run, totals_of)


def numba_loop(case: Case, threads: int = 1) -> Contestant:
    """A loop over rows as one writes it in numba, on the same dense table."""
    from .accounting_numba import realistic_rows, simple_rows

    columns, table = case.columns(), dense(case.prices(), case.classes)
    counts = [columns[name] for name in case.classes]
    prices = np.ascontiguousarray(table.effective.T)
    if case.kind == "simple":
        work = (columns["model"], columns["team"], *counts, prices)
        loop: Any = simple_rows
    else:
        axes = (columns["service_tier"], columns["ts"], *counts, prices)
        rules = (table.starts, table.thresholds, table.schedule, table.open)
        work = (columns["model"], columns["team"], *axes, *rules)
        loop = realistic_rows

    def chunk(start: int, stop: int) -> NDArray[np.int64]:
        return loop(start, stop, *work)

    chunk(0, 0)
    return Contestant(
        lambda: in_chunks(chunk, case.rows, -(-case.rows // threads), threads), totals_of
    )


def pandas_merge(case: Case, threads: int = 1) -> Contestant:
    """pandas: merge by an integer key made with NumPy, groupby.sum; it has one thread only."""
    import pandas as pd

    if threads != 1:
        raise ValueError(f"threads: expected 1, found {threads}")
    columns, table = case.columns(), dense(case.prices(), case.classes)
    keys, usage = Keys(table), pd.DataFrame(dict(columns))
    named = {f"p_{name}": row for name, row in zip(case.classes, table.effective, strict=True)}
    prices = pd.DataFrame({"key": np.arange(table.effective.shape[1])} | named)
    names = list(case.classes)

    def run() -> Any:
        priced = usage.assign(key=keys.of(columns)).merge(prices, on="key", how="left")
        products = (priced[name] * priced[f"p_{name}"] for name in names)
        cost = sum(products, start=np.int64(0)).to_numpy()
        summed = priced[["team", *names]].assign(low=cost & LIMB_MASK, high=cost >> LIMB)
        return summed.groupby("team").sum()

    def read(frame: Any) -> Totals:
        rows = frame.to_numpy().tolist()
        return {
            team: (*tokens, low + (high << LIMB))
            for team, (*tokens, low, high) in zip(frame.index.tolist(), rows, strict=True)
        }

    return Contestant(run, read)
