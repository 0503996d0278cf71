"""Accounting in DuckDB, tuned: codes, integer keys, joins that DuckDB answers from an array.

Usage lies in DuckDB's own tables, so that it knows their extremes and need not check every sum for
overflow. Money is summed as HUGEINT.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .accounting_prices import EPOCH_MINUTE, MINUTE, MINUTES_A_WEEK, Dense, dense
from .accounting_work import Case, Contestant, Totals


def connection(threads: int) -> Any:
    """Return a database in memory on so many threads."""
    import duckdb

    database = duckdb.connect(config={"threads": threads})
    database.execute("SET preserve_insertion_order = false")
    return database


def create(database: Any, name: str, columns: Any, select: str = "*") -> None:
    """Make a table of an Arrow table or of arrays."""
    import pyarrow as pa

    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    database.register("columns_of_it", table)
    database.execute(f"CREATE TABLE {name} AS SELECT {select} FROM columns_of_it")
    database.unregister("columns_of_it")


def sums(classes: tuple[str, ...]) -> str:
    """Return the SQL of the token totals."""
    return ", ".join(f"sum({name}) AS {name}" for name in classes)


def by_code(result: Any) -> Totals:
    """Return totals from an Arrow table of team code, tokens and money."""
    columns = [column.to_pylist() for column in result.columns]
    return {team: tuple(map(int, values)) for team, *values in zip(*columns, strict=True)}


def contestant(database: Any, query: str, read: Any) -> Contestant:
    """Return a query whose result is taken as an Arrow table, exact and without conversion."""
    return Contestant(lambda: database.sql(query).to_arrow_table(), read)


def create_prices(database: Any, table: Dense, classes: tuple[str, ...]) -> None:
    """Make the dense table `prices`, with prices less those of the whole."""
    key = np.arange(table.effective.shape[1], dtype=np.int32)
    named = {f"p_{name}": row for name, row in zip(classes, table.effective, strict=True)}
    create(database, "prices", {"key": key} | named)


def create_rules(database: Any, table: Dense) -> None:
    """Make `models` (dates, thresholds, where a schedule begins) and `open_minutes`."""
    models, dates = table.starts.shape
    rules: dict[str, Any] = {"model": np.arange(models, dtype=np.int16)}
    rules |= {f"start_{n}": table.starts[:, n] for n in range(1, dates)}
    limits = table.thresholds.astype(np.int32)
    rules |= {f"threshold_{n}": limits[:, n] for n in range(limits.shape[1])}
    rules["open_from"] = (table.schedule * MINUTES_A_WEEK).astype(np.int32)
    create(database, "models", rules)
    minute = np.arange(table.open.size, dtype=np.int32)
    create(database, "open_minutes", {"minute": minute, "open": table.open.ravel()})


def keyed(table: Dense, usage: str) -> str:
    """Return the SQL of `usage` with the key of each row's price.

    All three joins are on dense integers, which DuckDB answers from an array (a perfect hash).
    """
    dates, tiers = table.starts.shape[1], table.thresholds.shape[1] + 1
    date = " + ".join(f"(ts >= start_{n})::INTEGER" for n in range(1, dates))
    tier = " + ".join(f"(input > threshold_{n})::INTEGER" for n in range(tiers - 1))
    key = f"(model::INTEGER * {table.services} + service_tier) * {dates} + {date}"
    minute = f"(ts // {MINUTE} + {EPOCH_MINUTE}) % {MINUTES_A_WEEK}"
    return f"""
        SELECT ruled.*, (({key}) * 2 + open) * {tiers} + {tier} AS key
        FROM (
            SELECT *, open_from + ({minute})::INTEGER AS minute
            FROM {usage} JOIN models USING (model)
        ) AS ruled JOIN open_minutes USING (minute)"""


def prepared(case: Case, threads: int) -> tuple[Any, str]:
    """Return a database with the ledger in codes, and the SQL of its rows with their prices."""
    database, table = connection(threads), dense(case.prices(), case.classes)
    number = np.arange(case.rows, dtype=np.int32)
    create(database, "usage", case.columns() | {"number": number})
    create_prices(database, table, case.classes)
    source = "SELECT *, model AS key FROM usage"
    if case.kind != "simple":
        create_rules(database, table)
        source = keyed(table, "usage")
    return database, f"({source}) JOIN prices USING (key)"


def money(classes: tuple[str, ...]) -> str:
    """Return the SQL of a row's cost at prices less those of the whole."""
    return " + ".join(f"{name} * p_{name}" for name in classes)


def key_join(case: Case, threads: int = 1) -> Contestant:
    """Tuned: codes, and a join on a dense integer key."""
    database, source = prepared(case, threads)
    query = f"""
        SELECT team, {sums(case.classes)}, sum({money(case.classes)}) AS money
        FROM {source} GROUP BY team"""
    return contestant(database, query, by_code)


def key_join_costs(case: Case, threads: int = 1) -> Contestant:
    """The cost of each row beside its number, since a join keeps no order, and no totals."""
    database, source = prepared(case, threads)
    query = f"SELECT number, {money(case.classes)} AS cost FROM {source}"

    def read(result: Any) -> Totals:
        costs = result.sort_by("number")["cost"].to_pylist()
        return {"cost of each row": tuple(map(int, costs))}

    return contestant(database, query, read)
