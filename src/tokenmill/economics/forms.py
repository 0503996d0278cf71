"""How a scenario file writes a distribution: its name, its arguments and where they may lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """One way to write a distribution.

    Attributes
    ----------
    required, optional : tuple of str
        Its arguments.
    support : callable
        Least and greatest value it can take, from the arguments.
    ordered : tuple of str
        Arguments that must not fall in this order; `strict` ones must rise.
    positive : tuple of str
        Arguments that must be > 0.
    attained : bool
        Whether the ends of the support count as values.
    """

    required: tuple[str, ...]
    support: Callable[[Arguments], tuple[float, float]]
    optional: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    strict: bool = True
    positive: tuple[str, ...] = ()
    attained: bool = True


def _bounds(a: Arguments) -> tuple[float, float]:
    return a.get("low", 0.0), a.get("high", 1.0)


def _positive_line(a: Arguments) -> tuple[float, float]:
    return 0.0, inf


def _whole_line(a: Arguments) -> tuple[float, float]:
    return -inf, inf


def _log_normal(*required: str, ordered: bool = False) -> Form:
    return Form(
        required,
        _positive_line,
        ordered=required if ordered else (),
        positive=tuple(word for word in required if word != "mu"),
        attained=False,
    )


_PAIR = ("low", "high")
_THREE = ("low", "mode", "high")

FORMS: dict[str, tuple[Form, ...]] = {
    "constant": (Form(("value",), lambda a: (a["value"], a["value"])),),
    "uniform": (Form(_PAIR, _bounds, ordered=_PAIR),),
    "loguniform": (Form(_PAIR, _bounds, ordered=_PAIR, positive=_PAIR),),
    "normal": (Form(("mu", "sigma"), _whole_line, positive=("sigma",), attained=False),),
    "lognormal": (
        _log_normal("mu", "sigma"),
        _log_normal("mean", "std"),
        _log_normal("p05", "p95", ordered=True),
    ),
    "truncated_normal": (
        Form(("mu", "sigma", *_PAIR), _bounds, ordered=_PAIR, positive=("sigma",)),
    ),
    "triangular": (Form(_THREE, _bounds, ordered=_THREE, strict=False),),
    "exponential": (Form(("mean",), _positive_line, positive=("mean",), attained=False),),
    "weibull": (
        Form(("shape", "scale"), _positive_line, positive=("shape", "scale"), attained=False),
    ),
    "pareto": (
        Form(
            ("shape", "scale"),
            lambda a: (a["scale"], inf),
            positive=("shape", "scale"),
            attained=False,
        ),
    ),
    "logistic": (Form(("mu", "scale"), _whole_line, positive=("scale",), attained=False),),
    "pert": (
        Form(
            _THREE,
            _bounds,
            optional=("peakedness",),
            ordered=_THREE,
            strict=False,
            positive=("peakedness",),
        ),
    ),
    "beta": (
        Form(("alpha", "beta"), _bounds, optional=_PAIR, ordered=_PAIR, positive=("alpha", "beta")),
    ),
    "discrete": (
        Form(("values",), lambda a: (min(a["values"]), max(a["values"])), optional=("weights",)),
    ),
}


def order_fault(form: Form, arguments: Arguments) -> tuple[str, str] | None:
    """Return what the order of the arguments should be and what it is, None where it is right."""
    words = [word for word in form.ordered if word in arguments]
    values = [arguments[word] for word in words]
    if len(values) < 2:
        return None
    pairs = zip(values, values[1:], strict=False)
    rising = all(a < b or (a == b and not form.strict) for a, b in pairs)
    if rising and values[0] < values[-1]:
        return None
    found = ", ".join(f"{word} = {value:g}" for word, value in zip(words, values, strict=True))
    sign = " < " if form.strict else " <= "
    return f"{sign.join(words)}{'' if form.strict else ', not all equal'}", found
