"""Columns to group by, as codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._native.column import Column
from ..calendar import NULL_TIME, CalendarKey, calendar_key, day_codes
from ..nearest import listed_nearest
from .arrays import ArrayColumn
from .batch import Batch, Keys
from .codes import Coder, coded
from .counts import Bad, either, read_counts
from .tables import Table
from .times import read_times

# What is known after a row is charged; whoever charges it makes these keys.
OF_CHARGE = ("status", "price_row")
_OF_FIELDS = ("model", "provider", "service_tier", "region")


class Grouping:
    """The keys that `by` asks for, and their values so far.

    A name is looked up among the fields, then the ledger's columns, then the calendar's words.

    Raises
    ------
    TypeError, ValueError
        Something that is no key, is there twice, or that the ledger does not have.
    """

    def __init__(
        self, by: Iterable[str | CalendarKey], fields: Collection[str], names: Collection[str]
    ) -> None:
        self._coders: dict[str, Coder] = {}
        self._asked: dict[str, str | CalendarKey] = {}
        for key in by:
            if not isinstance(key, str | CalendarKey):
                raise TypeError(f"by: expected names or calendar keys, found {key!r}")
            name = str(key)
            if name in self._asked:
                raise ValueError(f"by: expected each key once, found {name!r} twice")
            if name not in OF_CHARGE:
                self._asked[name] = _looked_up(key, fields, names)
                self._coders[name] = Coder()

    def columns(self) -> set[str]:
        """Return the ledger's columns that are read."""
        keys = self._asked.values()
        named = {key.column for key in keys if isinstance(key, CalendarKey) and key.column}
        return named | {key for key in keys if isinstance(key, str) and key not in _OF_FIELDS}

    def keys(self, table: Table, batch: Batch) -> tuple[dict[str, Keys], Bad]:
        """Return the keys of a batch, and rows where a time stamp of theirs cannot be read."""
        found: dict[str, Keys] = {}
        bad: Bad = None
        for name, key in self._asked.items():
            if isinstance(key, CalendarKey):
                codes, values, unread = _of_calendar(key, table, batch)
                bad = either(bad, unread)
            elif key in _OF_FIELDS:
                codes, values = _of_field(key, batch)
            else:
                codes, values = _of_column(key, table.column(key))
            coder = self._coders[name]
            found[name] = Keys(coder.recoded(codes, values, keep_null=True), coder.values)
        return found, bad


def _looked_up(
    key: str | CalendarKey, fields: Collection[str], names: Collection[str]
) -> str | CalendarKey:
    """Return a field, a column or a calendar key."""
    if isinstance(key, str):
        if key in _OF_FIELDS and key in fields:
            return key
        if key in names:
            return key
        known = calendar_key(key)
        if known is None:
            choices = [*fields, *names, "day", "month", *OF_CHARGE]
            raise ValueError(
                f"by: expected a field or column of the ledger, found {key!r}"
                + listed_nearest(key, choices)
            )
        key = known
    if key.column and key.column not in names:
        raise ValueError(
            f"by: expected a column of the ledger, found {key.column!r}"
            + listed_nearest(key.column, names)
        )
    if not key.column and "time" not in fields:
        raise ValueError(f"by: expected a ledger with the field time for {str(key)!r}, found none")
    return key


def _of_field(field: str, batch: Batch) -> tuple[NDArray[Any], list[Any]]:
    """Return codes and values of a field that is coded already."""
    if field in ("model", "provider"):
        place = ("provider", "model").index(field)
        return batch.model_codes, [pair[place] for pair in batch.models]
    tiers = field == "service_tier"
    codes = batch.service_codes if tiers else batch.region_codes
    if codes is None:
        codes = np.full(batch.rows, -1, np.int32)
    return codes, list(batch.service_tiers if tiers else batch.regions)


def _of_calendar(
    key: CalendarKey, table: Table, batch: Batch
) -> tuple[NDArray[Any], list[Any], Bad]:
    if not key.column:
        null = np.full(batch.rows, NULL_TIME, np.int64)
        return *key.codes(null if batch.times is None else batch.times), None
    times = read_times(key.column, table.column(key.column))
    return *key.codes(times.values), times.bad


def _of_column(name: str, column: Column) -> tuple[NDArray[Any], list[Any]]:
    """Return codes and values of any column whose values can be told apart exactly."""
    kind = column.kind
    if kind == "date":
        return day_codes(read_times(name, column).values)
    if kind == "float":
        return _of_floats(name, column)
    if kind in ("text", "dictionary", "object", "null", "integer", "boolean"):
        return coded(name, column)
    hint = f'; group by day("{name}") or month("{name}")' if kind == "timestamp" else ""
    raise TypeError(
        f"by: expected texts or whole numbers in {name!r}, found {column.type_name}{hint}"
    )


def _of_floats(name: str, column: Column) -> tuple[NDArray[Any], list[Any]]:
    """Return whole numbers that are floats because some are missing, as pandas has them."""
    numbers, bad = read_counts(name, column)
    if bad is not None:
        raise ValueError(f"by: expected whole numbers in {name!r}, found fractions")
    null = np.isnan(column.numbers())
    valid = column.valid()
    if valid is not None:
        null |= ~valid
    return coded(name, ArrayColumn(numbers, ~null))
