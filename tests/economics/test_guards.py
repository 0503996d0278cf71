"""No formula fails or turns to NaN where its answer is infinite, and all are compiled alike."""

from math import inf, isnan, nan

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

import tokenmill
from tokenmill import economics as e

# The modules of formulas; others read files, price books and whole scenarios.
FORMULAS = {
    "capital",
    "chip",
    "compute_tax",
    "contracts",
    "fleet",
    "gpu_hour",
    "growth",
    "integration",
    "margins",
    "owned_hour",
    "ownership",
    "prefix_keep",
    "token",
}


def formulas() -> list[str]:
    """Every public function of a module of formulas."""
    found = [name for name in e.__all__ if not isinstance(getattr(e, name), type)]
    return [name for name in found if getattr(e, name).__module__.rpartition(".")[2] in FORMULAS]


def test_every_module_of_formulas_is_looked_at() -> None:
    seen = {getattr(e, name).__module__.rpartition(".")[2] for name in formulas()}
    assert seen == FORMULAS


@pytest.mark.parametrize("name", formulas())
def test_a_formula_is_compiled_and_says_what_it_returns(name: str) -> None:
    function = getattr(e, name)
    assert isinstance(function, CPUDispatcher)
    assert function.targetoptions["error_model"] == "numpy"
    assert "Return" in function.__doc__


@pytest.mark.parametrize(
    ("formula", "arguments", "expected"),
    [
        # No rate, no years, no defects, no good die.
        (e.annuity, (1000.0, 0.0, 5.0), 200.0),
        (e.annuity, (1000.0, 0.1, 0.0), inf),
        (e.annuity_with_residual, (1000.0, 1000.0, 0.0, 5.0), 0.0),
        (e.yield_poisson, (0.0, 0.1), 1.0),
        (e.yield_murphy, (8.0, 0.0), 1.0),
        (e.yield_murphy, (inf, 0.1), 0.0),
        (e.yield_negative_binomial, (8.0, 0.0, 3.0), 1.0),
        (e.yield_negative_binomial, (inf, 0.1, 3.0), 0.0),
        (e.dies_per_wafer, (inf,), 0.0),
        (e.logic_usd, (13_400.0, 0.0, 1.0), inf),
        (e.chip_cost, (3000.0, 0.0, 6e8, 0.0), inf),
        (e.chip_cost, (3000.0, 1.0, 0.0, 1.0), inf),
        # Nothing used, sold or served.
        (e.usd_per_mtok, (2.0, 1000.0, 0.0), inf),
        (e.usd_per_mtok, (2.0, 0.0, 0.5), inf),
        (e.nodes_needed, (1e9, 86_400.0, 1000.0, 0.0), inf),
        (e.blended_tokens_per_s, (0.0, 1000.0, 4.0), 0.0),
        (e.blended_tokens_per_s, (1000.0, 0.0, 4.0), 0.0),
        (e.cloud_price, (1.5, 0.0, 0.3), inf),
        (e.used_hour_usd, (1.5, 0.0), inf),
        (e.breakeven_utilisation, (1.25, 0.1, 0.12), inf),
        (e.breakeven_volume, (6e8, 1000.0, 0.5, 5000.0), inf),
        (e.breakeven_volume_served, (6e8, 1.0, 0.5, 0.5, 0.1, 5.0), inf),
        (e.breakeven_volume_served, (6e8, 2.0, 0.5, 0.5, 0.1, 0.0), inf),
        (e.research_usd_per_mtok, (5e8, 0.0), inf),
        (e.committed_rent, (2.0, 0.0, 1.0, 0.0), inf),
        (e.survival_years, (2.0, 0.5, 0.5), inf),
        (e.survival_years, (0.0, 0.1, 0.5), 0.0),
        (e.years_to_share, (0.4, 0.5, 0.2, 0.2), inf),
        (e.margin_at_price, (1.0, 0.0), -inf),
        (e.markup_at_price, (0.0, 1.0), inf),
        (e.price_at_margin, (1.0, 1.0), inf),
        (e.compute_over_revenue, (1.0, 0.0), inf),
        (e.recompute_usd, (1000.0, 2.0, 0.0), inf),
        (e.keep_seconds, (1e-5, 0.0, 0.002), inf),
        (e.staff_usd_per_hour, (0.0, 1e5), inf),
        (e.fall_from_factor, (inf,), 1.0),
        # A cost that is infinite stays so on its way up.
        (e.equipment_usd_per_hour, (inf, 0.05, 0.1, 5.0), inf),
        (e.operations_usd_per_hour, (inf, 0.02), inf),
        (e.server_price, (inf, 5200.0, 0.06), inf),
        (e.cluster_capex, (inf, 0.13, 0.02), inf),
        (e.bill_of_materials, (inf, 1280.0, 750.0, 0.97, 600.0), inf),
        (e.billed_per_mtok, (0.5, 0.1, 2.0, 0.0, 1.0), 2.0),
    ],
)
def test_a_limit(formula: object, arguments: tuple[float, ...], expected: float) -> None:
    assert formula(*arguments) == pytest.approx(expected, rel=1e-12)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        (e.annuity, (1000.0, 0.1, 5.0)),
        (e.breakeven_volume_served, (6e8, 1.5, 0.7, 0.9, 0.1, 5.0)),
        (e.committed_rent, (2.0, 0.1, 1.0, 3.0)),
        (e.keep_saving_usd, (1e-5, 1e-9, 1e-3, 600.0)),
        (e.keep_seconds, (1e-5, 1e7, 0.002)),
        (e.mean_grown, (2.0, 0.1, 3.0)),
        (e.spot_usd_per_hour, (1.5, 0.1, 2.0, 0.4, 2.4)),
        (e.used_hour_usd, (1.5, 0.5)),
        (e.years_to_share, (0.4, 0.5, 0.35, 0.22)),
    ],
)
def test_what_is_not_known_stays_unknown(formula: object, arguments: tuple[float, ...]) -> None:
    for place in range(len(arguments)):
        unknown = (*arguments[:place], nan, *arguments[place + 1 :])
        assert isnan(formula(*unknown)), place  # type: ignore[operator]


def test_an_hour_three_ways() -> None:
    """Called with floats, over arrays, and inside a sweep."""
    fixed = {"capex_usd": 36_820.0, "it_life_years": 5.0, "kw": 1.45, "pue": 1.22, "load": 0.8}
    power = np.array([0.03, 0.056, 0.09])
    over = tokenmill.evaluate(e.owned_hour, {**fixed, "wacc": 0.09, "power_usd_kwh": power})
    alone = [e.owned_hour(**fixed, wacc=0.09, power_usd_kwh=usd).total for usd in power]
    assert over.total.tolist() == alone
    drawn = {"wacc": tokenmill.montecarlo.Uniform(0.06, 0.15), "power_usd_kwh": 0.056}
    swept = tokenmill.sweep(e.owned_hour, {**fixed, **drawn}, n=2048, seed=1).replay(77)
    again = e.owned_hour(**fixed, wacc=swept.inputs["wacc"], power_usd_kwh=0.056)
    assert swept.outputs["total"] == again.total
