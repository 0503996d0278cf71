"""What changed from one price book to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .book import PriceBook
from .exact import as_decimal, number_text
from .periods import Start, in_force, starts_of
from .price_forms import quote_count
from .rates import ModelPrices, Period, Price, Special
from .units import Unit

_PriceKey = tuple[str, str, str, int]  # unit, service tier, window, above
_TERMS = ("rules", "own_units", "discounts", "fee", "rounding")
_MODEL_TERMS = ("aliases", "patterns", "windows", "multipliers", "fallbacks")


@dataclass(frozen=True)
class Change:
    """One difference between two books.

    Attributes
    ----------
    kind : str
        ``"model added"``, ``"model removed"``, ``"price"``, ``"price added"``,
        ``"price removed"``, or ``"terms"`` for anything else that can change a bill.
    provider, model : str
        Empty for terms of the book as a whole.
    start : date, datetime or None
        From when on; a change lasts until the prices change again.
    unit, service_tier, window : str
    above : int
        As in `Rate`; -1 without a context tier.
    old, new : Decimal, str or None
        The price for `per` of the unit, exact; ``"inherit"`` or ``"dynamic"``; None where there is
        none. For terms, nothing.
    per : int
        What the unit is quoted for, or a multiple of it that makes both prices decimals.
    ratio : Fraction or None
        new / old, where both are prices and old is not 0.
    field : str
        Which terms changed.
    """

    kind: str
    provider: str = ""
    model: str = ""
    start: Start = None
    unit: str = ""
    service_tier: str = ""
    window: str = ""
    above: int = -1
    old: Decimal | str | None = None
    new: Decimal | str | None = None
    per: int = 1
    ratio: Fraction | None = None
    field: str = ""

    def __str__(self) -> str:
        where = f"{self.provider}/{self.model}" if self.model else "book"
        if self.kind == "terms":
            return f"{where}: {self.field} changed"
        if not self.unit:
            return f"{where}: {self.kind}"
        what = self.unit + (f"@{self.service_tier}" if self.service_tier else "")
        what += f" >{self.above}" if self.above >= 0 else ""
        what += f" in {self.window}" if self.window else ""
        what += f" from {self.start}" if self.start else ""
        line = f"{where}: {what}: {_shown(self.old)} -> {_shown(self.new)} per {self.per}"
        return line if self.ratio is None else f"{line} (x{number_text(self.ratio)})"


def diff(old: PriceBook, new: PriceBook) -> list[Change]:
    """Return what changed from one book to another, by provider and model.

    Models are matched by (provider, name). Prices are compared at every start of either history,
    each as the rate that is written there: fallbacks, multipliers and discounts are terms. Names,
    versions and list books do not count, so books with an empty difference bill alike.

    Parameters
    ----------
    old, new : PriceBook

    Returns
    -------
    list of Change

    Raises
    ------
    TypeError
        Not two books.
    ValueError
        They differ in currency, so no price of one compares with one of the other.
    """
    for name, book in (("old", old), ("new", new)):
        if not isinstance(book, PriceBook):
            raise TypeError(f"{name}: expected a PriceBook, found {type(book).__name__}")
    if old.currency != new.currency:
        raise ValueError(f"new: expected prices in {old.currency}, found {new.currency}")
    found = [Change("terms", field=name) for name in _differing(old, new, _TERMS)]
    before = {(model.provider, model.name): model for model in old.models}
    after = {(model.provider, model.name): model for model in new.models}
    for provider, name in sorted(before.keys() | after.keys()):
        was, now = before.get((provider, name)), after.get((provider, name))
        if was is None or now is None:
            kind = "model added" if was is None else "model removed"
            found.append(Change(kind, provider, name))
            continue
        terms = _differing(was, now, _MODEL_TERMS)
        found += [Change("terms", provider, name, field=field) for field in terms]
        found += _price_changes(was, now, old, new)
    return found


def _differing(old: object, new: object, fields: Sequence[str]) -> list[str]:
    return [field for field in fields if getattr(old, field) != getattr(new, field)]


def _price_changes(
    was: ModelPrices, now: ModelPrices, old: PriceBook, new: PriceBook
) -> Iterator[Change]:
    """Yield the prices that differ, once for as long as they differ in the same way."""
    last: dict[_PriceKey, tuple[Price | None, Price | None]] = {}
    for start in starts_of(was.periods, now.periods):
        before, after = _prices(was.periods, start), _prices(now.periods, start)
        differing = {
            key: (before.get(key), after.get(key))
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        }
        for key, pair in differing.items():
            if last.get(key) != pair:
                unit = new.units[key[0]] if key[0] in new.units else old.units[key[0]]
                yield _price_change(was, start, key, pair, unit)
        last = differing


def _prices(periods: Sequence[Period], start: Start) -> dict[_PriceKey, Price]:
    held = in_force(periods, start)
    rates = held.rates if held else ()
    return {(r.unit, r.service_tier, r.window, r.above): r.price for r in rates}


def _price_change(
    model: ModelPrices,
    start: Start,
    key: _PriceKey,
    pair: tuple[Price | None, Price | None],
    unit: Unit,
) -> Change:
    old, new = pair
    name, service_tier, window, above = key
    per = quote_count([price for price in pair if isinstance(price, Fraction)], unit)
    ratio = None
    if isinstance(old, Fraction) and isinstance(new, Fraction) and old:
        ratio = new / old
    return Change(
        "price added" if old is None else "price removed" if new is None else "price",
        model.provider,
        model.name,
        start,
        name,
        service_tier,
        window,
        above,
        _quote(old, per),
        _quote(new, per),
        per,
        ratio,
    )


def _quote(price: Price | None, per: int) -> Decimal | str | None:
    if isinstance(price, Special):
        return price.value
    return None if price is None else as_decimal(price * per)


def _shown(quote: Decimal | str | None) -> str:
    return "none" if quote is None else f"{quote:f}" if isinstance(quote, Decimal) else quote
