"""Price books as values: order, equality, fingerprints, what is refused in Python."""

import pickle
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.accounting.books import books
from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.rates import Hours, ModelPrices, Period, Rate, Special, Window
from tokenmill.accounting.rules import PriceRules
from tokenmill.accounting.units import Unit

MILLION = Fraction(1, 10**6)
RATES = (Rate("output", 10 * MILLION), Rate("input", 2 * MILLION))
MODEL = ModelPrices("openai", "gpt", (Period(None, RATES),))
BOOK = PriceBook("book", (MODEL,))


def with_rate(**fields: Any) -> PriceBook:
    """Return a book with one rate that differs in some fields."""
    return with_model(periods=(Period(None, (replace(RATES[0], **fields),)),))


def with_model(**fields: Any) -> PriceBook:
    """Return a book whose model differs in some fields."""
    return PriceBook("book", (replace(MODEL, **fields),))


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(books, st.randoms(use_true_random=False))
def test_the_order_of_parts_does_not_count(book: PriceBook, random: Any) -> None:
    def shuffled(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(values, len(values)))

    models = tuple(
        replace(
            model,
            periods=tuple(Period(p.start, shuffled(p.rates), p.name) for p in model.periods),
            aliases=shuffled(model.aliases),
            windows=dict(shuffled(tuple(model.windows.items()))),
        )
        for model in shuffled(book.models)
    )
    other = replace(book, models=models, discounts=shuffled(book.discounts))
    assert other == book
    assert hash(other) == hash(book)
    assert other.fingerprint == book.fingerprint
    assert other.models == book.models
    assert [list(m.windows) for m in other.models] == [list(m.windows) for m in book.models]


def test_a_book_can_be_pickled_and_its_windows_not_changed() -> None:
    windows = {"night": Window((Hours(),))}
    book = with_model(windows=windows)
    windows.clear()
    assert list(book.models[0].windows) == ["night"]
    assert pickle.loads(pickle.dumps(book)) == book
    with pytest.raises(TypeError):
        book.models[0].windows["day"] = Window((Hours(),))


@pytest.mark.parametrize(
    "other",
    [
        replace(BOOK, version="2"),
        replace(BOOK, fee=Fraction(1)),
        with_rate(price=3 * MILLION),
        with_model(name="gpt-2"),
        with_model(aliases=("g",)),
        with_model(periods=(Period(date(2026, 1, 1), RATES),)),
        BOOK.with_terms(),
    ],
)
def test_other_content_has_another_fingerprint(other: PriceBook) -> None:
    assert other != BOOK
    assert other.fingerprint != BOOK.fingerprint


def test_an_instant_is_the_same_in_every_zone() -> None:
    utc = datetime(2026, 1, 1, 12, tzinfo=UTC)
    one = with_model(periods=(Period(utc, RATES),))
    other = with_model(periods=(Period(datetime.fromisoformat("2026-01-01T20:00+08:00"), RATES),))
    assert (one, one.fingerprint) == (other, other.fingerprint)


WRONG_VALUES = {
    "unit": (lambda: with_rate(unit="outptu"), "period from the beginning, unit.*'output'"),
    "negative": (lambda: with_rate(price=-MILLION), "price of output: expected 0 or more"),
    "above": (lambda: with_rate(above=-2), "above: expected an integer from -1"),
    "window": (lambda: with_rate(window="night"), "window: expected a window of the model"),
    "twice": (lambda: with_model(periods=(Period(None, RATES[:1] * 2),)), "one rate of each"),
    "rising": (
        lambda: with_model(periods=(Period(date(2026, 1, 1), ()), Period(None, ()))),
        "openai/gpt, periods: start: expected rising starts",
    ),
    "same instant": (
        lambda: with_model(
            periods=(
                Period(date(2026, 1, 1), ()),
                Period(datetime(2026, 1, 1, tzinfo=UTC), ()),
            )
        ),
        "rising starts",
    ),
    "year": (lambda: with_model(periods=(Period(date(1, 1, 1), ()),)), "a year from 1900"),
    "factor": (
        lambda: with_model(multipliers=(("region", "eu", Fraction(-1)),)),
        "multiplier of region 'eu': expected 0 or more",
    ),
    "axis": (lambda: with_model(multipliers=(("zone", "eu", Fraction(1)),)), "one of region"),
    "two factors": (
        lambda: with_model(multipliers=(("region", "eu", Fraction(1)),) * 2),
        "one factor of each",
    ),
    "discounts": (
        lambda: replace(BOOK, discounts=(("", Fraction(1)), ("", Fraction(2)))),
        "one factor of each provider",
    ),
    "self fallback": (
        lambda: with_model(fallbacks=(("input", "input", Fraction(1)),)),
        "comes back",
    ),
    "long loop": (
        lambda: with_model(
            fallbacks=tuple(
                (unit, source, Fraction(1))
                for unit, source in (
                    ("input", "output"),
                    ("output", "requests"),
                    ("requests", "input"),
                )
            )
        ),
        "comes back",
    ),
    "own unit": (lambda: replace(BOOK, own_units=(Unit("input", "", frozenset(), 1),)), "input"),
    "own kind": (lambda: replace(BOOK, own_units=(Unit("x", "", frozenset(), 1),)), "a kind"),
    "zone": (lambda: with_model(windows={"w": Window((Hours(),), "Mars")}), "IANA"),
    "weekday": (
        lambda: with_model(windows={"w": Window((Hours(weekdays=frozenset({0})),))}),
        "Monday",
    ),
    "no hours": (lambda: with_model(windows={"w": Window(())}), "at least one"),
    "rounding": (lambda: replace(BOOK, rounding="down"), "rounding: expected one of refuse"),
    "list of a list": (
        lambda: replace(BOOK, public=BOOK.with_terms()),
        "public: expected list prices in USD",
    ),
    "currency of the list": (
        lambda: replace(BOOK, public=replace(BOOK, currency="EUR")),
        "public: expected list prices in USD",
    ),
    "long number": (lambda: replace(BOOK, fee=Fraction(1, 10**60)), "at most 60 digits"),
}


@pytest.mark.parametrize(("build", "words"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_refused_by_its_place(build: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: with_rate(price=0.1),
        lambda: replace(BOOK, fee=0),
        lambda: replace(BOOK, models=("gpt",)),
        lambda: replace(BOOK, public="list"),
        lambda: with_model(periods=(RATES,)),
        lambda: with_model(aliases="gpt"),
        lambda: with_model(name=3),
        lambda: with_model(periods=(Period("2026", ()),)),
    ],
)
def test_a_wrong_type_is_refused(build: Any) -> None:
    with pytest.raises(TypeError, match="expected"):
        build()


def test_an_empty_book_is_a_book() -> None:
    empty = PriceBook("", ())
    assert PriceBook.from_dict(empty.to_dict()) == empty
    assert PriceBook.from_dict({}) == empty


MARGINAL = PriceRules(tier_reach="marginal")
BASE, STEP = Rate("input", Fraction(1)), Rate("input", Fraction(2), above=10)
NIGHT = {"night": Window((Hours(((0, 60),)),))}
STEPS_THAT_NEVER_HOLD: list[tuple[tuple[Rate, ...], str]] = [
    ((STEP,), ": expected a price below the thresholds, found 'none'"),
    ((Rate("output", Fraction(1)), STEP), "found 'none'"),
    ((replace(BASE, service_tier="batch"), STEP), ": expected .* found 'none'"),
    ((replace(BASE, window="night"), STEP), ": expected .* found 'none'"),
    (
        (BASE, replace(BASE, price=Special.INHERIT, service_tier="batch"), STEP),
        "service tier batch: expected .* found 'inherit'",
    ),
    (
        (BASE, replace(BASE, price=Special.INHERIT, window="night"), STEP),
        "window night: expected .* found 'inherit'",
    ),
    ((BASE, replace(STEP, price=Special.DYNAMIC)), "above 10: expected a price, found 'dynamic'"),
]


@pytest.mark.parametrize(("rates", "words"), STEPS_THAT_NEVER_HOLD)
def test_tiers_by_unit_that_never_hold_are_refused(rates: tuple[Rate, ...], words: str) -> None:
    models = (ModelPrices("p", "m", (Period(None, rates),), windows=NIGHT),)
    place = "model p/m, period from the beginning, rates of input by its own count"
    for rules in (MARGINAL, PriceRules(tier_basis="unit")):
        with pytest.raises(ValueError, match=f"{place}.*{words}"):
            PriceBook("b", models, rules=rules)
    PriceBook("b", models)


def test_tiers_by_unit_with_a_price_below_them_are_taken() -> None:
    dynamic = replace(BASE, price=Special.DYNAMIC, service_tier="batch")
    own = (replace(BASE, service_tier="flex"), replace(STEP, service_tier="flex"))
    for rates in ((BASE, STEP), (BASE, dynamic, STEP), (BASE, *own)):
        PriceBook("b", (ModelPrices("p", "m", (Period(None, rates),)),), rules=MARGINAL)
