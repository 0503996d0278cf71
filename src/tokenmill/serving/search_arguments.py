"""Checks of what a search is asked, and its default choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan
from typing import Any

from .accelerator import Accelerator
from .calibration import Calibration
from .catalogue import accelerator as accelerator_by_name
from .catalogue import model as model_by_name
from .deployment import MODES, Deployment, Workload
from .efficiency import Efficiency
from .grid import Axes, Grid
from .precision import bytes_per_element
from .refusal import nearest
from .resolve import calibration_of, require
from .shape import ModelShape

Prices = float | Mapping[str, float] | None
Precision = str | tuple[str, str, str]
Accelerators = str | Accelerator | Sequence[str | Accelerator]


def _ladder() -> tuple[int, ...]:
    """Return every batch up to 64, then 16 an octave up to 4,096."""
    steps = [round(64 * 2 ** (step / 16)) for step in range(1, 16 * 6 + 1)]
    return (*range(1, 65), *steps)


DEGREES = (1, 2, 4, 8, 16, 32, 64, 128)
PRECISIONS = ("fp8",)
BATCHES = _ladder()


@dataclass(frozen=True)
class Choices:
    """The axes of a search as a caller writes them."""

    usd_per_hour: Prices
    tensor_parallel: Sequence[int]
    data_parallel: Sequence[int]
    expert_parallel: Sequence[int | None]
    precisions: Sequence[Precision]
    batches: Sequence[int]
    mode: str | None
    deployment: Deployment | None
    efficiency: Calibration | Efficiency | None


def checked_limit(name: str, value: float | None) -> float:
    """Return a limit in seconds; None is none."""
    if value is None:
        return inf
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}: expected seconds or None, found {value!r}")
    if not value > 0.0:
        raise ValueError(f"{name}: expected seconds above 0, found {value!r}")
    return float(value)


def make_grid(
    model: str | ModelShape,
    accelerators: Accelerators,
    workload: Workload,
    choices: Choices,
    *,
    needs_price: bool,
) -> tuple[Grid, str]:
    """Return the grid of what is asked, and the serving mode.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.
    """
    shape = model_by_name(model)
    chips = _chips(accelerators)
    require("workload", workload, Workload)
    template = _template(choices.deployment, choices.mode)
    axes = Axes(
        chips,
        _prices(choices.usd_per_hour, chips, needs_price),
        tuple(_precision(one) for one in _items("precisions", choices.precisions)),
        _counts("tensor_parallel", choices.tensor_parallel),
        _counts("data_parallel", choices.data_parallel),
        tuple(
            None if one is None else _count("expert_parallel", one)
            for one in _items("expert_parallel", choices.expert_parallel)
        ),
        _counts("batches", choices.batches),
    )
    return Grid(shape, axes, template, workload, calibration_of(choices.efficiency)), template.mode


def _items(name: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: expected a sequence, found {values!r}")
    items = tuple(values)
    if not items:
        raise ValueError(f"{name}: expected at least one, found none")
    if len(set(items)) != len(items):
        raise ValueError(f"{name}: expected each once, found {items!r}")
    return items


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected integers, found {value!r}")
    number = int(value.__index__())
    if not 1 <= number < 1 << 31:
        raise ValueError(f"{name}: expected integers >= 1, found {number}")
    return number


def _counts(name: str, values: Sequence[int]) -> tuple[int, ...]:
    return tuple(_count(name, value) for value in _items(name, values))


def _chips(accelerators: Accelerators) -> tuple[Accelerator, ...]:
    if isinstance(accelerators, str | Accelerator):
        accelerators = (accelerators,)
    if isinstance(accelerators, Mapping) or not isinstance(accelerators, Iterable):
        found = type(accelerators).__name__
        raise TypeError(f"accelerators: expected one or a sequence of them, found {found}")
    chips = tuple(accelerator_by_name(one) for one in accelerators)
    names = [chip.name for chip in chips]
    _items("accelerators", names)
    return chips


def _precision(given: object) -> tuple[str, str, str]:
    formats = (given, given, "bf16") if isinstance(given, str) else given
    if not isinstance(formats, tuple) or len(formats) != 3:
        raise TypeError(
            "precisions: expected a format or (attention, experts, cache), found " + repr(given)
        )
    for name in formats:
        if not isinstance(name, str):
            raise TypeError(f"precisions: expected names of formats, found {name!r}")
        bytes_per_element(name)
    return formats


def _template(deployment: Deployment | None, mode: str | None) -> Deployment:
    if deployment is None:
        deployment = Deployment()
    require("deployment", deployment, Deployment)
    if mode is None:
        return deployment
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)} or None, found {mode!r}")
    return replace(deployment, mode=mode)


def _price(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}: expected USD per hour, found {value!r}")
    if not (value >= 0.0 and isfinite(value)):
        raise ValueError(f"{name}: expected a finite number >= 0, found {value!r}")
    return float(value)


def _prices(given: Prices, chips: tuple[Accelerator, ...], needs_price: bool) -> tuple[float, ...]:
    if given is None:
        if needs_price:
            raise ValueError("usd_per_hour: expected a price per accelerator-hour, found None")
        return (nan,) * len(chips)
    if not isinstance(given, Mapping):
        return (_price("usd_per_hour", given),) * len(chips)
    by_name = {accelerator_by_name(name).name: value for name, value in given.items()}
    names = [chip.name for chip in chips]
    for name in by_name:
        if name not in names:
            raise ValueError(f"usd_per_hour: {name!r} is not searched{nearest(name, names)}")
    missing = [name for name in names if name not in by_name]
    if missing:
        raise ValueError(f"usd_per_hour: expected a price of {missing[0]!r}, found none")
    return tuple(_price(f"usd_per_hour[{name!r}]", by_name[name]) for name in names)
