"""What a ledger was charged, by day, price and unit: the lines of a FOCUS export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from .._native.configuration import resolve_threads
from .book import PriceBook
from .calendar import CalendarKey
from .clocks import microseconds, zone
from .columns import Columns
from .focus import SkuLine
from .ledger import Ledger
from .price_rows import PriceRow
from .rates import ModelPrices, Period
from .resolve import Case, RateTable, owner, prices_of, steps_of
from .rules import UsageConvention
from .session import Session
from .sku_tiers import Threshold, counting_book, steps_of_slot, thresholds_of
from .sku_tiers import quantities as in_tiers
from .table import start_of
from .totals import Totals
from .units import Unit

_REQUESTS = "requests"


def sku_lines(
    usage: Any,
    book: PriceBook,
    *,
    convention: str | UsageConvention,
    columns: Mapping[str, str | None] | None = None,
    constants: Mapping[str, Any] | None = None,
    time_zone: str = "UTC",
    threads: int | None = None,
) -> list[SkuLine]:
    """Charge a ledger and return what `focus_table` makes rows of.

    A day has a line for each price row and unit that was charged; what each request costs is a
    line of ``requests``. Rows that were not charged have none. List prices are those of
    ``book.public`` where the book is a contract.

    Parameters
    ----------
    usage, book, convention, columns, constants, threads
        As in `total`.
    time_zone : str
        Of the days.

    Raises
    ------
    ValueError
        No time, or none for a charged row; or lines that do not add up to the cost: LiteLLM's cut
        of overlapping parts bills a row by more than its counts, and a price that was rounded for
        rows is not the price of their sum. Or list prices whose tiers begin elsewhere.

    Notes
    -----
    One pass; memory does not grow with the ledger. Where tiers go by a unit's own count, as
    marginal ones do, each tier is a line, and each unit with a threshold is counted once more.
    """
    by: list[str | CalendarKey] = [CalendarKey("day", "", time_zone), "price_row"]
    listed = [] if book.public is None else [book.public]
    thresholds = thresholds_of(book)
    books = [book, *listed, *(counting_book(book, threshold) for threshold in thresholds)]
    ledger = Ledger(
        usage, convention, columns=columns, constants=constants, by=by, units=book.units
    )
    session = Session(ledger, books, by=by, threads=resolve_threads(threads), wide=True)
    session.run(None)
    totals = session.finished()
    if not len(totals):
        return []
    counted = [costs for _, _, costs in totals.what_if[len(listed) :]]
    pricer = session.pricers[0]
    rows = {row.number: row for row in pricer.compiler.rows}
    lines: list[SkuLine] = []
    for g, (day, number) in enumerate(zip(*totals.keys.values(), strict=True)):
        if not totals.rows[g]:
            continue
        if day is None:
            raise ValueError("usage: expected a time for every charged row, found none")
        beyond = {t: costs[g] for t, costs in zip(thresholds, counted, strict=True)}
        found = list(_lines(book, rows[number], date.fromisoformat(day), time_zone, totals, g,
                            pricer.columns, beyond))  # fmt: skip
        _check(book, totals, g, found)
        lines += found
    return lines


def _lines(
    book: PriceBook,
    row: PriceRow,
    day: date,
    time_zone: str,
    totals: Totals,
    g: int,
    columns: Columns,
    beyond: Mapping[Threshold, int],
) -> Iterator[SkuLine]:
    """Yield the lines of one group: quantities are linear in the counts, so sums will do."""
    counts = [totals.tokens[name][g] for name in columns.names]
    leaves = [
        sum(int(factor) * count for factor, count in zip(factors, counts, strict=True))
        for factors in columns.leaf
    ]
    quantities = dict.fromkeys(row.slots, 0)
    for slot, quantity in zip(row.slots, leaves, strict=True):
        quantities[slot] += quantity
    unit_scale = 10**totals.scale
    priced = frozenset(book.units[n] for n in prices_of(book, row.case, _table(row.case)))
    charged = [
        (columns.units[slot], tier, Fraction(price, row.divisors[slot] * unit_scale), above)
        for slot, quantity in quantities.items()
        if slot >= 0
        for tier, price, above in _tiers(
            row, slot, quantity, owner(columns.units[slot], priced), beyond
        )
        if tier
    ]
    if row.fixed:
        price = Fraction(row.fixed, unit_scale)
        charged.append((book.units[_REQUESTS], totals.rows[g], price, -1))
    listed = _list_prices(book, row.case, day, time_zone)
    for unit, quantity, price, above in charged:
        yield SkuLine(
            day,
            row.case.model.provider,
            row.case.model.name,
            unit,
            _name(book, row),
            quantity,
            price,
            price if listed is None else listed(unit, above),
            row.case.service_tier,
            above,
        )


def _tiers(
    row: PriceRow, slot: int, quantity: int, unit: Unit | None, beyond: Mapping[Threshold, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield quantity, price and threshold of each tier that is charged at a slot's price."""
    steps = steps_of_slot(row, slot)
    name = "" if unit is None else unit.name
    parts = in_tiers(quantity, [beyond[name, above] for above, _ in steps[1:]])
    for part, (above, price) in zip(parts, steps, strict=True):
        yield part, price, above


def _table(case: Case) -> RateTable:
    return RateTable(case.period.rates)


def _name(book: PriceBook, row: PriceRow) -> str:
    """Return what tells a price row from all others, also of other books."""
    return f"{book.fingerprint[:12]}/{row.number}"


def _list_prices(book: PriceBook, case: Case, day: date, time_zone: str) -> Any:
    """Return the list price of a unit in a tier as a function, None without a contract."""
    public = book.public
    if public is None:
        return None
    found = public.lookup(case.model.provider, case.model.name)
    model = public.models[found] if type(found) is int else case.model
    noon = microseconds(datetime(day.year, day.month, day.day, 12, tzinfo=zone(time_zone)))
    period = _period_at(model, noon)
    if period is None:
        return None
    window = case.window if case.window in model.windows else ""
    own = Case(model, period, case.service_tier, case.region, window, case.crossed)
    prices = prices_of(public, own, _table(own))
    steps = steps_of(public, own, _table(own))
    priced = {public.units[name]: price for name, price in prices.items()}

    def listed(unit: Unit, above: int) -> Fraction:
        if unit.name == _REQUESTS:
            price = priced.get(unit)
            return public.fee + (price if isinstance(price, Fraction) else 0)
        holder = owner(unit, priced) or unit
        reached = [step.price for step in steps.get(holder.name, ()) if step.above <= above]
        price = reached[-1] if reached else priced.get(holder)
        return price if isinstance(price, Fraction) else Fraction(0)

    return listed


def _period_at(model: ModelPrices, time: int) -> Period | None:
    held = [p for p in model.periods if start_of(p.start, "UTC") <= time]
    return held[-1] if held else None


def _check(book: PriceBook, totals: Totals, g: int, lines: list[SkuLine]) -> None:
    """Refuse lines that are not what was charged."""
    scale = 10**totals.scale
    cost = sum((line.price * line.quantity for line in lines), Fraction(0))
    if cost * scale != totals.cost[g]:
        raise ValueError(
            f"book {book.name!r}: expected lines that add up to {Fraction(totals.cost[g], scale)}, "
            f"found {cost}: overlapping parts and rounded rows have no FOCUS rows"
        )
    for _, list_scale, costs in totals.what_if[: int(book.public is not None)]:
        listed = sum((line.list_price * line.quantity for line in lines), Fraction(0))
        if listed * 10**list_scale != costs[g]:
            raise ValueError(
                f"book {book.name!r}: expected list prices that hold for a whole day and price, "
                "and tiers that begin where those of the contract do, found others"
            )
