"""Rates from a table of prices: the fewest that a look-up in the order of `PriceRules` turns back.

An importer works out what its source charges in every cell (window, service tier, context tier)
and need not know how rates hide each other.
"""

from __future__ import annotations

from collections.abc import Mapping

from .rates import Price, Rate, Special

Cell = tuple[str, str, int]
"""Window, service tier, and the threshold above which it begins."""


def rates_of(cells: Mapping[Cell, Mapping[str, Price]]) -> tuple[Rate, ...]:
    """Return rates that give every cell its prices.

    Parameters
    ----------
    cells : mapping of (window, service_tier, above) to (unit to price)
        Windows and service tiers each begin with ``""``, thresholds with -1; every combination is
        there, by rising `above` within the other two. A unit that is absent inherits.

    Notes
    -----
    A rate is written where the rates so far give another price. It cannot change a cell that is
    done: standard rates come before those of a service tier, none of which any other sees, lower
    thresholds before higher ones, and cells without a window do not see a window's rates.
    Complexity O(cells x units x rates of a unit).
    """
    units = sorted({unit for prices in cells.values() for unit in prices})
    found: list[Rate] = []
    for unit in units:
        written: list[Rate] = []
        for cell, prices in cells.items():
            wanted = prices.get(unit, Special.INHERIT)
            if _look_up(written, cell) != wanted:
                window, tier, above = cell
                written.append(Rate(unit, wanted, tier, above, window))
        found += written
    return tuple(found)


def _look_up(rates: list[Rate], cell: Cell) -> Price:
    """Return what holds there: the window's, then the highest `above`, then the tier's own."""
    window, tier, above = cell
    holding = [
        rate
        for rate in rates
        if rate.window in ("", window) and rate.service_tier in ("", tier) and rate.above <= above
    ]
    if not holding:
        return Special.INHERIT
    best = max(holding, key=lambda rate: (rate.window != "", rate.above, rate.service_tier != ""))
    return best.price
