"""The price lists of the accounting rows, as plain data and as the tables tuned baselines use.

A price is an integer of 10^-12 USD per token. A list is a list of `PriceRow`: whoever builds a
contestant, ours included, builds it from that and from nothing else.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

SIMPLE_CLASSES = ("input", "cache_read", "output")
CLASSES = (
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
    "output",
    "reasoning",
    "output_audio",
)
# Input and output count all their tokens; the other classes are parts of one of the two.
PARENT = {
    "cache_read": "input",
    "cache_write_5m": "input",
    "cache_write_1h": "input",
    "input_audio": "input",
    "reasoning": "output",
    "output_audio": "output",
}
SERVICE_TIERS = ("standard", "batch", "flex", "priority")
MODELS = 200

DAY = 86_400_000_000
MINUTE = 60_000_000
MINUTES_A_DAY = 1440
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
# 1970-01-01 was a Thursday, so three days of its week had passed.
EPOCH_MINUTE = 3 * MINUTES_A_DAY
LEDGER_DAYS = 90


def microseconds(year: int, month: int, day: int) -> int:
    """Return midnight UTC in microseconds since 1970."""
    since = datetime.date(year, month, day) - datetime.date(1970, 1, 1)
    return since.days * DAY


LEDGER_START = microseconds(2026, 1, 1)
FIRST_DATE = microseconds(2025, 1, 1)


class Window(TypedDict):
    """Minutes of a day in UTC, start inclusive, end exclusive, on some weekdays (1 = Monday).

    Start = end is the whole day. A window that passes midnight is open on every weekday, so that
    nobody has to say which of its two days names it.
    """

    weekdays: list[int]
    start: int
    end: int


class PriceRow(TypedDict):
    """What a model costs at a service tier from a date on, inside a weekly window or outside.

    `prices[t]` are the integer prices per class where t of `thresholds` are exceeded (>) by the
    whole input of the request; they hold for the whole request. Rows with a window come before
    those without one while it is open.
    """

    model: str
    service_tier: str
    valid_from: int
    thresholds: list[int]
    window: Window | None
    prices: list[dict[str, int]]


EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
WINDOWS: list[Window] = [
    {"weekdays": EVERY_DAY, "start": 16 * 60 + 30, "end": 30},
    {"weekdays": [6, 7], "start": 0, "end": 0},
    {"weekdays": [1, 2, 3, 4, 5], "start": 0, "end": 6 * 60},
]
THRESHOLDS = ([32_000, 128_000], [128_000, 200_000], [200_000, 272_000], [16_000, 64_000])

CLASS_RATIOS = {
    "input": Fraction(1),
    "cache_read": Fraction(1, 10),
    "cache_write_5m": Fraction(5, 4),
    "cache_write_1h": Fraction(2),
    "input_audio": Fraction(3),
    "output": Fraction(5),
    "reasoning": Fraction(6),
    "output_audio": Fraction(12),
}
SERVICE_RATIOS = {
    "standard": Fraction(1),
    "batch": Fraction(1, 2),
    "flex": Fraction(1, 2),
    "priority": Fraction(2),
}
DATE_RATIOS = (Fraction(1), Fraction(4, 5), Fraction(3, 5), Fraction(2, 5))
TIER_RATIOS = (Fraction(1), Fraction(3, 2), Fraction(2))
WINDOW_RATIO = Fraction(1, 2)


def model_names() -> list[str]:
    """Return the model of each code."""
    return [f"model-{code:03d}" for code in range(MODELS)]


def whole(price: Fraction) -> int:
    """Return a price that is an integer, which all are by their construction."""
    if price.denominator != 1:
        raise ValueError(f"price: expected an integer of 10^-12 USD, found {price}")
    return price.numerator


def base_prices(rng: np.random.Generator) -> list[int]:
    """Return input prices per model, log-uniform in 0.05 to 15 USD per 10^6 tokens.

    They are multiples of 2 x 10^4, which the ratios above divide without remainder.
    """
    steps = np.exp(rng.uniform(np.log(2.5), np.log(750), MODELS)).astype(int)
    return [int(step) * 20_000 for step in steps]


def simple_prices() -> list[PriceRow]:
    """Return one flat price per model and class."""
    rows: list[PriceRow] = []
    for model, base in zip(model_names(), base_prices(np.random.default_rng(11)), strict=True):
        prices = {name: whole(base * CLASS_RATIOS[name]) for name in SIMPLE_CLASSES}
        rows.append(
            {
                "model": model,
                "service_tier": "standard",
                "valid_from": FIRST_DATE,
                "thresholds": [],
                "window": None,
                "prices": [prices],
            }
        )
    return rows


@lru_cache(maxsize=1)
def realistic_prices() -> list[PriceRow]:
    """Return four dates, four service tiers, three context tiers, for one model in five a window.

    Models change their prices on three of 24 midnights of the ledger.
    """
    rng = np.random.default_rng(12)
    days = np.sort(rng.choice(np.arange(1, LEDGER_DAYS), 24, replace=False))
    rows: list[PriceRow] = []
    for code, (model, base) in enumerate(zip(model_names(), base_prices(rng), strict=True)):
        changes = np.sort(rng.choice(days, 3, replace=False))
        dates = [FIRST_DATE, *(LEDGER_START + int(day) * DAY for day in changes)]
        windows: list[Window | None] = [None]
        if code % 5 == 2:
            windows.append(WINDOWS[code // 5 % len(WINDOWS)])
        for service in SERVICE_TIERS:
            for date, date_ratio in zip(dates, DATE_RATIOS, strict=True):
                for window in windows:
                    level = base * SERVICE_RATIOS[service] * date_ratio
                    level *= Fraction(1) if window is None else WINDOW_RATIO
                    rows.append(
                        {
                            "model": model,
                            "service_tier": service,
                            "valid_from": date,
                            "thresholds": THRESHOLDS[code % len(THRESHOLDS)],
                            "window": window,
                            "prices": [
                                {n: whole(level * tier * r) for n, r in CLASS_RATIOS.items()}
                                for tier in TIER_RATIOS
                            ],
                        }
                    )
    return rows


@dataclass(frozen=True, eq=False)
class Dense:
    """A price list as arrays, in which every tuned baseline looks up without a search.

    The key of a price is (((model * services + service) * dates + date) * windows + window) *
    tiers + tier. `effective` (classes, keys) int64 holds, for a part, its price less that of the
    whole it is in, so that a cost is one sum of products over the counts as they come.
    """

    services: int
    starts: NDArray[np.int64]  # (models, dates), microseconds
    thresholds: NDArray[np.int64]  # (models, tiers - 1), tokens
    schedule: NDArray[np.int64]  # (models,), a row of `open`
    open: NDArray[np.int8]  # (schedules, minutes of a week), 1 inside the window
    effective: NDArray[np.int64]  # (classes, keys), 10^-12 USD per token

    @property
    def windows(self) -> int:
        """Return 2 where some model has a window, else 1."""
        return 2 if self.open.any() else 1


def open_minutes(window: Window | None) -> NDArray[np.int8]:
    """Return 1 for each minute of the week, from Monday 00:00 UTC, that a window holds."""
    minutes = np.zeros((7, MINUTES_A_DAY), np.int8)
    if window is not None:
        length = (window["end"] - window["start"]) % MINUTES_A_DAY or MINUTES_A_DAY
        held = (np.arange(MINUTES_A_DAY) - window["start"]) % MINUTES_A_DAY < length
        for day in window["weekdays"]:
            minutes[day - 1] = held
    return minutes.ravel()


def dense(rows: list[PriceRow], classes: tuple[str, ...]) -> Dense:
    """Lay a price list out; every model has every service tier, and as many dates and tiers."""
    codes = {name: code for code, name in enumerate(model_names())}
    services = list(dict.fromkeys(row["service_tier"] for row in rows))
    dates: list[set[int]] = [set() for _ in codes]
    for row in rows:
        dates[codes[row["model"]]].add(row["valid_from"])
    starts = np.array([sorted(found) for found in dates])
    tiers = len(rows[0]["prices"])
    thresholds = np.zeros((len(codes), tiers - 1), np.int64)
    schedule = np.zeros(len(codes), np.int64)
    schedules: list[Window | None] = [None]
    windows = 2 if any(row["window"] for row in rows) else 1
    effective = np.zeros(
        (len(classes), len(codes), len(services), starts.shape[1], windows, tiers), np.int64
    )
    # rows without a window fill both places first, those with one then take the second
    for row in sorted(rows, key=lambda row: row["window"] is not None):
        code, window = codes[row["model"]], row["window"]
        thresholds[code] = row["thresholds"]
        if window not in schedules:
            schedules.append(window)
        schedule[code] = schedules.index(window)
        place = slice(None) if window is None else slice(1, 2)
        date = int(np.searchsorted(starts[code], row["valid_from"]))
        for index, name in enumerate(classes):
            values = [p[name] - (p[PARENT[name]] if name in PARENT else 0) for p in row["prices"]]
            effective[index, code, services.index(row["service_tier"]), date, place] = values
    held = np.stack([open_minutes(window) for window in schedules])
    prices = effective.reshape(len(classes), -1)
    return Dense(len(services), starts, thresholds, schedule, held, prices)
