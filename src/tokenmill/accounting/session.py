"""One ledger on its way through one or more price books, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import LedgerArrays, RowOutputs
from .book import PriceBook
from .calendar import CalendarKey
from .columns import Columns, columns_of
from .dense import integers
from .groups import Coded, group
from .ledger import Batch, Ledger
from .pricer import Pricer
from .scale import scale_of
from .status import ROUNDED, Status
from .totals import Accumulator, Totals, unpriced_models
from .units import Unit

OF_CHARGE = ("status", "price_row")

_PLAIN_STATUS = np.uint8(0xFF & ~ROUNDED)


class Cancelled(RuntimeError):
    """`progress` returned False."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What a batch came to under the first book, and at list prices."""

    cost: NDArray[Any]
    status: NDArray[np.uint8]
    price_row: NDArray[np.int32]
    per_class: dict[str, NDArray[Any]] = field(default_factory=dict)
    list_cost: NDArray[Any] | None = None
    list_status: NDArray[np.uint8] | None = None


class Session:
    """Charges each batch of a ledger under every book, and adds up by group.

    Parameters
    ----------
    by : sequence or None
        None adds up nothing but statuses.
    wide : bool
        Costs of rows in 128 bits.
    public : PriceBook, optional
        List prices, which come after the other books; its rows are kept too.
    """

    def __init__(
        self,
        ledger: Ledger,
        books: Sequence[PriceBook],
        *,
        by: Sequence[str | CalendarKey] | None,
        threads: int,
        wide: bool,
        public: PriceBook | None = None,
    ) -> None:
        self.ledger = ledger
        self.public = public
        self.books = [*books, *([] if public is None else [public])]
        self.by = tuple(str(key) for key in by or ())
        self.wide = wide
        self.pricers: list[Pricer] = []
        self._threads = threads
        self._columns: list[Columns] = []
        self._sums = [Accumulator() for _ in self.books]
        self._unpriced: dict[tuple[str | None, str | None, Status], tuple[int, int]] = {}
        self._zone: str | None = None
        self._done = 0

    def run(self, progress: Callable[[int, int], object] | None) -> None:
        """Charge every batch, keeping the sums alone."""
        for batch in self.ledger:
            self._charge(batch, False, False)
            self._report(batch, progress)

    def rows(
        self, *, per_class: bool, progress: Callable[[int, int], object] | None
    ) -> Iterator[Rows]:
        """Charge every batch and yield its rows."""
        for batch in self.ledger:
            yield self._charge(batch, True, per_class)
            self._report(batch, progress)

    def _report(self, batch: Batch, progress: Callable[[int, int], object] | None) -> None:
        self._done += batch.rows
        if progress is not None and progress(self._done, 0) is False:
            raise Cancelled(f"cancelled after {self._done} rows")

    def _charge(self, batch: Batch, keep: bool, per_class: bool) -> Rows:
        if not self.pricers:
            self._begin(batch)
        self._check_zone(batch)
        arrays = ledger_arrays(batch, self._columns[0])
        outputs = self._outputs(batch.rows, len(arrays.counts), keep, per_class)
        listed = RowOutputs()
        if self.public is not None:
            listed = self._outputs(batch.rows, 0, keep, False)
        first = self.pricers[0]
        after = any(key in OF_CHARGE for key in self.by)
        if after:
            first.charge(batch, arrays, outputs, None, self._threads)
        grouping = group(
            [self._coded(key, batch, outputs) for key in self.by], len(arrays.counts) + 2
        )
        for pricer, sums in zip(self.pricers, self._sums, strict=True):
            into = outputs if pricer is first else RowOutputs(status=np.zeros(batch.rows, np.uint8))
            if pricer is self._list_pricer:
                into = listed
            found = pricer.charge(batch, arrays, into, grouping.columns, self._threads)
            sums.add(grouping, found)
        self._note_unpriced(batch, arrays, outputs.status)
        if not keep:
            return Rows(_NONE, outputs.status, _NONE)
        return self._rows(outputs, per_class, None if self.public is None else listed)

    @property
    def _list_pricer(self) -> Pricer | None:
        return None if self.public is None else self.pricers[-1]

    def _begin(self, batch: Batch) -> None:
        units = [self.books[0].units[name] for name in batch.counts]
        for book in self.books:
            if book is not self.public:
                _check_units(units, book, self.books[0])
            columns = columns_of(units, self.ledger.convention, book.rules)
            self._columns.append(columns)
            self.pricers.append(Pricer(book, columns, batch.time_zone))

    def _check_zone(self, batch: Batch) -> None:
        """Refuse a second time zone where periods begin by that of the time stamps."""
        self._zone = batch.time_zone if self._zone is None else self._zone
        if self._zone == batch.time_zone != "":
            return
        for book in self.books:
            if book.rules.date_zone == "timestamp" and _begins_on_dates(book):
                raise ValueError(
                    "usage: expected time stamps of one time zone, by which the periods of book "
                    f"{book.name!r} begin, found several"
                )

    def _outputs(self, rows: int, columns: int, keep: bool, per_class: bool) -> RowOutputs:
        def array(asked: bool, dtype: type, *axes: int) -> NDArray[Any]:
            return np.zeros((rows, *axes) if asked else 0, dtype)

        return RowOutputs(
            cost=array(keep and not self.wide, np.int64),
            wide_cost=array(keep and self.wide, np.int64, 2),
            status=array(True, np.uint8),
            price_row=array(keep or "price_row" in self.by, np.int32),
            slot_cost=array(per_class, np.int64, columns, 2),
        )

    def _coded(self, key: str, batch: Batch, outputs: RowOutputs) -> Coded:
        if key == "status":
            return Coded((outputs.status & _PLAIN_STATUS).astype(np.int32), list(Status))
        if key == "price_row":
            rows = self.pricers[0].compiler.rows
            return Coded(outputs.price_row, [row.number for row in rows])
        keys = batch.keys[key]
        return Coded(keys.codes, keys.values)

    def _note_unpriced(self, batch: Batch, arrays: LedgerArrays, status: NDArray[np.uint8]) -> None:
        plain = status & _PLAIN_STATUS
        bad = np.flatnonzero(plain > Status.PRICED_ZERO)
        if not len(bad):
            return
        factors = self._columns[0].tokens
        tokens = np.zeros(len(bad), object)
        for factor, counts in zip(factors.tolist(), arrays.counts, strict=True):
            if factor:
                tokens += np.maximum(counts[bad], 0).astype(object)
        found = unpriced_models(batch.models, batch.model_codes[bad], plain[bad], tokens)
        for key, (rows, count) in found.items():
            old = self._unpriced.get(key, (0, 0))
            self._unpriced[key] = (old[0] + rows, old[1] + count)

    def _rows(self, outputs: RowOutputs, per_class: bool, listed: RowOutputs | None) -> Rows:
        cost = self._cost(outputs)
        parts: dict[str, NDArray[Any]] = {}
        if per_class:
            for c, name in enumerate(self._columns[0].names):
                parts[name] = self._part(outputs.slot_cost[:, c])
            parts["request"] = np.asarray(cost - sum(parts.values()))
        rows = Rows(cost, outputs.status, outputs.price_row, parts)
        if listed is None:
            return rows
        return replace(rows, list_cost=self._cost(listed), list_status=listed.status)

    def _cost(self, outputs: RowOutputs) -> NDArray[Any]:
        if not self.wide:
            return outputs.cost
        cost = np.empty(len(outputs.wide_cost), object)
        cost[:] = integers(outputs.wide_cost)
        return cost

    def _part(self, halves: NDArray[np.int64]) -> NDArray[Any]:
        if not self.wide:
            return np.ascontiguousarray(halves[:, 0])
        part = np.empty(len(halves), object)
        part[:] = integers(halves)
        return part

    def finished(self) -> Totals:
        """Return the totals of what has been charged so far."""
        book = self.books[0]
        units = self._columns[0].names if self._columns else ()
        totals = Totals(self.by, units, scale_of(book), book.currency)
        self._sums[0].finish(totals)
        totals.unpriced_models = dict(sorted(self._unpriced.items(), key=_unpriced_key))
        for book, sums in zip(self.books[1:], self._sums[1:], strict=True):
            costs, rows = sums.charged(totals)
            if book is self.public and sums is self._sums[-1]:
                totals.list_scale = scale_of(book)
                totals.list_cost, totals.list_rows = costs, rows
            else:
                totals.what_if.append((book.name, scale_of(book), costs))
                totals.what_if_rows.append(rows)
        return totals


_NONE = np.zeros(0, np.int32)


def _check_units(units: Sequence[Unit], book: PriceBook, first: PriceBook) -> None:
    """Refuse a book in which a unit is not what it is in the book that the ledger is read by."""
    for unit in units:
        found = book.units[unit.name] if unit.name in book.units else None
        if found != unit:
            raise ValueError(
                f"what_if: book {book.name!r}: expected the units of book {first.name!r}, found "
                + (f"no {unit.name!r}" if found is None else f"another {unit.name!r}")
            )


def _begins_on_dates(book: PriceBook) -> bool:
    return any(type(period.start) is date for model in book.models for period in model.periods)


def _unpriced_key(item: tuple[tuple[str | None, str | None, Status], Any]) -> tuple[Any, ...]:
    (provider, model, status), _ = item
    return (status, provider or "", model or "")


def ledger_arrays(batch: Batch, columns: Columns) -> LedgerArrays:
    """Return the batch as the kernel takes it: counts of one width, in the order of `columns`."""
    counts = [batch.counts[name] for name in columns.names]
    wide = any(array.dtype == np.int64 for array in counts)
    dtype = np.int64 if wide else np.int32
    return LedgerArrays(
        batch.rows,
        [np.ascontiguousarray(array, dtype) for array in counts],
        batch.model_codes,
        batch.service_codes,
        batch.region_codes,
        batch.times,
        None if batch.bad is None else batch.bad.view(np.uint8),
    )
