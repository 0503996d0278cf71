"""The arithmetic of a row: what was counted, at which price, and where the price came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .explain_row import ExplainedRow
from .litellm_split import holding
from .price_rows import PriceRow
from .rates import Price
from .resolve import Case, RateTable, owner, prices_of
from .units import Unit

REQUEST = "request"


@dataclass(frozen=True)
class Line:
    """One product of a bill.

    Attributes
    ----------
    unit : str
        What was counted; ``"request"`` is what each request costs.
    count : int
        Each token counts in one line alone.
    price : Fraction
        Currency per single unit, factors included.
    per : int
        The count that the price is quoted for.
    source : str
        Where the price comes from.
    """

    unit: str
    count: int
    price: Fraction
    per: int
    source: str

    @property
    def amount(self) -> Fraction:
        """Count x price, in the currency."""
        return self.count * self.price


def lines_of(found: ExplainedRow, row: PriceRow) -> tuple[Line, ...]:
    """Return the lines of a charged row, in the order of the ledger's columns."""
    prices = _Prices(found, row.case)
    lines = [
        line for slot in dict.fromkeys(row.slots) if slot >= 0
        for line in _of_slot(found, row, slot, prices)
    ]  # fmt: skip
    request, source = prices.of_request()
    if request:
        lines.append(Line(REQUEST, 1, request, 1, source))
    return tuple(lines)


def _of_slot(found: ExplainedRow, row: PriceRow, slot: int, prices: _Prices) -> Iterator[Line]:
    """Yield the lines of what is charged at one price: by column, or by step of their sum."""
    paying = [c for c, own in enumerate(row.slots) if own == slot and found.leaves[c]]
    total = sum(found.leaves[c] for c in paying)
    if total == 0:
        return
    one = row.divisors[slot] * 10**found.scale
    base = Fraction(row.prices[slot], one)
    crossed = [(a, Fraction(p, one)) for s, a, p in row.steps if s == slot and total > a]
    if not crossed and all(found.leaves[c] > 0 for c in paying):
        for c in paying:
            unit = found.columns.units[c]
            yield Line(unit.name, found.leaves[c], base, unit.per, prices.source(unit))
        return
    unit = prices.owner(found.columns.units[paying[0]])
    joined = " + ".join(found.columns.units[c].name for c in paying)
    source = prices.source(unit) + (f"; {joined}" if joined != unit.name else "")
    if found.book.rules.tier_reach != "marginal":
        above, price = crossed[-1] if crossed else (-1, base)
        yield Line(unit.name, total, price, unit.per, _stepped(source, above))
        return
    starts = [(-1, base), *crossed]
    ends = [above for above, _ in crossed] + [total]
    for (above, price), end in zip(starts, ends, strict=True):
        if count := end - max(above, 0):
            yield Line(unit.name, count, price, unit.per, _stepped(source, above))


def _stepped(source: str, above: int) -> str:
    return source if above < 0 else f"{source}, above {above:,}"


class _Prices:
    """Where the prices of one cell of a price list come from."""

    def __init__(self, found: ExplainedRow, case: Case) -> None:
        book = found.book
        self._book = book
        self._columns = found.columns
        self._case = case
        self._table = RateTable(case.period.rates)
        self._chosen = self._table.chosen(case.service_tier, case.window, case.crossed)
        self._prices: Mapping[str, Price] = prices_of(book, case, self._table)
        self._priced = frozenset(book.units[name] for name in self._prices)

    def owner(self, unit: Unit) -> Unit:
        """Return the unit whose price a unit is charged at."""
        return owner(unit, holding(unit, self._priced, self._columns.convention)) or unit

    def source(self, unit: Unit) -> str:
        """Say where the price of a unit comes from."""
        priced = self.owner(unit)
        own = self._rate(priced.name) if priced.name in self._chosen else self._fallback(priced)
        return own if priced == unit else f"price of {priced.name}: {own}"

    def of_request(self) -> tuple[Fraction, str]:
        """Return what a request costs that no column counts, and where that is from."""
        fee = self._book.fee
        price = self._prices.get("requests")
        if "requests" in self._columns.names or not isinstance(price, Fraction):
            return fee, "fee of the book"
        return fee + price, "fee of the book + price of requests" if fee else "price of requests"

    def _rate(self, name: str) -> str:
        case = self._case
        holder = self._table.holding(name, case.service_tier, case.window, case.crossed)
        tier, above, window = holder or ("", -1, "")
        words = [f"service tier {tier}" if tier else "", f"above {above:,}" if above >= 0 else "",
                 f"window {window}" if window else ""]  # fmt: skip
        return ", ".join(["own rate", *filter(None, words)])

    def _fallback(self, priced: Unit) -> str:
        known = set(self._chosen)
        for unit, source, factor in (*self._case.model.fallbacks, *self._book.rules.fallbacks):
            if source in known and unit not in known:
                if unit == priced.name:
                    return f"fallback {factor} x {source}"
                known.add(unit)
        return "own rate"
