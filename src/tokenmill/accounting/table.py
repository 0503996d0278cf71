"""A price book compiled for the columns of a ledger: dense tables of whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction
from math import lcm
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import DensePrices
from .book import PriceBook
from .calendar import zone as zone_of
from .columns import Columns, orphaned
from .numbering import Numbering, tiers_of
from .rates import Price, Special
from .resolve import Case, RateTable, Step, by_unit, owner, prices_of, steps_of
from .status import Status
from .units import Unit
from .weeks import changes_of, microseconds, week_of

_Owned = tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]

LONG_AGO = -(2**63) + 1
"""Where a period without a start begins; the least 64-bit number stands for no time."""

COUNT_UNPRICED, COUNT_ORPHAN, COUNT_DYNAMIC = 1, 2, 4

MOST_DIVISOR = 2**62

MOST_PRICE = 2**120
"""At a book's scale; products with counts are checked, and have 128 bits."""

STANDARD_TIERS = frozenset({"", "batch", "flex", "priority", "fast", "balanced", "ultrafast"})


@dataclass(frozen=True)
class PriceRow:
    """One cell of a compiled price list, as the kernel reads it.

    Integers at the book's scale: `prices` by slot, each over its divisor, `weights` by column.
    """

    case: Case
    fixed: int
    weights: tuple[int, ...]
    prices: tuple[int, ...]
    divisors: tuple[int, ...]
    slots: tuple[int, ...]
    flags: tuple[int, ...]
    steps: tuple[tuple[int, int, int], ...]
    number: int

    @property
    def exact_only(self) -> int:
        """Return 1 where the sum of weights does not say it all, 2 where flagged counts decide."""
        if self.steps or any(divisor != 1 for divisor in self.divisors):
            return 1
        return 2 if any(self.flags) else 0


# Keys are >= 0 and statuses negative; this one is no row's for longer than a moment.
NOT_COMPILED = -15
# Answers are kept for so many models with their tiers and regions, until another key is compiled.
_MOST_KEPT = 1 << 14


@dataclass(frozen=True)
class Stretch:
    """One key between two changes: the rows of its windows and context tiers."""

    start: int
    first_row: int
    week: bytes | None = None
    above: tuple[int, ...] = ()


@dataclass
class Key:
    """A model at one service tier and region, through time."""

    stretches: list[Stretch] = field(default_factory=list)

    @property
    def timed(self) -> bool:
        """Whether a price depends on the time."""
        return len(self.stretches) > 1 or any(s.week is not None for s in self.stretches)


class Compiler:
    """Compiles keys of a book on demand, for one set of columns.

    Parameters
    ----------
    time_zone : str
        The time stamps' own zone, for rules that read dates in it.

    Attributes
    ----------
    keys : list of Key
    rows : list of PriceRow
    dense : DensePrices or None
        The arrays made of them, kept for the next ledger.
    lock : Lock
        Held by whoever compiles.
    """

    def __init__(self, book: PriceBook, columns: Columns, scale: int, time_zone: str) -> None:
        self.book = book
        self.columns = columns
        self.scale = scale
        self.time_zone = time_zone
        self.lock = Lock()
        self.dense: DensePrices | None = None
        self.keys: list[Key] = []
        self.rows: list[PriceRow] = []
        self._one = 10**scale
        self._leaf = [
            (c, j, int(columns.leaf[c, j])) for c, j in np.argwhere(columns.leaf).tolist()
        ]
        self._owners: dict[tuple[frozenset[str], frozenset[str]], _Owned] = {}
        self._known: dict[tuple[int, str, str], int] = {}
        self._answered_at = 0
        self._answers: dict[tuple[int, tuple[str, ...], tuple[str, ...]], NDArray[np.int32]] = {}
        self._tiers_of: dict[int, frozenset[str]] = {}
        self._tiers = STANDARD_TIERS.union(*(tiers_of(model) for model in book.models))

    def known(
        self, model: int, service_tiers: tuple[str, ...], regions: tuple[str, ...]
    ) -> NDArray[np.int32]:
        """Return the keys (tiers, regions) of a model of the book, `NOT_COMPILED` or -status."""
        wanted = model, service_tiers, regions
        if self._answered_at != len(self.keys) or len(self._answers) >= _MOST_KEPT:
            self._answered_at = len(self.keys)
            self._answers.clear()
        if wanted in self._answers:
            return self._answers[wanted]
        keys = np.full((len(service_tiers), len(regions)), NOT_COMPILED, np.int32)
        for s, r in np.ndindex(keys.shape):
            asked = self._asked(model, service_tiers[s], regions[r])
            keys[s, r] = -Status.BAD_VALUE if asked is None else self._known.get(asked, keys[s, r])
        self._answers[wanted] = keys
        return keys

    def key_of(self, model: int, service_tier: str, region: str) -> int:
        """Return the key of a model of the book, compiled if it is new, or -status."""
        asked = self._asked(model, service_tier, region)
        if asked is None:
            return -Status.BAD_VALUE
        if asked not in self._known:
            self._known[asked] = len(self.keys)
            self.keys.append(self._compile(*asked))
        return self._known[asked]

    def _asked(self, model: int, service_tier: str, region: str) -> tuple[int, str, str] | None:
        """Return the tier and region that the model knows these as; None for an unknown tier."""
        if service_tier not in self._tiers:
            return None
        prices = self.book.models[model]
        if model not in self._tiers_of:
            self._tiers_of[model] = frozenset(tiers_of(prices))
        own = self._tiers_of[model]
        if service_tier == "fast" and "fast" not in own:
            service_tier = "priority"
        if service_tier not in own:
            service_tier = ""
        if not any(axis == "region" and value == region for axis, value, _ in prices.multipliers):
            region = ""
        return model, service_tier, region

    def _compile(self, index: int, service_tier: str, region: str) -> Key:
        model = self.book.models[index]
        starts = [start_of(period.start, self._zone()) for period in model.periods]
        key = Key()
        if starts and starts[0] > LONG_AGO:
            key.stretches.append(Stretch(LONG_AGO, -Status.BEFORE_FIRST_DATE))
        if not starts:
            key.stretches.append(Stretch(LONG_AGO, -Status.NO_PRICE))
        changes = changes_of(model.windows)
        number = Numbering(self.book, index).number
        for p, start in enumerate(starts):
            end = starts[p + 1] if p + 1 < len(starts) else 2**63 - 1
            rates = RateTable(model.periods[p].rates)
            above = () if by_unit(self.book.rules) else rates.thresholds(service_tier)
            first = len(self.rows)
            for window in ("", *model.windows):
                for crossed in (-1, *above):
                    case = Case(model, model.periods[p], service_tier, region, window, crossed)
                    self.rows.append(self._row(case, rates, number(case, p)))
            for begin in (start, *(at for at in changes if start < at < end)):
                week = week_of(model.windows, begin) if model.windows else None
                key.stretches.append(Stretch(begin, first, week, above))
        return key

    def _zone(self) -> str:
        return self.time_zone if self.book.rules.date_zone == "timestamp" else "UTC"

    def _row(self, case: Case, rates: RateTable, number: int) -> PriceRow:
        prices = prices_of(self.book, case, rates)
        dynamic = frozenset(n for n, price in prices.items() if price is Special.DYNAMIC)
        owners, slots, flags = self._owned(frozenset(prices), dynamic)
        scaled = [(0, 1)] * len(slots)
        steps: list[tuple[int, int, int]] = []
        stepped: dict[str, tuple[Step, ...]] = steps_of(self.book, case, rates)
        for c, slot in enumerate(slots):
            price = prices[owners[c]] if slot == c else None
            if isinstance(price, Fraction):
                own = stepped.get(owners[c], ())
                (first, *rest), divisor = self._over_one(price, own, case)
                scaled[c] = first, divisor
                steps += ((c, step.above, p) for step, p in zip(own, rest, strict=True))
        return PriceRow(
            case,
            self._fixed(case, prices),
            self._weights(slots, scaled),
            tuple(numerator for numerator, _ in scaled),
            tuple(divisor for _, divisor in scaled),
            slots,
            flags,
            tuple(steps),
            number,
        )

    def _owned(self, names: frozenset[str], dynamic: frozenset[str]) -> _Owned:
        """Return whose price each column is charged at, by name and by slot, and its flags."""
        if (names, dynamic) not in self._owners:
            priced = frozenset(self.book.units[name] for name in names)
            found = [owner(unit, priced) for unit in self.columns.units]
            slots = tuple(-1 if unit is None else self._slot(unit, found) for unit in found)
            flags = tuple(self._flag(c, found[c], dynamic, priced) for c in range(len(found)))
            owners = tuple(unit.name if unit is not None else "" for unit in found)
            self._owners[names, dynamic] = (owners, slots, flags)
        return self._owners[names, dynamic]

    def _slot(self, priced: Unit, owners: list[Unit | None]) -> int:
        """Return the column that keeps a unit's price: its own, else the first that pays it."""
        own = self.columns.index(priced.name)
        return own if own >= 0 else owners.index(priced)

    def _flag(
        self, c: int, found: Unit | None, dynamic: frozenset[str], priced: frozenset[Unit]
    ) -> int:
        flag = 0
        if found is None and self.book.rules.unpriced == "flag":
            flag |= COUNT_UNPRICED
        if orphaned(self.columns, c, priced, self.book.rules):
            flag |= COUNT_ORPHAN
        if found is not None and found.name in dynamic:
            flag |= COUNT_DYNAMIC
        return flag

    def _scaled(self, price: Fraction, case: Case) -> tuple[int, int]:
        """Return the price as whole number / divisor at the book's scale."""
        whole, rest = divmod(price.numerator * self._one, price.denominator)
        if whole >= MOST_PRICE:
            raise ValueError(
                f"book {self.book.name!r}: {case.model.provider}/{case.model.name}: expected prices"
                f" below 2^120 x 10^-{self.scale} {self.book.currency}, found {price}"
            )
        if rest == 0:
            return whole, 1
        scaled = price * self._one
        if self.book.rounding != "refuse" and scaled.denominator < MOST_DIVISOR:
            return scaled.numerator, scaled.denominator
        if self.book.rounding == "refuse":
            raise ValueError(
                f"book {self.book.name!r}: {case.model.provider}/{case.model.name}: expected prices"
                f" that are whole at 10^-{self.scale} {self.book.currency}, found {price};"
                " give the book a rounding"
            )
        return round_fraction(scaled, self.book.rounding), 1

    def _over_one(
        self, price: Fraction, steps: tuple[Step, ...], case: Case
    ) -> tuple[list[int], int]:
        """Return a price and those of its steps as whole numbers / one divisor."""
        each = [self._scaled(p, case) for p in (price, *(step.price for step in steps))]
        divisor = lcm(*(own for _, own in each))
        wide = [numerator * (divisor // own) for numerator, own in each]
        if divisor < MOST_DIVISOR and max(wide) < MOST_PRICE:
            return wide, divisor
        return [round_fraction(Fraction(*pair), self.book.rounding) for pair in each], 1

    def _fixed(self, case: Case, prices: Mapping[str, Price]) -> int:
        """Return what each request costs, where requests are not counted by the ledger."""
        price = prices.get("requests")
        fixed = self.book.fee
        if isinstance(price, Fraction) and "requests" not in self.columns.names:
            fixed += price
        if not fixed:
            return 0
        numerator, divisor = self._scaled(fixed, case)
        return round_fraction(Fraction(numerator, divisor), self.book.rounding)

    def _weights(self, slots: tuple[int, ...], scaled: list[tuple[int, int]]) -> tuple[int, ...]:
        weights = [0] * len(slots)
        for c, j, factor in self._leaf:
            if slots[c] >= 0:
                weights[j] += factor * scaled[slots[c]][0]
        return tuple(weights)


def round_fraction(value: Fraction, rounding: str) -> int:
    """Return a non-negative fraction as a whole number, rounded as the book says."""
    whole, rest = divmod(value, 1)
    if rest == 0:
        return int(whole)
    half = Fraction(1, 2)
    up = (
        rounding == "up"
        or rest > half
        or (rest == half and (rounding == "half_up" or whole % 2 == 1))
    )
    return int(whole) + int(up)


def start_of(start: date | datetime | None, zone: str) -> int:
    """Return where a period begins, in microseconds UTC."""
    if start is None:
        return LONG_AGO
    if not isinstance(start, datetime):
        start = datetime.combine(start, time(0), zone_of(zone))
    return microseconds(start)
