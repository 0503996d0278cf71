"""Invoice allocation: the parts add up, are fair, and do not depend on the order."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenmill.accounting.allocate import allocate

WEIGHTS = st.lists(
    st.one_of(
        st.integers(0, 10**40),
        st.fractions(0, 10**6),
        st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=6),
    ),
    min_size=1,
    max_size=30,
).filter(any)
AMOUNTS = st.integers(-(10**40), 10**40)


def test_three_equal_shares_of_a_dollar() -> None:
    parts = allocate(Decimal("1.00"), [1, 1, 1])
    assert list(map(str, parts)) == ["0.34", "0.33", "0.33"]
    assert allocate(Decimal("1.00"), [1, 1, 1], keys=["c", "a", "b"]) == [
        Decimal("0.33"),
        Decimal("0.34"),
        Decimal("0.33"),
    ]


def test_the_larger_remainder_goes_before_the_smaller_key() -> None:
    # shares 2.5, 3.1 and 4.4 of 10: one unit is left, for the remainder of 0.5
    assert allocate(10, [25, 31, 44], keys=["z", "a", "b"]) == [3, 3, 4]


def test_a_credit_mirrors_the_charge() -> None:
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert list(map(str, allocate(Decimal("-0.05"), [1, 0, 1]))) == ["-0.03", "0.00", "-0.02"]


def test_a_decimal_keeps_its_decimals_and_an_int_its_type() -> None:
    assert list(map(str, allocate(Decimal("7"), [1, 1], scale=3))) == ["3.500", "3.500"]
    assert list(map(str, allocate(Decimal("7"), [1, 1], scale=0))) == ["4", "3"]
    # more digits than the default context of decimal has
    assert sum(map(Fraction, allocate(Decimal(10**60), [1, 2], scale=12))) == 10**60
    assert all(type(part) is int for part in allocate(7, np.array([1, 2])))


def test_nothing_to_share_and_nobody_to_share_with() -> None:
    assert allocate(0, []) == []
    assert allocate(0, [3, 0]) == [0, 0]


@given(AMOUNTS, WEIGHTS)
def test_parts_add_up_and_stay_within_a_unit_of_their_share(
    amount: int, weights: list[Fraction]
) -> None:
    parts = allocate(amount, weights)
    whole = sum(map(Fraction, weights))
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * Fraction(weight) / whole) < 1
        assert part == 0 or weight
    assert allocate(-amount, weights) == [-part for part in parts]
    by_cent = allocate(Decimal(amount).scaleb(-2), weights) if abs(amount) < 10**20 else []
    assert [part * 100 for part in by_cent] == (parts if by_cent else [])


@given(AMOUNTS, WEIGHTS, st.randoms(use_true_random=False))
def test_with_keys_the_order_does_not_matter(amount, weights, random) -> None:  # type: ignore[no-untyped-def]
    pairs = list(enumerate(weights))
    expected = dict(zip(range(len(pairs)), allocate(amount, weights), strict=True))
    random.shuffle(pairs)
    keys, shuffled = zip(*pairs, strict=True)
    assert dict(zip(keys, allocate(amount, shuffled, keys=keys), strict=True)) == expected


@given(AMOUNTS, st.lists(st.integers(0, 99), min_size=1, max_size=20).filter(any))
def test_only_the_proportion_counts(amount: int, weights: list[int]) -> None:
    scaled = [Fraction(weight, 7) for weight in weights]
    assert allocate(amount, scaled) == allocate(amount, weights)


@pytest.mark.parametrize(
    ("kind", "text", "call"),
    [
        (TypeError, "amount: expected an int or an exact number, found float",
         lambda: allocate(1.0, [1])),
        (TypeError, "amount: expected an int or an exact number, found bool",
         lambda: allocate(True, [1])),
        (TypeError, r"weights\[1\]: expected an int or an exact number, found float",
         lambda: allocate(1, [1, 0.5])),
        (TypeError, "scale: expected an int, found float", lambda: allocate(1, [1], scale=2.0)),
        (TypeError, "keys: expected keys that can be ordered", lambda: allocate(1, [1, 1],
         keys=["a", 1])),
        (ValueError, r"weights\[0\]: expected at least 0, found -1", lambda: allocate(1, [-1])),
        (ValueError, r"weights\[0\]: expected a finite weight, found NaN",
         lambda: allocate(1, [Decimal("NaN")])),
        (ValueError, "weights: expected one above 0", lambda: allocate(0, [0, 0])),
        (ValueError, "weights: expected one above 0", lambda: allocate(1, [])),
        (ValueError, "amount: expected at most 2 decimals, found 0.005",
         lambda: allocate(Decimal("0.005"), [1])),
        (ValueError, "amount: expected a finite amount, found Infinity",
         lambda: allocate(Decimal("Infinity"), [1])),
        (ValueError, "scale: expected 0 to 1000 decimals, found -1",
         lambda: allocate(1, [1], scale=-1)),
        (ValueError, "keys: expected 2, one for each weight, found 1",
         lambda: allocate(1, [1, 1], keys=["a"])),
        (ValueError, "keys: expected distinct keys, found 'a' twice",
         lambda: allocate(1, [1, 1], keys=["a", "a"])),
    ],
)  # fmt: skip
def test_a_refusal_names_the_argument(kind, text, call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind, match=text):
        call()
