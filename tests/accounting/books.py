"""Random price books for property tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import strategies as st

from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.rates import Hours, ModelPrices, Period, Rate, Special, Window
from tokenmill.accounting.rules import PRICE_RULES, PriceRules
from tokenmill.accounting.units import UNITS, Unit, own_unit

names = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="*"), min_size=1
).filter(str.isprintable)
factors = st.fractions(0, 3, max_denominator=1000)
prices = st.fractions(0, 100, max_denominator=10**12) | st.sampled_from(list(Special))
OWN = (
    own_unit("x"),
    own_unit('odd "name"', "", 7),
    Unit("thoughts", "output", frozenset({("kind", "tokens"), ("direction", "output")}), 1000),
)
unit_names = st.sampled_from([*UNITS, *(unit.name for unit in OWN)])
zones = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])
minutes = st.tuples(st.integers(0, 1439), st.integers(0, 1440))
windows = st.builds(
    Window,
    st.lists(
        st.builds(
            Hours,
            st.lists(minutes, min_size=1, max_size=3).map(tuple),
            st.frozensets(st.integers(1, 7), min_size=1),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    zones,
    st.just("") | zones,
)
starts = st.dates(date(2000, 1, 1), date(2100, 1, 1)) | st.datetimes(
    datetime(2000, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


def _instant(start: date | datetime) -> datetime:
    if isinstance(start, datetime):
        return start
    return datetime(start.year, start.month, start.day, tzinfo=UTC)


@st.composite
def models(draw: st.DrawFn) -> ModelPrices:
    own_windows = draw(st.dictionaries(names, windows, max_size=2))
    rates = st.builds(
        Rate,
        unit_names,
        prices,
        st.just("") | names,
        st.just(-1) | st.integers(0, 10**6),
        st.sampled_from(["", *own_windows]),
    )

    def once(rate: Rate) -> tuple[str, str, int, str]:
        return rate.unit, rate.service_tier, rate.above, rate.window

    begun = sorted(draw(st.lists(starts, max_size=3, unique_by=_instant)), key=_instant)
    first = draw(st.sampled_from([(), (None,)]))
    periods = tuple(
        Period(start, tuple(draw(st.lists(rates, max_size=5, unique_by=once))), draw(names))
        for start in (*first, *begun)
    )
    multipliers = draw(
        st.dictionaries(st.tuples(st.sampled_from(["region", "service_tier"]), names), factors)
    )
    fallbacks = draw(st.lists(st.tuples(st.just("reasoning"), st.just("output"), factors)))
    return ModelPrices(
        draw(st.just("") | names),
        draw(names),
        periods,
        tuple(draw(st.lists(names, max_size=2))),
        tuple(name + "*" for name in draw(st.lists(names, max_size=2))),
        own_windows,
        tuple((axis, value, factor) for (axis, value), factor in multipliers.items()),
        tuple(fallbacks),
    )


rules = st.sampled_from(list(PRICE_RULES.values())) | st.builds(
    PriceRules,
    names,
    st.sampled_from([">", ">="]),
    st.sampled_from(["input", "uncached", "unit"]),
    fallbacks=st.just((("cache_read", "input", Fraction(1, 3)),)),
)
discounts = st.dictionaries(st.just("") | names, factors, max_size=3)


@st.composite
def list_books(draw: st.DrawFn) -> PriceBook:
    own_rules = draw(rules)
    found = draw(st.lists(models(), max_size=4, unique_by=lambda m: (m.provider, m.name)))
    return PriceBook(
        draw(names),
        tuple(map(with_bases, found) if own_rules.by_unit else found),
        draw(names),
        own_rules,
        own_units=OWN,
        discounts=tuple(draw(discounts).items()),
        fee=draw(factors),
        rounding=draw(st.sampled_from(["refuse", "half_even"])),
    )


def with_bases(model: ModelPrices) -> ModelPrices:
    """Leave out what a book by each unit's own count may not have: see `check_steps`."""

    def holding(rates: tuple[Rate, ...]) -> tuple[Rate, ...]:
        some = [rate for rate in rates if rate.price is not Special.INHERIT]
        bases = {r.unit for r in some if (r.above, r.service_tier, r.window) == (-1, "", "")}
        return tuple(
            rate
            for rate in some
            if rate.above < 0 or (rate.unit in bases and isinstance(rate.price, Fraction))
        )

    periods = tuple(replace(period, rates=holding(period.rates)) for period in model.periods)
    return replace(model, periods=periods)


books = list_books() | st.builds(
    lambda book, margin: book.with_terms(margin=margin), list_books(), factors
)
