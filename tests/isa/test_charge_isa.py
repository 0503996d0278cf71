"""Every instruction set charges the same bits."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.accounting.mixed import bits, charged, ledger, rows_of, totals
from tokenmill._native.configuration import active_isa, available_isas, select_isa
from tokenmill.accounting import UNITS, ModelPrices, Period, PriceBook, Rate, charge


def with_isa(isa: str, function: Callable[[], Any]) -> Any:
    active = active_isa()
    select_isa(isa)
    try:
        return function()
    finally:
        select_isa(active)


def agree(function: Callable[[], Any]) -> None:
    first, *others = available_isas()
    expected = with_isa(first, function)
    for isa in others:
        assert with_isa(isa, function) == expected, isa


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_a_mixed_ledger(dtype: type) -> None:
    usage = ledger(20_011)
    usage = rows_of(usage, usage["input"] < 2**31) if dtype is np.int32 else usage
    units = ("input", "cache_read", "output", "reasoning")
    usage |= {unit: usage[unit].astype(dtype) for unit in units}
    agree(lambda: bits(charged(usage, threads=1)))
    agree(lambda: totals(usage, threads=1))


@pytest.mark.parametrize("columns", [*range(1, 18), 33, 64])
def test_any_number_of_columns(columns: int) -> None:
    rng = np.random.default_rng(columns)
    names = list(UNITS)[:columns]
    rates = tuple(Rate(name, Fraction(int(rng.integers(1, 10**6)), 10**6)) for name in names)
    book = PriceBook("b", (ModelPrices("p", "m", (Period(None, rates),)),))
    rows = 521
    counts = {name: rng.integers(0, 100, rows, np.int32) for name in names}
    usage = {"model": ["m"] * rows, **counts, names[0]: np.full(rows, 2**24, np.int32)}

    def found() -> Any:
        charged = charge(usage, book, convention="native", by=["model"])
        return bits(charged), charged.totals

    agree(found)
