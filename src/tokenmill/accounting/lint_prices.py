"""Rules on single prices and on what one price is beside another.

The usual ratios are those of LiteLLM's list of 4,241 models (1.106.2): cached reads cost 0.05 to
0.5 of input, written tokens 1.25 or 1, an hour's write 2, batch 0.5, output 1 to 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from statistics import median

from .findings import Cell, Finding, per_million
from .scale import decimals
from .units import UnitSet

DEAREST = Fraction(1, 1000)
"""Currency per token above which a price is looked at: 1,000 per million."""

FAR = 50
"""Times the median of its provider from which on a dear price is an error of unit."""

_ENOUGH = 5
"""Models of a provider whose median says something; else all models' does."""

_RATIOS = (
    ("cache_read", "input", Fraction(1, 100), Fraction(1)),
    ("cache_write", "input", Fraction(9, 10), Fraction(2)),
    ("cache_write_1h", "input", Fraction(1), Fraction(5, 2)),
    ("output", "input", Fraction(1, 2), Fraction(20)),
)
_BATCH = (Fraction(2, 5), Fraction(1))
_DECIMALS = 15
_TOKENS = ("input", "output")


def unit_errors(cells: Iterable[Cell]) -> Iterator[Finding]:
    """Yield prices per thousand tokens that stand where prices per token do."""
    by_provider: dict[tuple[str, str], list[Fraction]] = {}
    dear: list[tuple[Cell, str, Fraction]] = []
    for cell in cells:
        for unit in _TOKENS:
            price = cell.amount(unit)
            if cell.service_tier or cell.above >= 0 or not price:
                continue
            for provider in (cell.model.provider, ""):
                by_provider.setdefault((provider, unit), []).append(price)
            if price > DEAREST:
                dear.append((cell, unit, price))
    for cell, unit, price in dear:
        others = by_provider[(cell.model.provider, unit)]
        usual = median(others if len(others) >= _ENOUGH else by_provider[("", unit)])
        if price > FAR * usual:
            yield cell.finding(
                "error",
                "unit_error",
                unit,
                f"{float(price / usual):.0f} times its provider's median: likely a price per 1,000",
                f"about {per_million(usual)}",
                per_million(price),
            )


def odd_ratios(cells: list[Cell]) -> Iterator[Finding]:
    """Yield prices that are too much or too little beside another one, once for each pair."""
    seen = set()
    standard = {(c.period.name, c.period.start, c.above): c for c in cells if not c.service_tier}
    for cell in cells:
        for unit, other, low, high in _RATIOS:
            found = _ratio(cell.amount(unit), cell.amount(other))
            if found is None or low <= found <= high or (unit, other) in seen:
                continue
            if cell.is_own(unit):
                seen.add((unit, other))
                yield _odd(cell, unit, other, found, low, high)
        base = standard.get((cell.period.name, cell.period.start, cell.above))
        if cell.service_tier == "batch" and base is not None:
            for unit in _TOKENS:
                found = _ratio(cell.amount(unit), base.amount(unit))
                pair = (unit, f"standard {unit}")
                if found is not None and not _BATCH[0] <= found <= _BATCH[1] and pair not in seen:
                    seen.add(pair)
                    yield _odd(cell, *pair, found, *_BATCH)


def _ratio(price: Fraction | None, other: Fraction | None) -> Fraction | None:
    return price / other if price and other else None


def _odd(
    cell: Cell, unit: str, other: str, found: Fraction, low: Fraction, high: Fraction
) -> Finding:
    return cell.finding(
        "warning",
        "odd_ratio",
        unit,
        f"an unusual price beside that of {other}",
        f"{float(low):g} to {float(high):g} of {other}",
        f"{float(found):.4g} of {other}",
    )


def free_writes(cells: list[Cell]) -> Iterator[Finding]:
    """Yield written tokens that are free where input is not: often an absent price."""
    for cell in cells:
        if cell.amount("input") and cell.amount("cache_write") == 0:
            yield cell.finding(
                "warning",
                "free_cache_write",
                "cache_write",
                "written tokens are free and input is not",
                "no price, which is that of input, or a price",
                "0",
            )
            return


def inexact_prices(cells: list[Cell]) -> Iterator[Finding]:
    """Yield prices that no decimal of 15 digits behind the point writes, once for each unit."""
    seen = set()
    for cell in cells:
        for unit, price in cell.priced.items():
            if not isinstance(price, Fraction) or unit in seen:
                continue
            digits, divisor = decimals(price.denominator)
            if divisor != 1 or digits > _DECIMALS:
                seen.add(unit)
                yield cell.finding(
                    "note",
                    "inexact_price",
                    unit,
                    "the price makes rows that have to be rounded",
                    f"at most {_DECIMALS} decimals",
                    str(price) if divisor != 1 else f"{digits} decimals",
                )


def missing_joins(cells: list[Cell], units: UnitSet) -> Iterator[Finding]:
    """Yield two units that can be one token, both priced, where that token has no price."""
    names = {units[name].properties: name for name in units.names}
    seen = set()
    for cell in cells:
        priced = [units[name] for name in sorted(cell.priced)]
        known = {unit.properties for unit in priced}
        for place, one in enumerate(priced):
            for other in priced[place + 1 :]:
                both = one.properties | other.properties
                name = names.get(both, "")
                if name and both not in known and name not in seen:
                    seen.add(name)
                    yield cell.finding(
                        "note",
                        "missing_join",
                        name,
                        f"{one.name} and {other.name} have prices, what is both has none",
                        "a price",
                        "none",
                    )


def missing_totals(cells: list[Cell], units: UnitSet) -> Iterator[Finding]:
    """Yield priced parts of input or output where the whole has no price."""
    for cell in cells:
        for whole in _TOKENS:
            parts = [
                name
                for name in sorted(cell.priced)
                if whole not in cell.priced and units[whole].contains(units[name])
            ]
            if parts:
                yield cell.finding(
                    "error",
                    "missing_total",
                    whole,
                    f"{', '.join(parts)} has a price, what contains it has none",
                    "a price",
                    "none",
                )
                return
