"""A contract laid over a list book, and terms on top of prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .exact import exact
from .periods import Start, begins, in_force, starts_of
from .rates import ModelPrices, Period, Rate
from .refusal import refusal
from .units import Unit
from .validate import check_start

if TYPE_CHECKING:
    from .book import PriceBook

# What a rate means depends on these, so both books must agree on them.
_SHARED_RULES = ("tier_basis", "tier_reach", "date_zone")


def with_contract(
    book: PriceBook, contract: PriceBook, start: Start
) -> tuple[tuple[ModelPrices, ...], tuple[Unit, ...]]:
    """Return the models and own units of `book` with the rates of `contract` laid over them.

    Raises
    ------
    TypeError, ValueError
        As `PriceBook.overlay`.
    """
    check_start(start, "start")
    _check_contract(book, contract)
    models = {(model.provider, model.name): model for model in book.models}
    for model in contract.models:
        key = (model.provider, model.name)
        listed = models.get(key) or replace(model, periods=())
        models[key] = _laid_over(listed, model, start)
    own_units = {unit.name: unit for unit in book.own_units}
    for unit in contract.own_units:
        if own_units.setdefault(unit.name, unit) != unit:
            raise refusal("contract: own_units", "the unit that the book has", unit.name)
    return tuple(models.values()), tuple(own_units.values())


def _check_contract(book: PriceBook, contract: PriceBook) -> None:
    """Refuse a contract that says more than rates, or says them under other rules."""
    if contract.currency != book.currency:
        raise refusal("contract: currency", repr(book.currency), contract.currency)
    for field in _SHARED_RULES:
        expected, found = getattr(book.rules, field), getattr(contract.rules, field)
        if expected != found:
            raise refusal(f"contract: rules, {field}", repr(expected), found)
    if contract.discounts or contract.fee:
        raise refusal("contract", "rates alone (use with_terms)", "discounts or a fee")
    for model in contract.models:
        if model.multipliers or model.fallbacks:
            place = f"contract: model {model.provider}/{model.name}"
            raise refusal(place, "rates alone", "multipliers or fallbacks")


def _laid_over(listed: ModelPrices, contract: ModelPrices, start: Start) -> ModelPrices:
    """Return a model's list prices with those of its contract from `start` on."""
    windows = dict(listed.windows)
    for name, window in contract.windows.items():
        if windows.setdefault(name, window) != window:
            place = f"contract: model {contract.provider}/{contract.name}, windows"
            raise refusal(place, "a name of its own for other hours than the book's", name)
    terms = _from(contract.periods, start)
    periods = []
    for at in starts_of(listed.periods, terms):
        public, agreed = in_force(listed.periods, at), in_force(terms, at)
        names = [period.name for period in (public, agreed) if period and period.name]
        periods.append(Period(at, _joined(public, agreed), " + ".join(names)))
    return replace(
        listed,
        periods=tuple(periods),
        aliases=(*listed.aliases, *contract.aliases),
        patterns=(*listed.patterns, *contract.patterns),
        windows=windows,
    )


def _from(periods: tuple[Period, ...], start: Start) -> tuple[Period, ...]:
    """Return the periods that hold from `start` on, the first of them cut there."""
    if start is None:
        return periods
    held = in_force(periods, start)
    cut = () if held is None else (replace(held, start=start),)
    return cut + tuple(period for period in periods if begins(period.start) > begins(start))


def _joined(public: Period | None, agreed: Period | None) -> tuple[Rate, ...]:
    """Return the rates of two periods; what `agreed` prices it prices alone."""
    agreed_rates = agreed.rates if agreed else ()
    priced = {(rate.unit, rate.service_tier) for rate in agreed_rates}
    public_rates = public.rates if public else ()
    kept = (rate for rate in public_rates if (rate.unit, rate.service_tier) not in priced)
    return (*kept, *agreed_rates)


def terms(
    book: PriceBook, discounts: Mapping[str, object], margin: object, fee: object
) -> tuple[tuple[tuple[str, Fraction], ...], Fraction]:
    """Return the discounts and the fee of `book` with further ones on top.

    Raises
    ------
    TypeError, ValueError
        As `PriceBook.with_terms`.
    """
    if not isinstance(discounts, Mapping):
        raise TypeError(f"discounts: expected a mapping, found {type(discounts).__name__}")
    added = _share(fee, "fee")
    factors = dict(book.discounts)
    for provider, value in discounts.items():
        factor = _share(value, f"discounts: factor of {provider!r}")
        factors[provider] = factors.get(provider, Fraction(1)) * factor
    if share := _share(margin, "margin"):
        factors[""] = factors.get("", Fraction(1)) * (1 + share)
    return tuple(factors.items()), book.fee + added


def _share(value: object, place: str) -> Fraction:
    number = exact(value, place)
    if number < 0:
        raise refusal(place, "0 or more", str(number))
    return number
