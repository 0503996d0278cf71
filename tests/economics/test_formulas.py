"""Limits, edges and identities of the formulas, and the three ways to use them."""

from math import exp, inf, isnan, log, nan

import numba
import numpy as np
import pytest

import tokenmill
from tokenmill import economics as e
from tokenmill.economics.margins import margin_at_price, price_at_margin
from tokenmill.montecarlo import Uniform


def test_annuity_is_smooth_at_rate_zero() -> None:
    assert e.annuity(1000.0, 0.0, 8.0) == 125.0
    assert e.annuity(1000.0, 1e-15, 8.0) == pytest.approx(125.0, rel=1e-13)
    # Present value of the payments is the principal.
    payment = e.annuity(1000.0, 0.07, 8.0)
    assert sum(payment / 1.07**t for t in range(1, 9)) == pytest.approx(1000.0, rel=1e-13)


def test_annuity_of_no_years_is_infinite() -> None:
    assert e.annuity(1000.0, 0.0, 0.0) == inf
    assert e.annuity(1000.0, 0.1, 0.0) == inf


def test_residual_value_lowers_the_payment_by_its_sinking_fund() -> None:
    whole = e.annuity(1000.0, 0.1, 5.0)
    less = e.annuity_with_residual(1000.0, 200.0, 0.1, 5.0)
    fund = 200.0 * 0.1 / (1.1**5 - 1)
    assert whole - less == pytest.approx(fund, rel=1e-12)


@pytest.mark.parametrize(
    "cash", [(-35000.0, 12000.0, 12000.0, 12000.0, 12000.0, 12000.0), (-1.0, 3.0), (-2.0, 1.0)]
)
def test_npv_is_nothing_at_the_irr(cash: tuple[float, ...]) -> None:
    rate = e.irr(cash)
    assert e.npv(rate, cash) == pytest.approx(0.0, abs=1e-9 * sum(map(abs, cash)))
    assert e.irr(np.array(cash)) == rate


def test_irr_of_exact_cases() -> None:
    assert e.irr((-100.0, 110.0)) == pytest.approx(0.1, rel=1e-12)
    assert e.irr((-100.0, 0.0, 144.0)) == pytest.approx(0.2, rel=1e-12)
    assert e.irr((-100.0, 50.0)) == pytest.approx(-0.5, rel=1e-12)


@pytest.mark.parametrize("cash", [(1.0, 2.0), (-1.0, -2.0), (0.0, 0.0)])
def test_irr_without_a_change_of_sign_is_nan(cash: tuple[float, ...]) -> None:
    assert isnan(e.irr(cash))


def test_irr_of_cash_that_loses_in_the_end() -> None:
    """A fleet whose last rents do not pay its power has two roots; the higher one is meant."""
    # -100 + 290 v - 198 v^2 is 0 at v = 1/1.8 and at v = 1/1.1.
    cash = (-100.0, 290.0, -198.0)
    assert e.irr(cash) == pytest.approx(0.8, rel=1e-12)
    assert e.npv(0.1, cash) == pytest.approx(0.0, abs=1e-12)
    late = (-100.0, 40.0, 30.0, 10.0, -1.0)
    assert -0.2 < e.irr(late) < -0.1
    assert e.npv(e.irr(late), late) == pytest.approx(0.0, abs=1e-9)
    assert isnan(e.irr((-100.0, 50.0, -100.0)))


def test_npv_of_nothing_is_nothing() -> None:
    assert e.npv(0.1, np.zeros(0)) == 0.0


def test_yields_near_no_defects() -> None:
    assert e.yield_poisson(5.0, 0.0) == 1.0
    assert e.yield_murphy(5.0, 0.0) == 1.0
    assert e.yield_negative_binomial(5.0, 0.0, 3.0) == 1.0
    for defects in (1e-15, 1e-9, 1e-5):
        x = 8.0 * defects
        assert e.yield_murphy(8.0, defects) == pytest.approx(1 - x + 7 * x * x / 12, rel=1e-14)


def test_no_clustering_is_the_poisson_yield() -> None:
    for alpha in (1e12, inf):
        assert e.yield_negative_binomial(8.0, 0.1, alpha) == pytest.approx(exp(-0.8), rel=1e-9)


def test_a_die_larger_than_the_wafer() -> None:
    assert e.dies_per_wafer(70_000.0) == 0.0
    assert e.logic_usd(14_000.0, 0.0, 1.0) == inf


def test_harvesting_between_nothing_and_all() -> None:
    assert e.harvested_yield(0.4, 0.0) == 0.4
    assert e.harvested_yield(0.4, 1.0) == 1.0


def test_what_is_not_known_stays_unknown() -> None:
    assert isnan(e.dies_per_wafer(nan))
    assert isnan(e.breakeven_volume(6e8, nan, 0.5, 5_000.0))
    assert isnan(e.breakeven_utilisation(1.25, nan, 0.12))


def test_equipment_without_end_of_cost_is_infinite() -> None:
    assert e.equipment_usd_per_hour(inf, 0.05, 0.1, 5.0) == inf
    assert e.equipment_usd_per_hour(0.0, 0.05, 0.1, 5.0) == 0.0


def test_equipment_sold_for_what_it_cost_bears_interest_only() -> None:
    for years in (0.5, 4.0, 30.0):
        hour = e.equipment_usd_per_hour(8760.0, 1.0, 0.1, years)
        assert hour == pytest.approx(0.1, rel=1e-12)
    assert e.equipment_usd_per_hour(8760.0, 1.0, 0.0, 4.0) == 0.0


def test_margin_after_no_time_is_the_margin_today() -> None:
    assert e.margin_after(2.0, 0.3, 0.5, 0.0) == 0.5
    assert e.margin_after(0.5, 0.3, 0.5, 0.0) == -1.0


def test_breakevens_that_never_come() -> None:
    assert e.breakeven_volume(6e8, 10_000.0, 0.5, 5_000.0) == inf
    assert e.breakeven_utilisation(1.25, 0.1, 0.12) == inf


def test_owning_pays_exactly_above_the_breakeven() -> None:
    fixed, rent, variable = 1.25, 2.4, 0.12
    busy = e.breakeven_utilisation(fixed, rent, variable)
    for factor, owning_is_cheaper in ((0.99, False), (1.01, True)):
        share = busy * factor
        assert (fixed + variable * share < rent * share) is owning_is_cheaper


def test_an_idle_fleet_costs_infinitely_much_per_token() -> None:
    assert e.usd_per_mtok(2.0, 1000.0, 0.0) == inf


def test_research_dominates_small_volumes() -> None:
    # 500 M USD over a year of 168e9 tokens a day.
    assert e.research_usd_per_mtok(5e8, 168e3 * 365) == pytest.approx(8.15, abs=0.01)


@pytest.mark.parametrize(
    ("ratio", "cost_fall", "price_fall", "years"),
    [
        (0.9, 0.5, 0.1, 0.0),
        (0.0, 0.1, 0.5, 0.0),
        (2.0, 0.5, 0.5, inf),
        (2.0, 0.6, 0.5, inf),
        (1.0, 0.1, 0.5, 0.0),
        (inf, 0.1, 0.5, inf),
        (2.0, -0.2, 0.0, log(2.0) / log(1.2)),
    ],
)
def test_survival_at_its_edges(
    ratio: float, cost_fall: float, price_fall: float, years: float
) -> None:
    assert e.survival_years(ratio, cost_fall, price_fall) == pytest.approx(years, rel=1e-14)


def test_survival_of_nan_is_nan() -> None:
    assert isnan(e.survival_years(nan, 0.1, 0.5))
    assert isnan(e.survival_years(2.0, nan, 0.5))


def test_a_day_at_deepseek_from_its_parts() -> None:
    """Speeds of prefill and decode pools give the fleet's average, list prices its revenue."""
    decode, prefill = 14_800 / 8, 73_700 / 8
    fleet = e.blended_tokens_per_s(decode, prefill, 608 / 168) * 8
    assert fleet == pytest.approx(8575.28, rel=1e-3)
    revenue = e.revenue_per_mtok(2.19, 0.55 / 2.19, 0.14 / 0.55, 608 / 168, 0.5625)
    assert revenue * 168e3 == pytest.approx(562_027, rel=1e-3)


def test_a_cached_token_that_works_like_a_fresh_one() -> None:
    assert e.computed_inputs(5.0, 0.4, 1.0) == pytest.approx(5.0, rel=1e-15)
    assert e.computed_inputs(5.0, 0.4, 0.0) == 3.0


def test_from_python_from_numba_and_as_a_model() -> None:
    @numba.njit
    def both(usd, speed, busy):
        return e.usd_per_mtok(usd, speed, busy)

    arguments = (2.0, 1850.0, 0.5)
    assert both(*arguments) == e.usd_per_mtok(*arguments)
    swept = tokenmill.sweep(
        e.usd_per_mtok,
        {"usd_per_hour": Uniform(1.0, 3.0), "tokens_per_s": 1850.0, "utilisation": 0.5},
        n=2048,
        seed=3,
    )
    scenario = swept.replay(77)
    inputs = scenario.inputs
    expected = e.usd_per_mtok(inputs["usd_per_hour"], 1850.0, 0.5)
    assert list(scenario.outputs.values()) == [expected]


def test_margins_by_hand() -> None:
    assert price_at_margin(50.0, 0.5) == 100.0
    assert margin_at_price(50.0, 100.0) == 0.5
    assert margin_at_price(50.0, 0.0) == -inf
