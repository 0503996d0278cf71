"""The token rates of a LiteLLM entry, cell by cell, as LiteLLM's generic path works them out.

Source: the behaviour of litellm 1.106.2, written as formulas in the project's notes (normalised
`generic_cost_per_token`). A cell is a service tier, a context tier and an open or shut window; a
unit that has no price of its own there is `Special.INHERIT`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from .imported import Fields, decimal_of
from .rate_cells import Cell
from .rates import Price, Special

KEYS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "cache_read": "cache_read_input_token_cost",
}
MODALITIES = ("audio", "image", "video")

TIERS = {
    "": "",
    "flex": "_flex",
    "balanced": "_balanced",
    "priority": "_priority",
    "fast": "_priority",
    "ultrafast": "_ultrafast",
}
"""Service tiers and what their keys end in."""

REASONING = "output_cost_per_reasoning_token"
ZERO = Fraction(0)
_FREE_CACHE = ("cache_write", "cache_write_1h", "cache_read")
ABOVE = re.compile(r"(.+)_above_(\d{1,12}(?:\.\d{1,6})?)(k?)_tokens(_[a-z]+)?")
# LiteLLM gives Fireworks, which publishes no price of cached tokens, half the price of input.
_HALF_READ = "fireworks_ai"


@dataclass(frozen=True)
class Row:
    """A row of `tiered_pricing`: it holds where the input is > `start` and not > `end`."""

    start: int
    end: int
    prices: Fields


@dataclass(frozen=True)
class Entry:
    """A model of the file.

    Attributes
    ----------
    fields : Fields
    provider : str
    inclusive : bool
        Whether thresholds are reached and not passed.
    rows : tuple of Row
        By rising start.
    off_peak : Fields or None
        The prices while its window is open.
    """

    fields: Fields
    provider: str
    inclusive: bool
    rows: tuple[Row, ...] = ()
    off_peak: Fields | None = None

    def price(self, key: str, suffix: str = "") -> Price | None:
        """Return the service tier's own price, else the standard one, else None."""
        own = self.fields.price(key + suffix)
        return self.fields.price(key) if own is None else own

    def above(self, threshold: Fraction) -> int:
        """Return the largest whole input that has not passed a threshold."""
        return math.ceil(threshold) - 1 if self.inclusive else math.floor(threshold)

    def row(self, above: int) -> Row | None:
        """Return the row that holds from `above` on; beyond and between all rows it is the last."""
        if above < 0 or not self.rows:
            return None
        found = next((row for row in self.rows if row.start <= above < row.end), self.rows[-1])
        return found if "input_cost_per_token" in found.prices else None


def read_rows(fields: Fields) -> tuple[Row, ...]:
    """Return the rows of `tiered_pricing` that have a range, by rising start."""
    table = fields.raw("tiered_pricing")
    if table is None:
        return ()
    if not isinstance(table, (list, tuple)):
        fields.ignore("tiered_pricing", "no list")
        return ()
    found = []
    for place, row in enumerate(table):
        path = f"tiered_pricing[{place}]"
        ends = row.get("range") if isinstance(row, dict) else None
        numbers = [decimal_of(end) for end in ends] if isinstance(ends, (list, tuple)) else []
        if len(numbers) != 2 or None in numbers:
            fields.ignore(path, "a row without a range of input tokens")
            continue
        start, end = (math.floor(number) for number in numbers if number is not None)
        prices = Fields(fields.notes, fields.model, row, path + ".")
        prices.raw("range")
        found.append(Row(start, end, prices))
    return tuple(sorted(found, key=lambda row: row.start))


def breakpoints(entry: Entry) -> list[int]:
    """Return every `above` at which a rate may change, from -1 up."""
    found = {-1}
    for row in entry.rows:
        found |= {0, max(row.start, 0), max(row.end, 0)}
    for key in entry.fields.keys:
        parts = ABOVE.fullmatch(key)
        if parts and parts[1] in KEYS.values():
            found.add(entry.above(tokens(parts)))
    return sorted(found)


def cells(entry: Entry, tier: str, window: str, points: list[int]) -> dict[Cell, dict[str, Price]]:
    """Return the rates of one service tier from each point on."""
    return {
        (window, tier, above): token_rates(entry, TIERS[tier], above, bool(window))
        for above in points
    }


def token_rates(entry: Entry, suffix: str, above: int, is_open: bool) -> dict[str, Price]:
    """Return the rates of one cell, by unit."""
    row = entry.row(above)
    rates = _of_row(entry, row) if row else _flat(entry, suffix, above)
    if is_open and entry.off_peak is not None:
        _reprice(rates, entry, row is not None)
    rates["reasoning"] = _reasoning(entry, suffix, row, is_open)
    _add_modalities(rates, entry, suffix)
    return rates


def _flat(entry: Entry, suffix: str, above: int) -> dict[str, Price]:
    """Return the rates by the entry's own keys: base, then every threshold passed."""
    found = {unit: entry.price(key, suffix) for unit, key in KEYS.items()}
    found["cache_write_1h"] = entry.price(KEYS["cache_write_1h"])
    if not found["output"]:
        found["output"] = entry.price("output_cost_per_image_token") or found["output"]
    if found["cache_read"] is None:
        found["cache_read"] = half_read(entry, entry.price(KEYS["input"]))
    for threshold in _thresholds(entry, suffix, above):
        for unit, key in KEYS.items():
            price = entry.price(f"{key}_above_{threshold}_tokens", suffix)
            found[unit] = found[unit] if price is None else price
    rates: dict[str, Price] = {unit: found[unit] or ZERO for unit in ("input", "output")}
    for unit in _FREE_CACHE:
        price = found[unit]
        rates[unit] = Special.INHERIT if price is None else price
    return rates


def _thresholds(entry: Entry, suffix: str, above: int) -> list[str]:
    """Return the thresholds passed, lowest first, as the keys write them."""
    found = {}
    for key, value in entry.fields.keys.items():
        parts = ABOVE.fullmatch(key)
        if parts is None or value is None or parts[1] not in KEYS.values():
            continue
        if (parts[4] or "") in ("", suffix) and entry.above(tokens(parts)) <= above:
            found[parts[2] + parts[3]] = tokens(parts)
    return sorted(found, key=lambda text: found[text])


def tokens(parts: re.Match[str]) -> Fraction:
    """Return the threshold that a key names."""
    return Fraction(parts[2]) * (1000 if parts[3] else 1)


def _of_row(entry: Entry, row: Row) -> dict[str, Price]:
    """Return the rates of a row; what it leaves out costs what its input does, but output."""
    prices = row.prices
    output = prices.price(KEYS["output"])
    if KEYS["output"] not in prices:
        output = entry.price(KEYS["output"])
    rates: dict[str, Price] = {
        "input": prices.price(KEYS["input"]) or ZERO,
        "output": output or ZERO,
    }
    for unit in ("cache_write", "cache_read"):
        price = prices.price(KEYS[unit])
        # Never through a fallback: the row's own input price.
        rates[unit] = Special.INHERIT if price is None else price
    hour = prices.price(KEYS["cache_write_1h"])
    # Free writes of an hour are read as no price.
    rates["cache_write_1h"] = hour or Special.INHERIT
    return rates


def _reprice(rates: dict[str, Price], entry: Entry, in_row: bool) -> None:
    """Replace, field by field, what the open window prices."""
    block = entry.off_peak
    if block is None:
        return
    if in_row:
        # A row's cache rates are its own numbers before the window opens, and stay so.
        rates["cache_write"] = _or(rates["cache_write"], rates["input"])
        rates["cache_read"] = _or(rates["cache_read"], rates["input"])
        rates["cache_write_1h"] = _or(rates["cache_write_1h"], rates["cache_write"])
    elif entry.price(KEYS["cache_read"]) is None:
        halved = half_read(entry, block.price(KEYS["input"]))
        rates["cache_read"] = rates["cache_read"] if halved is None else halved
    for unit in ("input", "output", "cache_write", "cache_read"):
        price = block.price(KEYS[unit])
        rates[unit] = rates[unit] if price is None else price


def _reasoning(entry: Entry, suffix: str, row: Row | None, is_open: bool) -> Price:
    """Return the rate of reasoning: the window's, the row's, the tier's, the standard one."""
    if is_open and entry.off_peak is not None:
        block = entry.off_peak.price(REASONING)
        if block is not None:
            return block
    if row is not None:
        own = row.prices.price(REASONING)
        if own is not None:
            return own
        if KEYS["output"] in row.prices:
            # The row's output, which an open window does not change for reasoning.
            return (row.prices.price(KEYS["output"]) or ZERO) if is_open else Special.INHERIT
        if REASONING in row.prices:
            return ZERO
    tier = entry.fields.price(REASONING + suffix)
    if tier is not None:
        return tier
    if suffix and entry.fields.price(KEYS["output"] + suffix) is not None:
        return Special.INHERIT
    standard = entry.price(REASONING)
    return Special.INHERIT if standard is None else standard


def _add_modalities(rates: dict[str, Price], entry: Entry, suffix: str) -> None:
    """Add audio, image and video, which no threshold, row or window changes."""
    for name in MODALITIES:
        given = entry.price(f"input_cost_per_{name}_token", suffix)
        if given is not None:
            rates[f"input_{name}"] = given
            join_caches(rates, name)
        for kind, key in (("read", "read"), ("write", "creation")):
            cached = entry.price(f"cache_{key}_input_{name}_token_cost", suffix)
            if cached is not None:
                rates[f"cache_{name}_{kind}"] = cached
        made = entry.price(f"output_cost_per_{name}_token")
        if made is not None:
            rates[f"output_{name}"] = made


def join_caches(rates: dict[str, Price], modality: str) -> None:
    """Let cached tokens of a modality cost what cached tokens do, where those cost what input does.

    Without a rate of their own they would take the modality's.
    """
    for kind in ("read", "write"):
        if rates[f"cache_{kind}"] is Special.INHERIT:
            rates[f"cache_{modality}_{kind}"] = rates["input"]


def half_read(entry: Entry, price: Price | None) -> Price | None:
    """Return what a cached token costs at a provider that has no price of it."""
    if entry.provider != _HALF_READ:
        return None
    return price / 2 if isinstance(price, Fraction) else price


def _or(price: Price, stand_in: Price) -> Price:
    return stand_in if price is Special.INHERIT else price
