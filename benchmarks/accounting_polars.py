"""Accounting in Polars: prices gathered by key, joined by key, or joined as of their date.

Polars fixes its threads when it loads, so each contestant runs in a process of its own, on its
streaming engine, which is the faster one here. Money is summed as Int128.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .accounting_prices import EPOCH_MINUTE, MINUTE, MINUTES_A_WEEK, Dense, dense
from .accounting_work import Case, Contestant, Totals
from .child import in_child


def in_polars(case: Case, threads: int, plan: Callable[[Case], Any]) -> Contestant:
    """Return the contestant of a lazy plan, in a process with so many threads."""
    settings = {"POLARS_MAX_THREADS": str(threads)}
    return in_child(_Collected(plan), case, threads, settings)


class _Collected:
    """Collect a plan; a class, since what goes to another process has to have a name."""

    def __init__(self, plan: Callable[[Case], Any]) -> None:
        self.plan = plan

    def __call__(self, case: Case, threads: int) -> Contestant:
        lazy = self.plan(case)
        return Contestant(lambda: lazy.collect(engine="streaming"), read)


def read(frame: Any) -> Totals:
    """Return totals from a frame of team code, tokens and money, or of costs alone."""
    if frame.columns == ["cost"]:
        return {"cost of each row": tuple(frame["cost"].to_list())}
    return {team: tuple(values) for team, *values in frame.iter_rows()}


def costs(case: Case, price: Callable[[str], Any]) -> Any:
    """Return the expression of a row's cost; `price` is that of a class's price."""
    import polars as pl

    products = (pl.col(name).cast(pl.Int64) * price(name) for name in case.classes)
    return sum(products, start=pl.lit(0, pl.Int64))


def total(lazy: Any, case: Case, price: Callable[[str], Any]) -> Any:
    """Return the totals by team; `price` is the expression of a class's price."""
    import polars as pl

    tokens = [pl.col(name).cast(pl.Int64).sum() for name in case.classes]
    money = pl.col("cost").cast(pl.Int128).sum()
    return lazy.with_columns(cost=costs(case, price)).group_by("team").agg(*tokens, money)


def counted(conditions: list[Any]) -> Any:
    """Return how many of the conditions hold."""
    import polars as pl

    return sum((one.cast(pl.UInt32) for one in conditions), start=pl.lit(0, pl.UInt32))


def usage(case: Case) -> Any:
    """Return the ledger as a lazy frame, with the model as an index."""
    import polars as pl

    frame = pl.DataFrame(dict(case.columns()))
    return frame.lazy().with_columns(pl.col("model").cast(pl.UInt32))


def minute_of_week() -> Any:
    """Return the minute of the week of the time stamp."""
    import polars as pl

    return (pl.col("ts") // MINUTE + EPOCH_MINUTE) % MINUTES_A_WEEK


def with_key(lazy: Any, table: Dense, date: Any, is_open: Any, tier: Any) -> Any:
    """Return the frame with the key of each row's price."""
    import polars as pl

    service = pl.col("service_tier").cast(pl.UInt32)
    key = (pl.col("model") * table.services + service) * table.starts.shape[1] + date
    key = (key * 2 + is_open.cast(pl.UInt32)) * (table.thresholds.shape[1] + 1) + tier
    return lazy.with_columns(key=key)


def taken(values: Any, index: Any) -> Any:
    """Return the expression of values gathered by an index."""
    import polars as pl

    return pl.lit(pl.Series(np.ascontiguousarray(values))).gather(index)


def gathered(case: Case, finish: Callable[[Any, Case, Callable[[str], Any]], Any]) -> Any:
    """Gather rules by model and prices by key, with no join, and finish with the prices."""
    import polars as pl

    table, lazy = dense(case.prices(), case.classes), usage(case)
    if case.kind == "simple":
        lazy = lazy.with_columns(key=pl.col("model"))
    else:
        model = pl.col("model")
        date = counted([pl.col("ts") >= taken(start, model) for start in table.starts.T[1:]])
        limits = table.thresholds.T.astype(np.int32)
        tier = counted([pl.col("input") > taken(limit, model) for limit in limits])
        minute = taken(table.schedule * MINUTES_A_WEEK, model) + minute_of_week()
        is_open = taken(table.open.ravel(), minute.cast(pl.UInt32))
        lazy = with_key(lazy, table, date, is_open, tier)
    prices = dict(zip(case.classes, table.effective, strict=True))
    return finish(lazy, case, lambda name: taken(prices[name], pl.col("key")))


def gather_plan(case: Case) -> Any:
    """Totals at gathered prices."""
    return gathered(case, total)


def costs_plan(case: Case) -> Any:
    """The cost of each row at gathered prices, in the order of the rows."""
    return gathered(case, lambda lazy, case, price: lazy.select(cost=costs(case, price)))


def gather(case: Case, threads: int = 1) -> Contestant:
    """Tuned: codes, and prices gathered by an integer key."""
    return in_polars(case, threads, gather_plan)


def gather_costs(case: Case, threads: int = 1) -> Contestant:
    """The cost of each row, and no totals."""
    return in_polars(case, threads, costs_plan)


def price_frame(table: Dense, case: Case) -> Any:
    """Return the dense prices as a lazy frame by key."""
    import polars as pl

    prices = {f"p_{name}": row for name, row in zip(case.classes, table.effective, strict=True)}
    key = np.arange(table.effective.shape[1], dtype=np.uint32)
    return pl.DataFrame({"key": key} | prices).lazy()


def with_open(lazy: Any, table: Dense, **rules: Any) -> Any:
    """Return the frame with `open`, whether each row's minute is in a window, and other rules."""
    import polars as pl

    models = pl.DataFrame(
        {"model": np.arange(len(table.starts), dtype=np.uint32)}
        | {"open_from": table.schedule * MINUTES_A_WEEK}
        | {name: np.ascontiguousarray(rule) for name, rule in rules.items()}
    )
    minutes = pl.DataFrame({"minute": np.arange(table.open.size), "open": table.open.ravel()})
    lazy = lazy.join(models.lazy(), on="model")
    lazy = lazy.with_columns(minute=pl.col("open_from") + minute_of_week())
    return lazy.join(minutes.lazy(), on="minute")


def key_join_plan(case: Case) -> Any:
    """Join rules by model, windows by minute and prices by key."""
    import polars as pl

    table, lazy = dense(case.prices(), case.classes), usage(case)
    if case.kind == "simple":
        lazy = lazy.with_columns(key=pl.col("model"))
    else:
        starts = {f"start_{n}": start for n, start in enumerate(table.starts.T[1:])}
        limits = {f"limit_{n}": limit for n, limit in enumerate(table.thresholds.T)}
        lazy = with_open(lazy, table, **starts, **limits)
        date = counted([pl.col("ts") >= pl.col(name) for name in starts])
        tier = counted([pl.col("input") > pl.col(name) for name in limits])
        lazy = with_key(lazy, table, date, pl.col("open"), tier)
    joined = lazy.join(price_frame(table, case), on="key")
    return total(joined, case, lambda name: pl.col(f"p_{name}"))


def key_join(case: Case, threads: int = 1) -> Contestant:
    """Joins on integer keys."""
    return in_polars(case, threads, key_join_plan)


def asof_plan(case: Case) -> Any:
    """Sort by time, take the price list as of then, and join its row by context tier."""
    import polars as pl

    table = dense(case.prices(), case.classes)
    lazy = with_open(usage(case), table)
    models, dates = table.starts.shape
    axes = np.indices((models, table.services, dates, 2)).reshape(4, -1)
    limits = {f"limit_{n}": limit[axes[0]] for n, limit in enumerate(table.thresholds.T)}
    versions = pl.DataFrame(
        {
            "model": axes[0].astype(np.uint32),
            "service_tier": axes[1].astype(np.int8),
            "open": axes[3].astype(np.int8),
            "ts": table.starts[axes[0], axes[2]],
            "first": np.arange(axes.shape[1], dtype=np.uint32) * (len(limits) + 1),
        }
        | limits
    )
    by = ["model", "service_tier", "open"]
    dated = lazy.sort("ts").join_asof(
        versions.sort("ts").lazy(), on="ts", by=by, check_sortedness=False
    )
    tier = counted([pl.col("input") > pl.col(name) for name in limits])
    joined = dated.with_columns(key=pl.col("first") + tier).join(price_frame(table, case), on="key")
    return total(joined, case, lambda name: pl.col(f"p_{name}"))


def asof_join(case: Case, threads: int = 1) -> Contestant:
    """join_asof by date on sorted rows, then a join by context tier."""
    return in_polars(case, threads, asof_plan)
