"""tokenmill as a contestant of the accounting rows, through its public API."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from tokenmill.accounting import (
    Charges,
    Hours,
    ModelPrices,
    Period,
    PriceBook,
    Rate,
    Totals,
    Window,
    charge,
    total,
)

from .accounting_calculators import MODEL, PRICES, requests
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
    """Return the price book that a neutral price list is; one with a single date has none."""
    rates: dict[str, dict[int, list[Rate]]] = defaultdict(lambda: defaultdict(list))
    windows: dict[str, dict[str, Window]] = defaultdict(dict)
    for row in prices:
        rates[row["model"]][row["valid_from"]] += rates_of(row)
        open_ = row["window"]
        if open_ is not None:
            hours = Hours(((open_["start"], open_["end"]),), frozenset(open_["weekdays"]))
            windows[row["model"]]["window"] = Window((hours,))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    dated = len({row["valid_from"] for row in prices}) > 1
    return PriceBook(
        "benchmark",
        tuple(
            ModelPrices(
                "bench",
                model,
                tuple(
                    Period(epoch + timedelta(microseconds=start) if dated else None, tuple(own))
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

    def run() -> Totals:
        return total(table, book, by=["team"], threads=threads, **arguments(case))

    return Contestant(run, lambda totals: read(case, totals))


def arguments(case: Case) -> dict[str, Any]:
    """Return how the columns of a case are read."""
    if case.kind == "simple":
        return {"convention": "native"}
    return {"convention": "native", "columns": {"ts": "time"}}


def costs_of_rows(case: Case, threads: int) -> Contestant:
    """`charge` of the case's Arrow table: cost, status and price row of each row."""
    table, book = case.arrow(), book_of(case.prices())

    def run() -> Charges:
        return charge(table, book, threads=threads, **arguments(case))

    def costs(charges: Charges) -> dict[Any, tuple[int, ...]]:
        factor = 10 ** (12 - charges.scale)
        return {"cost of each row": tuple((charges.cost * factor).tolist())}

    return Contestant(run, costs)


def requests_at_once() -> Contestant:
    """One call of `charge` on the calculators' requests, as lists of Python integers."""
    book = book_of(PRICES)
    inputs, cached, outputs = (list(column) for column in zip(*requests(), strict=True))
    usage = {"input": inputs, "cache_read": cached, "output": outputs}

    def run() -> Charges:
        return charge(
            usage,
            book,
            convention="native",
            constants={"model": MODEL},
            threads=1,
        )

    return Contestant(run, lambda charges: {MODEL: (int(charges.total * PICO),)})
