"""What the values of the catalogue are: kinds, units, ranges, and what each rests on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar

from .refusal import describe, one_of, shown

GRADES = ("A", "B", "C", "D")
# Beyond these a product of a few values could overflow and turn a cost into NaN.
LARGEST = 1e18
MOST = 10**9
_LONGEST_TEXT = 1000
_MOST_VALUES = 100

T = TypeVar("T", bound="Entry")


class UnverifiedWarning(UserWarning):
    """A value of grade D is used: no source could be checked."""


class Range(NamedTuple):
    """A value that is known as a range; ``low <= typical <= high``."""

    low: float
    typical: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """What a value rests on.

    Attributes
    ----------
    source, date : str
        "" where nobody said; a date is a year, a month, a day or a range of them.
    confidence : str
        A: several published figures agree, B: one good source, C: judgement, D: could not be
        verified; "" for values of the user's own.
    """

    source: str = ""
    date: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class Spec:
    """What a field of an entry may hold.

    Attributes
    ----------
    kind : str
        A key of `READERS`.
    unit : str
        "" for a number without one.
    low, high : float
        The least and the greatest value.
    choices : tuple of str
        The words a text is limited to, or none.
    optional : bool
        Whether None, for "not known" or "has none", is legal.
    """

    kind: str
    unit: str = ""
    low: float = 0.0
    high: float = LARGEST
    choices: tuple[str, ...] = ()
    optional: bool = False

    def read(self, value: object) -> Any:
        """Return the value as the entry holds it.

        Raises
        ------
        TypeError, ValueError
            It is of another kind, or out of range.
        """
        return READERS[self.kind](self, value)

    def __str__(self) -> str:
        if self.choices:
            return one_of(self.choices)
        unit = f" {self.unit}" if self.unit else ""
        return _EXPECTED[self.kind].format(low=self.low, high=self.high, unit=unit)


def _number(spec: Spec, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise TypeError
    # An integer of thousands of digits does not fit a float, and a Decimal may be a NaN that traps.
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError
    try:
        number = float(value)
    except OverflowError:
        raise ValueError from None
    if not (isfinite(number) and spec.low <= number <= spec.high):
        raise ValueError
    return number


def _count(spec: Spec, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError
    if not spec.low <= int(value) <= spec.high:
        raise ValueError
    return int(value)


def _money(spec: Spec, value: object) -> Decimal:
    """Return an exact amount; a float is refused, since it has lost the digits of the price."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    amount = Decimal(value)
    if not (amount.is_finite() and spec.low <= amount <= spec.high):
        raise ValueError
    return amount


def _range(spec: Spec, value: object) -> Range:
    """Return a range; one number stands for a range without width."""
    if isinstance(value, Mapping):
        if set(value) != set(Range._fields):
            raise TypeError
        value = tuple(value[key] for key in Range._fields)
    if isinstance(value, tuple):
        if len(value) != len(Range._fields):
            raise TypeError
        found = Range(*(_number(spec, one) for one in value))
    else:
        found = Range(*[_number(spec, value)] * 3)
    if not found.low <= found.typical <= found.high:
        raise ValueError
    return found


def _numbers(spec: Spec, value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    if len(value) > _MOST_VALUES:
        raise ValueError
    return tuple(_number(spec, one) for one in value)


def _flag(spec: Spec, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(spec: Spec, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    text = " ".join(value.split())
    if not text.isprintable() or len(text) > _LONGEST_TEXT:
        raise ValueError
    if spec.choices and text not in spec.choices:
        raise ValueError
    return text


def _texts(spec: Spec, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    if len(value) > _MOST_VALUES:
        raise ValueError
    return tuple(_text(spec, one) for one in value)


READERS: dict[str, Callable[[Spec, object], Any]] = {
    "number": _number,
    "count": _count,
    "money": _money,
    "range": _range,
    "numbers": _numbers,
    "flag": _flag,
    "text": _text,
    "texts": _texts,
}
_EXPECTED = {
    "number": "a number from {low:g} to {high:g}{unit}",
    "count": "a whole number from {low:.0f} to {high:.0f}{unit}",
    "money": "an exact amount from {low:g} to {high:g}{unit}",
    "range": "a number from {low:g} to {high:g}{unit}, or low <= typical <= high of such",
    "numbers": f"at most {_MOST_VALUES} numbers from {{low:g}} to {{high:g}}{{unit}}",
    "flag": "true or false",
    "text": f"printable text of at most {_LONGEST_TEXT} characters",
    "texts": f"at most {_MOST_VALUES} printable texts of at most {_LONGEST_TEXT} characters",
}


def field(kind: str, unit: str = "", *, default: Any = dataclasses.MISSING, **limits: Any) -> Any:
    """Return a dataclass field that holds a value of the catalogue.

    Parameters
    ----------
    kind, unit : str
        As in `Spec`.
    default : object, optional
        The field has to be given unless there is one; None means "not known".
    **limits
        ``low``, ``high`` and ``choices`` of `Spec`.
    """
    if kind == "count":
        limits.setdefault("high", MOST)
    spec = Spec(kind, unit, optional=default is None, **limits)
    return dataclasses.field(default=default, metadata={"spec": spec})


def specs(kind: type[Entry]) -> dict[str, Spec]:
    """Return what the fields of a kind of entry may hold, by name."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(kind) if "spec" in f.metadata}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the catalogue; a kind of entry adds its fields.

    Attributes
    ----------
    name : str
        Its key in the catalogue, "" for what was made elsewhere.
    title, note : str
    aliases : tuple of str
        Other names; capitals and punctuation never count.
    evidence : Evidence
        What the entry rests on.
    exceptions : tuple of (str, Evidence)
        The fields that rest on something else.

    Raises
    ------
    TypeError, ValueError
        A field is of another kind or out of range; the message names it.
    """

    name: str = field("text", default="")
    title: str = field("text", default="")
    note: str = field("text", default="")
    aliases: tuple[str, ...] = field("texts", default=())
    evidence: Evidence = dataclasses.field(default=Evidence(), compare=False)
    exceptions: tuple[tuple[str, Evidence], ...] = dataclasses.field(default=(), compare=False)

    def __post_init__(self) -> None:
        for name, spec in specs(type(self)).items():
            value = getattr(self, name)
            if value is None and spec.optional:
                continue
            try:
                value = spec.read(value)
            except (TypeError, ValueError) as error:
                message = f"{name}: expected {spec}, found {_shown(value)}"
                raise type(error)(message) from None
            object.__setattr__(self, name, value)

    def evidence_of(self, name: str) -> Evidence:
        """Return what a field rests on.

        Raises
        ------
        ValueError
            There is no such field.
        """
        if name not in specs(type(self)):
            raise ValueError(f"field: expected a field of {type(self).__name__}, found {name!r}")
        return dict(self.exceptions).get(name, self.evidence)

    @property
    def unverified(self) -> tuple[str, ...]:
        """The fields of grade D that hold a value."""
        return tuple(
            name
            for name in specs(type(self))
            if name not in _ABOUT
            and getattr(self, name) is not None
            and self.evidence_of(name).confidence == "D"
        )


# Fields that describe an entry and carry no figure.
_ABOUT = frozenset(specs(Entry)) | {"vendor", "generation", "process", "year"}


def _shown(value: object) -> str:
    """Describe a value that came from Python; a long text is cut."""
    known = isinstance(value, bool | int | float | str | list | dict)
    return describe(value) if known else f"{type(value).__name__} {shown(repr(value))}"
