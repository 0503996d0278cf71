"""A price book compiled for the columns of a ledger: dense tables of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

from .book import PriceBook
from .columns import Columns, orphaned
from .rates import ModelPrices, Special
from .resolve import Case, RateTable, Step, owner, prices_of, steps_of
from .status import Status
from .units import Unit
from .weeks import changes_of, microseconds, week_of

LONG_AGO = -(2**63) + 1
"""Where a period without a start begins; the least 64-bit number stands for no time."""

COUNT_UNPRICED, COUNT_ORPHAN, COUNT_DYNAMIC = 1, 2, 4

MOST_DIVISOR = 2**62

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
    """

    def __init__(self, book: PriceBook, columns: Columns, scale: int, time_zone: str) -> None:
        self.book = book
        self.columns = columns
        self.scale = scale
        self.time_zone = time_zone
        self.keys: list[Key] = []
        self.rows: list[PriceRow] = []
        self._known: dict[tuple[int, str, str], int] = {}
        self._tiers = STANDARD_TIERS.union(*(tiers_of(model) for model in book.models))

    def key_of(self, model: int, service_tier: str, region: str) -> int:
        """Return the key of a model of the book, compiled if it is new, or -status."""
        if service_tier not in self._tiers:
            return -Status.BAD_VALUE
        prices = self.book.models[model]
        own = tiers_of(prices)
        if service_tier == "fast" and "fast" not in own:
            service_tier = "priority"
        if service_tier not in own:
            service_tier = ""
        if not any(axis == "region" and value == region for axis, value, _ in prices.multipliers):
            region = ""
        asked = (model, service_tier, region)
        if asked not in self._known:
            self._known[asked] = len(self.keys)
            self.keys.append(self._compile(*asked))
        return self._known[asked]

    def _compile(self, index: int, service_tier: str, region: str) -> Key:
        model = self.book.models[index]
        starts = [start_of(period.start, self._zone()) for period in model.periods]
        key = Key()
        if starts and starts[0] > LONG_AGO:
            key.stretches.append(Stretch(LONG_AGO, -Status.BEFORE_FIRST_DATE))
        if not starts:
            key.stretches.append(Stretch(LONG_AGO, -Status.NO_PRICE))
        changes = changes_of(model.windows)
        for p, start in enumerate(starts):
            end = starts[p + 1] if p + 1 < len(starts) else 2**63 - 1
            rates = RateTable(model.periods[p].rates)
            above = () if self._by_unit else rates.thresholds(service_tier)
            first = len(self.rows)
            for window in ("", *model.windows):
                for crossed in (-1, *above):
                    case = Case(model, model.periods[p], service_tier, region, window, crossed)
                    self.rows.append(self._row(case, rates, self._number(index, case, p)))
            for begin in (start, *(at for at in changes if start < at < end)):
                week = week_of(model.windows, begin) if model.windows else None
                key.stretches.append(Stretch(begin, first, week, above))
        return key

    @property
    def _by_unit(self) -> bool:
        rules = self.book.rules
        return rules.tier_reach == "marginal" or rules.tier_basis == "unit"

    def _zone(self) -> str:
        return self.time_zone if self.book.rules.date_zone == "timestamp" else "UTC"

    def _number(self, index: int, case: Case, period: int) -> int:
        """Return the price row's number, which depends on the book alone."""
        model = case.model
        tiers = sorted(tiers_of(model))
        regions = ["", *sorted({v for axis, v, _ in model.multipliers if axis == "region"})]
        windows = ["", *model.windows]
        above = [-1, *sorted({rate.above for p in model.periods for rate in p.rates} - {-1})]
        number = period * len(tiers) + tiers.index(case.service_tier)
        number = number * len(regions) + regions.index(case.region)
        number = number * len(windows) + windows.index(case.window)
        number = number * len(above) + above.index(case.crossed)
        return (index << 32) | number

    def _row(self, case: Case, rates: RateTable, number: int) -> PriceRow:
        prices = prices_of(self.book, case, rates)
        units = self.book.units
        priced = {units[name]: price for name, price in prices.items()}
        owners = [owner(unit, priced) for unit in self.columns.units]
        slots = [-1 if found is None else self._slot(found, owners) for found in owners]
        exact = [
            priced[found] if found is not None else Fraction(0)
            for found in (owners[slot] if slot == c else None for c, slot in enumerate(slots))
        ]
        flags = [
            self._flag(c, found, priced.get(found) if found else None, frozenset(priced))
            for c, found in enumerate(owners)
        ]
        scaled = [self._scaled(p if isinstance(p, Fraction) else Fraction(0), case) for p in exact]
        steps = self._steps(case, rates, owners, slots)
        return PriceRow(
            case,
            self._fixed(case, priced),
            self._weights(slots, scaled),
            tuple(numerator for numerator, _ in scaled),
            tuple(divisor for _, divisor in scaled),
            tuple(slots),
            tuple(flags),
            steps,
            number,
        )

    def _slot(self, found: Unit, owners: list[Unit | None]) -> int:
        """Return the column that keeps a unit's price: its own, else the first that pays it."""
        own = self.columns.index(found.name)
        return own if own >= 0 else owners.index(found)

    def _flag(self, c: int, found: Unit | None, price: object, priced: frozenset[Unit]) -> int:
        flag = 0
        if found is None and self.book.rules.unpriced == "flag":
            flag |= COUNT_UNPRICED
        if orphaned(self.columns, c, priced, self.book.rules):
            flag |= COUNT_ORPHAN
        if price is Special.DYNAMIC:
            flag |= COUNT_DYNAMIC
        return flag

    def _scaled(self, price: Fraction, case: Case) -> tuple[int, int]:
        """Return the price as whole number / divisor at the book's scale."""
        scaled = price * 10**self.scale
        if scaled.denominator == 1 or (
            self.book.rounding != "refuse" and scaled.denominator < MOST_DIVISOR
        ):
            return scaled.numerator, scaled.denominator
        if self.book.rounding == "refuse":
            raise ValueError(
                f"book {self.book.name!r}: {case.model.provider}/{case.model.name}: expected prices"
                f" that are whole at 10^-{self.scale} {self.book.currency}, found {price};"
                " give the book a rounding"
            )
        return round_fraction(scaled, self.book.rounding), 1

    def _fixed(self, case: Case, priced: dict[Unit, Fraction | Special]) -> int:
        """Return what each request costs, where requests are not counted by the ledger."""
        requests = self.book.units["requests"]
        price = priced.get(requests)
        fixed = self.book.fee
        if isinstance(price, Fraction) and requests not in self.columns.units:
            fixed += price
        numerator, divisor = self._scaled(fixed, case)
        return round_fraction(Fraction(numerator, divisor), self.book.rounding)

    def _weights(self, slots: list[int], scaled: list[tuple[int, int]]) -> tuple[int, ...]:
        leaf = self.columns.leaf
        own = [scaled[slot][0] if slot >= 0 else 0 for slot in slots]
        return tuple(
            sum(int(leaf[c, j]) * own[c] for c in range(len(slots))) for j in range(len(slots))
        )

    def _steps(
        self, case: Case, rates: RateTable, owners: list[Unit | None], slots: list[int]
    ) -> tuple[tuple[int, int, int], ...]:
        by_unit: dict[str, tuple[Step, ...]] = steps_of(self.book, case, rates)
        return tuple(
            (c, step.above, self._scaled(step.price, case)[0])
            for c, found in enumerate(owners)
            if found is not None and slots[c] == c
            for step in by_unit.get(found.name, ())
        )


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


def tiers_of(model: ModelPrices) -> set[str]:
    """Return the service tiers that a model has rates or factors for, and the standard one."""
    found = {rate.service_tier for period in model.periods for rate in period.rates}
    found |= {value for axis, value, _ in model.multipliers if axis == "service_tier"}
    return found | {""}


def start_of(start: date | datetime | None, zone: str) -> int:
    """Return where a period begins, in microseconds UTC."""
    if start is None:
        return LONG_AGO
    if not isinstance(start, datetime):
        start = datetime.combine(start, time(0), ZoneInfo(zone))
    return microseconds(start)
