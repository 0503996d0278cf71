"""Totals by every kind of key, under one book and several, of no rows and of very many groups."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tokenmill.accounting import (
    Cancelled,
    ModelPrices,
    Period,
    PriceBook,
    Rate,
    Status,
    charge,
    day,
    month,
    own_unit,
    total,
)


def book(name: str, *prices: Fraction, **terms: Any) -> PriceBook:
    models = tuple(
        ModelPrices("p", model, (Period(None, (Rate("input", price),)),))
        for model, price in zip("ab", prices, strict=False)
    )
    return PriceBook(name, models, **terms)


BOOK = book("cents", Fraction(1, 100), Fraction(3, 100))
LATE = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
NEXT = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
USAGE: dict[str, list[Any]] = {
    "provider": ["p", "p", None, "p", "p"],
    "model": ["b", "a", "a", "z", "b"],
    "service_tier": ["batch", None, None, "batch", "flex"],
    "region": [None, "eu", "us", "eu", "eu"],
    "time": [LATE, NEXT, None, LATE, LATE],
    "input": [1, 2, 3, 4, 5],
    "team": ["t", None, "s", "t", "t"],
    "seat": [2, 10, 2, 10, None],
}
COSTS = [3, 2, 3, 0, 15]

BY: list[tuple[list[Any], dict[Any, int]]] = [
    ([], {(): 23}),
    (["team"], {("s",): 3, ("t",): 18, (None,): 2}),
    (["seat"], {(2,): 6, (10,): 2, (None,): 15}),
    (["model"], {("a",): 5, ("b",): 18, ("z",): 0}),
    (["provider"], {("p",): 20, (None,): 3}),
    (["service_tier"], {("batch",): 3, ("flex",): 15, (None,): 5}),
    (["region"], {("eu",): 17, ("us",): 3, (None,): 3}),
    (["day"], {("2026-03-31",): 18, ("2026-04-01",): 2, (None,): 3}),
    (["day:Europe/Berlin"], {("2026-04-01",): 20, (None,): 3}),
    ([day(time_zone="Europe/Berlin")], {("2026-04-01",): 20, (None,): 3}),
    (["month"], {("2026-03",): 18, ("2026-04",): 2, (None,): 3}),
    ([month("time", "+01:00")], {("2026-04",): 20, (None,): 3}),
    (["status"], {(Status.OK,): 23, (Status.UNKNOWN_MODEL,): 0}),
    (["price_row"], {(0,): 5, (1 << 32,): 18, (None,): 0}),
    (["model", "team"], {("a", "s"): 3, ("a", None): 2, ("b", "t"): 18, ("z", "t"): 0}),
    (
        ["region", "status", "seat"],
        {
            ("eu", Status.OK, 10): 2,
            ("eu", Status.OK, None): 15,
            ("eu", Status.UNKNOWN_MODEL, 10): 0,
            ("us", Status.OK, 2): 3,
            (None, Status.OK, 2): 3,
        },
    ),
]


@pytest.mark.parametrize(("by", "costs"), BY, ids=[str(by) for by, _ in BY])
def test_totals_by_every_kind_of_key(by: list[Any], costs: dict[Any, int]) -> None:
    found = total(USAGE, BOOK, convention="native", by=by)
    labels = list(zip(*found.keys.values(), strict=True)) if by else [()]
    assert labels == list(costs)
    assert found.cost == list(costs.values())
    assert found.money == [Decimal(cost) / 100 for cost in costs.values()]
    assert (sum(found.rows), found.unpriced, found.scale) == (4, 1, 2)
    assert (sum(found.tokens["input"]), sum(found.unpriced_tokens["input"])) == (11, 4)
    assert found.unpriced_models == {("p", "z", Status.UNKNOWN_MODEL): (1, 4)}
    charged = charge(USAGE, BOOK, convention="native", by=by)
    assert charged.cost.tolist() == COSTS
    assert charged.totals == found


def test_more_groups_than_a_table_has_room_for() -> None:
    rows = 3000
    rng = np.random.default_rng(1)
    keys = {name: rng.integers(0, 500, rows) for name in ("x", "y", "z")}
    count = rng.integers(0, 10**6, rows)
    usage = {"model": ["a"] * rows, "input": count, **keys}
    found = total(usage, BOOK, convention="native", by=["x", "y", "z"])
    expected: dict[tuple[int, ...], int] = defaultdict(int)
    for *labels, tokens in zip(*(k.tolist() for k in keys.values()), count.tolist(), strict=True):
        expected[tuple(labels)] += tokens
    labels = list(zip(*found.keys.values(), strict=True))
    assert labels == sorted(expected)
    assert found.cost == [expected[key] for key in sorted(expected)]
    batches = [
        {name: values[at : at + 700] for name, values in usage.items()}
        for at in range(0, rows, 700)
    ]
    assert total(iter(batches), BOOK, convention="native", by=["x", "y", "z"]) == found


def test_other_books_in_the_same_pass() -> None:
    others = [
        book("whole", Fraction(2)),
        book("fine", Fraction(1, 10**20), Fraction(1)),
        BOOK.with_terms(fee="0.5"),
    ]
    for by in ([], ["model"], ["status", "team"], ["price_row"]):
        found = total(USAGE, BOOK, convention="native", by=by, what_if=others)
        assert [(name, scale) for name, scale, _ in found.what_if] == [
            ("whole", 0),
            ("fine", 20),
            ("cents", 2),
        ]
        for other, (_, scale, costs) in zip(others, found.what_if, strict=True):
            alone = total(USAGE, other, convention="native")
            assert (sum(costs), scale) == (sum(alone.cost), alone.scale)
            assert len(costs) == len(found.cost)
            if by == ["model"]:
                assert costs == total(USAGE, other, convention="native", by=by).cost


def test_another_book_has_to_know_what_is_counted() -> None:
    usage = {"model": ["a"], "x": [1]}
    first = book("first", Fraction(1), own_units=(own_unit("x"),))
    with pytest.raises(
        ValueError, match="what_if: book 'cents': expected .* 'first', found no 'x'"
    ):
        total(usage, first, convention="native", what_if=[BOOK])
    other = book("other", Fraction(1), own_units=(own_unit("x", "output"),))
    with pytest.raises(ValueError, match="what_if: book 'other': expected .*, found another 'x'"):
        total(usage, first, convention="native", what_if=[other])


EMPTY: list[Any] = [[], iter([]), {"model": [], "input": []}, iter([{"model": [], "input": []}])]


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("by", [[], ["model"], ["status"]])
def test_no_rows(at: int, by: list[str]) -> None:
    usage = list(EMPTY[at]) if at in (1, 3) else EMPTY[at]
    found = total(usage, BOOK, convention="native", by=by, what_if=[BOOK])
    assert (found.cost, found.rows, found.unpriced, found.total) == ([], [], 0, 0)
    assert found.what_if == [("cents", 2, [])]
    assert (found.statuses, found.unpriced_models) == ({}, {})
    out = {"cost": np.zeros(0, np.int64)}
    for dtype in ("int64", "int128"):
        own = out if dtype == "int64" else None
        charged = charge(
            usage, BOOK, convention="native", by=by, per_class=True, cost_dtype=dtype, out=own
        )
        assert (len(charged), charged.total, charged.scale) == (0, 0, 2)
        assert len(charged.status) == len(charged.price_row) == 0


def test_progress_hears_of_every_batch_and_may_stop() -> None:
    heard: list[tuple[int, int]] = []
    batches = [{"model": ["a"] * n, "input": [1] * n} for n in (2, 0, 3)]

    def listen(done: int, rows: int) -> None:
        heard.append((done, rows))

    total(iter(batches), BOOK, convention="native", progress=listen)
    assert heard == [(2, 0), (5, 0)]
    cost = np.full(5, -5)
    for run in (charge, total):
        heard.clear()
        out = {"out": {"cost": cost}} if run is charge else {}
        with pytest.raises(Cancelled, match="cancelled after 2 rows"):
            run(
                iter(batches),
                BOOK,
                convention="native",
                progress=lambda done, rows: bool(heard.append((done, rows))),
                **out,
            )
        assert heard == [(2, 0)]
    assert cost.tolist() == [-5] * 5
