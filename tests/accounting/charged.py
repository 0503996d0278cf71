"""Random books and ledgers, and what their rows cost by the readable twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tokenmill.accounting import (
    UNITS,
    Hours,
    ModelPrices,
    Period,
    PriceBook,
    PriceRules,
    Rate,
    Special,
    UsageConvention,
    Window,
    own_unit,
)
from tokenmill.reference import rates as twin_rates
from tokenmill.reference.row import Charged, Row, Rules, charge_row

X = own_unit("x")
PROPERTIES = {name: unit.properties for name, unit in UNITS.items()} | {"x": X.properties}
STANDARD = {"", "batch", "flex", "priority", "fast", "balanced", "ultrafast"}
INPUT = ("input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "input_audio")
OUTPUT = ("output", "reasoning", "output_audio")
NESTED = ("cache_audio_read", "cache_text_read", "cache_audio_write", "input_text", "input_tool")
SPOKEN = ("output_text", "citation", "output_text_citation")
POOL = (*INPUT, *NESTED, *OUTPUT, *SPOKEN, "web_searches", "requests", "x")
TIERS = ("", "batch", "special")
REGIONS = ("", "eu", "us")
THRESHOLDS = (0, 10, 11, 100, 2**40)
STARTS = (date(1969, 12, 31), date(2025, 3, 9), datetime(2026, 3, 8, 7, tzinfo=UTC))
DAYS = [date(1969, 12, 31), date(2024, 2, 29), *(date(2026, 3, day) for day in range(6, 11))]
DAYS += [date(2026, 11, 1)]
NEW_YORK = "America/New_York"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(start: date) -> int:
    """Return where a day or an instant begins."""
    if not isinstance(start, datetime):
        start = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return (start - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Case:
    """A book, a convention, and the rows of a ledger as a mapping of columns."""

    book: PriceBook
    convention: UsageConvention
    usage: dict[str, list[Any]]

    @property
    def units(self) -> list[str]:
        """The units that are counted."""
        return [name for name in self.usage if name in PROPERTIES]


def twin_model(book: PriceBook, model: ModelPrices) -> twin_rates.Model:
    """Return a model of a book as the twin reads it."""

    def plain(rate: Rate) -> twin_rates.Rate:
        price = rate.price.value if isinstance(rate.price, Special) else rate.price
        return twin_rates.Rate(rate.unit, price, rate.service_tier, rate.above, rate.window)

    discount = Fraction(1)
    for provider, by in book.discounts:
        discount *= by if provider in ("", model.provider) else 1
    return twin_rates.Model(
        tuple(
            (None if p.start is None else microseconds(p.start), tuple(map(plain, p.rates)))
            for p in model.periods
        ),
        {name: tuple(_hours(window)) for name, window in model.windows.items()},
        model.multipliers,
        (*model.fallbacks, *book.rules.fallbacks),
        discount,
    )


def _hours(window: Window) -> list[twin_rates.Hours]:
    zones = window.time_zone, window.weekday_time_zone or window.time_zone
    return [twin_rates.Hours(hours.minutes, hours.weekdays, *zones) for hours in window.hours]


def twin_rules(book: PriceBook, convention: UsageConvention) -> Rules:
    """Return the rules of a book and a convention as the twin reads them."""
    models = [twin_model(book, model) for model in book.models]
    return Rules(
        cache_in_input=convention.cache_in_input,
        reasoning_in_output=convention.reasoning_in_output,
        replace_writes=convention.writes == "replace",
        litellm=convention.overlap == "litellm",
        basis=book.rules.tier_basis,
        marginal=book.rules.tier_reach == "marginal",
        flag_unpriced=book.rules.unpriced == "flag",
        flag_missing_total=book.rules.missing_total == "flag",
        fee=book.fee,
        rounding=book.rounding,
        service_tiers=frozenset(STANDARD.union(*(model.service_tiers for model in models))),
    )


def expected(case: Case, scale: int) -> list[Charged]:
    """Return what the twin makes of every row, where a cost has 64 bits."""
    rules = twin_rules(case.book, case.convention)
    found = []
    for at in range(len(case.usage["model"])):
        row = {name: values[at] for name, values in case.usage.items()}
        model = next((m for m in case.book.models if m.name == row["model"]), None)
        if model is None:
            found.append(Charged("UNKNOWN_MODEL" if row["model"] else "MISSING_FIELD"))
            continue
        counts = {unit: row[unit] for unit in case.units}
        read = Row(
            {unit: int(count or 0) for unit, count in counts.items()},
            row.get("time_us"),
            row.get("service_tier") or "",
            row.get("region") or "",
            any(isinstance(count, float) for count in counts.values()),
        )
        twin = twin_model(case.book, model)
        row_charged = charge_row(read, twin, rules, PROPERTIES, scale)
        fits = row_charged.cost < 2**63
        found.append(row_charged if fits else Charged("OVERFLOW"))
    return found


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any], times: int) -> Any:
    """Return a rare value once in `times`; `st.one_of` takes each strategy once."""
    return st.integers(1, times).flatmap(lambda n: rare if n == times else usual)


decimals = st.integers(0, 5000).map(lambda n: Fraction(n, 10**6))
ratios = st.builds(Fraction, st.integers(0, 50), one_of(1, 3, 7, 10**6, 3 * 10**6, 2 * 10**15))
windows = st.builds(
    Window,
    st.lists(
        st.builds(
            Hours,
            st.lists(
                st.tuples(one_of(0, 60, 450, 1380), one_of(0, 30, 60, 450, 1440)),
                min_size=1,
                max_size=2,
            ).map(tuple),
            st.frozensets(st.integers(1, 7), min_size=1),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    one_of("UTC", "Asia/Shanghai", NEW_YORK),
    one_of("", "UTC", NEW_YORK),
)


@st.composite
def models(draw: st.DrawFn, name: str, rounds: bool, by_unit: bool) -> ModelPrices:
    own_windows = draw(st.dictionaries(one_of("day", "night"), windows, max_size=2))
    prices = ratios if rounds else decimals
    special = st.nothing() if by_unit else one_of(*Special)
    units = draw(one_of([], ["input", "output"], ["input", "output"]))
    units += draw(st.lists(one_of(*POOL), min_size=1, max_size=6, unique=True))

    def rate(unit: str) -> st.SearchStrategy[Rate]:
        price = prices | special
        places = (one_of(*TIERS), one_of(-1, *THRESHOLDS), one_of("", *own_windows))
        return st.builds(Rate, st.just(unit), price, *places)

    def rates() -> tuple[Rate, ...]:
        found = draw(st.lists(one_of(*units).flatmap(rate), max_size=8))
        # By the unit's own count there is a price below the first threshold.
        base = [Rate(u, draw(prices)) for u in (units if by_unit else units[:3])]
        return tuple(
            {(r.unit, r.service_tier, r.above, r.window): r for r in base + found}.values()
        )

    starts = sorted(draw(st.sets(one_of(*STARTS), max_size=2)), key=microseconds)
    first = draw(one_of((None,), (None,), ()))
    third = [Fraction(1, 3)] if rounds else []
    factors = one_of(Fraction(1, 2), Fraction(11, 10), *third)
    places = one_of(("region", "eu"), ("service_tier", "batch"))
    multipliers = draw(st.dictionaries(places, factors, max_size=2))
    return ModelPrices(
        draw(one_of("p", "q")),
        name,
        tuple(Period(start, rates()) for start in (*first, *starts)),
        windows=own_windows,
        multipliers=tuple((*place, factor) for place, factor in multipliers.items()),
        fallbacks=draw(one_of((), (("cache_read", "input", Fraction(1, 10)),))),
    )


@st.composite
def books(draw: st.DrawFn) -> PriceBook:
    rounding = draw(one_of("refuse", "half_even", "half_up", "up"))
    reach = draw(one_of("whole", "whole", "marginal"))
    rules = PriceRules(
        "random",
        tier_basis=draw(one_of("input", "uncached", "input+output", "unit")),
        tier_reach=reach,
        fallbacks=draw(one_of((), (("reasoning", "output", Fraction(3, 2)),))),
        unpriced=draw(one_of("flag", "ignore")),
        missing_total=draw(one_of("derive", "derive", "derive", "flag")),
    )
    by_unit = reach == "marginal" or rules.tier_basis == "unit"
    rounds = rounding != "refuse"
    return PriceBook(
        "random",
        tuple(draw(models(name, rounds, by_unit)) for name in draw(one_of("a", "ab", "abc"))),
        rules=rules,
        own_units=(X,),
        discounts=draw(one_of((), (("", Fraction(19, 20)), ("p", Fraction(1, 2))))),
        fee=draw(one_of(Fraction(0), Fraction(3, 1000), Fraction(1, 7 if rounds else 8))),
        rounding=rounding,
    )


conventions = st.builds(
    UsageConvention,
    st.just("random"),
    st.booleans(),
    st.booleans(),
    one_of("parts", "replace"),
) | st.just(UsageConvention("cut", writes="replace", overlap="litellm"))


def instants(models: Sequence[ModelPrices]) -> st.SearchStrategy[int]:
    """Return instants at and around every boundary; New York's clocks begin in 2000."""
    zones = {z for m in models for w in m.windows.values() for z in _zones(w)}
    days = DAYS[1:] if NEW_YORK in zones else DAYS
    edges = st.builds(
        lambda day, hours, minutes: microseconds(day) + (hours * 60 + minutes) * 60_000_000,
        st.sampled_from(days),
        one_of(0, 4, 5, 7, 16),
        one_of(0, 30, 60, 450, 1380),
    )
    starts = [s for s in map(microseconds, STARTS) if s > 0 or NEW_YORK not in zones]
    return st.builds(int.__add__, st.sampled_from(starts) | edges, one_of(-1, 0, 1))


def _zones(window: Window) -> tuple[str, str]:
    return window.time_zone, window.weekday_time_zone


def counts_of(unit: str) -> st.SearchStrategy[Any]:
    most = 300 if unit in ("input", "output") else 25
    rare = one_of(None, None, 2**31, 10**12, 2**62 - 2, 2**63 - 1, -1, 1.5)
    return mostly(st.integers(0, most) | one_of(0, 10, 11, 101), rare, 25)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    book, convention = draw(books()), draw(conventions)
    pool = set(draw(st.lists(one_of(*POOL), min_size=1, max_size=8)))
    if draw(one_of(*[True] * 9, False)):
        pool |= {"input", "output"}
    units = [unit for unit in POOL if unit in pool]
    times = mostly(instants(book.models), st.none(), 20)
    twins = [twin_model(book, model) for model in book.models]
    tiers = sorted({"", "batch"}.union(*(twin.service_tiers for twin in twins)))
    fields: Mapping[str, st.SearchStrategy[Any]] = {
        "model": one_of(*[model.name for model in book.models] * 10, "z", None),
        "service_tier": one_of(None, *tiers * 9, "flex", "special", "nonsense"),
        "region": one_of(None, *REGIONS),
        "time_us": times,
        **{unit: counts_of(unit) for unit in units},
    }
    rows = draw(st.lists(st.fixed_dictionaries(dict(fields)), min_size=1, max_size=12))
    return Case(book, convention, {name: [row[name] for row in rows] for name in fields})
