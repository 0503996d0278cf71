"""A ledger charged under price books: `charge` keeps every row, `total` only the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.configuration import resolve_threads
from .book import PriceBook
from .calendar import CalendarKey
from .charges import Charges
from .ledger import Ledger
from .rules import UsageConvention
from .scale import scale_of
from .session import Rows, Session
from .status import ROUNDED, Status
from .totals import Totals

Progress = Callable[[int, int], object]

COST_DTYPES = ("int64", "int128")
POLICIES = ("flag", "raise")


class LedgerError(ValueError):
    """Some rows of a ledger could not be charged, and ``policy="raise"`` was asked for.

    Attributes
    ----------
    statuses : dict of Status to int
        Rows by what became of them.
    """

    def __init__(self, message: str, statuses: Mapping[Status, int]) -> None:
        super().__init__(message)
        self.statuses = dict(statuses)


def charge(
    usage: Any,
    book: PriceBook,
    *,
    convention: str | UsageConvention,
    columns: Mapping[str, str | None] | None = None,
    constants: Mapping[str, Any] | None = None,
    policy: str = "flag",
    by: Sequence[str | CalendarKey] | None = None,
    per_class: bool = False,
    cost_dtype: str = "int64",
    out: Mapping[str, NDArray[Any]] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Charges:
    """Charge every row of a ledger.

    Parameters
    ----------
    usage : table, stream, mapping or iterable
        See `Ledger`.
    book : PriceBook
    convention : str or UsageConvention
        How the ledger counts: ``"openai"``, ``"anthropic"``, ...
    columns, constants : mapping, optional
        The field of a column; one value of a field for all rows. See `Ledger`.
    policy : str
        ``"flag"``: a row that cannot be charged has a status and costs nothing; ``"raise"``:
        after the last row, an error says which there were.
    by : sequence of str or CalendarKey, optional
        Also return totals by these: columns of the ledger, ``"model"``, ``"day"``, ``"status"``,
        ``"price_row"``, ...
    per_class : bool
        Also return the parts of each cost.
    cost_dtype : str
        ``"int64"``, where a cost beyond it has the status OVERFLOW, or ``"int128"``.
    out : mapping of str to array, optional
        Arrays (rows,) for ``cost`` (int64), ``status`` (uint8), ``price_row`` (int64), written
        only when everything else is done.
    threads : int, optional
    progress : callable, optional
        ``progress(rows so far, 0)``; False cancels.

    Returns
    -------
    Charges

    Raises
    ------
    LedgerError
        A row was not charged, and the policy is ``"raise"``.
    Cancelled
        `progress` returned False.
    ValueError, TypeError
        Bad arguments, or a ledger that cannot be read; nothing has been written then.

    Notes
    -----
    O(rows x counts). The same bits for any number of threads, batches, order of rows and
    instruction set.
    """
    _check_choice("policy", policy, POLICIES)
    _check_choice("cost_dtype", cost_dtype, COST_DTYPES)
    ledger = Ledger(
        usage, convention, columns=columns, constants=constants, by=by or (), units=book.units
    )
    session = Session(
        ledger,
        [book],
        by=by,
        threads=resolve_threads(threads),
        wide=cost_dtype == "int128",
        public=book.public,
    )
    kept: list[Rows] = []
    for rows in session.rows(per_class=per_class, progress=progress):
        kept.append(rows)
    charges = _charges(session, kept, per_class, by is not None)
    if policy == "raise":
        refuse(session.finished().statuses, charges.status)
    if out is not None:
        _write(charges, out)
    return charges


def total(
    usage: Any,
    book: PriceBook,
    *,
    convention: str | UsageConvention,
    by: Sequence[str | CalendarKey] = (),
    what_if: Iterable[PriceBook] = (),
    columns: Mapping[str, str | None] | None = None,
    constants: Mapping[str, Any] | None = None,
    policy: str = "flag",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Totals:
    """Add up what a ledger costs by group, keeping no row: memory does not grow with it.

    Parameters
    ----------
    what_if : iterable of PriceBook
        Other books, under which the same pass adds up the cost too. The list prices of a contract
        (``book.public``) are added up as `Totals.list_cost` without being named here.
    usage, book, convention, by, columns, constants, policy, threads, progress
        As in `charge`.

    Returns
    -------
    Totals

    Raises
    ------
    LedgerError, Cancelled, ValueError, TypeError
        As `charge`.
    """
    _check_choice("policy", policy, POLICIES)
    books = [book, *what_if]
    ledger = Ledger(
        usage, convention, columns=columns, constants=constants, by=by, units=book.units
    )
    session = Session(
        ledger, books, by=by, threads=resolve_threads(threads), wide=True, public=book.public
    )
    session.run(progress)
    totals = session.finished()
    if policy == "raise":
        refuse(totals.statuses, None)
    return totals


def refuse(statuses: Mapping[Status, int], status: NDArray[np.uint8] | None) -> None:
    """Raise a LedgerError if any row was not charged."""
    refused = {s: rows for s, rows in statuses.items() if s > Status.PRICED_ZERO}
    if not refused:
        return
    told = ", ".join(f"{rows} {s.name}" for s, rows in refused.items())
    first = ""
    if status is not None:
        at = np.flatnonzero((status & ~np.uint8(ROUNDED)) > Status.PRICED_ZERO)[:5].tolist()
        first = "; first rows: " + ", ".join(
            f"{row} ({Status(int(status[row]) & ~ROUNDED).name})" for row in at
        )
    raise LedgerError(f"usage: expected every row to be charged, found {told}{first}", refused)


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(allowed)}, found {value!r}")


def _charges(session: Session, kept: list[Rows], per_class: bool, grouped: bool) -> Charges:
    pricer = session.pricers[0] if session.pricers else None
    book = session.books[0]
    empty = np.zeros(0, object if session.wide else np.int64)
    cost = np.concatenate([rows.cost for rows in kept]) if kept else empty
    numbers = [pricer.numbers(rows.price_row) for rows in kept] if pricer else []
    parts = None
    if per_class:
        names = list(kept[0].per_class) if kept else []
        parts = {name: np.concatenate([rows.per_class[name] for rows in kept]) for name in names}
    return Charges(
        book,
        scale_of(book),
        book.currency,
        cost,
        np.concatenate([rows.status for rows in kept]) if kept else np.zeros(0, np.uint8),
        np.concatenate(numbers) if numbers else np.zeros(0, np.int64),
        parts,
        session.finished() if grouped else None,
        {row.number: row for row in pricer.compiler.rows} if pricer else {},
        **_listed(session, kept),
    )


def _listed(session: Session, kept: list[Rows]) -> dict[str, Any]:
    """Return costs at list prices; nothing where the book is no contract."""
    if session.public is None:
        return {}
    costs = [rows.list_cost for rows in kept if rows.list_cost is not None]
    statuses = [rows.list_status for rows in kept if rows.list_status is not None]
    empty = np.zeros(0, object if session.wide else np.int64)
    return {
        "list_scale": scale_of(session.public),
        "list_cost": np.concatenate(costs) if costs else empty,
        "list_status": np.concatenate(statuses) if statuses else np.zeros(0, np.uint8),
    }


def _write(charges: Charges, out: Mapping[str, NDArray[Any]]) -> None:
    found = {"cost": charges.cost, "status": charges.status, "price_row": charges.price_row}
    for name, array in out.items():
        if name not in found:
            raise ValueError(f"out: expected cost, status or price_row, found {name!r}")
        if not isinstance(array, np.ndarray) or array.dtype != found[name].dtype:
            raise TypeError(f"out[{name!r}]: expected dtype {found[name].dtype}, found {array!r}")
        if array.shape != found[name].shape:
            raise ValueError(
                f"out[{name!r}]: expected shape {found[name].shape}, found {array.shape}"
            )
        if not array.flags.writeable:
            raise ValueError(f"out[{name!r}]: expected an array to write to, found a read-only one")
    for name, array in out.items():
        array[...] = found[name]
