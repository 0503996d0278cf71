"""A price book: every model's rates under one set of rules, at one scale."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from .book_file import read_file, text_table, write_file
from .contract import terms, with_contract
from .format import book_table, digest, read_table
from .lookup import Found, ModelNames
from .periods import Start
from .rates import ModelPrices
from .refusal import refusal
from .rules import PRICE_RULES, PriceRules
from .units import Unit, UnitSet
from .validate import check_book, checked_models
from .validate_steps import check_steps


@dataclass(frozen=True)
class PriceBook:
    """Prices of models, frozen, checked and in canonical order.

    Models are held by (provider, name), the rates of a period by what they price, whatever order
    they come in: books of the same content are equal, and so are their model indices.

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

    Raises
    ------
    TypeError, ValueError
        Something in it is wrong; the message names model, period, field, expected and found.
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

    def __post_init__(self) -> None:
        """Check every part, and put the parts in order."""
        if self.public is not None:
            if not isinstance(self.public, PriceBook):
                raise TypeError(f"public: expected a PriceBook, found {self.public!r}")
            if self.public.public is not None or self.public.currency != self.currency:
                found = f"{self.public.name!r} in {self.public.currency}"
                raise refusal("public", f"list prices in {self.currency}", found)
        check_book(self)
        ordered = {
            "models": checked_models(self.models, self.units),
            "own_units": tuple(sorted(self.own_units, key=lambda unit: unit.name)),
            "discounts": tuple(sorted(self.discounts)),
        }
        for field, value in ordered.items():
            object.__setattr__(self, field, value)
        if self.rules.by_unit:
            check_steps(self.models)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def units(self) -> UnitSet:
        """The units it knows."""
        return UnitSet(self.own_units)

    @cached_property
    def fingerprint(self) -> str:
        """BLAKE2b of the canonical content, 32 hexadecimal digits; equal books have the same."""
        return digest(self.to_dict())

    @cached_property
    def _names(self) -> ModelNames:
        return ModelNames(self.models)

    def lookup(self, provider: str | None, name: str) -> Found:
        """Return which model a ledger's name means.

        In this order: the model of that (provider, name); where no provider is given, the only
        model of that name; the alias; the longest pattern that matches. A provider that is given
        holds throughout: a model of another one is never found, and of a provider that the book
        does not have everything is unknown. Capitals count.

        Parameters
        ----------
        provider : str or None
            None or ``""`` where none is given.
        name : str

        Returns
        -------
        int or Status
            Index into `models`, or `Status.UNKNOWN_MODEL`, or `Status.AMBIGUOUS_MODEL` where two
            models fit equally well, whatever they cost. A status is an integer too: tell them
            apart by ``isinstance(found, Status)``.

        Raises
        ------
        TypeError
            `provider` or `name` is no text.
        """
        if not isinstance(provider, str | None):
            raise TypeError(f"provider: expected text or None, found {provider!r}")
        if not isinstance(name, str):
            raise TypeError(f"name: expected text, found {name!r}")
        return self._names.find(provider or "", name)

    def overlay(self, contract: PriceBook, *, start: Start = None) -> PriceBook:
        """Return this book with a contract laid over it, model by model.

        From `start` on (and from each period of the contract on), what the contract prices, a
        unit at a service tier, has the contract's rates alone, for every context tier and window;
        everything else keeps this book's. Models that this book lacks are added. `public` of the
        result is the list book: this one, or its own `public`.

        Parameters
        ----------
        contract : PriceBook
            Its models' rates, windows, aliases and patterns count. Terms are for `with_terms`.
        start : date, datetime with a time zone, or None
            None: from the contract's own beginning.

        Raises
        ------
        TypeError
            `contract` or `start` is something else.
        ValueError
            The books differ in currency or in how rates apply; the contract has discounts, a fee,
            multipliers or fallbacks; or a window of the same name has other hours.
        """
        if not isinstance(contract, PriceBook):
            raise TypeError(f"contract: expected a PriceBook, found {type(contract).__name__}")
        models, own_units = with_contract(self, contract, start)
        return replace(
            self,
            name=f"{self.name} + {contract.name}",
            models=models,
            own_units=own_units,
            public=self.public or self,
        )

    def with_terms(
        self,
        *,
        discounts: Mapping[str, object] | None = None,
        margin: object = 0,
        fee: object = 0,
    ) -> PriceBook:
        """Return this book with factors on its prices and a fee on each request.

        Parameters
        ----------
        discounts : mapping of provider to factor, optional
            ``"0.95"`` or ``"19/20"`` for 5 % off; provider ``""`` is all of them.
        margin : int, str, Decimal or Fraction
            Added to every price, as a share of it: ``"0.2"`` makes 1 into 1.2.
        fee : int, str, Decimal or Fraction
            Added to the fee of each request, in the currency.

        Returns
        -------
        PriceBook
            Factors multiply those that were there, fees add up; `public` is the list book.

        Raises
        ------
        ValueError
            A float, or a negative factor, margin or fee.
        """
        factors, whole_fee = terms(self, discounts or {}, margin, fee)
        return replace(self, discounts=factors, fee=whole_fee, public=self.public or self)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> PriceBook:
        """Return the book that a table of the format describes; `docs/price_book.md` has it.

        Raises
        ------
        TypeError
            `table` is no mapping.
        ValueError
            Something in it is unknown or wrong; the message says where.
        """
        if not isinstance(table, Mapping):
            raise TypeError(f"table: expected a mapping, found {type(table).__name__}")
        values = read_table(table)
        if "public" in table:
            values["public"] = cls(**read_table(table["public"], "public"))
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the book as a table of text, integers, lists and tables; reads back equal."""
        table = book_table(self)
        if self.public is not None:
            table["public"] = book_table(self.public)
        return table

    @classmethod
    def from_text(cls, text: str | bytes, form: str = "toml") -> PriceBook:
        """Return the book that a text in ``"toml"`` or ``"json"`` describes.

        Raises
        ------
        TypeError, ValueError
            As `from_dict`; or it is no text of that form, or larger than 64 MiB.
        """
        return cls.from_dict(text_table(text, form))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> PriceBook:
        """Return the book in a file; its name ends in ``.toml`` or ``.json``.

        Raises
        ------
        OSError
            The file cannot be read.
        TypeError, ValueError
            As `from_text`; the message begins with the path.
        """
        return read_file(path, cls.from_text)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the book to a file ending in ``.toml`` or ``.json``, whole or not at all.

        Raises
        ------
        OSError
            The file cannot be written.
        ValueError
            The name ends otherwise.
        """
        write_file(path, self.to_dict())
