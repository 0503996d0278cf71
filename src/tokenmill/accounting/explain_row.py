"""One row of usage, charged, with everything at hand that the charge looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .._native.accounting import RowOutputs
from .book import PriceBook
from .calendar import NULL_TIME
from .charge import charge
from .columns import Columns, columns_of
from .dense import dense_columns, integers
from .ledger import Batch, Ledger
from .ledger.counts import read_counts
from .ledger.tables import sources
from .price_rows import PriceRow
from .pricer import Pricer
from .rates import ModelPrices, Period, Rate
from .rules import UsageConvention
from .session import ledger_arrays
from .status import ROUNDED, Status
from .units import UNITS, Unit


@dataclass(frozen=True)
class Listed:
    """A row at list prices: a whole number of 10**-scale of the currency, where it has a cost."""

    cost: int
    scale: int
    status: Status


@dataclass(frozen=True, eq=False)
class ExplainedRow:
    """A row under a book.

    Attributes
    ----------
    counts, leaves : list of int
        By column: as the ledger has them, and what only that column counts.
    basis : int
        What context tiers look at.
    time : int or None
        Microseconds since 1970 in UTC.
    asked : (provider, model) as the ledger names them
    model : ModelPrices or None
        Which of the book's models that is.
    service_tier, region : str
        As the ledger names them, ``""`` where it does not.
    row : PriceRow or None
        The cell of the price list that holds.
    unreadable : list of str
        Columns with what is no count or no time.
    cost, status, rounded
        What `charge` gives, with costs of 128 bits.
    listed : Listed or None
        The same at list prices, where the book is a contract.
    """

    book: PriceBook
    columns: Columns
    counts: list[int]
    leaves: list[int]
    basis: int
    time: int | None
    time_zone: str
    asked: tuple[str | None, str | None]
    model: ModelPrices | None
    service_tier: str
    region: str
    row: PriceRow | None
    scale: int
    unreadable: list[str]
    cost: int
    status: Status
    rounded: bool
    listed: Listed | None


def explained_row(
    usage_row: Any,
    book: PriceBook,
    convention: str | UsageConvention,
    columns: Mapping[str, str | None] | None,
    constants: Mapping[str, Any] | None,
) -> ExplainedRow:
    """Charge one row.

    Raises
    ------
    TypeError, ValueError
        It cannot be read, or is not one row.
    """
    usage = _as_table(usage_row) if isinstance(usage_row, Mapping) else usage_row
    ledger = Ledger(usage, convention, columns=columns, constants=constants, units=book.units)
    batches = list(ledger)
    rows = sum(batch.rows for batch in batches)
    if rows != 1:
        raise ValueError(f"usage_row: expected one row, found {rows}")
    batch = batches[0]
    unreadable = [] if batch.bad is None or not batch.bad[0] else _unreadable(usage, ledger, batch)
    return _charged(batch, book, ledger.convention, unreadable)


def _as_table(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return fields of one value as columns of one row; columns stay as they are."""
    return {name: _as_column(value) for name, value in row.items()}


def _as_column(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _as_table(value)
    single = isinstance(value, str | bytes) or not isinstance(value, Iterable)
    if isinstance(value, np.generic):
        return np.array([value])
    return [value] if single else value


def _unreadable(usage: Any, ledger: Ledger, batch: Batch) -> list[str]:
    """Return the names of the counts that cannot be read, or else of the time."""
    fields = ledger.fields
    found = [
        fields[unit]
        for source in sources(usage)
        for table in source.tables
        for unit in batch.counts
        if unit in fields and read_counts(unit, table.column(fields[unit]))[1] is not None
    ]
    return found or [name for field, name in fields.items() if field == "time"]


def _charged(
    batch: Batch, book: PriceBook, convention: UsageConvention, unreadable: list[str]
) -> ExplainedRow:
    units = [book.units[name] for name in batch.counts]
    columns = columns_of(units, convention, book.rules)
    arrays = ledger_arrays(batch, columns)
    pricer = Pricer(book, columns, batch.time_zone)
    outputs = _outputs(pricer, batch)
    code, index = int(outputs.status[0]), int(outputs.price_row[0])
    asked = (None, None) if batch.model_codes[0] < 0 else batch.models[batch.model_codes[0]]
    counts = [int(column[0]) for column in arrays.counts]
    time = None if batch.times is None else int(batch.times[0])
    return ExplainedRow(
        book,
        columns,
        counts,
        _leaves(columns, counts),
        sum(f * n for f, n in zip(columns.basis.tolist(), _read(columns, counts), strict=True)),
        None if time == NULL_TIME else time,
        batch.time_zone,
        asked,
        _model(book, asked),
        _named(batch.service_tiers, batch.service_codes),
        _named(batch.regions, batch.region_codes),
        None if index < 0 else pricer.compiler.rows[index],
        pricer.scale,
        unreadable,
        integers(outputs.wide_cost)[0],
        Status(code & ~ROUNDED),
        bool(code & ROUNDED),
        None if book.public is None else _listed(batch, book.public, units, convention),
    )


def _outputs(pricer: Pricer, batch: Batch) -> RowOutputs:
    """Charge the one row of a batch."""
    outputs = RowOutputs(
        wide_cost=np.zeros((1, 2), np.int64),
        status=np.zeros(1, np.uint8),
        price_row=np.zeros(1, np.int32),
    )
    pricer.charge(batch, ledger_arrays(batch, pricer.columns), outputs, None, 1)
    return outputs


def _listed(
    batch: Batch, public: PriceBook, units: list[Unit], convention: UsageConvention
) -> Listed:
    pricer = Pricer(public, columns_of(units, convention, public.rules), batch.time_zone)
    outputs = _outputs(pricer, batch)
    status = Status(int(outputs.status[0]) & ~ROUNDED)
    return Listed(integers(outputs.wide_cost)[0], pricer.scale, status)


def _leaves(columns: Columns, counts: list[int]) -> list[int]:
    """Return each column's count less those of its parts; below 0 where they exceed their total."""
    if columns.convention.overlap == "litellm":
        return _at_one_each(columns, counts)
    factors, read = columns.leaf.tolist(), _read(columns, counts)
    return [sum(f * n for f, n in zip(row, read, strict=True)) for row in factors]


def _read(columns: Columns, counts: list[int]) -> list[int]:
    """Return the counts with cache writes of 5 minutes and 1 hour in the place of all of them."""
    dense = dense_columns(columns)
    split = sum(counts[c] for c in dense.replacing if c >= 0)
    if dense.replaced < 0 or split <= 0:
        return counts
    return [split if c == dense.replaced else count for c, count in enumerate(counts)]


def _at_one_each(columns: Columns, counts: list[int]) -> list[int]:
    """Return the counts that LiteLLM's rule leaves: what they cost at a price of one each."""
    rates = tuple(Rate(name, Fraction(1)) for name in columns.names)
    own = tuple(unit for unit in columns.units if unit.name not in UNITS)
    book = PriceBook("ones", (ModelPrices("", "one", (Period(None, rates),)),), own_units=own)
    usage = {name: np.array([n]) for name, n in zip(columns.names, counts, strict=True)}
    found = charge(
        usage,
        book,
        convention=columns.convention,
        constants={"model": "one"},
        cost_dtype="int128",
        per_class=True,
    )
    return [int(found.per_class[name][0]) for name in columns.names] if found.per_class else []


def _model(book: PriceBook, asked: tuple[str | None, str | None]) -> ModelPrices | None:
    provider, name = asked
    found = Status.MISSING_FIELD if name is None else book.lookup(provider, name)
    return None if isinstance(found, Status) else book.models[found]


def _named(names: list[str], codes: Any) -> str:
    return "" if codes is None or codes[0] < 0 else names[codes[0]]
