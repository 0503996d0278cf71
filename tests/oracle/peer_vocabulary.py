"""The vocabulary of peer_cases.json: prices of a case as a price book, its usage as one row.

USD per 1e6 units throughout. Section 13 of the accounting reference is its specification; nothing
here knows a case by its id.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import numpy as np

from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.rates import Hours, ModelPrices, Period, Rate, Window
from tokenmill.accounting.rules import PriceRules, UsageConvention
from tokenmill.accounting.units import UNITS, own_unit

PROVIDER, MODEL = "peer", "model"
PER = 10**6
WINDOW = "off_peak"
MODALITIES = ("audio", "image", "video")

_TIER = re.compile(r"(marginal)?(>=?)(\d+)")
_RANGE = re.compile(r"\((\d+),\s*(\d+|inf)\]")
_SPAN = re.compile(r"(\d+):(\d+)-(\d+):(\d+)")


@dataclass(frozen=True)
class Entry:
    """A rate, the date it holds from, and whether only for what is beyond its threshold."""

    rate: Rate
    start: date | datetime | None = None
    marginal: bool = False


def unit_name(name: str) -> str:
    """Plain writes are those of 5 minutes."""
    return "cache_write_5m" if name == "cache_write" else name


def entries(
    key: str, form: Any, window: str = "", start: date | datetime | None = None
) -> Iterator[Entry]:
    """Yield what a price of any form says."""
    name, _, tier = key.partition("@")
    if not isinstance(form, dict):
        yield Entry(Rate(unit_name(name), Fraction(form) / PER, tier, -1, window), start)
        return
    ranges: dict[str, list[tuple[int, float, Any]]] = {}
    for inner, value in form.items():
        word, _, own_tier = inner.partition("@")
        inner_key = f"{name}@{own_tier or tier}"
        if word.startswith("from "):
            yield from entries(inner_key, value, window, start_of(word.removeprefix("from ")))
        elif found := _RANGE.fullmatch(word):
            row = (int(found[1]), float(found[2]), value)
            ranges.setdefault(own_tier or tier, []).append(row)
        elif word == "base":
            yield from entries(inner_key, value, window, start)
        elif found := _TIER.fullmatch(word):
            above = int(found[3]) - (found[2] == ">=")
            rate = Rate(unit_name(name), Fraction(value) / PER, own_tier or tier, above, window)
            yield Entry(rate, start, bool(found[1]))
        else:
            raise ValueError(f"a price form that the vocabulary lacks: {inner!r}")
    for tier, rows in ranges.items():
        based = "base" in form or f"base@{tier}" in form
        for above, value in steps(rows, based=based):
            yield Entry(Rate(unit_name(name), Fraction(value) / PER, tier, above, window), start)


def steps(rows: list[tuple[int, float, Any]], *, based: bool) -> Iterator[tuple[int, Any]]:
    """Yield (above, price) of ranges: the first that holds a count, else the last."""
    rows = sorted(rows, key=lambda row: row[0])
    edges = {low for low, _, _ in rows} | {int(high) for _, high, _ in rows if high < math.inf}

    def held(count: int) -> Any:
        return next((value for low, high, value in rows if low < count <= high), rows[-1][2])

    # A request without input is in the first range, unless a base price is there for it.
    if not based:
        yield -1, held(1)
    for edge in sorted(edges):
        if based or edge > 0:
            yield edge, held(edge + 1)


def start_of(text: str) -> date | datetime | None:
    """A date is its midnight in UTC."""
    if text == "-inf":
        return None
    return date.fromisoformat(text) if len(text) <= 10 else instant(text)


def instant(text: str) -> datetime:
    """Time stamps without a zone are in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def hours_of(block: dict[str, Any]) -> Hours:
    """Return the hours of a block or of one of its windows."""
    spans = block["hours_utc"]
    minutes = []
    for span in [spans] if isinstance(spans, str) else spans:
        numbers = [int(digits) for digits in _SPAN.fullmatch(span).groups()]
        minutes.append((numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]))
    return Hours(tuple(minutes), frozenset(map(int, block.get("weekdays") or range(1, 8))))


def all_entries(prices: dict[str, Any]) -> tuple[list[Entry], dict[str, Window]]:
    """Return every entry of a case and the windows they name."""
    block = dict(prices.get(WINDOW, {}))
    blocks = [block] if "hours_utc" in block else []
    blocks += block.get("windows", [])
    found = [e for key, form in prices.items() if key != WINDOW for e in entries(key, form)]
    units = {k: v for k, v in block.items() if k not in ("hours_utc", "windows", "weekdays")}
    found += [entry for key, form in units.items() for entry in entries(key, form, WINDOW)]
    return found, {WINDOW: Window(tuple(map(hours_of, blocks)))} if blocks else {}


def book_of(prices: dict[str, Any], service_tier: str = "") -> PriceBook:
    """Return the price book of a case; `service_tier` is the row's."""
    found, windows = all_entries(prices)
    tiered = [entry for entry in found if entry.rate.above >= 0]
    marginal = [entry for entry in tiered if entry.marginal]
    if marginal and len(marginal) < len(tiered):
        raise ValueError("marginal and whole-request tiers in one case: a book has one reach")
    reach = {"tier_basis": "unit", "tier_reach": "marginal"} if marginal else {}
    starts = {entry.start for entry in found if entry.start is not None}
    periods = tuple(
        Period(start, rates_at(found, start))
        for start in (None, *sorted(starts, key=lambda start: instant(start.isoformat())))
    )
    # A missing service price falls back to the base, also where no price at all has that tier.
    known = {entry.rate.service_tier for entry in found} | {""}
    neutral = () if service_tier in known else (("service_tier", service_tier, Fraction(1)),)
    model = ModelPrices(PROVIDER, MODEL, periods, windows=windows, multipliers=neutral)
    own = sorted({entry.rate.unit for entry in found} - UNITS.keys())
    return PriceBook(
        "peer case",
        (model,),
        rules=PriceRules("peer_cases", unpriced="ignore", **reach),
        own_units=tuple(own_unit(name) for name in own),
    )


def rates_at(found: list[Entry], start: date | datetime | None) -> tuple[Rate, ...]:
    """Return the rates in force from `start` on: of each, the latest that has begun."""
    rates: dict[tuple[str, str, int, str], Entry] = {}

    def begun(entry: Entry) -> float:
        at = entry.start
        return -math.inf if at is None else instant(at.isoformat()).timestamp()

    now = -math.inf if start is None else instant(start.isoformat()).timestamp()
    for entry in sorted(found, key=begun):
        if begun(entry) <= now:
            rate = entry.rate
            rates[rate.unit, rate.service_tier, rate.above, rate.window] = entry
    return tuple(entry.rate for entry in rates.values())


def row_of(usage: dict[str, Any]) -> tuple[dict[str, Any], UsageConvention]:
    """Return a case's usage as columns of one row, and the convention that it counts by."""
    left = dict(usage)
    row: dict[str, Any] = {"provider": [PROVIDER], "model": [MODEL]}
    if "time" in left:
        at = instant(left.pop("time")).astimezone(UTC).replace(tzinfo=None)
        row["time"] = np.array([at], dtype="datetime64[us]")
    row["service_tier"] = [left.pop("service_tier", "")]
    inclusive, additive = (
        "input" in left,
        "output_visible" in left or "reasoning_additional" in left,
    )
    counts: dict[str, int] = {}
    if inclusive:
        counts["input"] = left.pop("input")
    else:
        parts = sum(left.get(f"input_{m}", 0) - left.get(f"cache_{m}_read", 0) for m in MODALITIES)
        counts["input"] = left.pop("input_uncached", max(parts, 0))
    aggregate = left.pop("cache_write", 0)
    writes = {"cache_write_5m": aggregate, "cache_write_1h": 0}
    if "cache_write_5m" in left:
        writes["cache_write_5m"] = left.pop("cache_write_5m")
    writes["cache_write_1h"] = left.pop("cache_write_1h", 0)
    counts |= {**writes, "cache_write": sum(writes.values())}
    if additive:
        counts["reasoning"] = left.pop("reasoning_additional", 0)
    parts = ("reasoning", "citation", *(f"output_{m}" for m in MODALITIES))
    total = left.pop("output_visible", 0) if additive else sum(left.get(p, 0) for p in parts)
    counts["output"] = left.pop("output", total)
    counts |= left
    row |= {name: np.array([count], dtype=np.int64) for name, count in counts.items()}
    convention = UsageConvention(
        "peer_cases", cache_in_input=inclusive, reasoning_in_output=not additive
    )
    return row, convention
