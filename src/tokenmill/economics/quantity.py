"""One value of a scenario: a number or a distribution, with its source and confidence grade."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from .. import montecarlo
from .fields import Field
from .forms import FORMS, Arguments, Form, order_fault
from .refusal import ScenarioError, describe, join, nearest, one_of, shown

# Beyond this a product of a few parameters could overflow and turn a cost into NaN.
LARGEST = 1e15
GRADES = ("A", "B", "C", "D")
_KINDS: dict[str, Callable[..., montecarlo.Distribution]] = {
    "constant": montecarlo.Constant,
    "uniform": montecarlo.Uniform,
    "loguniform": montecarlo.LogUniform,
    "normal": montecarlo.Normal,
    "lognormal": montecarlo.LogNormal,
    "truncated_normal": montecarlo.TruncatedNormal,
    "triangular": montecarlo.Triangular,
    "exponential": montecarlo.Exponential,
    "weibull": montecarlo.Weibull,
    "pareto": montecarlo.Pareto,
    "logistic": montecarlo.Logistic,
    "pert": montecarlo.PERT,
    "beta": montecarlo.Beta,
    "discrete": montecarlo.Discrete,
}
_NOTES = ("source", "date", "confidence", "stream")


@dataclass(frozen=True)
class Quantity:
    """A number or a distribution, and what it rests on.

    Attributes
    ----------
    name : str
        Name of the distribution, "constant" for a number.
    arguments : tuple of (str, float or tuple of float)
    source, date, confidence : str
        "" where the file does not say; grades are A (several figures agree) to D (unverified).
    stream : str
        Values of the same stream draw the same uniform; "" for the parameter's own stream.
    """

    name: str
    arguments: tuple[tuple[str, Any], ...]
    source: str = ""
    date: str = ""
    confidence: str = ""
    stream: str = ""

    @classmethod
    def of(cls, value: float) -> Quantity:
        """Wrap a number."""
        return cls("constant", (("value", float(value)),))

    @property
    def is_constant(self) -> bool:
        """Whether every scenario has the same value."""
        return self.name == "constant"

    @property
    def centre(self) -> float:
        """The median."""
        return self.quantile(0.5)

    def quantile(self, level: float) -> float:
        """Return the value that a share `level` of the draws stays below."""
        return float(self.distribution().ppf(level))

    def distribution(self) -> montecarlo.Distribution:
        """Return it as a distribution of :mod:`tokenmill.montecarlo`."""
        arguments = dict(self.arguments)
        if self.name == "lognormal" and "mean" in arguments:
            return montecarlo.LogNormal.from_mean_std(**arguments)
        if self.name == "lognormal" and "p05" in arguments:
            return montecarlo.LogNormal.from_quantiles(arguments["p05"], arguments["p95"])
        return _KINDS[self.name](**arguments)

    def __str__(self) -> str:
        if self.is_constant:
            return f"{self.arguments[0][1]:g}"
        parts = []
        for key, value in self.arguments:
            numbers = value if isinstance(value, tuple) else (value,)
            parts.append(f"{key} {', '.join(f'{number:g}' for number in numbers)}")
        return f"{self.name}({', '.join(parts)})"


def parse_quantity(
    file: str, key: str, value: object, field: Field, sources: Mapping[str, str]
) -> Quantity:
    """Read one value of a scenario.

    Parameters
    ----------
    file, key : str
        For messages: the file and the dotted path of the value.
    value : object
        As TOML gives it: a number, or a table with ``dist`` and its arguments.
    field : Field
        What the value is for; it has to stay in the field's domain.
    sources : mapping of str to str
        Citations by short name; a ``source`` that is none of these names is a citation itself.

    Raises
    ------
    ScenarioError
    """
    if not isinstance(value, dict):
        number = _number(file, key, value, "a number or a distribution")
        return _in_domain(file, key, Quantity.of(number), field)
    if not value.keys() & {"dist", "value"}:
        expected = "a table with value, or with dist and its arguments"
        raise ScenarioError(file, key, expected, describe(value))
    name = value.get("dist", "constant")
    if not isinstance(name, str):
        raise ScenarioError(file, f"{key}.dist", "the name of a distribution", describe(name))
    if name not in FORMS:
        found = f"{shown(name)}{nearest(name, FORMS)}"
        raise ScenarioError(file, f"{key}.dist", one_of(FORMS), found)
    form = _form(file, key, name, value)
    arguments = _arguments(file, key, form, value)
    notes = {word: _note(file, f"{key}.{word}", value.get(word, ""), word) for word in _NOTES}
    notes["source"] = _citation(file, f"{key}.source", notes["source"], sources)
    return _in_domain(file, key, Quantity(name, tuple(arguments.items()), **notes), field)


def _number(file: str, key: str, value: object, expected: str = "a number") -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScenarioError(file, key, expected, describe(value))
    if not -LARGEST <= value <= LARGEST:
        expected = f"a finite number of at most {LARGEST:g} in size"
        raise ScenarioError(file, key, expected, describe(value))
    return float(value)


def _numbers(file: str, key: str, value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        raise ScenarioError(file, key, "an array of numbers", describe(value))
    return tuple(_number(file, f"{key}[{index}]", item) for index, item in enumerate(value))


def _form(file: str, key: str, name: str, table: Mapping[str, Any]) -> Form:
    given = set(table) - {"dist", *_NOTES}
    known: set[str] = set()
    for form in FORMS[name]:
        known |= {*form.required, *form.optional}
        if set(form.required) <= given <= {*form.required, *form.optional}:
            return form
    for word in sorted(given - known):
        allowed = (*sorted(known), *_NOTES)
        found = f"the unknown key {shown(word)}{nearest(word, allowed)}"
        raise ScenarioError(file, join(key, word), f"a key of {name}: {one_of(allowed)}", found)
    forms = " or ".join(" and ".join(form.required) for form in FORMS[name])
    raise ScenarioError(file, key, f"{name} with {forms}", ", ".join(sorted(given)) or "neither")


def _arguments(
    file: str, key: str, form: Form, table: Mapping[str, Any]
) -> dict[str, float | tuple[float, ...]]:
    arguments: dict[str, Any] = {}
    for word in (*form.required, *form.optional):
        if word in ("values", "weights") and word in table:
            arguments[word] = _numbers(file, f"{key}.{word}", table[word])
        elif word in table:
            arguments[word] = _number(file, f"{key}.{word}", table[word])
    for word in form.positive:
        if word in arguments and arguments[word] <= 0.0:
            raise ScenarioError(file, f"{key}.{word}", "a number > 0", describe(arguments[word]))
    fault = order_fault(form, arguments)
    if fault:
        raise ScenarioError(file, key, *fault)
    _check_weights(file, f"{key}.weights", arguments)
    return arguments


def _check_weights(file: str, key: str, arguments: Arguments) -> None:
    weights = arguments.get("weights")
    if weights is None:
        return
    count = len(arguments["values"])
    if len(weights) != count:
        raise ScenarioError(file, key, f"{count} weights, one per value", f"{len(weights)}")
    if min(weights) < 0.0 or sum(weights) <= 0.0:
        raise ScenarioError(file, key, "weights >= 0 with a positive sum", f"{list(weights)}")


def _note(file: str, key: str, value: object, word: str) -> str:
    if word == "date" and isinstance(value, datetime.date):
        return value.isoformat()
    if not isinstance(value, str) or not value.isprintable():
        raise ScenarioError(file, key, "printable text on one line", describe(value))
    if word == "confidence" and value not in ("", *GRADES):
        raise ScenarioError(file, key, one_of(GRADES), describe(value))
    return value


def _citation(file: str, key: str, source: str, sources: Mapping[str, str]) -> str:
    """Return the citation that `source` names or is; a word like a name is taken for a typo."""
    hint = nearest(source, sources) if source not in sources and " " not in source else ""
    if hint:
        raise ScenarioError(file, key, "a name of [sources] or a citation", shown(source) + hint)
    return sources.get(source, source)


def _in_domain(file: str, key: str, quantity: Quantity, field: Field) -> Quantity:
    arguments = dict(quantity.arguments)
    form = next(form for form in FORMS[quantity.name] if arguments.keys() >= set(form.required))
    low, high = form.support(arguments)
    if not field.domain.holds(low, high, attained=form.attained):
        found = f"{low:g}" if quantity.is_constant else f"{quantity.name} from {low:g} to {high:g}"
        if not isfinite(high):
            found += " (truncated_normal has bounds)"
        raise ScenarioError(file, key, str(field), found)
    try:
        quantity.distribution()
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ScenarioError(file, key, f"a valid {quantity.name}", str(error)) from None
    return quantity
