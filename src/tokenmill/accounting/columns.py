"""What the columns of a ledger count, under a convention: which parts of which, and who tiers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .litellm_split import SUBTRACTED, holding
from .rules import PriceRules, UsageConvention
from .units import INPUT, OUTPUT, UNITS, Unit, specific_first

Matrix = NDArray[np.int8]

_INPUT = UNITS[INPUT]
_OUTPUT = UNITS[OUTPUT]
_CACHED = ("cache_read", "cache_write")

MOST_COLUMNS = 64


@dataclass(frozen=True, eq=False)
class Columns:
    """The counted units, in the order in which kernels read them, and how they overlap.

    Attributes
    ----------
    units : tuple of Unit
    leaf : int8 (columns, columns)
        Row c: what only unit c counts, as a sum of columns with these factors.
    basis : int8 (columns,)
        What context tiers look at.
    within : int8 (2, columns)
        Input, and output, less every part of it; rows where one is negative need a closer look.
    nested : uint8 (columns,)
        1 for parts of a part.
    tokens : int8 (columns,)
        All of input and output.
    """

    units: tuple[Unit, ...]
    convention: UsageConvention
    leaf: Matrix
    basis: Matrix
    within: Matrix
    nested: NDArray[np.uint8]
    tokens: Matrix

    def index(self, name: str) -> int:
        """Return the column of a unit, -1 where it is not counted."""
        for c, unit in enumerate(self.units):
            if unit.name == name:
                return c
        return -1

    @property
    def names(self) -> tuple[str, ...]:
        """The units' names."""
        return tuple(unit.name for unit in self.units)


def columns_of(units: Iterable[Unit], convention: UsageConvention, rules: PriceRules) -> Columns:
    """Return how the counted `units` overlap under a convention.

    Raises
    ------
    ValueError
        More units than the kernel takes.
    """
    ordered = tuple(sorted(units, key=_place))
    if len(ordered) > MOST_COLUMNS:
        raise ValueError(f"usage: expected at most {MOST_COLUMNS} counts, found {len(ordered)}")
    totals = {unit: _reported(unit, ordered, convention) for unit in ordered}
    return Columns(
        ordered,
        convention,
        _leaves(ordered, totals),
        _basis(ordered, totals, rules.tier_basis),
        np.stack([_within(ordered, totals, root) for root in (_INPUT, _OUTPUT)]),
        np.array([_is_nested(unit, ordered, convention) for unit in ordered], np.uint8),
        _basis(ordered, totals, "input+output"),
    )


def _place(unit: Unit) -> tuple[int, int, int, str]:
    """Order columns: input and its parts, output and its parts, the rest."""
    side = {INPUT: 0, OUTPUT: 1}.get(unit.direction, 2)
    return (0 if unit.is_token else 1, side, len(unit.properties), unit.name)


def outermost(units: Iterable[Unit]) -> list[Unit]:
    """Return the units that no other of them contains."""
    units = list(units)
    return [unit for unit in units if not any(other.contains(unit) for other in units)]


def is_cached(unit: Unit) -> bool:
    """Whether a token unit counts what was read from or written to a cache."""
    return unit.is_token and any(("type", kind) in unit.properties for kind in _CACHED)


def _is_reasoning(unit: Unit) -> bool:
    return ("type", "reasoning") in unit.properties


def _reported(unit: Unit, units: tuple[Unit, ...], convention: UsageConvention) -> Matrix:
    """Return what `unit` counts with all its parts, as factors of the columns."""
    factors = np.zeros(len(units), np.int8)
    factors[units.index(unit)] = 1
    beside: list[Unit] = []
    if unit == _INPUT and not convention.cache_in_input:
        beside = [other for other in units if is_cached(other)]
    if unit == _OUTPUT and not convention.reasoning_in_output:
        beside = [other for other in units if _is_reasoning(other)]
    for other in outermost(beside):
        factors[units.index(other)] = 1
    return factors


def _leaves(units: tuple[Unit, ...], totals: dict[Unit, Matrix]) -> Matrix:
    """Return each unit's total less the leaves of all its parts."""
    found: dict[Unit, Matrix] = {}
    for unit in specific_first(frozenset(units)):
        leaf = totals[unit].copy()
        for part, factors in found.items():
            if unit.contains(part):
                leaf -= factors
        found[unit] = leaf
    return np.stack([found[unit] for unit in units])


def _basis(units: tuple[Unit, ...], totals: dict[Unit, Matrix], basis: str) -> Matrix:
    """Return what context tiers look at; without a column of all input, the sum of its parts."""
    found = _whole(units, totals, _INPUT)
    if basis == "uncached":
        for unit in outermost(unit for unit in units if is_cached(unit)):
            found[units.index(unit)] -= 1
    elif basis == "input+output":
        found += _whole(units, totals, _OUTPUT)
    return found


def _whole(units: tuple[Unit, ...], totals: dict[Unit, Matrix], root: Unit) -> Matrix:
    if root in totals:
        return totals[root].copy()
    factors = np.zeros(len(units), np.int8)
    for unit in outermost(unit for unit in units if root.contains(unit)):
        factors[units.index(unit)] = 1
    return factors


def _within(units: tuple[Unit, ...], totals: dict[Unit, Matrix], root: Unit) -> Matrix:
    if root not in totals:
        return np.zeros(len(units), np.int8)
    parts = np.array([root.contains(unit) for unit in units], np.int8)
    return np.asarray(totals[root] - parts, np.int8)


def _is_nested(unit: Unit, units: tuple[Unit, ...], convention: UsageConvention) -> bool:
    """Whether `unit` is part of another column than input and output as a whole."""
    roots = (_INPUT, _OUTPUT)
    inside = any(root.contains(unit) for root in roots)
    explicit = convention.overlap == "litellm" and inside and unit.name not in SUBTRACTED
    return explicit or any(other.contains(unit) and other not in roots for other in units)


def orphaned(columns: Columns, c: int, priced: frozenset[Unit], rules: PriceRules) -> bool:
    """Whether unit c is part of a priced unit that the ledger does not count, and cannot derive.

    All of input and output are never derived; where cached tokens or reasoning are counted beside
    them, there is nothing to derive.
    """
    unit = columns.units[c]
    totals = holding(unit, priced, columns.convention)
    missing = [other for other in totals if other.contains(unit) and other not in columns.units]
    if rules.missing_total == "flag":
        return bool(missing)
    beside_input = not columns.convention.cache_in_input
    beside_output = not columns.convention.reasoning_in_output
    return (_INPUT in missing and not beside_input) or (_OUTPUT in missing and not beside_output)
