"""A ledger of every kind of row, large enough for threads to take shares of it."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from tokenmill.accounting import (
    Charges,
    Hours,
    ModelPrices,
    Period,
    PriceBook,
    Rate,
    Special,
    Window,
    charge,
    total,
)

ROWS = 70_000
BY = ["team", "model", "status"]
NIGHT = Window((Hours(((22 * 60, 6 * 60),), frozenset(range(1, 6))),), "America/New_York")


def _model(n: int) -> ModelPrices:
    """Return one of seven models: dated, tiered, by window, by region, with holes."""
    price = Fraction(n + 1, 10**6)
    flat = (Rate("input", price), Rate("output", 5 * price), Rate("cache_read", price / 10))
    tiers = tuple(Rate("input", price * (k + 2), above=1000 * (k + 1)) for k in range(n))
    night = (Rate("output", price, window="night"),) if n % 2 else ()
    batch = (Rate("input", price / 2, "batch"),) if n % 3 == 0 else ()
    odd = (Rate("reasoning", Special.DYNAMIC),) if n == 5 else ()
    rates = (*flat, *tiers, *night, *batch, *odd)
    first = None if n < 4 else date(2026, 1, 5)
    return ModelPrices(
        "p",
        f"m{n}",
        (Period(first, rates), Period(date(2026, 1, 20), (*rates, Rate("requests", price)))),
        windows={"night": NIGHT} if night else {},
        multipliers=(("region", "eu", Fraction(11, 10) if n == 2 else Fraction(1, 3)),)
        if n in (2, 4)
        else (),
    )


BOOK = PriceBook("mixed", tuple(map(_model, range(7))), rounding="half_even")
OTHER = PriceBook("other", BOOK.models[:4], fee=Fraction(1, 1000), rounding="up")


def ledger(rows: int = ROWS, seed: int = 1) -> dict[str, Any]:
    """Return columns of random rows, nearly sorted by time, some of them bad."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, 40, rows)) + rng.normal(0, 0.01, rows)
    times = 1_767_225_600_000_000 + (days * 86_400e6).astype(np.int64)
    given = rng.integers(0, 5000, rows)
    made = rng.integers(0, 900, rows)
    cached = (given * rng.uniform(0, 1, rows)).astype(np.int64)
    for column, value in ((cached, 10**6), (made, -3), (given, 2**61)):
        column[rng.integers(0, rows, rows // 2000)] = value
    names = np.array([*(f"m{n}" for n in range(7)), "unknown", None], object)
    share = np.array([*[10] * 7, 1, 1]) / 72
    return {
        "model": names[rng.choice(9, rows, p=share)],
        "service_tier": np.array([None, "batch", "flex"], object)[rng.integers(0, 3, rows)],
        "region": np.array([None, "eu", "us"], object)[rng.integers(0, 3, rows)],
        "team": rng.integers(0, 40, rows),
        "time_us": times,
        "input": given,
        "cache_read": cached,
        "output": made,
        "reasoning": np.minimum(rng.integers(0, 100, rows), np.maximum(made, 0)),
    }


def rows_of(usage: dict[str, Any], order: Any) -> dict[str, Any]:
    return {name: values[order] for name, values in usage.items()}


def batches(usage: dict[str, Any], size: int) -> Iterator[dict[str, Any]]:
    for low in range(0, len(usage["model"]), size):
        yield rows_of(usage, slice(low, low + size))


def charged(usage: Any, **options: Any) -> Charges:
    return charge(usage, BOOK, convention="native", by=BY, **options)


def totals(usage: Any, **options: Any) -> Any:
    return total(usage, BOOK, convention="native", by=BY, what_if=[OTHER], **options)


def bits(found: Charges) -> tuple[bytes, ...]:
    return found.cost.tobytes(), found.status.tobytes(), found.price_row.tobytes()
