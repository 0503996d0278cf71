"""What every importer of a foreign price list shares: exact numbers, their repair, and a report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from .book import PriceBook
from .book_file import LARGEST_FILE
from .rates import ModelPrices, Price, Special
from .scale import decimals

REPAIRS = ("15", "none")

# A double holds at least 15 significant digits of any decimal text: digits beyond them are noise
# of the tool that wrote the file.
_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_EVEN)
_TEXT = re.compile(r"[+-]?(\d{1,60}\.?\d{0,60}|\.\d{1,60})(e[+-]?\d{1,2})?", re.IGNORECASE)
# Fractions of a decimal with a huge exponent would fill the memory.
_EXPONENTS = range(-40, 31)


@dataclass(frozen=True, slots=True)
class Repair:
    """A price that was rounded to 15 significant digits: `found` there, `used` here."""

    model: str
    key: str
    found: str
    used: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something in the file that the book does not hold, and why."""

    model: str
    key: str
    reason: str


@dataclass(frozen=True)
class Import:
    """A book, and what became of the file on the way.

    Attributes
    ----------
    book : PriceBook
    repairs : tuple of Repair
        Every price that is not the file's own text.
    ignored : tuple of Ignored
        Every price, window, name or condition of the file that the book does not hold.
    """

    book: PriceBook
    repairs: tuple[Repair, ...]
    ignored: tuple[Ignored, ...]


@dataclass
class Notes:
    """Collects the report while a file is read."""

    repair: str
    repairs: list[Repair] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a repair that there is not."""
        if self.repair not in REPAIRS:
            raise ValueError(f'repair: expected "15" or "none", found {self.repair!r}')

    def ignore(self, model: str, key: str, reason: str) -> None:
        """Note what the book will not hold."""
        self.ignored.append(Ignored(model, key, reason))

    def price(self, model: str, key: str, value: object) -> Price | None:
        """Return a price exactly, repaired if asked for; None, and noted, where it is no number.

        Any negative number stands for a price that is set per request.
        """
        number = decimal_of(value)
        if number is None:
            self.ignore(model, key, f"no number: {shorten(value)}")
            return None
        if number < 0:
            return Special.DYNAMIC
        if self.repair == "15":
            repaired = _FIFTEEN.plus(number)
            if repaired != number:
                self.repairs.append(Repair(model, key, str(number), str(repaired.normalize())))
            number = repaired
        return Fraction(number)

    def report(self, name: str, models: Iterable[ModelPrices], **book: Any) -> Import:
        """Return the book of these models with what was noted.

        It rounds rows half to even where its prices are repaired, or where one is no decimal.
        """
        models = tuple(models)
        exact_text = self.repair == "none" and all(map(_is_decimal, _fractions(models)))
        rounding = "refuse" if exact_text else "half_even"
        made = PriceBook(name, models, rounding=rounding, **book)
        return Import(made, tuple(self.repairs), tuple(self.ignored))


def _fractions(models: Iterable[ModelPrices]) -> set[Fraction]:
    rates = (rate for model in models for period in model.periods for rate in period.rates)
    return {rate.price for rate in rates if isinstance(rate.price, Fraction)}


def _is_decimal(price: Fraction) -> bool:
    """Whether some number of decimals writes it: its denominator has no prime but 2 and 5."""
    return decimals(price.denominator)[1] == 1


class Fields:
    """One object of the file: prices by key, and which keys nobody asked for.

    Parameters
    ----------
    notes : Notes
    model : str
        Whose object it is, for the report.
    keys : mapping
    path : str
        What stands before a key in the report.
    """

    def __init__(
        self, notes: Notes, model: str, keys: Mapping[str, object], path: str = ""
    ) -> None:
        self.notes = notes
        self.model = model
        self.keys = keys
        self._path = path
        self._prices: dict[str, Price | None] = {}
        self._seen: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.keys

    def raw(self, key: str) -> object:
        """Return what stands there, None where nothing does."""
        self._seen.add(key)
        return self.keys.get(key)

    def price(self, key: str) -> Price | None:
        """Return the price, None where there is none; null is none."""
        if key not in self._prices:
            value = self.raw(key)
            path = self._path + key
            self._prices[key] = None if value is None else self.notes.price(self.model, path, value)
        return self._prices[key]

    def ignore(self, key: str, reason: str) -> None:
        """Note that what stands there is not in the book."""
        self._seen.add(key)
        self.notes.ignore(self.model, self._path + key, reason)

    def unread(self) -> Iterator[str]:
        """Yield the keys that were never asked for, in the order of the file."""
        return (key for key in self.keys if key not in self._seen)


def decimal_of(value: object) -> Decimal | None:
    """Return a number of the file as the decimal it is written as, None where it is none.

    A float, which only a mapping built in Python has, counts as its shortest text.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        text = value.strip()
        if not _TEXT.fullmatch(text):
            return None
        value = text
    elif isinstance(value, int):
        if value.bit_length() > 100:
            return None
    elif not isinstance(value, Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite() or len(number.as_tuple().digits) > 80:
        return None
    if number and number.adjusted() not in _EXPONENTS:
        return None
    return number


def shorten(value: object) -> str:
    """Return a value as it may stand in a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def read_json(source: object, argument: str = "source") -> object:
    """Read a JSON file with its decimals as written; anything but a path is returned as it is.

    Raises
    ------
    ValueError
        The file is too large, no JSON, or nested too deep.
    """
    if not isinstance(source, (str, Path)):
        return source
    path = Path(source)
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise ValueError(f"{argument}: expected at most {LARGEST_FILE} bytes, found more in {path}")
    try:
        return json.loads(data, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"{argument}: expected JSON, found {error} in {path}") from error


def _refuse(text: str) -> object:
    raise ValueError(f"expected a number, found {text}")
