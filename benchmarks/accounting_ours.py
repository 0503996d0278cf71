"""tokenmill as a contestant of the accounting rows, through its public API."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from tokenmill.accounting import (
    Hours,
    ModelPrices,
    Period,
    PriceBook,
    Rate,
    Totals,
    Window,
    total,
)

from .accounting_prices import PriceRow
from .accounting_work import Case, Contestant

PICO = 10**12


def rates_of(row: PriceRow) -> list[Rate]:
    """Return a neutral price row as rates."""
    tier = "" if row["service_tier"] == "standard" else row["service_tier"]
    window = "window" if row["window"] else ""
    return [
        Rate(unit, Fraction(price, PICO), tier, above, window)
        for above, prices in zip([-1, *row["thresholds"]], row["prices"], strict=True)
        for unit, price in prices.items()
    ]


def book_of(prices: list[PriceRow]) -> PriceBook:
    """Return the price book that a neutral price list is."""
    rates: dict[str, dict[int, list[Rate]]] = defaultdict(lambda: defaultdict(list))
    windows: dict[str, dict[str, Window]] = defaultdict(dict)
    for row in prices:
        rates[row["model"]][row["valid_from"]] += rates_of(row)
        open_ = row["window"]
        if open_ is not None:
            hours = Hours(((open_["start"], open_["end"]),), frozenset(open_["weekdays"]))
            windows[row["model"]]["window"] = Window((hours,))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return PriceBook(
        "benchmark",
        tuple(
            ModelPrices(
                "bench",
                model,
                tuple(
                    Period(epoch + timedelta(microseconds=start), tuple(own))
                    for start, own in sorted(periods.items())
                ),
                windows=windows[model],
            )
            for model, periods in rates.items()
        ),
    )


def read(case: Case, totals: Totals) -> dict[Any, tuple[int, ...]]:
    """Return the totals as every contestant has them: by code of the team, in 10^-12 USD."""
    factor = 10 ** (12 - totals.scale)
    return {
        int(team.rpartition("-")[2]): (
            *(totals.tokens[name][g] for name in case.classes),
            totals.cost[g] * factor,
        )
        for g, team in enumerate(totals.keys["team"])
    }


def total_by_team(case: Case, threads: int) -> Contestant:
    """`total` of the case's Arrow table by team."""
    table, book = case.arrow(), book_of(case.prices())
    constants = {} if "ts" in table.column_names else {"time": "2026-01-01T00:00Z"}
    columns = {} if constants else {"ts": "time"}

    def run() -> Totals:
        return total(
            table,
            book,
            convention="native",
            by=["team"],
            columns=columns,
            constants=constants,
            threads=threads,
        )

    return Contestant(run, lambda totals: read(case, totals))
