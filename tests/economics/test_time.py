"""Demand, research, compute tax and the fleet: by hand, at the edges, and what must hold."""

from math import inf, isnan, log, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tokenmill
from tests.economics.stacks import relaxed
from tokenmill import economics as e
from tokenmill.montecarlo import Triangular, Uniform

growth = st.floats(-0.5, 1.5)
years = st.floats(0.0, 12.0)
share = st.floats(0.01, 0.99)


def test_inference_overtakes_training() -> None:
    """From 40 % of compute in 2025 at 35 and 22 % a year: half in 2029, 52.5 % in 2030."""
    assert e.years_to_share(0.4, 0.5, 0.35, 0.22) == pytest.approx(4.004, abs=5e-4)
    demand = e.compute_demand(0.4, 0.6, 0.35, 0.22, 5.0)
    assert demand.share == pytest.approx(0.5251795721610008, rel=1e-9)
    assert demand.total == demand.inference + demand.training
    assert demand.inference == pytest.approx(0.4 * 1.35**5, rel=1e-14)
    assert demand.training == pytest.approx(0.6 * 1.22**5, rel=1e-14)


@relaxed
@given(share, share, growth, growth)
def test_years_to_share_inverts_the_share(s: float, target: float, g: float, h: float) -> None:
    found = e.years_to_share(s, target, g, h)
    assert (found == 0.0) is (s >= target) or found < 1e-9
    assert (found == inf) is (s < target and g <= h)
    if 0.0 < found < 200.0:
        assert e.inference_share(s, g, h, found) == pytest.approx(target, rel=1e-9)


def test_years_to_share_at_its_edges() -> None:
    assert e.years_to_share(0.0, 0.5, 0.35, 0.22) == inf
    assert e.years_to_share(0.4, 1.0, 0.35, 0.22) == inf
    assert e.years_to_share(1.0, 0.5, 0.1, 0.22) == 0.0
    assert isnan(e.years_to_share(nan, 0.5, 0.35, 0.22))


def test_ten_times_cheaper_is_a_fall_of_nine_tenths() -> None:
    assert e.fall_from_factor(10.0) == 0.9
    assert e.fall_from_factor(1.0) == 0.0
    assert e.fall_from_factor(0.5) == -1.0  # twice as dear


def test_a_mean_of_what_grows() -> None:
    assert e.mean_grown(3.0, 1.0, 1.0) == pytest.approx(3.0 / log(2.0), rel=1e-14)
    assert e.mean_grown(3.0, 0.0, 5.0) == e.mean_grown(3.0, 0.5, 0.0) == 3.0
    steps = (np.arange(100_000) + 0.5) / 100_000 * 4.0
    assert e.mean_grown(3.0, -0.3, 4.0) == pytest.approx(3.0 * np.mean(0.7**steps), rel=1e-9)


def test_research_spread_over_a_life() -> None:
    """500 M USD over a year of 168e9 tokens a day is 8.2 USD per million, 16 times the serving."""
    day = 168e9 / 1e6
    spread = e.research_usd_per_mtok(5e8, e.lifetime_mtok(day * 365, 0.0, 1.0))
    assert spread == pytest.approx(8.2, abs=0.06)
    assert spread / (87_072 / day) == pytest.approx(16.0, abs=0.5)
    assert e.lifetime_mtok(1.0, 1.0, 2.0) == pytest.approx(3.0 / log(2.0), rel=1e-14)
    assert e.lifetime_mtok(1.0, 0.5, 0.0) == 0.0
    assert e.research_usd_per_mtok(5e8, 0.0) == inf


def test_three_compute_taxes_of_one_company() -> None:
    """OpenAI in 2024 by Epoch AI: 7 bn USD of compute, 5 of them research."""
    assert e.research_share_of_compute(5e9, 7e9) == pytest.approx(0.714, abs=5e-4)
    assert e.compute_over_revenue(7e9, 3.5e9) == 2.0
    assert e.compute_over_research(5e9, 8e9) == 0.625


@pytest.mark.parametrize(
    "tax", [e.compute_over_revenue, e.compute_over_research, e.research_share_of_compute]
)
def test_a_tax_on_nothing(tax: object) -> None:
    assert tax(1.0, 0.0) == inf  # type: ignore[operator]
    assert isnan(tax(0.0, 0.0))  # type: ignore[operator]
    assert tax(0.0, 1.0) == 0.0  # type: ignore[operator]


@relaxed
@given(*[st.floats(1.0, 1e12)] * 4)
def test_the_three_taxes_are_linked(
    compute: float, of_research: float, research: float, revenue: float
) -> None:
    """Research compute over revenue, once through all compute and once through research."""
    by_compute = e.compute_over_revenue(compute, revenue) * e.research_share_of_compute(
        of_research, compute
    )
    by_research = e.compute_over_research(of_research, research) * research / revenue
    assert by_compute == pytest.approx(by_research, rel=1e-12)


@pytest.mark.parametrize("accelerators", [1.0, 100.0])
def test_the_golden_return_of_a_fleet(accelerators: float) -> None:
    found = e.fleet_value(35_000.0, 12_000 / 8760, 5.0, 0.1, accelerators=accelerators)
    assert found.irr == pytest.approx(0.21147197420537356, rel=1e-9)
    assert found.payback_years == pytest.approx(35 / 12, rel=1e-12)
    worth = -35_000 + sum(12_000 / 1.1**t for t in range(1, 6))
    assert found.npv == pytest.approx(accelerators * worth, rel=1e-12)
    assert found.breakeven_rent == pytest.approx(e.annuity(35_000.0, 0.1, 5.0) / 8760, rel=1e-12)


def test_cash_by_hand() -> None:
    cash = e.fleet_cash(1000.0, 2.0, 2.5, 0.5, -0.1, 0.2, 0.25, 0.4, 0.1, 10.0)
    first = 87_600 * (0.5 * 2.0 - 0.25)
    second = 87_600 * (0.6 * 1.8 - 0.35)
    half = 43_800 * (0.72 * 1.62 - 0.49) + 1000
    assert cash == pytest.approx([-10_000, first, second, half], rel=1e-12)
    assert e.sold_in_year(0.9, 0.2, 3.0) == 1.0


def test_a_fleet_of_no_years() -> None:
    assert list(e.fleet_cash(1000.0, 2.0, 0.0)) == [-1000.0]
    found = e.fleet_value(1000.0, 2.0, 0.0, 0.1)
    assert (found.npv, found.payback_years, found.breakeven_rent) == (-1000.0, inf, inf)
    assert isnan(found.irr)
    for life in (nan, -1.0, 1e9):
        assert all(isnan(value) for value in e.fleet_value(1000.0, 2.0, life, 0.1))


def test_payback_within_a_year() -> None:
    assert e.payback_years((-100.0, 50.0, 100.0)) == 1.5
    assert e.payback_years((0.0, 5.0)) == 0.0
    assert e.payback_years((-100.0, 50.0)) == inf
    assert e.payback_years(np.zeros(0)) == inf


H100 = {"capex_usd": 36_820.0, "years": 5.0, "wacc": 0.09, "running_usd_h": 0.5}


@relaxed
@given(st.floats(0.5, 6.0), st.floats(0.05, 1.0), st.floats(-0.4, 0.4), st.floats(-0.2, 0.2), years)
def test_at_the_breakeven_rent_a_fleet_is_worth_nothing(
    rent: float, sold: float, rent_drift: float, sold_drift: float, life: float
) -> None:
    changes = {"sold_share": sold, "rent_drift": rent_drift, "sold_drift": sold_drift}
    inputs = {**H100, **changes, "years": max(life, 0.5)}
    par = e.fleet_value(rent_usd_h=rent, **inputs).breakeven_rent
    value = e.fleet_value(rent_usd_h=par, **inputs)
    assert value.npv == pytest.approx(0.0, abs=1e-6 * H100["capex_usd"])
    cash = e.fleet_cash(rent_usd_h=par, **{k: v for k, v in inputs.items() if k != "wacc"})
    if (cash[1:] > 0.0).all():  # else the rate has two roots, or none
        assert value.irr == pytest.approx(H100["wacc"], abs=1e-6)
    assert par >= e.fleet_value(rent_usd_h=rent, **{**inputs, "sold_share": 1.0}).breakeven_rent * (
        1 - 1e-9
    )


@relaxed
@given(st.floats(-0.5, 0.5), st.floats(0.0, 0.5))
def test_rents_drift_both_ways(slower: float, more: float) -> None:
    falls, rises = (
        e.fleet_value(rent_usd_h=2.6, rent_drift=d, **H100) for d in (slower, slower + more)
    )
    assert falls.npv <= rises.npv + 1e-6
    assert falls.breakeven_rent >= rises.breakeven_rent - 1e-9


def test_the_rent_below_which_an_h100_loses() -> None:
    """Latent Space, 2024: below about 1.65 USD a loss, above 2.85 a good return."""
    inputs = {**H100, "sold_share": 0.9, "running_usd_h": 0.3, "capex_usd": 33_000.0}
    assert e.fleet_value(rent_usd_h=1.40, **inputs).npv < 0.0
    assert e.fleet_value(rent_usd_h=2.85, **inputs).irr > 0.3


def test_three_ways_to_use_a_fleet() -> None:
    """Called with floats, over arrays, and inside a sweep with inputs uncertain."""
    rents, drifts = np.array([1.7, 2.4, 4.0]), np.array([-0.35, -0.15, 0.4])

    over = tokenmill.evaluate(e.fleet_value, {**H100, "rent_usd_h": rents, "rent_drift": drifts})
    one = e.fleet_value(rent_usd_h=2.4, rent_drift=-0.15, **H100)
    assert over.npv[1] == one.npv
    assert over.irr[1] == one.irr

    uncertain = {"rent_usd_h": Uniform(1.7, 4.0), "rent_drift": Triangular(-0.35, -0.15, 0.4)}
    swept = tokenmill.sweep(e.fleet_value, {**H100, **uncertain}, n=2048, seed=7)
    drawn = swept.replay(1000)
    again = e.fleet_value(**{**H100, **{k: drawn.inputs[k] for k in uncertain}})
    assert drawn.outputs["npv"] == again.npv
