"""The ledgers of the accounting rows: named, seeded, generated block by block.

Counts follow lognormal laws fitted to the published statistics of two request traces: inputs of
Mooncake's conversations (median 6,909, 90 % below 27,367, 99 % below 85,400) for seven rows in ten,
of the Azure 2023 conversations (median 1,020, 90 % below 2,734) for the others, outputs of the
former (median 350, 90 % below 597). The shares of cached, written, audio and reasoning tokens are
ours. Models and teams follow Zipf's law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .accounting_prices import (
    CLASSES,
    DAY,
    LEDGER_DAYS,
    LEDGER_START,
    MODELS,
    SERVICE_TIERS,
    SIMPLE_CLASSES,
    PriceRow,
    model_names,
    realistic_prices,
    simple_prices,
)
from .row import Work

TEAMS = 500
BLOCK = 1 << 20
SEED = 4
MOST_INPUT = 900_000
SERVICE_SHARES = (0.70, 0.15, 0.10, 0.05)
# Rows are written when a request ends, so a time stamp lags by as long as requests take.
LAG = 30_000_000.0
# Where a library has no 128-bit sum, money is added in two limbs: 2^27 rows of 26 bits stay below
# 2^53, up to which float64 adds integers exactly.
LIMB = 26
LIMB_MASK = (1 << LIMB) - 1

Columns = dict[str, NDArray[Any]]
# For each group that has rows: the tokens of each class, then the money in 10^-12 USD.
Totals = dict[Any, tuple[int, ...]]


@dataclass(frozen=True)
class Contestant:
    """`run` is what is timed; `read` turns what it returns into exact totals, outside the time."""

    run: Work
    read: Callable[[Any], Totals]


@dataclass(frozen=True)
class Case:
    """A ledger: *simple* (3 classes, a flat price) or *realistic* (8 classes and every rule).

    `order` is "near-sorted", as requests end, or "any", the same rows shuffled.
    """

    kind: str
    rows: int
    count_type: str = "int32"
    order: str = "near-sorted"

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the token classes, which are columns."""
        return SIMPLE_CLASSES if self.kind == "simple" else CLASSES

    def prices(self) -> list[PriceRow]:
        """Return the price list as plain data."""
        return simple_prices() if self.kind == "simple" else realistic_prices()

    def blocks(self) -> Iterator[Columns]:
        """Yield the rows in the order they were written, BLOCK at a time."""
        for start in range(0, self.rows, BLOCK):
            yield self._block(start, min(BLOCK, self.rows - start))

    def _block(self, start: int, n: int) -> Columns:
        rng = np.random.default_rng([SEED, start // BLOCK])
        columns: Columns = {
            "model": zipf(rng, MODELS, n).astype(np.int16),
            "team": zipf(rng, TEAMS, n).astype(np.int16),
        }
        if self.kind != "simple":
            columns["service_tier"] = rng.choice(4, n, p=SERVICE_SHARES).astype(np.int8)
            sent = np.arange(start, start + n) * (LEDGER_DAYS * DAY / self.rows)
            lag = rng.exponential(LAG, n)
            columns["ts"] = LEDGER_START + (sent + lag).astype(np.int64)
        counts = token_counts(rng, n)
        return columns | {name: counts[name].astype(self.count_type) for name in self.classes}

    def columns(self) -> Columns:
        """Return the columns whole, read-only; codes stand for model, team and service tier."""
        return ledger(self)

    @property
    def bytes_per_row(self) -> float:
        """Return what a row's columns weigh, which a contestant has to read."""
        one = next(Case(self.kind, 1, self.count_type).blocks())
        return float(sum(array.itemsize for array in one.values()))

    def arrow(self) -> Any:
        """Return the ledger as an Arrow table: names by dictionary, time in microseconds."""
        return arrow_table(self.columns())


@lru_cache(maxsize=1)
def ledger(case: Case) -> Columns:
    """Return the columns of a case; the last is kept, since contestants take it in turn."""
    blocks = list(case.blocks())
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    if case.order == "any":
        order = np.random.default_rng(SEED).permutation(case.rows)
        columns = {name: array[order] for name, array in columns.items()}
    for array in columns.values():
        array.flags.writeable = False
    return columns


def zipf(rng: np.random.Generator, size: int, n: int) -> NDArray[np.int64]:
    """Return n codes below `size`, code c as likely as 1 / (c + 1)."""
    weights = 1 / np.arange(1, size + 1)
    edges = np.cumsum(weights / weights.sum())[:-1]
    return np.searchsorted(edges, rng.random(n), side="right")


def token_counts(rng: np.random.Generator, n: int) -> dict[str, NDArray[np.int64]]:
    """Return counts (n,) int64 per class; parts never exceed what they are part of."""

    def lognormal(middle: float, spread: float) -> NDArray[np.float64]:
        return middle * np.exp(spread * rng.standard_normal(n))

    def part(of: NDArray[np.int64], probability: float) -> NDArray[np.int64]:
        return (of * rng.random(n) * (rng.random(n) < probability)).astype(np.int64)

    inputs = np.where(rng.random(n) < 0.7, lognormal(6909, 1.08), lognormal(1020, 0.77))
    counts = {"input": inputs.clip(1, MOST_INPUT).astype(np.int64)}
    rest = counts["input"]
    shares = {
        "cache_read": 0.5,
        "cache_write_5m": 0.2,
        "cache_write_1h": 0.05,
        "input_audio": 0.03,
    }
    for name, share in shares.items():
        counts[name] = part(rest, share)
        rest = rest - counts[name]
    visible = lognormal(350, 0.42).astype(np.int64)
    counts["reasoning"] = (lognormal(600, 0.9) * (rng.random(n) < 0.3)).astype(np.int64)
    counts["output_audio"] = part(visible, 0.03)
    counts["output"] = visible + counts["reasoning"] + counts["output_audio"]
    return counts


def team_names() -> list[str]:
    """Return the team of each code."""
    return [f"team-{code:03d}" for code in range(TEAMS)]


def arrow_table(columns: Columns) -> Any:
    """Return columns as an Arrow table with dictionary-encoded names."""
    import pyarrow as pa

    names = {"model": model_names(), "team": team_names(), "service_tier": list(SERVICE_TIERS)}
    arrays = {}
    for name, array in columns.items():
        if name in names:
            arrays[name] = pa.DictionaryArray.from_arrays(pa.array(array), names[name])
        elif name == "ts":
            arrays[name] = pa.array(array).cast(pa.timestamp("us", "UTC"))
        else:
            arrays[name] = pa.array(array)
    return pa.table(arrays)
