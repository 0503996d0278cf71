"""``tokenmill charge``: check what was asked, charge the ledger, show the totals."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .._native import resolve_threads
from ..accounting.charge import total
from ..accounting.conventions import CONVENTIONS, convention_of
from ..accounting.files import LedgerFile, open_ledger
from ..accounting.focus import focus_table
from ..accounting.ledger import Ledger
from ..accounting.ledger.fields import TEXT_FIELDS
from ..accounting.session import Session
from ..accounting.skus import sku_lines
from ..accounting.status import ROUNDED, Status
from ..accounting.totals import Totals
from .charge_data import as_csv, as_json
from .charge_text import histogram, lines
from .failure import CommandError
from .files import check_writable, write_whole
from .price_books import BookFile, read_book
from .progress import progress

EXIT_UNPRICED = 3

_CALENDAR = ("day", "month")
_FIRST_ROWS = 5
# What a message of the library calls an argument, and the option that it came from.
_OPTIONS = {"columns:": "--map:", "by:": "--by:", "convention:": "--convention:",
            "time_zone:": "--time-zone:", "time:": "--time:",
            "constants:": "--model, --provider, --service-tier, --time:"}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the command line says of the ledger, as `total` takes it."""

    convention: str
    columns: dict[str, str | None]
    constants: dict[str, str]
    by: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """A ledger that was charged."""

    ledger: LedgerFile
    books: list[BookFile]
    asked: Asked
    totals: Totals


def run_charge(arguments: argparse.Namespace) -> int:
    """Do what the command line asks, and return the exit status.

    Raises
    ------
    CommandError
        An option, a book, the ledger or an output file is refused; or rows were not charged, and
        ``--strict`` was given. Nothing has been written then.
    """
    if find_spec("pyarrow") is None:
        raise CommandError(
            "charge reads ledgers with pyarrow, which is not installed: "
            "pip install 'tokenmill[accounting]'"
        )
    table = Path(arguments.csv) if arguments.csv is not None else None
    focus = Path(arguments.focus) if arguments.focus is not None else None
    if table:
        check_writable("--csv", table, (".csv",))
    if focus:
        check_writable("--focus", focus, (".parquet",))
    asked = _asked(arguments)
    books = [read_book("--prices", arguments.prices)]
    books += [read_book("--what-if", path) for path in arguments.what_if]
    _check_currencies(books)
    threads = resolve_threads(arguments.threads)
    ledger, needed = _opened(arguments.ledger, asked, books[0], threads)
    run = Run(ledger, books, asked, _charged(ledger, needed, asked, books, threads))
    if arguments.strict and run.totals.unpriced:
        raise _refused(run, needed, threads)
    rows = _focus(run, needed, arguments.time_zone, threads) if focus else b""
    if table:
        write_whole(table, as_csv(run.totals).encode())
    if focus:
        write_whole(focus, rows)
    print(as_json(run) if arguments.json else "\n".join(lines(run)))
    sys.stdout.flush()
    for path in (table, focus):
        if path:
            print(f"tokenmill: wrote {path}", file=sys.stderr)
    return EXIT_UNPRICED if run.totals.unpriced else 0


def _asked(arguments: argparse.Namespace) -> Asked:
    columns: dict[str, str | None] = {}
    for pair in arguments.map:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            raise CommandError(f"--map: expected COLUMN=FIELD, found {pair!r}")
        if column in columns:
            raise CommandError(f"--map: expected one field for {column!r}, found two")
        columns[column] = field or None
    given = {
        "model": arguments.model,
        "provider": arguments.provider,
        "service_tier": arguments.service_tier,
        "time": arguments.time,
    }
    constants = {field: value for field, value in given.items() if value is not None}
    by = [key.strip() for key in arguments.by.split(",")] if arguments.by else []
    zone = arguments.time_zone
    if zone != "UTC":
        by = [f"{key}:{zone}" if key in _CALENDAR else key for key in by]
    try:
        convention_of(arguments.convention)
    except ValueError as error:
        raise _in_options(error) from None
    return Asked(arguments.convention, columns, constants, tuple(by))


def _check_currencies(books: list[BookFile]) -> None:
    for other in books[1:]:
        if other.book.currency != books[0].book.currency:
            raise CommandError(
                f"--what-if {other.path}: expected prices in {books[0].book.currency}, found "
                f"{other.book.currency}"
            )


def _opened(
    path: str, asked: Asked, prices: BookFile, threads: int
) -> tuple[LedgerFile, list[str]]:
    """Open the ledger and find out which columns are needed, before any of it is charged."""
    theirs = dict(convention_of(asked.convention).columns)
    named = {column for column, field in (theirs | asked.columns).items() if field in TEXT_FIELDS}
    texts = {*TEXT_FIELDS, *named, *asked.by}
    names: list[str] = []
    with progress("reading", "reading"):
        try:
            ledger = open_ledger(path, texts=texts, threads=threads)
            names = ledger.names
            if not names:
                return ledger, []
            found = Ledger(
                ledger.schema.empty_table(),
                asked.convention,
                columns=asked.columns,
                constants=asked.constants,
                by=asked.by,
                units=prices.book.units,
            )
        except OSError as error:
            raise CommandError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        except (TypeError, ValueError) as error:
            raise _in_options(error, names) from None
    return ledger, [name for name in names if name not in found.ignored]


def _charged(
    ledger: LedgerFile, needed: list[str], asked: Asked, books: list[BookFile], threads: int
) -> Totals:
    # Closed, so that no thread reads on when charging ends early.
    with (
        progress("reading", "charging") as report,
        closing(ledger.batches(needed, progress=report)) as batches,
    ):
        try:
            return total(
                batches,
                books[0].book,
                convention=asked.convention,
                by=asked.by,
                what_if=[other.book for other in books[1:]],
                columns=asked.columns,
                constants=asked.constants,
                threads=threads,
            )
        except OSError as error:
            raise CommandError(f"{ledger.path}: {(error.strerror or str(error)).lower()}") from None
        except (TypeError, ValueError) as error:
            raise _in_options(error) from None


def _focus(run: Run, needed: list[str], time_zone: str, threads: int) -> bytes:
    """Return a Parquet file of FOCUS rows."""
    from pyarrow import BufferOutputStream, parquet

    if run.ledger.bytes is None:
        raise CommandError("--focus reads the ledger a second time: expected a file, found a pipe")
    with (
        progress("reading", "charging by day and price") as report,
        closing(run.ledger.batches(needed, progress=report)) as batches,
    ):
        try:
            found = sku_lines(
                batches,
                run.books[0].book,
                convention=run.asked.convention,
                columns=run.asked.columns,
                constants=run.asked.constants,
                time_zone=time_zone,
                threads=threads,
            )
            table = focus_table(found, currency=run.totals.currency, time_zone=time_zone)
        except ValueError as error:
            raise CommandError(f"--focus: {error}") from None
    stream = BufferOutputStream()
    parquet.write_table(table, stream)
    return bytes(stream.getvalue())


def _refused(run: Run, needed: list[str], threads: int) -> CommandError:
    """Return the error of ``--strict``: how many rows of what status, and which come first."""
    message = f"{run.ledger.path}: --strict: {histogram(run.totals)}"
    if run.ledger.bytes is not None:  # a pipe cannot be read again
        rows = ", ".join(f"{row:,} ({s.name})" for row, s in _first_rows(run, needed, threads))
        message += f"; first rows, from 0: {rows}"
    return CommandError(message, status=EXIT_UNPRICED)


def _first_rows(run: Run, needed: list[str], threads: int) -> list[tuple[int, Status]]:
    """Charge the ledger again until a few rows that were not charged are found."""
    with closing(run.ledger.batches(needed)) as batches:
        return _first_of(batches, run, threads)


def _first_of(batches: Iterator[Any], run: Run, threads: int) -> list[tuple[int, Status]]:
    ledger = Ledger(
        batches,
        run.asked.convention,
        columns=run.asked.columns,
        constants=run.asked.constants,
        units=run.books[0].book.units,
    )
    session = Session(ledger, [run.books[0].book], by=None, threads=threads, wide=True)
    found: list[tuple[int, Status]] = []
    done = 0
    for rows in session.rows(per_class=False, progress=None):
        plain = rows.status & np.uint8(0xFF & ~ROUNDED)
        for at in (plain > Status.PRICED_ZERO).nonzero()[0].tolist():
            found.append((done + at, Status(int(plain[at]))))
            if len(found) == _FIRST_ROWS:
                return found
        done += len(plain)
    return found


def _in_options(error: Exception, names: Collection[str] = ()) -> CommandError:
    """Return an error of the library in the words of the command line."""
    text = str(error)
    for argument, option in _OPTIONS.items():
        if text.startswith(argument):
            return CommandError(option + text.removeprefix(argument))
    if text.startswith("usage: expected a column model"):
        text += "; name the column with --map COLUMN=model, or give --model"
    elif text.startswith("usage: expected a count"):
        known = [
            n for n, one in CONVENTIONS.items() if not dict(one.columns).keys().isdisjoint(names)
        ]
        hint = f" or --convention {' or '.join(known)}" if known else ""
        text += f"; name the column with --map COLUMN=input{hint}"
    return CommandError(text)
