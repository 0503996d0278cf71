"""Known answers for the money formulas: our own copy, and the reference file where it is there."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.economics.stacks import CASES, WORKED
from tokenmill import economics as e

REL = 1e-9

STACK = {
    "rent (nothing owned but the model)": {
        "die_yield": 0.4867321358624702,
        "good_dies_per_wafer": 29.45959482633361,
        "logic": 454.8602952278857,
        "hbm": 1280.0,
        "bom": 3161.7116445648307,
        "chip_cost": 3161.7116445648307,
        "chip_price": 24320.85880434485,
        "server_price": 31405.168940792395,
        "cluster_capex": 36819.85324092901,
        "it_h": 1.0454897885110186,
        "facility_h": 0.2976248187530464,
        "power_h": 0.12029200000000001,
        "opex_h": 0.08406359187426715,
        "gpu_h_cost": 1.5474701991383322,
        "gpu_h_price": 2.600790250652659,
        "usd_m_serve": 0.6020347802436711,
        "usd_m_full": 0.6020347802436711,
        "usd_m_api": 0.6020347802436711,
        "usd_m_app": 0.6020347802436711,
    },
    "own cloud+server, buy chips, colo-like DC": {
        "server_price": 29520.85880434485,
        "cluster_capex": 34610.66204647328,
        "it_h": 0.9827604012003578,
        "facility_h": 0.2976248187530464,
        "opex_h": 0.07901977636181114,
        "gpu_h_cost": 1.4796969963152156,
        "gpu_h_price": 1.4796969963152156,
        "usd_m_app": 0.34252245285074434,
    },
    "own cloud+dc+server, buy chips": {
        "facility_h": 0.22321861406478483,
        "gpu_h_cost": 1.405290791626954,
        "usd_m_app": 0.32529879435809117,
    },
    "own chip too": {
        "chip_cost": 5161.711644564831,
        "chip_price": 5161.711644564831,
        "server_price": 10361.711644564832,
        "cluster_capex": 12148.213652248423,
        "it_h": 0.34494524567951307,
        "opex_h": 0.027735647607873115,
        "gpu_h_price": 0.7161915073521712,
        "usd_m_app": 0.16578507114633592,
    },
    "middleman app (owns nothing)": {
        "usd_m_serve": 0.6020347802436711,
        "usd_m_api": 1.2040695604873421,
        "usd_m_app": 1.5050869506091775,
    },
}

GOLDEN: dict[str, Any] = {
    "stack_levels": STACK,
    "survival_years": [
        [2.0, 0.34, 0.5, 2.4966424554081077],
        [2.0, 0.15, 0.5, 1.306276435852138],
        [1.25, 0.15, 0.5, 0.42052708439013253],
        [1.05, 0.15, 0.2, 0.8047912334556689],
    ],
    "annuity": [
        [38e9, 0.0, 5, 7.6e9],
        [30000, 0.1, 5, 7913.924423842356],
        [30000, 0.06, 4, 8657.744771198197],
    ],
    "usd_per_mtok": [
        [2.0, 1850.0, 1.0, 0.3003003003003003],
        [2.3, 3000.0, 1.0, 0.21296296296296297],
        [2.0, 2785.25, 1.0, 0.19946344333742233],
    ],
    "inferencex_cost_identity": [
        [1.95, 5857, 0.0924819304535883],
        [1.3, 266, 1.357560568086884],
        [2.21, 5790, 0.106025714834005],
        [1.12, 725, 0.42911877394636017],
        [1.28, 854, 0.4163413999479573],
    ],
    "dies_per_wafer": {
        "H100_814": 60.525271819442054,
        "B200_800": 61.69440169059576,
        "910B_665": 76.67297310883124,
    },
    "yield": [
        [1.0, 0.05, 0.951229424500714, 0.9514276138126218, 0.9516215013591448],
        [1.0, 0.2, 0.8187307530779818, 0.8214634969918899, 0.823974609375],
        [4.0, 0.1, 0.6703200460356393, 0.6793054502871436, 0.6869529818847955],
        [6.656, 0.1, 0.513965056140732, 0.5332223715071862, 0.548186768237923],
        [6.656, 0.2, 0.2641600789337457, 0.3055484418670335, 0.33230666267920733],
        [8.14, 0.1, 0.44308218808216776, 0.4680943579969482, 0.4866555695363777],
        [8.14, 0.2, 0.1963218253956815, 0.24370001038918485, 0.2723853296711168],
    ],
    "breakeven": {
        "util_own_vs_rent(2.4; fixed 1.25, var .12)": 0.5482456140350878,
        "volume(nre 6e8, vendor 28000, own bom 5000, perf .5)": 66666.66666666667,
    },
    "irr": [[35000, 12000, 5, 0.21147197420537356]],
    "inference_share_2030_from_0.40_in_2025": 0.5251795721610008,
    "deepseek_nodes_implied": {
        "prefill": 95.48218503442385,
        "decode": 131.38138138138137,
        "sum": 226.86356641580522,
        "published_avg": 226.75,
    },
    "deepseek_day": {
        "cost": 87072.0,
        "revenue": 562100.0,
        "usd_per_m_all_tokens": 0.11220618556701031,
        "usd_per_m_out_all_cost": 0.5182857142857142,
        "profit_over_cost_pct": 545.5576993752297,
        "sustained_out_tok_s_node_avg": 8575.278696557638,
    },
    "sglang_2000_100_blended_usd_per_m_out": {
        "decode_only": 0.19946344333742233,
        "with_prefill_20_to_1": 1.8990597892052787,
    },
}

# Names of the reference file, and of the levels here.
LEVELS = {
    "die_yield": "die_yield",
    "good_dies_per_wafer": "good_dies_per_wafer",
    "logic": "logic_usd",
    "hbm": "hbm_usd",
    "bom": "materials_usd",
    "chip_cost": "chip_cost_usd",
    "chip_price": "chip_price_usd",
    "server_price": "server_price_usd",
    "cluster_capex": "cluster_capex_usd",
    "it_h": "equipment_usd_h",
    "facility_h": "site_usd_h",
    "power_h": "power_usd_h",
    "opex_h": "operations_usd_h",
    "gpu_h_cost": "gpu_hour_cost_usd",
    "gpu_h_price": "gpu_hour_price_usd",
    "usd_m_serve": "serve_usd_mtok",
    "usd_m_full": "full_usd_mtok",
    "usd_m_api": "api_usd_mtok",
    "usd_m_app": "app_usd_mtok",
}


@pytest.fixture(params=["own copy", "reference file"])
def golden(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "own copy":
        return GOLDEN
    folder: Path = request.getfixturevalue("data_folder")
    return json.loads((folder / "serving" / "reference_values.json").read_text())


def near(value: Any) -> Any:
    return pytest.approx(value, rel=REL, abs=0)


@pytest.mark.parametrize("case", CASES)
def test_stack_levels(golden: dict[str, Any], case: str) -> None:
    found = e.stack(WORKED._replace(**CASES[case]))
    expected = golden["stack_levels"][case]
    for name, value in expected.items():
        assert getattr(found, LEVELS[name]) == near(value), name


def test_survival_years(golden: dict[str, Any]) -> None:
    for ratio, cost_fall, price_fall, years in golden["survival_years"]:
        assert e.survival_years(ratio, cost_fall, price_fall) == near(years)


def test_annuity(golden: dict[str, Any]) -> None:
    for principal, rate, years, payment in golden["annuity"]:
        assert e.annuity(float(principal), rate, float(years)) == near(payment)


def test_usd_per_mtok(golden: dict[str, Any]) -> None:
    for usd, speed, busy, cost in golden["usd_per_mtok"]:
        assert e.usd_per_mtok(usd, speed, busy) == near(cost)
    for usd, speed, cost in golden["inferencex_cost_identity"]:
        assert e.usd_per_mtok(usd, float(speed), 1.0) == near(cost)


def test_dies_per_wafer(golden: dict[str, Any]) -> None:
    areas = {"H100_814": 26.0 * 31.3, "B200_800": 26.0 * 30.8, "910B_665": 25.8 * 25.8}
    for name, area in areas.items():
        assert e.dies_per_wafer(area) == near(golden["dies_per_wafer"][name])


def test_yields(golden: dict[str, Any]) -> None:
    for area, defects, poisson, murphy, negative_binomial in golden["yield"]:
        assert e.yield_poisson(area, defects) == near(poisson)
        assert e.yield_murphy(area, defects) == near(murphy)
        assert e.yield_negative_binomial(area, defects, 3.0) == near(negative_binomial)


def test_breakeven(golden: dict[str, Any]) -> None:
    utilisation, volume = golden["breakeven"].values()
    assert e.breakeven_utilisation(1.25, 2.4, 0.12) == near(utilisation)
    assert e.breakeven_volume(6e8, 28000.0, 0.5, 5000.0) == near(volume)


def test_irr(golden: dict[str, Any]) -> None:
    for outlay, yearly, years, rate in golden["irr"]:
        assert e.irr((-float(outlay), *(float(yearly),) * years)) == near(rate)


def test_inference_share(golden: dict[str, Any]) -> None:
    share = e.inference_share(0.4, 0.35, 0.22, 5.0)
    assert share == near(golden["inference_share_2030_from_0.40_in_2025"])


def test_the_nodes_of_a_day_at_deepseek(golden: dict[str, Any]) -> None:
    nodes = golden["deepseek_nodes_implied"]
    prefill = e.nodes_needed(608e9, 86_400.0, 73_700.0)
    decode = e.nodes_needed(168e9, 86_400.0, 14_800.0)
    assert (prefill, decode) == near((nodes["prefill"], nodes["decode"]))
    assert prefill + decode == near(nodes["sum"])
    assert prefill + decode == pytest.approx(nodes["published_avg"], rel=6e-4)


def test_a_day_at_deepseek(golden: dict[str, Any]) -> None:
    day = golden["deepseek_day"]
    speed = day["sustained_out_tok_s_node_avg"] / 8
    assert e.usd_per_mtok(2.0, speed, 1.0) == near(day["usd_per_m_out_all_cost"])
    all_tokens = (608e9 + 168e9) / 86_400 / 226.75 / 8
    assert e.usd_per_mtok(2.0, all_tokens, 1.0) == near(day["usd_per_m_all_tokens"])
    billed = e.billed_per_mtok(0.55, 0.14, 2.19, 608 / 168, 342 / 608)
    assert billed * 168e3 == near(day["revenue"])
    found = e.markup_at_price(day["cost"], billed * 168e3)
    assert 100 * found == near(day["profit_over_cost_pct"])
    markup = day["profit_over_cost_pct"] / 100
    assert e.margin_from_markup(markup) == pytest.approx(0.845, abs=5e-4)


def test_decode_only_and_blended(golden: dict[str, Any]) -> None:
    expected = golden["sglang_2000_100_blended_usd_per_m_out"]
    decode, prefill = 22282.0 / 8, 52300.0 / 8
    alone = e.usd_per_mtok(2.0, e.blended_tokens_per_s(decode, prefill, 0.0), 1.0)
    assert alone == near(expected["decode_only"])
    blended = e.usd_per_mtok(2.0, e.blended_tokens_per_s(decode, prefill, 20.0), 1.0)
    assert blended == near(expected["with_prefill_20_to_1"])
