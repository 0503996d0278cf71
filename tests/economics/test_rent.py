"""Renting under four contracts, and the owned hour: by hand, at the edges, and what must hold."""

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tokenmill
from tests.economics.stacks import relaxed
from tokenmill import economics as e
from tokenmill.montecarlo import Uniform

usd = st.floats(0.05, 50.0)
drift = st.floats(-0.6, 1.5)
years = st.floats(0.1, 8.0)
busy = st.floats(0.01, 1.0)


def signed(rent: float, drift: float, term: float, years: float) -> float:
    """Sign contracts one by one until the need is met, and spread their cost over it."""
    paid = start = 0.0
    while start < years - 1e-9:
        paid += rent * (1.0 + drift) ** start * term
        start += term
    return paid / years


def test_a_committed_hour_is_paid_used_or_not() -> None:
    costs = e.contract_costs(1.2, 2.4, 1.7, 1.3, 0.5)
    assert costs[:3] == (1.2, 2.4, 3.4)
    # A contract of three years for one year of need is paid for three.
    assert costs.three_years == pytest.approx(3 * 1.3 / 0.5, rel=1e-15)
    assert costs.cheapest == 0.0


def test_the_cheapest_contract_changes_with_the_utilisation() -> None:
    def cheapest(utilisation: float) -> float:
        return e.contract_costs(0.0, 2.4, 1.7, 1.3, utilisation, 3.0).cheapest

    at = e.breakeven_utilisation(1.3, 2.4, 0.0)
    assert at == pytest.approx(1.3 / 2.4, rel=1e-15)
    assert [cheapest(at * f) for f in (0.0, 0.99, 1.01)] == [1.0, 1.0, 3.0]


def test_no_utilisation_leaves_what_is_paid_by_use() -> None:
    assert e.contract_costs(1.2, 2.4, 1.7, 1.3, 0.0) == (1.2, 2.4, inf, inf, 0.0)
    assert e.used_hour_usd(0.0, 0.0) == inf


def test_what_is_not_offered_is_never_the_cheapest() -> None:
    assert e.contract_costs(0.0, 0.0, 0.0, 0.0, 1.0) == (inf, inf, inf, inf, 4.0)
    assert e.contract_costs(0.0, 2.4, 1.7, 0.0, 1.0) == (inf, 2.4, 1.7, inf, 2.0)


def test_spot_pays_for_what_interruptions_waste() -> None:
    # One interruption in 20 paid hours wastes one of them; a tenth of the work finds no capacity.
    found = e.spot_usd_per_hour(0.95, 0.05, 1.0, 0.1, 2.4)
    assert found == pytest.approx(0.9 * 1.0 + 0.1 * 2.4, rel=1e-14)
    assert e.spot_usd_per_hour(1.0, 0.0, 9.0, 0.0, inf) == 1.0
    assert e.spot_usd_per_hour(1.0, 0.5, 2.0, 0.1, 2.4) == inf
    assert e.spot_usd_per_hour(1.0, 0.5, 2.0, 1.0, 2.4) == 2.4


@pytest.mark.parametrize("term", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("need", [0.1, 1.0, 2.5, 3.0, 7.0])
@pytest.mark.parametrize("change", [-0.35, 0.0, 0.4])
def test_committed_rent_is_the_sum_of_its_contracts(
    term: float, need: float, change: float
) -> None:
    expected = signed(2.0, change, term, need)
    assert e.committed_rent(2.0, change, term, need) == pytest.approx(expected, rel=1e-12)


def test_ever_shorter_terms_are_on_demand() -> None:
    assert e.mean_grown(2.0, 1.0, 1.0) == pytest.approx(2.0 / np.log(2.0), rel=1e-14)
    fine = e.committed_rent(2.0, -0.35, 1e-5, 3.0)
    assert fine == pytest.approx(e.mean_grown(2.0, -0.35, 3.0), rel=1e-5)
    assert e.committed_rent(2.0, -0.35, 0.0, 3.0) == e.mean_grown(2.0, -0.35, 3.0)
    assert e.mean_grown(2.0, 0.0, 3.0) == e.mean_grown(2.0, 0.3, 0.0) == 2.0


def test_a_commitment_without_a_need() -> None:
    assert e.committed_rent(2.0, 0.1, 1.0, 0.0) == inf
    assert isnan(e.committed_rent(2.0, 0.1, 1.0, nan))
    assert isnan(e.committed_rent(2.0, nan, 1.0, 3.0))


@relaxed
@given(usd, usd, st.sampled_from([0.0, 0.5, 1.0]))
def test_the_breakeven_drift_is_where_both_terms_cost_the_same(
    short: float, long: float, term: float
) -> None:
    found = e.breakeven_drift(short, term, long, 3.0)
    if found == -1.0:
        assert e.committed_rent(short, -0.999999, term, 3.0) > long * 0.9999
    elif found < 1e5:
        assert e.committed_rent(short, found, term, 3.0) == pytest.approx(long, rel=1e-6)
    assert (found > 0.0) is (long > short) or abs(found) < 1e-9


def test_a_short_term_that_is_no_shorter() -> None:
    assert e.breakeven_drift(1.0, 3.0, 2.0, 3.0) == inf
    assert e.breakeven_drift(2.0, 3.0, 1.0, 3.0) == -1.0


@relaxed
@given(usd, drift, st.floats(0.0, 0.5), st.sampled_from([0.0, 0.5, 1.0, 3.0]), years)
def test_rents_that_rise_faster_cost_more(
    rent: float, change: float, more: float, term: float, need: float
) -> None:
    slower, faster = (e.committed_rent(rent, d, term, need) for d in (change, change + more))
    assert slower <= faster * (1 + 1e-12)


@relaxed
@given(usd, usd, usd, usd, busy, busy, years, drift)
def test_more_use_is_never_dearer_by_the_hour(
    spot: float, demand: float, one: float, three: float, a: float, b: float, need: float, d: float
) -> None:
    idle, used = (
        e.contract_costs(spot, demand, one, three, u, need, d) for u in (min(a, b), max(a, b))
    )
    assert all(more <= less for more, less in zip(used[:4], idle[:4], strict=True))
    assert min(used[:4]) == used[int(used.cheapest)]


CLUSTER = {
    "capex_usd": 36_819.85,
    "wacc": 0.09,
    "it_life_years": 5.0,
    "kw": 1.45,
    "pue": 1.22,
    "load": 0.8,
    "power_usd_kwh": 0.085,
    "site_usd_w": 10.5,
    "residual_share": 0.05,
    "operations_share": 0.02,
    "staff_usd_h": 0.03,
}


def test_the_owned_hour_by_hand() -> None:
    hour = e.owned_hour(**CLUSTER)
    level = CLUSTER["wacc"] / (1 - 1.09**-5.0)
    assert hour.equipment * 8760 == pytest.approx(
        (1 - 0.05 * 1.09**-5.0) * CLUSTER["capex_usd"] * level, rel=1e-12
    )
    site = 10_500 * 1.45 * 0.09 / (1 - 1.09**-14.0)
    assert hour.site * 8760 == pytest.approx(site, rel=1e-12)
    assert hour.power == pytest.approx(1.45 * 1.22 * 0.8 * 0.085, rel=1e-15)
    assert hour.operations * 8760 == pytest.approx(0.02 * CLUSTER["capex_usd"], rel=1e-14)
    assert hour.total == pytest.approx(sum(hour[:-1]), rel=1e-15)
    assert e.fixed_usd_per_hour(hour) == pytest.approx(hour.total - hour.power, rel=1e-14)


def test_straight_line_is_a_cost_of_capital_of_nothing() -> None:
    hour = e.owned_hour(**{**CLUSTER, "wacc": 0.0})
    assert hour.equipment * 8760 == pytest.approx(0.95 * CLUSTER["capex_usd"] / 5, rel=1e-14)
    assert hour.site * 8760 == pytest.approx(10_500 * 1.45 / 14, rel=1e-14)
    assert hour.total < e.owned_hour(**CLUSTER).total


def test_colocation_stands_in_for_the_site() -> None:
    hour = e.owned_hour(**CLUSTER, colo_usd_kw_month=150.0)
    assert hour.site == pytest.approx(150 * 1.45 * 12 / 8760, rel=1e-14)
    assert hour.equipment == e.owned_hour(**CLUSTER).equipment


def test_staff_by_the_accelerator() -> None:
    assert e.staff_usd_per_hour(500.0, 250_000.0) == pytest.approx(500 / 8760, rel=1e-15)
    assert e.staff_usd_per_hour(0.0, 250_000.0) == inf


def test_a_gigawatt_as_epoch_counts_it() -> None:
    """Epoch AI, May 2026: 1 GW of GB200 at 2.1 kW each, in all 8.5 bn USD a year."""
    accelerators = 1e6 / 2.1
    servers, rest = 5e9 * 5, 3.5e9  # 5 bn a year over 5 years, and all else
    per_year = [e.annuity(servers, 0.0, life) + rest for life in (3.0, 5.0, 7.0)]
    assert [round(usd / 1e9) for usd in per_year] == [12, 8, 7]  # published 12, 8.5, 7
    assert per_year[1] / accelerators / 8760 == pytest.approx(2.04, abs=0.005)
    # Its 0.6 bn of energy are a gigawatt at 80 % load and the US industrial tariff.
    power = e.power_usd_per_hour(2.1, 1.0, 0.8, 0.085) * 8760 * accelerators
    assert power == pytest.approx(0.6e9, rel=0.01)


def test_an_h100_hour_as_two_owners_pay_it() -> None:
    """SemiAnalysis' InferenceX, August 2025: 1.30 USD a hyperscaler, 1.69 a neocloud.

    The inputs are plausible and chosen, so this shows consistency. Its 1.73 kW hold the cooling.
    """
    inputs = {"it_life_years": 4.0, "kw": 1.73, "pue": 1.0, "load": 0.8, "power_usd_kwh": 0.085}
    own = e.owned_hour(28_500.0, 0.07, **inputs, site_usd_w=10.5)
    colo = e.owned_hour(28_500.0, 0.11, **inputs, colo_usd_kw_month=160.0, operations_share=0.03)
    assert own.total == pytest.approx(1.30, rel=0.03)
    assert colo.total == pytest.approx(1.69, rel=0.03)


@relaxed
@given(
    st.sampled_from(sorted(CLUSTER)),
    st.floats(1.0, 3.0),
    st.booleans(),
)
def test_a_dearer_input_never_makes_a_cheaper_hour(name: str, factor: float, colo: bool) -> None:
    base = {**CLUSTER, "colo_usd_kw_month": 150.0} if colo else CLUSTER
    more = e.owned_hour(**{**base, name: base[name] * factor}).total
    total = e.owned_hour(**base).total
    longer = name in ("it_life_years", "residual_share")
    assert more <= total * (1 + 1e-12) if longer else more >= total * (1 - 1e-12)


def test_inside_a_sweep() -> None:
    uncertain = {
        "spot_usd": 0.0,
        "on_demand_usd": Uniform(1.7, 4.0),
        "one_year_usd": 1.7,
        "three_years_usd": 1.3,
        "utilisation": Uniform(0.0, 1.0),
    }
    result = tokenmill.sweep(e.contract_costs, uncertain, n=4096, seed=5)
    one = result.replay(99)
    values = [one.inputs.get(name, value) for name, value in uncertain.items()]
    assert tuple(one.outputs.values()) == e.contract_costs(*values)
