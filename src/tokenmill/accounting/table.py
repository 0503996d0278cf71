"""A price book compiled for the columns of a ledger: dense tables of whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from fractions import Fraction
from math import lcm
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import DensePrices
from .book import PriceBook
from .clocks import microseconds
from .clocks import zone as zone_of
from .columns import Columns, orphaned
from .litellm_split import holding
from .numbering import Numbering, tiers_of
from .price_rows import (
    COUNT_DYNAMIC,
    COUNT_ORPHAN,
    COUNT_ROUNDED,
    COUNT_UNPRICED,
    LONG_AGO,
    Key,
    PriceRow,
    Stretch,
)
from .rates import Price, Special
from .resolve import Case, RateTable, Step, owner, prices_of, steps_of
from .status import Status
from .units import Unit
from .weeks import changes_of, week_of

_Owned = tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]

MOST_DIVISOR = 2**62

MOST_PRICE = 2**120
"""At a book's scale; products with counts are checked, and have 128 bits."""

STANDARD_TIERS = frozenset({"", "batch", "flex", "priority", "fast", "balanced", "ultrafast"})

# Keys are >= 0 and statuses negative; this one is no row's for longer than a moment.
NOT_COMPILED = -15
# Answers are kept for so many models with their tiers and regions, until another key is compiled.
_MOST_KEPT = 1 << 14


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
        self._counts_requests = "requests" in columns.names
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
            above = () if self.book.rules.by_unit else rates.thresholds(service_tier)
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
        rounded: set[int] = set()
        for c, slot in enumerate(slots):
            price = prices[owners[c]] if slot == c else None
            if isinstance(price, Fraction):
                own = stepped.get(owners[c], ())
                exact = (price, *(step.price for step in own))
                (first, *rest), divisor = each = self._over_one(exact, case)
                scaled[c] = first, divisor
                if self._is_rounded(exact, *each):
                    rounded.add(c)
                steps += ((c, step.above, p) for step, p in zip(own, rest, strict=True))
        fixed, fixed_rounded = self._fixed(case, prices)
        return PriceRow(
            case,
            fixed,
            self._weights(slots, scaled),
            tuple(numerator for numerator, _ in scaled),
            tuple(divisor for _, divisor in scaled),
            slots,
            tuple(f | COUNT_ROUNDED * (s in rounded) for f, s in zip(flags, slots, strict=True)),
            tuple(steps),
            prices.get("requests") is Special.DYNAMIC and not self._counts_requests,
            fixed_rounded,
            number,
        )

    def _owned(self, names: frozenset[str], dynamic: frozenset[str]) -> _Owned:
        """Return whose price each column is charged at, by name and by slot, and its flags."""
        if (names, dynamic) not in self._owners:
            priced = frozenset(self.book.units[name] for name in names)
            convention = self.columns.convention
            found = [owner(unit, holding(unit, priced, convention)) for unit in self.columns.units]
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

    def _over_one(self, prices: tuple[Fraction, ...], case: Case) -> tuple[list[int], int]:
        """Return a price and those of its steps as whole numbers / one divisor."""
        each = [self._scaled(price, case) for price in prices]
        divisor = lcm(*(own for _, own in each))
        wide = [numerator * (divisor // own) for numerator, own in each]
        if divisor < MOST_DIVISOR and max(wide) < MOST_PRICE:
            return wide, divisor
        return [round_fraction(Fraction(*pair), self.book.rounding) for pair in each], 1

    def _is_rounded(self, prices: tuple[Fraction, ...], wide: list[int], divisor: int) -> bool:
        """Whether `wide` / divisor are not the very prices."""
        return self.book.rounding != "refuse" and any(
            price * self._one * divisor != number
            for price, number in zip(prices, wide, strict=True)
        )

    def _fixed(self, case: Case, prices: Mapping[str, Price]) -> tuple[int, bool]:
        """Return what each request costs, where requests are not counted, and if it is rounded."""
        price = prices.get("requests")
        fixed = self.book.fee
        if isinstance(price, Fraction) and not self._counts_requests:
            fixed += price
        if not fixed:
            return 0, False
        numerator, divisor = self._scaled(fixed, case)
        whole = round_fraction(Fraction(numerator, divisor), self.book.rounding)
        return whole, self._is_rounded((fixed,), [whole], 1)

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
