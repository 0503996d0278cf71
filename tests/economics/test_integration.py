"""What a layer saves, what margins multiply to, and the volume that pays for an own chip."""

from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.economics.stacks import CASES, LAYERS, WORKED, relaxed, stacks
from tokenmill import economics as e
from tokenmill import evaluate, sweep
from tokenmill.jit.records import gather_record
from tokenmill.montecarlo import Triangular, Uniform

NOTHING = WORKED._replace(**CASES["middleman app (owns nothing)"])
EVERYTHING = WORKED._replace(**{f"owns_{layer}": 1.0 for layer in LAYERS})
OWN_CHIP = EVERYTHING._replace(design_usd=6e8, chip_volume=3e5)


def test_the_order_of_savings_in_the_worked_example() -> None:
    """Own cloud and server, then the site, then the chip: 1.51, .343, .325, .166 USD."""
    prices = [e.stack(WORKED._replace(**case)).app_usd_mtok for case in CASES.values()]
    assert prices == pytest.approx([0.602, 0.343, 0.325, 0.166, 1.505], abs=5e-4)
    rent, cloud, site, chip, middleman = prices
    assert 1 - cloud / rent == pytest.approx(0.43, abs=0.005)
    assert 1 - site / cloud == pytest.approx(0.05, abs=0.005)
    assert 1 - chip / site == pytest.approx(0.49, abs=0.005)
    assert rent / chip == pytest.approx(3.6, abs=0.05)
    assert middleman / chip == pytest.approx(9.0, abs=0.1)


@pytest.mark.parametrize("number", range(6))
def test_a_saving_is_the_difference_of_two_stacks(number: int) -> None:
    flag = f"owns_{LAYERS[number]}"
    bought, owned = (e.stack(WORKED._replace(**{flag: o})).app_usd_mtok for o in (0.0, 1.0))
    assert e.layer_saving(WORKED, number) == bought - owned
    assert e.layer_savings(WORKED)[number] == bought - owned
    assert e.with_layer(WORKED, number, 1.0) == WORKED._replace(**{flag: 1.0})
    # 1 M USD once over 1e7 M tokens is a tenth of a dollar for each million.
    spread = e.layer_saving(WORKED, number, 1e6, 1e7)
    assert spread == pytest.approx(bought - owned - 0.1, rel=1e-14)


def test_a_layer_that_there_is_not_changes_nothing() -> None:
    assert e.with_layer(WORKED, 6, 1.0) == WORKED


def test_owning_does_not_always_save() -> None:
    """In October 2025 a year of H100 was let at 1.70 USD, what a neocloud's own hour cost."""
    renter = WORKED._replace(rent_usd_h=1.70)
    assert e.layer_saving(renter, 3) > 0.0
    assert e.layer_saving(renter._replace(wacc=0.15), 3) < 0.0


@relaxed
@given(stacks())
def test_no_saving_of_a_stack_without_quotes_is_negative(x: e.StackInputs) -> None:
    price = e.stack(x).app_usd_mtok
    assert all(saving >= -1e-12 * price for saving in e.layer_savings(x))


def test_the_multiplier_of_a_middleman_by_hand() -> None:
    found = e.margin_multipliers(NOTHING)
    assert found.app == pytest.approx(1 / 0.8, rel=1e-15)
    assert found.site == pytest.approx(1 / (0.8 * 0.5 * 0.7 * 0.75), rel=1e-14)
    assert found.chip == pytest.approx(1 / (0.8 * 0.5 * 0.7 * 0.94 * 0.13), rel=1e-14)
    assert e.margin_multipliers(EVERYTHING) == (1.0,) * 6


@relaxed
@given(stacks())
def test_the_multiplier_is_what_a_dollar_of_chip_becomes(x: e.StackInputs) -> None:
    def added(inputs: e.StackInputs) -> float:
        dearer = inputs._replace(test_usd=inputs.test_usd + 1e6)
        return e.stack(dearer).app_usd_mtok - e.stack(inputs).app_usd_mtok

    x = x._replace(research_usd=0.0)  # beside which a dollar would be lost to rounding
    flags = {f"owns_{layer}": 1.0 for layer in LAYERS}
    ratio = added(x) / added(x._replace(**flags))
    unsold = 1.0 if x.owns_cloud else x.sold_share
    assert ratio == pytest.approx(e.margin_multipliers(x).chip / unsold, rel=1e-9)


def test_the_volume_that_pays_is_where_both_tokens_cost_the_same() -> None:
    bought = EVERYTHING._replace(owns_chip=0.0)
    own = OWN_CHIP._replace(tokens_per_s=1000.0, kw=1.1)
    volume = e.volume_that_pays(bought, own)
    at_par = e.stack(own._replace(chip_volume=volume)).serve_usd_mtok
    assert at_par == pytest.approx(e.stack(bought).serve_usd_mtok, rel=1e-12)
    assert e.volume_that_pays(bought, own._replace(chip_volume=7.0)) == volume


def test_an_own_chip_against_a_rented_hour() -> None:
    renter = WORKED._replace(rent_usd_h=1.0)
    volume = e.volume_that_pays(renter, OWN_CHIP)
    hour = e.stack(OWN_CHIP._replace(chip_volume=volume)).gpu_hour_price_usd
    assert hour == pytest.approx(1.0, rel=1e-12)
    assert e.volume_that_pays(renter._replace(rent_usd_h=0.5), OWN_CHIP) == inf


def test_a_slower_chip_needs_more_servers_power_and_site() -> None:
    """At 0.3 of the speed a chip alone still pays, but not with what surrounds it."""
    bought = EVERYTHING._replace(owns_chip=0.0)
    slow = OWN_CHIP._replace(tokens_per_s=0.3 * 2000.0)
    levels = e.stack(bought)
    alone = e.breakeven_volume(6e8, levels.chip_price_usd, 0.3, levels.materials_usd)
    assert alone < 200_000
    assert e.volume_that_pays(bought, slow) == inf
    assert e.volume_that_pays(bought, slow._replace(design_usd=0.0)) == inf
    assert e.volume_that_pays(bought, OWN_CHIP._replace(design_usd=0.0)) == 0.0


@relaxed
@given(
    st.floats(1e8, 1e10),
    st.floats(5e3, 5e4),
    st.floats(0.1, 2.0),
    st.floats(1e3, 1e4),
    st.floats(0.0, 0.2),
    st.floats(2.0, 8.0),
)
def test_with_nothing_around_the_chip_both_breakevens_agree(
    design: float, vendor: float, ratio: float, own: float, wacc: float, years: float
) -> None:
    hour = e.annuity(1.0, wacc, years) / 8760
    served = e.breakeven_volume_served(design, vendor * hour, own * hour, ratio, wacc, years)
    alone = e.breakeven_volume(design, vendor, ratio, own)
    if abs(vendor * ratio - own) > 1e-6 * own:
        assert served == pytest.approx(alone, rel=1e-8)


def test_breakeven_volume_served_at_its_edges() -> None:
    assert e.breakeven_volume_served(6e8, 1.5, 0.75, 0.5, 0.1, 5.0) == inf
    assert e.breakeven_volume_served(0.0, 1.5, 0.7, 0.5, 0.1, 5.0) == 0.0
    assert isnan(e.breakeven_volume_served(6e8, float("nan"), 0.7, 0.5, 0.1, 5.0))
    # A tenth of a dollar an hour over 8,760 hours is 876 USD a chip.
    assert e.breakeven_volume_served(876e6, 1.0, 0.4, 0.5, 0.0, 1.0) == pytest.approx(1e6)


def test_savings_over_arrays_and_inside_a_sweep() -> None:
    """Two fields of the stack are handed over, the others are numbers that the compiler folds."""
    at = {"power_usd_kwh": 0, "chip_margin": 1}
    slots = [at.get(name, value) for name, value in WORKED._asdict().items()]
    fill = gather_record(e.StackInputs, slots)

    def savings(*values):  # type: ignore[no-untyped-def]
        return e.layer_savings(fill(values))

    def expected(power: float, margin: float) -> e.LayerValues:
        return e.layer_savings(WORKED._replace(power_usd_kwh=power, chip_margin=margin))

    powers, margins = np.array([0.03, 0.056, 0.09]), np.array([[0.5], [0.87]])
    over = evaluate(savings, {"power_usd_kwh": powers, "chip_margin": margins})
    assert over.chip.shape == (2, 3)
    assert [part[1, 2] for part in over] == list(expected(0.09, 0.87))
    uncertain = {"power_usd_kwh": Uniform(0.03, 0.13), "chip_margin": Triangular(0.5, 0.75, 0.88)}
    drawn = sweep(savings, uncertain, n=2048, seed=3).replay(1234)
    assert list(drawn.outputs.values()) == list(expected(*drawn.inputs.values()))
