"""The embedded race beside published figures, each with its source and date."""

from collections.abc import Callable
from typing import Any

import pytest

from tokenmill.economics import (
    RaceResult,
    StackLevels,
    load_scenario,
    parse_scenario,
    race,
    revenue_per_mtok,
)
from tokenmill.economics.lineup import line_up

Dump = Callable[[dict[str, Any]], bytes]

# USD per million tokens: output, fresh input, cached input.
LIST_PRICES = {
    "DeepSeek chat, 2026-02 (llm-prices)": (0.28, 0.14, 0.0028),
    "DeepSeek V3, 2025-02 (llm-prices)": (1.10, 0.27, 0.07),
    "Kimi K2, 2025-07 (llm-prices)": (2.50, 0.60, 0.15),
    "Kimi K2.6, 2026 (llm-prices)": (4.00, 0.95, 0.16),
}


def at_the_medians() -> dict[str, StackLevels]:
    """The ownership stack of every player with all inputs at their medians."""
    lineup = line_up(load_scenario())
    values = lineup.medians()
    return {
        player.key: lineup.levels_at(values, index)
        for index, player in enumerate(lineup.scenario.players)
    }


def test_accelerator_hours() -> None:
    """USD per hour, owned at cost or rented."""
    hours = {key: levels.gpu_hour_price_usd for key, levels in at_the_medians().items()}
    # A neocloud's own H100 costs 1.69 (SemiAnalysis, 2025-08); rent below 1.65 loses and above
    # 2.85 pays well (Latent Space, "$2 H100s").
    assert hours["neocloud"] == pytest.approx(1.69, rel=0.15)
    assert 1.65 < hours["neocloud"] < 2.85
    # A TPU costs about 44 % less to own than the 2.21 of a GB200 (analysts; SemiAnalysis, 2025-08).
    assert hours["us_hyperscaler"] == pytest.approx(0.56 * 2.21, rel=0.25)
    # H100 rents: 2.60 (SiliconData, mid-2026), 2.95 (AIMultiple, 2026-05).
    assert hours["us_startup"] == pytest.approx(2.6, rel=0.02)
    # GB200 rents: 3.30 (InferenceX, 2025-10 to 2026-06).
    assert hours["us_lab"] == pytest.approx(3.30, rel=0.10)


def test_an_h100_class_chip_made_by_its_owner_costs_what_others_cost() -> None:
    """Bills of materials: B200 6,400, MI300X 5,300 USD (siliconanalysts.com, +-30 %)."""
    materials = at_the_medians()["us_hyperscaler"].materials_usd
    assert 5300 * 0.7 < materials < 6400 * 1.3


def test_costs_stand_among_list_prices(board: RaceResult) -> None:
    """Open models of this size are listed at about 0.5 to 4 USD per million, prompts included."""
    for entry in board.rows:
        assert 0.1 < entry.cost_p50 < 4.0


def test_nobody_beats_the_best_published_decode_at_the_median(board: RaceResult) -> None:
    """B200 at full load, its owner's hour, decode alone: 0.092 USD per million (InferenceX)."""
    assert min(entry.cost_p50 for entry in board.rows) > 0.092


def test_the_market_price_lies_among_list_prices() -> None:
    world = {key: quantity.centre for key, quantity in load_scenario().world.items()}
    workload = (world["in_len"] / world["out_len"], world["cache_hit"])
    bills = [
        revenue_per_mtok(output, fresh / output, cached / fresh, *workload)
        for output, fresh, cached in LIST_PRICES.values()
    ]
    market = revenue_per_mtok(
        world["price_usd_mtok"], world["input_price_ratio"], world["cached_price_ratio"], *workload
    )
    assert min(bills) < market < max(bills)


def test_margins_of_those_who_rent_in_the_us(board: RaceResult) -> None:
    """Compute margins: OpenAI 35 to 70 %, Anthropic to 70 % (2025), DeepSeek 84.5 % (2025-03)."""
    for entry in board.rows:
        if entry.key in ("us_startup", "us_lab"):
            assert 0.35 < entry.margin_p50 < 0.845


def test_the_spread_of_costs_is_that_of_prices(board: RaceResult) -> None:
    """One model on one day differs 1.6 to 9 times between providers (models.dev, 2026-07)."""
    costs = [entry.cost_p50 for entry in board.rows]
    assert 1.6 < max(costs) / min(costs) < 9.0


def test_rents_may_rise_or_fall() -> None:
    """An H100 on a one-year contract: 1.70 (2025-10), then 2.35 USD/h (2026-03; SemiAnalysis)."""
    fall = load_scenario().world["rent_fall"]
    assert fall.quantile(0.05) < 0.0 < fall.quantile(0.95)


def test_a_day_at_deepseek_is_reproduced_by_the_race(table: dict[str, Any], dump: Dump) -> None:
    """Cost 0.518 USD per million output tokens, margin 84.5 % (DeepSeek day 6, 2025-03-01)."""
    table["world"] |= {
        "price_usd_mtok": 2.19,
        "input_price_ratio": 0.55 / 2.19,
        "cached_price_ratio": 0.14 / 0.55,
        "in_out_ratio": 608 / 168,
        "cache_hit": 0.5625,
        # The published prompt speed counts cached tokens.
        "cached_work": 1.0,
    }
    table["defaults"]["utilisation"] = 1.0  # averages of the day: idle hours are in them
    table["players"] = {key: table["players"][key] for key in ("us_lab", "app_company")}
    table["players"]["us_lab"] |= {
        "rent_usd_h": 2.0,
        "decode_tok_s": 14_800 / 8,
        "prefill_tok_s": 73_700 / 8,
    }
    result = race(parse_scenario(dump(table)), n=1024, seed=1, threads=1)
    lab = next(entry for entry in result.rows if entry.key == "us_lab")
    assert lab.cost_p50 == pytest.approx(87_072 / 168e3, rel=2e-3)
    assert lab.margin_p50 == pytest.approx(1 - 87_072 / 562_027, rel=2e-3)
    assert lab.tax_p50 == pytest.approx(87_072 / 562_027, rel=5e-3)
