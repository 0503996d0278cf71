"""From rates to the price of each unit: what holds for one model at one time, tier and basis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from .book import PriceBook
from .rates import ModelPrices, Period, Price, Rate, Special
from .units import Unit

Chosen = dict[str, Price]
Holder = tuple[str, int, str]
"""Service tier, threshold and window of a rate."""


@dataclass(frozen=True)
class Step:
    """From `above` on, a unit costs `price`: marginal tiers, and tiers by the unit's own count."""

    above: int
    price: Fraction


@dataclass(frozen=True)
class Case:
    """One cell of a price list: which model, period, tiers and window."""

    model: ModelPrices
    period: Period
    service_tier: str = ""
    region: str = ""
    window: str = ""
    crossed: int = -1
    """The highest threshold that the request is above."""


class RateTable:
    """The rates of one period by unit, for lookups in the order of `PriceRules`."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._of: dict[str, dict[Holder, Price]] = {}
        for rate in rates:
            key = (rate.service_tier, rate.above, rate.window)
            self._of.setdefault(rate.unit, {})[key] = rate.price

    def thresholds(self, service_tier: str) -> tuple[int, ...]:
        """Return every threshold at which a rate of this service tier may change, rising."""
        found = {
            above
            for rates in self._of.values()
            for tier, above, _ in rates
            if above >= 0 and tier in ("", service_tier)
        }
        return tuple(sorted(found))

    def holding(self, unit: str, service_tier: str, window: str, crossed: int) -> Holder | None:
        """Return which rate of `unit` holds: the window's before none, then the highest."""
        rates = self._of.get(unit, {})
        for open_window in {window: None, "": None}:
            found = _highest(rates, service_tier, open_window, crossed)
            if found is not None:
                return found
        return None

    def chosen(self, service_tier: str, window: str, crossed: int) -> Chosen:
        """Return the rate of each unit that holds; units without one are absent."""
        found: Chosen = {}
        for unit, rates in self._of.items():
            holder = self.holding(unit, service_tier, window, crossed)
            if holder is not None and rates[holder] is not Special.INHERIT:
                found[unit] = rates[holder]
        return found

    def steps(self, unit: str, service_tier: str, window: str) -> tuple[Step, ...]:
        """Return where the price of `unit` changes by its own count."""
        rates = self._of.get(unit, {})
        found = []
        for above in sorted({above for _, above, _ in rates if above >= 0}):
            holder = self.holding(unit, service_tier, window, above)
            price = None if holder is None else rates[holder]
            if isinstance(price, Fraction):
                found.append(Step(above, price))
        return tuple(found)


def _highest(
    rates: Iterable[Holder], service_tier: str, window: str, crossed: int
) -> Holder | None:
    """Return the rate of the highest threshold crossed, a tier's own before the standard one."""
    best: tuple[int, bool] | None = None
    for tier, above, of_window in rates:
        if of_window != window or above > crossed or tier not in ("", service_tier):
            continue
        rank = (above, tier == service_tier)
        if best is None or rank > best:
            best = rank
    if best is None:
        return None
    return (service_tier if best[1] else "", best[0], window)


def with_fallbacks(chosen: Chosen, rules: tuple[tuple[str, str, Fraction], ...]) -> Chosen:
    """Give units without a rate their fallback, in the order of the rules."""
    found = dict(chosen)
    for unit, source, factor in rules:
        price = found.get(source)
        if unit not in found and price is not None:
            found[unit] = price * factor if isinstance(price, Fraction) else price
    return found


def factor_of(book: PriceBook, case: Case) -> Fraction:
    """Return the product of the multipliers and discounts that hold."""
    factor = Fraction(1)
    for axis, value, by in case.model.multipliers:
        if value == (case.region if axis == "region" else case.service_tier):
            factor *= by
    for provider, by in book.discounts:
        if provider in ("", case.model.provider):
            factor *= by
    return factor


def prices_of(book: PriceBook, case: Case, table: RateTable) -> Chosen:
    """Return the effective price of each priced unit; the others take what contains them.

    Complexity: O(rates of the period).
    """
    chosen = table.chosen(case.service_tier, case.window, case.crossed)
    chosen = with_fallbacks(chosen, (*case.model.fallbacks, *book.rules.fallbacks))
    factor = factor_of(book, case)
    if factor == 1:
        return chosen
    return {
        unit: price * factor if isinstance(price, Fraction) else price
        for unit, price in chosen.items()
    }


def steps_of(book: PriceBook, case: Case, table: RateTable) -> dict[str, tuple[Step, ...]]:
    """Return the steps of each unit, where tiers go by the unit's own count; else nothing."""
    if not book.rules.by_unit:
        return {}
    factor = factor_of(book, case)
    found = {}
    for unit in table.chosen(case.service_tier, case.window, -1):
        steps = table.steps(unit, case.service_tier, case.window)
        if steps:
            found[unit] = tuple(Step(step.above, step.price * factor) for step in steps)
    return found


def owner(unit: Unit, priced: Iterable[Unit]) -> Unit | None:
    """Return the most specific priced unit that is `unit` or contains it, or None.

    Of two that are equally specific, cache and other token types go before modalities: cached
    audio without a price of its own costs what cached tokens do.
    """
    candidates = [other for other in priced if other == unit or other.contains(unit)]
    if not candidates:
        return None
    return max(candidates, key=_specific)


def _specific(unit: Unit) -> tuple[int, bool, str]:
    return len(unit.properties), any(axis == "type" for axis, _ in unit.properties), unit.name
