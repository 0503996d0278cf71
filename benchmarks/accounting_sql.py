"""Accounting in DuckDB as a user writes it: names, time stamps, a range join or an ASOF join.

The price list is a table with a row per model, service tier, date, window and context tier, and
the cost is spelled out as a price page would.
"""

from __future__ import annotations

from typing import Any

from .accounting_duckdb import by_code, connection, contestant, create, sums
from .accounting_prices import MINUTES_A_DAY, PARENT
from .accounting_work import Case, Contestant, Totals, team_names

# Beyond any time and any count of the ledgers.
NEVER = 1 << 52
ENDLESS = 1 << 30

# Whether a row's minute lies in its model's window of that weekday, which may pass midnight.
IN_WINDOW = """
    u.model = w.model AND isodow(u.ts) = w.weekday
    AND CASE WHEN w.start_minute < w.end_minute
        THEN hour(u.ts) * 60 + minute(u.ts) >= w.start_minute
            AND hour(u.ts) * 60 + minute(u.ts) < w.end_minute
        ELSE hour(u.ts) * 60 + minute(u.ts) >= w.start_minute
            OR hour(u.ts) * 60 + minute(u.ts) < w.end_minute END"""


def by_name(result: Any) -> Totals:
    """Return totals from an Arrow table of team name, tokens and money."""
    codes = {name: code for code, name in enumerate(team_names())}
    return {codes[name]: values for name, values in by_code(result).items()}


def create_usage(database: Any, case: Case) -> None:
    """Make `usage` with names and time stamps, as it comes from an Arrow table."""
    select = "* REPLACE (model::VARCHAR AS model, team::VARCHAR AS team"
    if case.kind != "simple":
        select += ", service_tier::VARCHAR AS service_tier, ts AT TIME ZONE 'UTC' AS ts"
    create(database, "usage", case.arrow(), f"{select})")


def create_windows(database: Any, case: Case) -> None:
    """Make `windows`: a row per model and weekday that has one, in minutes of the day."""
    rows = {
        (row["model"], day, window["start"], window["end"] or MINUTES_A_DAY)
        for row in case.prices()
        if (window := row["window"])
        for day in window["weekdays"]
    }
    names = ("model", "weekday", "start_minute", "end_minute")
    columns = zip(*sorted(rows), strict=True)
    create(database, "windows", dict(zip(names, map(list, columns), strict=True)))


def create_prices(database: Any, case: Case) -> None:
    """Make `prices`: a row per context tier, valid since and until a time stamp."""
    prices = case.prices()
    dates: dict[str, set[int]] = {}
    for row in prices:
        dates.setdefault(row["model"], set()).add(row["valid_from"])
    rows: list[dict[str, Any]] = []
    for version, row in enumerate(prices):
        later = [date for date in dates[row["model"]] if date > row["valid_from"]]
        limits = [-1, *row["thresholds"], ENDLESS]
        for tier, values in enumerate(row["prices"]):
            rows.append(
                {
                    "version": version,
                    "model": row["model"],
                    "service_tier": row["service_tier"],
                    "off_peak": row["window"] is not None,
                    "since": row["valid_from"],
                    "until": min(later, default=NEVER),
                    "tier": tier,
                    "above": limits[tier],
                    "up_to": limits[tier + 1],
                }
                | {f"p_{name}": values[name] for name in case.classes}
            )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    stamps = "make_timestamp(since) AS since, make_timestamp(until) AS until"
    create(database, "prices", columns, f"* REPLACE ({stamps})")


def spelled_out(classes: tuple[str, ...]) -> str:
    """Return the SQL of a cost as one writes it: the rest of the whole, then each part."""
    terms = []
    for whole in ("input", "output"):
        parts = [name for name in classes if PARENT.get(name) == whole]
        rest = " - ".join([whole, *parts])
        terms += [f"({rest}) * p_{whole}", *(f"{name} * p_{name}" for name in parts)]
    return " + ".join(terms)


def named_join(case: Case, threads: int, source: str) -> Contestant:
    """Return a query over `source`, usage with its prices."""
    database = connection(threads)
    create_usage(database, case)
    create_prices(database, case)
    query = f"""
        SELECT team, {sums(case.classes)}, sum({spelled_out(case.classes)}) AS money
        FROM {source} GROUP BY team"""
    if case.kind != "simple":
        create_windows(database, case)
        query = f"""
            WITH timed AS (
                SELECT u.*, w.model IS NOT NULL AS off_peak
                FROM usage u LEFT JOIN windows w ON {IN_WINDOW}
            ) {query}"""
    return contestant(database, query, by_name)


def model_join(case: Case, threads: int = 1) -> Contestant:
    """Flat prices joined by the name of the model."""
    return named_join(case, threads, "usage JOIN prices USING (model)")


def range_join(case: Case, threads: int = 1) -> Contestant:
    """Prices joined on names and on the ranges of time and of tokens they hold for."""
    ranges = "ts >= since AND ts < until AND input > above AND input <= up_to"
    names = "u.model = p.model AND u.service_tier = p.service_tier AND u.off_peak = p.off_peak"
    return named_join(case, threads, f"timed u JOIN prices p ON {names} AND {ranges}")


def asof_join(case: Case, threads: int = 1) -> Contestant:
    """The latest price list by ASOF JOIN, then its row by context tier."""
    source = """
        (
            SELECT u.*, version, (input > first)::INTEGER + (input > second)::INTEGER AS tier
            FROM timed u ASOF JOIN (
                SELECT version, model, service_tier, off_peak, since,
                    min(up_to) AS first, max(above) AS second
                FROM prices GROUP BY ALL
            ) AS v
            ON u.model = v.model AND u.service_tier = v.service_tier
                AND u.off_peak = v.off_peak AND u.ts >= v.since
        ) AS dated JOIN prices USING (version, tier)"""
    return named_join(case, threads, source)
