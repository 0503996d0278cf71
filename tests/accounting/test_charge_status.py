"""What becomes of a row: every status, which of two is given, and what a refusal leaves alone."""

from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tokenmill.accounting import (
    ROUNDED,
    LedgerError,
    ModelPrices,
    Period,
    PriceBook,
    Rate,
    Special,
    Status,
    charge,
    total,
)

ONE = Fraction(1)
MODELS = (
    ModelPrices(
        "p",
        "dated",
        (Period(date(2026, 1, 1), (Rate("input", ONE), Rate("cache_read", Special.DYNAMIC))),),
        patterns=("two*",),
    ),
    ModelPrices(
        "p", "plain", (Period(None, (Rate("input", ONE), Rate("output", Fraction(2**40)))),)
    ),
    ModelPrices("p", "other", (Period(None, (Rate("input", Fraction(0)),)),), patterns=("two*",)),
    ModelPrices("p", "empty", ()),
)
BOOK = PriceBook("b", MODELS)
TIME = 1_800_000_000_000_000
EARLY = 1_700_000_000_000_000

FIELDS = ("model", "service_tier", "time_us", "input", "cache_read", "output", "web_searches")
# What each row has, in the order of FIELDS, and what becomes of it.
ROWS: list[tuple[tuple[Any, ...], Status]] = [
    (("plain", None, None, 7, 3, 0, 0), Status.OK),
    (("plain", None, None, 0, 0, 0, 0), Status.OK),
    (("plain", None, None, None, None, None, None), Status.OK),
    (("other", None, None, 7, 0, 0, 0), Status.PRICED_ZERO),
    ((None, None, TIME, 7, 0, 0, 0), Status.MISSING_FIELD),
    (("dated", None, None, 7, 0, 0, 0), Status.MISSING_FIELD),
    (("nobody", None, TIME, 7, 0, 0, 0), Status.UNKNOWN_MODEL),
    (("two-fit", None, TIME, 7, 0, 0, 0), Status.AMBIGUOUS_MODEL),
    (("plain", None, TIME, 1.5, 0, 0, 0), Status.BAD_VALUE),
    (("plain", "no tier", TIME, 7, 0, 0, 0), Status.BAD_VALUE),
    (("plain", None, TIME, 7, -1, 0, 0), Status.NEGATIVE_COUNT),
    (("dated", None, EARLY, 7, 0, 0, 0), Status.BEFORE_FIRST_DATE),
    (("dated", None, TIME, 7, 1, 0, 0), Status.DYNAMIC_PRICE),
    (("plain", None, TIME, 7, 0, 0, 1), Status.NO_PRICE),
    (("empty", None, TIME, 0, 0, 0, 0), Status.NO_PRICE),
    (("plain", None, TIME, 0, 0, 2**23, 0), Status.OVERFLOW),
    # Of two, the first in the order of Status; a row of an unknown model is not looked at further.
    ((None, "no tier", None, -7, 9, 0, 1), Status.MISSING_FIELD),
    (("dated", None, None, -7, 9, 0, 1), Status.MISSING_FIELD),
    (("dated", None, None, 1.5, -1, 0, 0), Status.MISSING_FIELD),
    (("nobody", "no tier", None, -7, 9, 0, 1), Status.UNKNOWN_MODEL),
    (("two-fit", None, None, -7, 9, 0, 1), Status.AMBIGUOUS_MODEL),
    (("plain", "no tier", TIME, -7, 0, 0, 0), Status.BAD_VALUE),
    (("plain", None, TIME, 1.5, -7, 0, 0), Status.BAD_VALUE),
    (("dated", None, EARLY, -7, 0, 0, 0), Status.NEGATIVE_COUNT),
    (("dated", None, EARLY, 7, 9, 0, 1), Status.BEFORE_FIRST_DATE),
    (("dated", None, TIME, 7, 1, 0, 1), Status.DYNAMIC_PRICE),
    (("empty", None, TIME, -1, 0, 0, 0), Status.NEGATIVE_COUNT),
    (("plain", None, TIME, 0, 0, 2**23, 1), Status.NO_PRICE),
]


def table(rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(FIELDS)}


USAGE = table([row for row, _ in ROWS])
STATUSES = [status for _, status in ROWS]


@pytest.mark.parametrize(("row", "status"), ROWS, ids=lambda part: str(part))
def test_a_row_alone(row: tuple[Any, ...], status: Status) -> None:
    book = PriceBook("b", MODELS)  # for which nothing is compiled yet
    found = charge(table([row]), book, convention="native", per_class=True)
    assert found.status.tolist() == [status]
    assert found.cost.tolist() == [7 if row == ROWS[0][0] else 0]
    assert found.per_class is not None
    assert sum(part.tolist()[0] for part in found.per_class.values()) == found.cost[0]
    priced = status <= Status.PRICED_ZERO
    assert (found.price_row[0] >= 0) or not priced


def test_every_row_together() -> None:
    found = charge(USAGE, BOOK, convention="native", by=["status"])
    assert found.status.tolist() == STATUSES
    assert set(STATUSES) | {Status.SUBSET_EXCEEDS_TOTAL} == set(Status)
    assert found.totals is not None
    assert found.totals.keys["status"] == sorted(set(STATUSES))
    assert found.totals.statuses == {s: STATUSES.count(s) for s in sorted(set(STATUSES))}


def test_parts_exceed_their_total() -> None:
    prices = PriceBook(
        "b",
        (
            ModelPrices(
                "p",
                "m",
                (Period(None, (Rate("input", ONE), Rate("cache_read", ONE), Rate("output", ONE))),),
            ),
        ),
    )
    usage = {
        "model": ["m"] * 5,
        "input": [7, 7, 7, 8, 7],
        "cache_read": [7, 8, 8, 8, 8],
        "output": [0, 0, 0, 0, 0],
        "web_searches": [0, 0, 1, 0, -1],
    }
    found = charge(usage, prices, convention="native")
    exceeds, negative = Status.SUBSET_EXCEEDS_TOTAL, Status.NEGATIVE_COUNT
    assert found.status.tolist() == [0, exceeds, exceeds, 0, negative]


@pytest.mark.parametrize(("rounding", "costs"), [("half_even", [0, 1, 0, 2]), ("up", [1, 1, 1, 2])])
def test_rounded_is_a_bit_beside(rounding: str, costs: list[int]) -> None:
    rates = (Rate("input", Fraction(1, 3)), Rate("output", Fraction(1, 7)))
    prices = PriceBook("b", (ModelPrices("p", "m", (Period(None, rates),)),), rounding=rounding)
    usage = {"model": ["m"] * 4, "input": [1, 3, 0, 6], "output": [0, 0, 1, 0]}
    found = charge(usage, prices, convention="native", by=[])
    assert found.cost.tolist() == costs
    # What rounds to nothing has a price: it is not PRICED_ZERO.
    assert found.status.tolist() == [ROUNDED, 0, ROUNDED, 0]
    assert found.totals is not None
    assert found.totals.rounded_rows == 2
    assert found.totals.statuses == {Status.OK: 4}


@pytest.mark.parametrize(
    ("rounding", "costs"),
    [("half_even", [0, 1, 2, 2, 2]), ("half_up", [1, 1, 2, 2, 3]), ("up", [1, 1, 2, 2, 3])],
)
def test_halves(rounding: str, costs: list[int]) -> None:
    """Half of 10^-15, the least that a book that rounds keeps as a whole number."""
    rates = (Rate("input", Fraction(1, 2 * 10**15)),)
    prices = PriceBook("b", (ModelPrices("p", "m", (Period(None, rates),)),), rounding=rounding)
    usage = {"model": ["m"] * 5, "input": [1, 2, 3, 4, 5]}
    found = charge(usage, prices, convention="native")
    assert (found.scale, found.cost.tolist()) == (15, costs)
    assert (found.status & ROUNDED > 0).tolist() == [True, False, True, False, True]


def test_raise_says_which_rows() -> None:
    usage = table([ROWS[at][0] for at in (0, 6, 10, 10)])
    message = (
        r"usage: expected every row to be charged, found 1 UNKNOWN_MODEL, 2 NEGATIVE_COUNT"
        r"; first rows: 1 \(UNKNOWN_MODEL\), 2 \(NEGATIVE_COUNT\), 3 \(NEGATIVE_COUNT\)$"
    )
    cost = np.full(4, -5)
    with pytest.raises(LedgerError, match=message) as caught:
        charge(usage, BOOK, convention="native", policy="raise", out={"cost": cost})
    assert caught.value.statuses == {Status.UNKNOWN_MODEL: 1, Status.NEGATIVE_COUNT: 2}
    assert cost.tolist() == [-5] * 4
    with pytest.raises(LedgerError, match="found 1 UNKNOWN_MODEL, 2 NEGATIVE_COUNT$"):
        total(usage, BOOK, convention="native", policy="raise")
    good = table([ROWS[0][0]])
    assert charge(good, BOOK, convention="native", policy="raise").cost.tolist() == [7]


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


REFUSED_OUT: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"price": np.zeros(2)}, ValueError, "out: expected cost, status or price_row, found 'price'"),
    ({"status": np.zeros(2, np.int8)}, TypeError, r"out\['status'\]: expected dtype uint8"),
    ({"price_row": [0, 0]}, TypeError, r"out\['price_row'\]: expected dtype int64"),
    ({"price_row": np.zeros(3, np.int64)}, ValueError, r"expected shape \(2,\), found \(3,\)"),
    ({"status": _read_only(np.zeros(2, np.uint8))}, ValueError, "read-only"),
]


@pytest.mark.parametrize(("wrong", "error", "words"), REFUSED_OUT, ids=range(len(REFUSED_OUT)))
def test_refused_arrays_leave_the_others_alone(
    wrong: dict[str, Any], error: type[Exception], words: str
) -> None:
    usage = table([ROWS[0][0], ROWS[0][0]])
    cost = np.full(2, -5)
    with pytest.raises(error, match=words):
        charge(usage, BOOK, convention="native", out={"cost": cost, **wrong})
    assert cost.tolist() == [-5, -5]


def test_arrays_given_are_filled() -> None:
    out = {"cost": np.full(4, -5)[::2], "price_row": np.zeros(2, np.int64)}
    usage = table([ROWS[0][0], ROWS[6][0]])
    found = charge(usage, BOOK, convention="native", out=out)
    assert out["cost"].tolist() == [7, 0]
    assert out["price_row"].tolist() == found.price_row.tolist()
    assert found.price_row[1] == -1
