"""One row of a ledger charged in fractions, status and all: the twin of the charge kernel.

leaf(U) = count(U) - sum of leaf(V) over the counted parts V of U
q(P)    = sum of leaf(U) over the counted units U that pay the price of P
cost    = request + sum of round(price(P) q(P))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from . import charge, rates
from .charge import Properties


@dataclass(frozen=True)
class Rules:
    """How a ledger counts and how prices apply; see `PriceRules` and `UsageConvention`."""

    cache_in_input: bool = True
    reasoning_in_output: bool = True
    replace_writes: bool = False
    litellm: bool = False
    basis: str = "input"
    marginal: bool = False
    flag_unpriced: bool = True
    flag_missing_total: bool = False
    fee: Fraction = Fraction(0)
    rounding: str = "refuse"
    service_tiers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """A request; `counts` has every unit that its ledger counts."""

    counts: Mapping[str, int]
    time: int | None = None
    service_tier: str = ""
    region: str = ""
    bad: bool = False


@dataclass(frozen=True)
class Charged:
    """The status by name, and the cost by priced unit in units of 10^-scale."""

    status: str
    parts: Mapping[str, int] = field(default_factory=dict)
    rounded: bool = False

    @property
    def cost(self) -> int:
        """The whole."""
        return sum(self.parts.values())


Units = Mapping[str, Properties]


def charge_row(row: Row, model: rates.Model, rules: Rules, units: Units, scale: int) -> Charged:
    """Return what became of a row."""
    refused = _refused(row, model, rules)
    if refused:
        return Charged(refused)
    tier = row.service_tier if row.service_tier in model.service_tiers else ""
    period, window = rates.period_at(model, row.time), rates.window_at(model, row.time)
    by_unit = rules.marginal or rules.basis == "unit"
    usage = _inclusive(row.counts, rules, units)
    count = -1 if by_unit else _basis(usage, rules, units)
    prices = rates.prices_of(model, period, tier, row.region, window, count)
    if rules.litellm:
        leaf = charge.litellm_leaves(row.counts, units)
    else:
        leaf = charge.specific(usage, units)
    reason = _why_not(usage, leaf, prices, rules, units)
    if reason:
        return Charged(reason)
    request = rules.fee + (0 if "requests" in usage else _number(prices.get("requests")))
    exact = {"request": request}
    for name, quantity in _quantities(leaf, prices, rules, units).items():
        price = prices[name]
        if not isinstance(price, Fraction):
            continue
        steps = []
        if by_unit:
            steps = rates.steps_of(model, period, name, tier, row.region, window)
        if rules.marginal:
            exact[name] = charge.marginal(quantity, price, steps)
        else:
            exact[name] = quantity * ([price, *(p for at, p in steps if quantity > at)][-1])
    parts = {name: rounded(cost * 10**scale, rules.rounding) for name, cost in exact.items()}
    inexact = any(parts[name] != cost * 10**scale for name, cost in exact.items())
    zero = not inexact and sum(parts.values()) == 0 and any(row.counts.values())
    return Charged("PRICED_ZERO" if zero else "OK", parts, inexact)


def _refused(row: Row, model: rates.Model, rules: Rules) -> str:
    """Return why a row is not priced at all."""
    if row.service_tier not in rules.service_tiers:
        return "BAD_VALUE"
    if row.time is None and model.timed:
        return "MISSING_FIELD"
    if row.bad:
        return "BAD_VALUE"
    if min(row.counts.values()) < 0:
        return "NEGATIVE_COUNT"
    if not model.periods:
        return "NO_PRICE"
    return "BEFORE_FIRST_DATE" if rates.period_at(model, row.time) < 0 else ""


def _number(price: rates.Price | None) -> Fraction:
    return price if isinstance(price, Fraction) else Fraction(0)


def _inclusive(counts: Mapping[str, int], rules: Rules, units: Units) -> dict[str, int]:
    """Return the counts with what is counted beside a total put into it."""
    found = dict(counts)
    split = counts.get("cache_write_5m", 0) + counts.get("cache_write_1h", 0)
    if rules.replace_writes and split and "cache_write" in counts:
        found["cache_write"] = split
    whole = charge.usage_of(found, units, rules.cache_in_input, rules.reasoning_in_output)
    return {name: whole[name] for name in counts}


def _outermost(names: list[str], units: Units) -> list[str]:
    return [name for name in names if not any(units[other] < units[name] for other in names)]


def _basis(usage: Mapping[str, int], rules: Rules, units: Units) -> int:
    """Return what context tiers look at; a total that is not counted is the sum of its parts."""

    def whole(total: str) -> int:
        if total in usage:
            return usage[total]
        parts = [name for name in usage if units[total] < units[name]]
        return sum(usage[name] for name in _outermost(parts, units))

    if rules.basis == "input+output":
        return whole("input") + whole("output")
    cached = [n for n in usage if {("type", "cache_read"), ("type", "cache_write")} & units[n]]
    outside = sum(usage[name] for name in _outermost(cached, units))
    return whole("input") - (outside if rules.basis == "uncached" else 0)


def _owner(name: str, prices: Iterable[str], rules: Rules, units: Units) -> str | None:
    """Return whose price `name` costs; LiteLLM's citations are no part of the output."""
    if rules.litellm and charge.is_citation(name, units):
        prices = [other for other in prices if charge.is_citation(other, units)]
    return charge.owner(name, prices, units)


def _quantities(
    leaf: Mapping[str, int], prices: Mapping[str, rates.Price], rules: Rules, units: Units
) -> dict[str, int]:
    found = dict.fromkeys(prices, 0)
    found.pop("requests", None)
    for name, count in leaf.items():
        owner = _owner(name, prices, rules, units)
        if owner is not None:
            found[owner] = found.get(owner, 0) + count
    return found


def _why_not(
    usage: Mapping[str, int],
    leaf: Mapping[str, int],
    prices: Mapping[str, rates.Price],
    rules: Rules,
    units: Units,
) -> str:
    """Return the first status, in their order, that forbids to charge these counts."""
    found = set()
    if "requests" not in usage and prices.get("requests") == rates.DYNAMIC:
        found.add("DYNAMIC_PRICE")
    within = {"input": rules.cache_in_input, "output": rules.reasoning_in_output}
    underived = {total for total, holds_all in within.items() if holds_all}
    for name, count in usage.items():
        owner = _owner(name, prices, rules, units)
        missing = {p for p in prices if units[p] < units[name] and p not in usage}
        if rules.litellm and charge.is_citation(name, units):
            missing = {p for p in missing if charge.is_citation(p, units)}
        if not rules.flag_missing_total:
            missing &= underived
        if count and missing:
            found.add("MISSING_FIELD")
        if count and owner is not None and prices[owner] == rates.DYNAMIC:
            found.add("DYNAMIC_PRICE")
        if owner is None and rules.flag_unpriced and leaf.get(name, 0):
            found.add("NO_PRICE" if leaf[name] > 0 else "SUBSET_EXCEEDS_TOTAL")
    if any(quantity < 0 for quantity in _quantities(leaf, prices, rules, units).values()):
        found.add("SUBSET_EXCEEDS_TOTAL")
    order = ("MISSING_FIELD", "DYNAMIC_PRICE", "SUBSET_EXCEEDS_TOTAL", "NO_PRICE")
    return next((status for status in order if status in found), "")


def rounded(value: Fraction, rounding: str) -> int:
    """Return a number >= 0 as a whole one."""
    below = value.numerator // value.denominator
    if rounding == "half_even" or value == below:
        return round(value)
    return below + (rounding == "up" or value - below >= Fraction(1, 2))
