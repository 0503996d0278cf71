"""Ledgers: any table of usage, read in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from ..._native.column import Column
from ..calendar import CalendarKey
from ..conventions import convention_of
from ..rules import UsageConvention
from ..units import UnitSet
from .batch import Batch
from .codes import Coder, text_codes
from .constants import check_constants, constant_column
from .counts import Bad, Counts, either, read_counts, summed
from .fields import Fields, find_fields
from .grouping import Grouping
from .names import Models, ServiceTiers
from .tables import Source, Table, sources
from .times import read_times


class Ledger:
    """Usage from any table or stream of tables, as batches of bounded size. Iterated once.

    Parameters
    ----------
    usage : table, stream, mapping or iterable
        Whatever has ``__arrow_c_stream__`` or ``__arrow_c_array__`` (pandas, Polars, DuckDB,
        pyarrow), a mapping of arrays (NumPy, lists, series, DLPack on the CPU), or an iterable of
        these with the same fields. Numbers are read in place where they can be.
    convention : str or UsageConvention
    columns : mapping of str to str or None, optional
        The field of a column, None to leave it out. Fields are ``provider``, ``model``,
        ``service_tier`` (that served), ``requested_service_tier``, ``region``, ``time``, the same
        as numbers ``time_s``, ``time_ms``, ``time_us``, ``time_ns``, and every unit.
    constants : mapping, optional
        One value of a field, for all rows.
    by : sequence of str or CalendarKey
        What to group by: fields, columns, ``"day"``, ``"month:Europe/Berlin"``.
    units : UnitSet
        The units that a book knows.

    Attributes
    ----------
    convention : UsageConvention
    fields : mapping of str to str
        The column of each field that was found.
    ignored : tuple of str
        Columns that are not read.

    Raises
    ------
    TypeError, ValueError
        Nothing that can be read, here for the first table, or while iterating; the column, what
        was expected and what was found are named.
    """

    def __init__(
        self,
        usage: Any,
        convention: str | UsageConvention,
        *,
        columns: Mapping[str, str | None] | None = None,
        constants: Mapping[str, Any] | None = None,
        by: Iterable[str | CalendarKey] = (),
        units: UnitSet | None = None,
    ) -> None:
        self.convention = convention_of(convention)
        self._columns, self._constants = dict(columns or {}), dict(constants or {})
        self._units = units or UnitSet()
        check_constants(self._constants, self._units)
        self._models, self._service_tiers, self._regions = Models(), ServiceTiers(), Coder()
        self._by = tuple(by)
        self._sources = sources(usage)
        self._fields: Fields | None = None
        first = next(self._sources, None)
        if first is not None:
            self._fields = self._found_in(first)
            present = {*self._fields.columns, *self._constants}
            self._grouping = Grouping(self._by, present, first.names)
            self._sources = chain([first], self._sources)

    @property
    def fields(self) -> Mapping[str, str]:
        """The column of each field that was found."""
        return {} if self._fields is None else dict(self._fields.columns)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that are not read."""
        if self._fields is None:
            return ()
        read = self._grouping.columns()
        return tuple(name for name in self._fields.ignored if name not in read)

    def __iter__(self) -> Iterator[Batch]:
        for source in self._sources:
            fields = self._found_in(source)
            self._check_same(fields, source)
            for table in source.tables:
                if len(table):
                    yield self._batch(table, fields)

    def _found_in(self, source: Source) -> Fields:
        return find_fields(
            source.names, self.convention, self._columns, self._constants, self._units
        )

    def _check_same(self, fields: Fields, source: Source) -> None:
        """Refuse a table that lacks what the first one has, or has more."""
        first = self._fields
        missing = self._grouping.columns() - set(source.names)
        if first is None or set(fields.columns) != set(first.columns) or missing:
            raise ValueError(
                f"usage: expected the fields of the first table, {sorted(self.fields)}, in every "
                f"one, found {sorted(fields.columns)}"
                + (f" without {sorted(missing)}" if missing else "")
            )

    def _batch(self, table: Table, fields: Fields) -> Batch:
        def column(field: str) -> Column | None:
            if field in self._constants:
                return constant_column(len(table), self._constants[field])
            name = fields.columns.get(field)
            return None if name is None else table.column(name)

        model = column("model")
        if model is None:
            raise ValueError("usage: expected a column model, found none")
        region, time = column("region"), column("time")
        times = None
        if time is not None:
            times = read_times(fields.columns.get("time", "time"), time, fields.time_unit)
        counts, bad = self._counts(table, fields, column)
        batch = Batch(
            rows=len(table),
            models=self._models.values,
            model_codes=self._models.codes(column("provider"), model),
            service_tiers=self._service_tiers.values,
            service_codes=self._service_tiers.codes(
                column("service_tier"), column("requested_service_tier")
            ),
            regions=self._regions.values,
            region_codes=None
            if region is None
            else self._regions.recoded(*text_codes("region", region)),
            times=None if times is None else times.values,
            time_zone="UTC" if times is None else times.zone,
            counts=counts,
            bad=bad if times is None else either(bad, times.bad),
            keys={},
        )
        keys, unread = self._grouping.keys(table, batch)
        return replace(batch, keys=keys, bad=either(batch.bad, unread))

    def _counts(
        self, table: Table, fields: Fields, column: Callable[[str], Column | None]
    ) -> tuple[dict[str, Counts], Bad]:
        counts: dict[str, Counts] = {}
        bad: Bad = None
        constant = [field for field in self._constants if field in self._units]
        for unit in (*fields.units, *constant):
            found = column(unit)
            if found is not None:
                counts[unit], unread = read_counts(fields.columns.get(unit, unit), found)
                bad = either(bad, unread)
        for name, unit in fields.added:
            more, unread = read_counts(name, table.column(name))
            counts[unit], beyond = summed(counts.get(unit), more)
            bad = either(either(bad, unread), beyond)
        return counts, bad
