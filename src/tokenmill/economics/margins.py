"""Margins on price and mark-ups on cost. One is stored (the margin), the other converted.

A margin m is a share of the price, ``price = cost/(1 - m)``; a mark-up u is a share of the cost,
``price = cost*(1 + u)``. A "545 % profit" is a mark-up of 5.45 and a margin of 84.5 %.
"""

from __future__ import annotations

from ..jit.kernel import kernel


@kernel
def price_at_margin(cost: float, margin: float) -> float:
    """Return ``cost / (1 - margin)``; margin < 1."""
    return cost / (1.0 - margin)


@kernel
def margin_at_price(cost: float, price: float) -> float:
    """Return the gross margin ``1 - cost/price``; negative below cost, -inf at price 0."""
    return 1.0 - cost / price


@kernel
def markup_at_price(cost: float, price: float) -> float:
    """Return the mark-up on cost ``price/cost - 1``; negative below cost, inf at no cost."""
    return price / cost - 1.0


@kernel
def markup_from_margin(margin: float) -> float:
    """Return the mark-up on cost of a margin on price, ``m / (1 - m)``."""
    return margin / (1.0 - margin)


@kernel
def margin_from_markup(markup: float) -> float:
    """Return the margin on price of a mark-up on cost, ``u / (1 + u)``."""
    return markup / (1.0 + markup)
