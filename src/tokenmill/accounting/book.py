"""A price book: every model's rates under one set of rules, at one scale."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .rates import ModelPrices
from .rules import PRICE_RULES, PriceRules
from .units import Unit, UnitSet


@dataclass(frozen=True)
class PriceBook:
    """Prices of models, frozen.

    Attributes
    ----------
    name, version : str
    models : tuple of ModelPrices
    rules : PriceRules
    currency : str
        ISO 4217.
    own_units : tuple of Unit
        Units beyond the shipped ones.
    discounts : tuple of (provider, factor)
        Factors on every price of a provider (``""``: all), 19/20 for 5 % off.
    fee : Fraction
        Added to each request, in the currency.
    rounding : str
        What a price or a row that is no whole number at the scale does: ``"refuse"``,
        ``"half_even"``, ``"half_up"`` or ``"up"``.
    public : PriceBook or None
        The list prices that this book, a contract, was laid over.
    """

    name: str
    models: tuple[ModelPrices, ...]
    version: str = ""
    rules: PriceRules = PRICE_RULES["native"]
    currency: str = "USD"
    own_units: tuple[Unit, ...] = ()
    discounts: tuple[tuple[str, Fraction], ...] = ()
    fee: Fraction = Fraction(0)
    rounding: str = "refuse"
    public: PriceBook | None = None

    @property
    def units(self) -> UnitSet:
        """The units it knows."""
        return UnitSet(self.own_units)
