"""Time: growing demand, falling prices and costs, and how long a margin survives.

Rates are per year as fractions, times are years. A fall of 0.3 leaves 0.7 after a year; negative
falls are rises.
"""

from __future__ import annotations

from ..jit import exp, log, log1p
from ..jit.kernel import kernel


@kernel
def grown(start: float, growth: float, years: float) -> float:
    """Return ``start * (1 + growth)^years``; `growth` > -1, negative for a fall."""
    return start * exp(years * log1p(growth))


@kernel
def inference_share(
    start_share: float, inference_growth: float, training_growth: float, years: float
) -> float:
    """Return the share of compute that goes to inference after `years`.

    Parameters
    ----------
    start_share : float
        Share at year 0, in [0, 1].
    inference_growth, training_growth : float
        Growth of both demands per year.
    """
    inference = grown(start_share, inference_growth, years)
    training = grown(1.0 - start_share, training_growth, years)
    return inference / (inference + training)


@kernel
def combined_fall(first: float, second: float) -> float:
    """Return the fall of a cost that two independent falls act on: ``1 - (1-a)*(1-b)``."""
    return 1.0 - (1.0 - first) * (1.0 - second)


@kernel
def margin_after(
    price_over_cost: float, cost_fall: float, price_fall: float, years: float
) -> float:
    """Return the gross margin after `years` of falling cost and price.

    ``1 - ((1-a)/(1-b))^t / (p0/w0)`` with a the fall of cost and b the fall of price.
    """
    return 1.0 - exp(years * (log1p(-cost_fall) - log1p(-price_fall))) / price_over_cost


@kernel
def survival_years(price_over_cost: float, cost_fall: float, price_fall: float) -> float:
    """Return the years until a falling price meets a slower falling cost.

    ``ln(p0/w0) / ln((1-a)/(1-b))``, the root of :func:`margin_after`.

    Parameters
    ----------
    price_over_cost : float
        p0/w0, price over cost today, >= 0.
    cost_fall, price_fall : float
        a and b per year, < 1.

    Returns
    -------
    float
        Years >= 0. 0 where the margin is negative today, whatever the falls; inf where the cost
        falls at least as fast as the price; NaN for a NaN.
    """
    if price_over_cost != price_over_cost:
        return price_over_cost
    if price_over_cost < 1.0:
        return 0.0
    if price_fall <= cost_fall:
        return float("inf")
    return log(price_over_cost) / (log1p(-cost_fall) - log1p(-price_fall))
