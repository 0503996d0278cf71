"""Contracts over list books, terms, and what changed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.accounting.books import books, list_books
from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.diff import diff

LIST = PriceBook.from_dict(
    {
        "name": "list",
        "models": [
            {
                "provider": "p",
                "name": "m",
                "windows": {"night": {"hours": "0:00-6:00"}},
                "periods": [
                    {
                        "name": "old",
                        "prices": {"input": "3", "input@batch": "1.5", "output": "9"},
                    },
                    {
                        "name": "new",
                        "start": "2026-03-01",
                        "prices": {"input": {"base": "2", ">1000": "4"}, "output": "8"},
                        "window_prices": {"night": {"input": "1"}},
                    },
                ],
            }
        ],
    }
)


def contract(**model: Any) -> PriceBook:
    return PriceBook.from_dict(
        {"name": "deal", "models": [{"provider": "p", "name": "m", **model}]}
    )


def periods(book: PriceBook) -> list[dict[str, Any]]:
    found = book.to_dict()["models"][0]["periods"]
    assert isinstance(found, list)
    return found


def test_a_contract_replaces_what_it_prices_from_its_start_on() -> None:
    over = LIST.overlay(contract(prices={"input": "1.2"}), start=date(2026, 2, 1))
    assert periods(over) == [
        {"name": "old", "prices": {"input": "3", "input@batch": "1.5", "output": "9"}},
        {
            "start": "2026-02-01",
            "name": "old",
            "prices": {"input": "1.2", "input@batch": "1.5", "output": "9"},
        },
        # The tier and the window of the list went with its price; batch ended with its period.
        {"start": "2026-03-01", "name": "new", "prices": {"input": "1.2", "output": "8"}},
    ]
    assert over.public == LIST
    assert over.name == "list + deal"


def test_the_periods_of_a_contract_are_cut_at_its_start() -> None:
    dated = contract(
        periods=[
            {"name": "a", "start": "2026-01-01", "prices": {"output": "7"}},
            {"name": "b", "start": "2026-04-01", "prices": {"output": "6"}},
        ]
    )
    over = LIST.overlay(dated, start=datetime(2026, 3, 15, 12, tzinfo=UTC))
    assert [(p.get("start"), p["name"], p["prices"]["output"]) for p in periods(over)] == [
        (None, "old", "9"),
        ("2026-03-01", "new", "8"),
        ("2026-03-15T12:00:00+00:00", "new + a", "7"),
        ("2026-04-01", "new + b", "6"),
    ]


def test_a_second_contract_keeps_the_list_and_new_models_come_in() -> None:
    first = LIST.overlay(contract(prices={"output": "5"}))
    other = PriceBook.from_dict({"models": [{"name": "n", "prices": {"input": "1"}}]})
    second = first.overlay(other, start=date(2026, 1, 1))
    assert second.public == LIST
    (period,) = second.models[0].periods
    assert (second.models[0].name, period.start) == ("n", date(2026, 1, 1))


REFUSED = {
    "multipliers": (contract(regions={"eu": "1.1"}), "rates alone"),
    "terms": (contract().with_terms(margin=1), "with_terms"),
    "currency": (PriceBook("c", (), currency="EUR"), "contract: currency: expected 'USD'"),
    "rules": (
        PriceBook.from_dict({"rules": {"tier_reach": "marginal"}}),
        "contract: rules, tier_reach: expected 'whole'",
    ),
    "window": (contract(windows={"night": {"hours": "1:00-2:00"}}), "a name of its own"),
}


@pytest.mark.parametrize(("wrong", "words"), REFUSED.values(), ids=REFUSED)
def test_a_contract_says_rates_under_the_same_rules(wrong: PriceBook, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LIST.overlay(wrong)


def test_wrong_types_of_a_contract_are_refused() -> None:
    with pytest.raises(TypeError, match="contract: expected a PriceBook"):
        LIST.overlay("deal")
    with pytest.raises(TypeError, match="start: expected a date"):
        LIST.overlay(contract(), start="2026-01-01")
    with pytest.raises(ValueError, match="start: expected a datetime with a time zone"):
        LIST.overlay(contract(), start=datetime(2026, 1, 1))


def test_terms_are_exact_and_multiply() -> None:
    book = LIST.with_terms(discounts={"p": "0.95"}, margin="0.2", fee="0.001")
    book = book.with_terms(discounts={"p": Fraction(1, 3)}, margin=Decimal("0.5"), fee=1)
    assert dict(book.discounts) == {"p": Fraction(19, 60), "": Fraction(9, 5)}
    assert book.fee == Fraction(1001, 1000)
    assert book.public == LIST


@pytest.mark.parametrize(
    "terms",
    [{"margin": 0.1}, {"fee": "-1"}, {"discounts": {"p": "-1"}}, {"margin": True}, {"fee": "1e"}],
)
def test_terms_that_are_not_exact_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(terms))):
        LIST.with_terms(**terms)


def test_a_difference_lists_prices_with_their_ratio() -> None:
    over = LIST.overlay(
        contract(prices={"input": "1.5", "output": {"price": 1, "per": 3}}),
        start=date(2026, 2, 1),
    )
    lines = [str(change) for change in diff(LIST, over)]
    assert lines == [
        "p/m: input from 2026-02-01: 3 -> 1.5 per 1000000 (x0.5)",
        "p/m: output from 2026-02-01: 27 -> 1000000 per 3000000 (x1000000/27)",
        "p/m: input from 2026-03-01: 2 -> 1.5 per 1000000 (x0.75)",
        "p/m: input >1000 from 2026-03-01: 4 -> none per 1000000",
        "p/m: input in night from 2026-03-01: 1 -> none per 1000000",
        "p/m: output from 2026-03-01: 24 -> 1000000 per 3000000 (x125000/3)",
    ]
    change = diff(LIST, over)[0]
    assert (change.kind, change.old, change.new) == ("price", Decimal(3), Decimal("1.5"))
    assert change.ratio == Fraction(1, 2)


def test_a_difference_lists_models_and_terms() -> None:
    other = PriceBook.from_dict({"fee": 1, "models": [{"name": "n", "prices": {"input": "1"}}]})
    assert [str(change) for change in diff(LIST, other)] == [
        "book: fee changed",
        "/n: model added",
        "p/m: model removed",
    ]
    alias = LIST.overlay(contract(aliases=["mm"]))
    assert [str(change) for change in diff(LIST, alias)] == ["p/m: aliases changed"]


def test_a_change_that_lasts_is_listed_once() -> None:
    cheaper = LIST.to_dict()
    for period in cheaper["models"][0]["periods"]:
        period["prices"]["output"] = "8"
    flat = PriceBook.from_dict(cheaper)
    dearer = flat.overlay(contract(prices={"output": "10"}))
    assert [str(change) for change in diff(flat, dearer)] == [
        "p/m: output: 8 -> 10 per 1000000 (x1.25)"
    ]


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(books, books)
def test_no_difference_means_the_same_rates(one: PriceBook, other: PriceBook) -> None:
    assert diff(one, one) == []
    for change in diff(one, other):
        assert str(change)
    assert bool(diff(one, other)) == bool(diff(other, one))


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(list_books())
def test_a_book_laid_over_itself_changes_no_price(book: PriceBook) -> None:
    plain = PriceBook("plain", book.models, rules=book.rules, own_units=book.own_units)
    if any(model.multipliers or model.fallbacks for model in plain.models):
        with pytest.raises(ValueError, match="rates alone"):
            plain.overlay(plain)
    else:
        assert diff(plain, plain.overlay(plain)) == []


def test_books_in_two_currencies_do_not_compare() -> None:
    with pytest.raises(ValueError, match="new: expected prices in USD, found EUR"):
        diff(LIST, PriceBook("e", (), currency="EUR"))
    with pytest.raises(TypeError, match="old: expected a PriceBook"):
        diff({}, LIST)
