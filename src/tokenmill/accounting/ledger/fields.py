"""Which column of a ledger is which field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..nearest import listed_nearest
from ..rules import UsageConvention
from ..units import UNITS, UnitSet

# Time stamps that are numbers state their unit in the name of the field.
TIME_UNITS = {"time": "", "time_s": "s", "time_ms": "ms", "time_us": "us", "time_ns": "ns"}
TEXT_FIELDS = ("provider", "model", "service_tier", "requested_service_tier", "region")


@dataclass(frozen=True)
class Fields:
    """What was found.

    Attributes
    ----------
    columns : mapping of str to str
        The column of each field; of ``time`` it is under ``time``.
    time_unit : str
        Of time stamps that are numbers.
    units : tuple of str
        The fields that are counts, in the ledger's order.
    added : tuple of (str, str)
        Columns to be added to a unit.
    ignored : tuple of str
        Columns that are no field.
    """

    columns: Mapping[str, str]
    time_unit: str
    units: tuple[str, ...]
    added: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


def find_fields(
    names: list[str],
    convention: UsageConvention,
    columns: Mapping[str, str | None],
    constants: Mapping[str, Any],
    units: UnitSet,
) -> Fields:
    """Return the fields among a ledger's columns.

    A column is found by `columns`, by the convention's names, or by being called like a field, in
    this order; a later rule gives way where an earlier one has found the field.

    Raises
    ------
    ValueError
        Two columns of one rule are the same field; a column is there twice; `columns` names what
        is not there; there is no model, or no count.
    """
    _check_mapping(names, columns, units)
    theirs = dict(convention.columns)
    found: dict[str, str] = {}
    for rule in (columns, theirs, {name: name for name in names if _is_field(name, units)}):
        of_rule: dict[str, str] = {}
        for name in names:
            field = rule.get(name)
            taken = name in found.values() or (name in columns and rule is not columns)
            if field is None or taken or _base(field) in map(_base, found):
                continue
            twin = next((other for other in of_rule if _base(other) == _base(field)), None)
            if twin is not None:
                raise ValueError(
                    f"usage: expected one column for {_base(field)}, found {of_rule[twin]!r} and "
                    f"{name!r}; leave one out with columns={{{name!r}: None}}"
                )
            of_rule[field] = name
        found |= of_rule
    added = tuple(
        (name, unit) for name, unit in convention.added if name in names and name not in columns
    )
    _check_found(names, found, added, constants, convention)
    return _as_fields(names, found, added)


def _as_fields(
    names: list[str], found: Mapping[str, str], added: tuple[tuple[str, str], ...]
) -> Fields:
    counts = Counter(names)
    used = {*found.values(), *(name for name, _unit in added)}
    for name in used:
        if counts[name] > 1:
            raise ValueError(f"usage: expected columns of different names, found {name!r} twice")
    time = next((field for field in found if field in TIME_UNITS), "time")
    return Fields(
        {_base(field): name for field, name in found.items()},
        TIME_UNITS[time],
        tuple(field for field in found if field not in TIME_UNITS and field not in TEXT_FIELDS),
        added,
        tuple(name for name in names if name not in used),
    )


def _base(field: str) -> str:
    return "time" if field in TIME_UNITS else field


def _is_field(name: str, units: UnitSet) -> bool:
    return name in TIME_UNITS or name in TEXT_FIELDS or name in units


def field_names(units: UnitSet) -> list[str]:
    """Return the name of every field."""
    return [*TEXT_FIELDS, *TIME_UNITS, *UNITS, *(unit.name for unit in units.own)]


def _check_mapping(names: list[str], columns: Mapping[str, str | None], units: UnitSet) -> None:
    for name, field in columns.items():
        if name not in names:
            raise ValueError(
                f"columns: expected columns of the ledger, found {name!r}"
                + (listed_nearest(name, names) or f"; it has {_listed(names)}")
            )
        if field is not None and not _is_field(field, units):
            raise ValueError(
                f"columns: expected a field for {name!r}, found {field!r}"
                + listed_nearest(field, field_names(units))
            )


def _check_found(
    names: list[str],
    found: Mapping[str, str],
    added: tuple[tuple[str, str], ...],
    constants: Mapping[str, Any],
    convention: UsageConvention,
) -> None:
    bases = {_base(field): name for field, name in found.items()}
    for field in constants:
        if _base(field) in bases:
            raise ValueError(
                f"constants: expected fields that the ledger lacks, found {field!r}, which is its "
                f"column {bases[_base(field)]!r}; leave that out with columns="
                f"{{{bases[_base(field)]!r}: None}}"
            )
    present = {*bases, *map(_base, constants)}
    if "model" not in present:
        raise ValueError(
            f"usage: expected a column model, or constants={{'model': ...}}, found {_listed(names)}"
        )
    if not added and not present - {"time", *TEXT_FIELDS}:
        raise ValueError(
            f"usage: expected a count, such as {_listed(_examples(convention))}, found "
            f"{_listed(names)}"
        )


def _examples(convention: UsageConvention) -> list[str]:
    named = [name for name, unit in convention.columns if unit in ("input", "output")]
    return named or ["input", "output"]


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "") or "no column"
