"""What has to hold for all inputs: monotone, invertible, parts add up, owning saves the margin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.economics.stacks import LAYERS, relaxed, stacks
from tokenmill import economics as e

money = st.floats(1.0, 1e6)
margin = st.floats(-0.5, 0.95)


@relaxed
@given(stacks())
def test_the_parts_of_an_hour_add_up(x: e.StackInputs) -> None:
    levels = e.stack(x)
    parts = (
        levels.equipment_usd_h + levels.site_usd_h + levels.power_usd_h + levels.operations_usd_h
    )
    assert levels.gpu_hour_cost_usd == pytest.approx(parts, rel=1e-15)
    assert levels.full_usd_mtok >= levels.serve_usd_mtok


@relaxed
@given(stacks(), st.sampled_from(LAYERS))
def test_owning_a_layer_never_costs_more(x: e.StackInputs, layer: str) -> None:
    bought = e.stack(x._replace(**{f"owns_{layer}": 0.0}))
    owned = e.stack(x._replace(**{f"owns_{layer}": 1.0}))
    assert owned.app_usd_mtok <= bought.app_usd_mtok * (1 + 1e-12)


@relaxed
@given(
    stacks(),
    st.sampled_from(
        [
            "wafer_usd",
            "hbm_usd_gb",
            "package_usd",
            "test_usd",
            "server_other_usd",
            "kw",
            "pue",
            "power_usd_kwh",
            "site_usd_w",
            "research_usd",
            "defects_per_cm2",
        ]
    ),
    st.floats(1.0, 3.0),
)
def test_a_dearer_input_never_makes_a_cheaper_token(
    x: e.StackInputs, field: str, factor: float
) -> None:
    dearer = x._replace(**{field: getattr(x, field) * factor})
    assert e.stack(dearer).app_usd_mtok >= e.stack(x).app_usd_mtok * (1 - 1e-12)


@relaxed
@given(stacks(), st.sampled_from(["tokens_per_s", "utilisation"]), st.floats(0.1, 1.0))
def test_faster_and_busier_is_never_dearer(x: e.StackInputs, field: str, factor: float) -> None:
    slower = x._replace(**{field: getattr(x, field) * factor})
    assert e.stack(slower).app_usd_mtok >= e.stack(x).app_usd_mtok * (1 - 1e-12)


@relaxed
@given(stacks(), st.floats(0.01, 100.0))
def test_a_quote_hides_all_layers_below(x: e.StackInputs, rent: float) -> None:
    renter = x._replace(owns_cloud=0.0, owns_model=1.0, rent_usd_h=rent)
    other = renter._replace(wafer_usd=1.0, kw=9.0, owns_chip=1.0 - x.owns_chip, wacc=0.5)
    first, second = e.stack(renter), e.stack(other)
    assert first.app_usd_mtok == second.app_usd_mtok
    assert first.gpu_hour_price_usd == rent
    assert first.gpu_hour_cost_usd != first.gpu_hour_cost_usd
    owner = e.stack(renter._replace(owns_cloud=1.0))
    assert owner.gpu_hour_price_usd == owner.gpu_hour_cost_usd


@relaxed
@given(stacks())
def test_margins_of_a_middleman_multiply(x: e.StackInputs) -> None:
    nothing = x._replace(owns_model=0.0, owns_app=0.0)
    levels = e.stack(nothing)
    expected = levels.full_usd_mtok / (1 - x.api_margin) / (1 - x.app_margin)
    assert levels.app_usd_mtok == pytest.approx(expected, rel=1e-14)


@relaxed
@given(money, margin)
def test_margin_and_price_invert(cost: float, m: float) -> None:
    price = e.price_at_margin(cost, m)
    assert e.margin_at_price(cost, price) == pytest.approx(m, abs=1e-13)


@relaxed
@given(margin)
def test_margin_and_markup_invert(m: float) -> None:
    assert e.margin_from_markup(e.markup_from_margin(m)) == pytest.approx(m, abs=1e-14)


@relaxed
@given(money, st.floats(1e-3, 0.5), st.floats(0.5, 40.0))
def test_annuity_repays_the_principal(principal: float, rate: float, years: float) -> None:
    payment = e.annuity(principal, rate, years)
    assert payment >= principal / years * (1 - 1e-12)
    worth = payment * (1 - (1 + rate) ** -years) / rate
    assert worth == pytest.approx(principal, rel=1e-9)


@relaxed
@given(st.floats(1.0, 1e4), st.floats(-0.5, 0.95), st.floats(-0.5, 0.95))
def test_survival_is_when_the_margin_ends(
    ratio: float, cost_fall: float, price_fall: float
) -> None:
    years = e.survival_years(ratio, cost_fall, price_fall)
    assert years >= 0.0
    if years < 1e3:
        assert e.margin_after(ratio, cost_fall, price_fall, years) == pytest.approx(0, abs=1e-9)
    if 0.0 < years < 1e3:
        assert e.margin_after(ratio, cost_fall, price_fall, years / 2) >= -1e-9


@relaxed
@given(st.floats(0.0, 1.0), st.floats(-0.5, 2.0), st.floats(-0.5, 2.0), st.floats(0.0, 30.0))
def test_the_inference_share_stays_a_share(s: float, g: float, h: float, t: float) -> None:
    found = e.inference_share(s, g, h, t)
    assert 0.0 <= found <= 1.0
    assert e.inference_share(s, g, g, t) == pytest.approx(s, rel=1e-12, abs=1e-15)


@relaxed
@given(st.floats(0.0, 0.99), st.floats(0.0, 0.99))
def test_falls_combine_in_any_order(a: float, b: float) -> None:
    assert e.combined_fall(a, b) == e.combined_fall(b, a)
    assert e.combined_fall(a, b) >= max(a, b) - 1e-15


@relaxed
@given(st.floats(1e2, 1e5), st.lists(st.floats(1.0, 1e5), min_size=1, max_size=12))
def test_irr_is_a_root(outlay: float, income: list[float]) -> None:
    cash = (-outlay, *income, *(0.0,) * (12 - len(income)))
    rate = e.irr(cash)
    assert e.npv(rate, cash) == pytest.approx(0.0, abs=1e-6 * outlay)
