"""Tiers by a unit's own count: what a price list must say so that each of them can hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from .rates import ModelPrices, Period, Rate, Special
from .refusal import refusal


def check_steps(models: Iterable[ModelPrices]) -> None:
    """Refuse tiers of a unit that would never hold, where tiers go by each unit's own count.

    A unit with a threshold needs a price below it, in every service tier and window in which the
    threshold is seen, for without one it has no price at all; and a price above it.

    Raises
    ------
    ValueError
        The message names model, period, unit, expected and found.
    """
    for model in models:
        for period in model.periods:
            for unit in sorted({rate.unit for rate in period.rates if rate.above >= 0}):
                _check_unit(model, period, unit)


def _check_unit(model: ModelPrices, period: Period, unit: str) -> None:
    rates = [rate for rate in period.rates if rate.unit == unit]
    place = f"model {model.provider}/{model.name}, period from {period.start or 'the beginning'}"
    place += f", rates of {unit} by its own count"
    for rate in rates:
        if rate.above >= 0 and not isinstance(rate.price, Fraction):
            raise refusal(f"{place}, above {rate.above:,}", "a price", rate.price.value)
    for tier in sorted({"", *(rate.service_tier for rate in rates)}):
        for window in sorted({"", *(rate.window for rate in rates)}):
            base = _base(rates, tier, window)
            if _is_stepped(rates, tier, window) and base in (None, Special.INHERIT):
                where = f", service tier {tier}" if tier else ""
                where += f", window {window}" if window else ""
                found = "none" if base is None else "inherit"
                raise refusal(f"{place}{where}", "a price below the thresholds", found)


def _is_stepped(rates: Sequence[Rate], tier: str, window: str) -> bool:
    return any(_is_seen(rate, tier, window) and rate.above >= 0 for rate in rates)


def _base(rates: Sequence[Rate], tier: str, window: str) -> Fraction | Special | None:
    """Return the price below every threshold, in the order of `PriceRules`."""
    seen = [rate for rate in rates if _is_seen(rate, tier, window) and rate.above < 0]
    held = max(seen, key=lambda rate: (rate.window != "", rate.service_tier != ""), default=None)
    return None if held is None else held.price


def _is_seen(rate: Rate, tier: str, window: str) -> bool:
    return rate.service_tier in ("", tier) and rate.window in ("", window)
