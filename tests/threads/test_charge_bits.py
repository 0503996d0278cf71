"""A row's cost does not depend on threads, on batches, or on the rows beside it."""

from typing import Any

import numpy as np
import pytest

from tests.accounting.mixed import BOOK, ROWS, batches, bits, charged, ledger, rows_of, totals
from tokenmill.accounting import Charges, PriceBook, Status, charge


@pytest.fixture(scope="module")
def usage() -> dict[str, Any]:
    return ledger()


@pytest.fixture(scope="module")
def found(usage: dict[str, Any]) -> Charges:
    return charged(usage, threads=1)


def test_the_ledger_has_rows_of_many_kinds(found: Charges) -> None:
    assert found.totals is not None
    assert len(found.totals.statuses) == 8
    assert found.totals.rounded_rows > 1000
    assert len(set(found.price_row.tolist())) > 60
    assert found.totals.statuses[Status.OK] > ROWS // 2


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads(usage: dict[str, Any], found: Charges, threads: int) -> None:
    again = charged(usage, threads=threads)
    assert bits(again) == bits(found)
    assert again.totals == found.totals
    assert totals(usage, threads=threads) == totals(usage, threads=1)


@pytest.mark.parametrize("size", [1009, 10_007, 40_000])
def test_batches_of_any_size(usage: dict[str, Any], found: Charges, size: int) -> None:
    again = charged(batches(usage, size), threads=2)
    assert bits(again) == bits(found)
    assert again.totals == found.totals
    assert totals(batches(usage, size)) == totals(usage)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_very_small_batches(usage: dict[str, Any], found: Charges, size: int) -> None:
    few = rows_of(usage, slice(None, None, 300))
    again = charged(batches(few, size))
    assert bits(again) == bits(charged(few))
    assert again.cost.tolist() == found.cost[::300].tolist()
    assert totals(batches(few, size)) == totals(few)


@pytest.mark.parametrize("kind", ["random", "reversed", "sorted by model"])
def test_order_of_rows(usage: dict[str, Any], found: Charges, kind: str) -> None:
    orders = {
        "random": np.random.default_rng(2).permutation(ROWS),
        "reversed": np.arange(ROWS)[::-1],
        "sorted by model": np.argsort(usage["model"].astype(str), kind="stable"),
    }
    order = orders[kind]
    again = charged(rows_of(usage, order), threads=2)
    assert again.cost.tolist() == found.cost[order].tolist()
    assert again.status.tolist() == found.status[order].tolist()
    assert again.price_row.tolist() == found.price_row[order].tolist()
    assert again.totals == found.totals


def test_a_row_alone_and_among_others(usage: dict[str, Any], found: Charges) -> None:
    """Under a book of its own each time, so that nothing is compiled for other rows."""
    for row in range(0, ROWS, ROWS // 60):
        own = PriceBook(BOOK.name, BOOK.models, rounding=BOOK.rounding)
        alone = charge(rows_of(usage, [row]), own, convention="native")
        values = alone.cost[0], alone.status[0], alone.price_row[0]
        assert values == (found.cost[row], found.status[row], found.price_row[row])


def test_parts_and_width_change_nothing(usage: dict[str, Any], found: Charges) -> None:
    parts = charged(usage, per_class=True, threads=2)
    assert bits(parts) == bits(found)
    assert parts.per_class is not None
    assert (sum(parts.per_class.values()) == found.cost).all()
    wide = charged(usage, cost_dtype="int128", threads=2)
    fits = found.status != Status.OVERFLOW
    assert (wide.cost[fits] == found.cost[fits]).all()
    assert (wide.price_row == found.price_row).all()
    assert (abs(wide.cost[~fits]) >= 2**63).all()


def test_columns_of_32_bits(usage: dict[str, Any], found: Charges) -> None:
    units = ("input", "cache_read", "output", "reasoning")
    small = usage["input"] < 2**31
    few = rows_of(usage, small)
    narrow = few | {unit: few[unit].astype(np.int32) for unit in units}
    assert bits(charged(narrow, threads=2)) == bits(charged(few, threads=2))
    assert totals(narrow) == totals(few)
    assert charged(narrow).cost.tolist() == found.cost[small].tolist()
