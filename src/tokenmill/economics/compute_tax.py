"""The compute tax: three ratios that go by one name, each of them its own function.

They have different numerators and denominators, and a figure for one says nothing about another:
70 % of a research budget spent on compute, and 70 % of compute spent on research, are two claims.
What is known of each, with sources and dates, is in ``docs/economics.md``.

Compute is what is paid for accelerators, rented or one's own with all that runs them. All arguments
are USD over the same time. A ratio to nothing is inf, and NaN for nothing to nothing.
"""

from __future__ import annotations

from ..jit.kernel import kernel


@kernel
def compute_over_revenue(compute_usd: float, revenue_usd: float) -> float:
    """Return compute as a share of revenue: the tax on a margin; above 1 compute eats it all.

    Parameters
    ----------
    compute_usd : float
        All compute, or that of inference alone where the margin of serving is asked for: say which.
    revenue_usd : float
    """
    return compute_usd / revenue_usd


@kernel
def compute_over_research(research_compute_usd: float, research_usd: float) -> float:
    """Return the share of a research budget that compute takes; the rest is people and data.

    Parameters
    ----------
    research_compute_usd : float
        Compute of experiments and training alone.
    research_usd : float
        All research spending, that compute included.
    """
    return research_compute_usd / research_usd


@kernel
def research_share_of_compute(research_compute_usd: float, compute_usd: float) -> float:
    """Return the share of all compute that goes to research; the rest serves users.

    Parameters
    ----------
    research_compute_usd : float
        Compute of experiments and training alone.
    compute_usd : float
        All compute, inference included.
    """
    return research_compute_usd / compute_usd
