"""Time: growing demand, falling prices and costs, and how long a margin survives.

Rates are per year as fractions, times are years. A fall of 0.3 leaves 0.7 after a year; negative
falls are rises.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit import exp, expm1, log, log1p
from ..jit.kernel import kernel

# Below this a growth changes no digit of a mean.
_NO_GROWTH = 1e-16


@kernel
def grown(start: float, growth: float, years: float) -> float:
    """Return ``start * (1 + growth)^years``; `growth` > -1, negative for a fall."""
    return start * exp(years * log1p(growth))


@kernel
def mean_grown(start: float, growth: float, years: float) -> float:
    """Return the mean over the next `years` of what grows without steps.

    ``start * ((1 + g)^n - 1) / (n * ln(1 + g))``: the rent that an hour on demand costs over the
    years, or the volume that a model serves. `growth` > -1; no years give `start`.
    """
    x = years * log1p(growth)
    return start if abs(x) < _NO_GROWTH else start * (expm1(x) / x)


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


class Demand(NamedTuple):
    """Demand for compute after some years, in the unit of today's; ``share`` is inference's."""

    inference: float
    training: float
    total: float
    share: float


@kernel
def compute_demand(
    inference: float,
    training: float,
    inference_growth: float,
    training_growth: float,
    years: float,
) -> Demand:
    """Return the demand for compute after `years`, and inference's share of it.

    Parameters
    ----------
    inference, training : float
        Demand today, in any unit, > 0 together.
    inference_growth, training_growth : float
        Per year. 0.35 and 0.22 are ascribed to McKinsey (17 December 2025); see
        ``docs/economics.md`` for what of it could be read.
    """
    serving = grown(inference, inference_growth, years)
    learning = grown(training, training_growth, years)
    total = serving + learning
    return Demand(serving, learning, total, serving / total)


@kernel
def years_to_share(
    start_share: float, target_share: float, inference_growth: float, training_growth: float
) -> float:
    """Return the years until inference takes `target_share` of compute.

    ``ln(odds(target) / odds(start)) / ln((1 + g) / (1 + h))``, where :func:`inference_share` says
    the target.

    Returns
    -------
    float
        0 where it has that share today, inf where it never gets it; NaN for a NaN.
    """
    if start_share != start_share or target_share != target_share:
        return float("nan")
    if start_share >= target_share:
        return 0.0
    if inference_growth <= training_growth or start_share <= 0.0 or target_share >= 1.0:
        return float("inf")
    odds = log(target_share / (1.0 - target_share)) - log(start_share / (1.0 - start_share))
    return odds / (log1p(inference_growth) - log1p(training_growth))


@kernel
def fall_from_factor(times_cheaper: float) -> float:
    """Return the yearly fall of what gets `times_cheaper` times cheaper a year: ``1 - 1/x``."""
    return 1.0 - 1.0 / times_cheaper


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
