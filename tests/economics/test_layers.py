"""Layers switched, parts that add up, and the years: what the board says beside the cost."""

import copy
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from tokenmill.economics import RaceResult, ScenarioError, parse_scenario, race
from tokenmill.economics.board import CURVE_YEARS
from tokenmill.economics.cost_parts import PARTS, cost_parts
from tokenmill.economics.fields import LAYERS
from tokenmill.economics.lineup import Lineup, line_up

Dump = Callable[[dict[str, Any]], bytes]
MARGINS = {
    "chip_margin": 0.75,
    "server_margin": 0.06,
    "site_margin": 0.25,
    "sold_share": 0.85,
    "cloud_margin": 0.3,
    "api_margin": 0.5,
}


@pytest.fixture
def margins(table: dict[str, Any]) -> dict[str, Any]:
    """The scenario of stated speeds with the margins of all who sell a layer."""
    table["defaults"] |= MARGINS | {"app_margin": 0.1}
    return table


def lineup_of(dump: Dump, table: dict[str, Any]) -> Lineup:
    return line_up(parse_scenario(dump(table)))


def position(lineup: Lineup, key: str) -> int:
    return [player.key for player in lineup.scenario.players].index(key)


@pytest.mark.parametrize("layer", LAYERS)
def test_switching_is_racing_without_the_layer(
    margins: dict[str, Any], dump: Dump, layer: str
) -> None:
    """The saving of an owned layer is that against a player who does not own it."""
    without = copy.deepcopy(margins)
    owner = without["players"]["us_hyperscaler"]
    owner["owns"] = [owned for owned in owner["owns"] if owned != layer]
    costs = []
    for table in (margins, without):
        lineup = lineup_of(dump, table)
        index = position(lineup, "us_hyperscaler")
        costs.append(lineup.standing_at(lineup.medians(), index))
    saved = getattr(costs[0], f"saves_{layer}")
    assert saved == pytest.approx(1 - costs[0].cost / costs[1].cost, rel=1e-12)
    assert getattr(costs[1], f"saves_{layer}") == pytest.approx(saved, rel=1e-12)
    assert 0.0 < saved < 1.0


def test_a_rent_without_the_seller_s_margin(margins: dict[str, Any], dump: Dump) -> None:
    """A renter's whole cost is rent: owning the cloud would save the cloud's margin of it."""
    lineup = lineup_of(dump, margins)
    found = lineup.standing_at(lineup.medians(), position(lineup, "us_lab"))
    assert found.saves_cloud == pytest.approx(0.3, rel=1e-12)
    assert found.saves_model == pytest.approx(0.5, rel=1e-12)
    assert (found.saves_chip, found.saves_server, found.saves_site) == (0.0, 0.0, 0.0)
    app = lineup.standing_at(lineup.medians(), position(lineup, "app_company"))
    assert (app.saves_cloud, app.saves_model) == (0.0, pytest.approx(0.5, rel=1e-12))


def test_layers_that_can_be_switched(margins: dict[str, Any], dump: Dump) -> None:
    players = {player.key: player for player in parse_scenario(dump(margins)).players}
    assert players["us_hyperscaler"].switchable == LAYERS
    assert players["neocloud"].switchable == LAYERS
    assert players["us_lab"].switchable == ("cloud", "model", "app")
    assert players["app_company"].switchable == ("model", "app")
    assert parse_scenario(dump(margins)).warnings == ()


def test_without_margins_only_the_reseller_is_known(board: RaceResult, dump: Dump) -> None:
    scenario = parse_scenario(dump(_bare()))
    assert [player.switchable for player in scenario.players] == [(), ()]
    result = race(scenario, n=1000, seed=1, threads=1)
    assert [row.saves for row in result.rows] == [{}, {}]


def _bare() -> dict[str, Any]:
    world = {
        "price_usd_mtok": 1,
        "input_price_ratio": 0.2,
        "cached_price_ratio": 0.1,
        "price_fall": 0.5,
        "in_out_ratio": 4,
        "cache_hit": 0.5,
        "cached_work": 0,
        "wafer_usd": 1,
        "hbm_usd_gb": 1,
        "yield_alpha": 3,
        "hardware_fall": 0.3,
        "rent_fall": 0.1,
        "software_fall": 0.1,
        "api_pass_through": 1,
    }
    player = {"owns": ["model", "app"], "rent_usd_h": 2, "utilisation": 0.5}
    player |= {"decode_tok_s": 1000, "prefill_tok_s": 4000, "research_usd": 0, "research_mtok": 1}
    return {
        "format": 1,
        "name": "bare",
        "world": world,
        "players": {"b": {"title": "B", **player}, "a": {"title": "A", **player}},
    }


def test_a_world_of_lengths_is_one_of_their_ratio(dump: Dump) -> None:
    costs = []
    for lengths in ({"in_out_ratio": 4}, {"in_len": 2000, "out_len": 500}):
        table = _bare()
        del table["world"]["in_out_ratio"]
        table["world"] |= lengths
        lineup = lineup_of(dump, table)
        costs.append(lineup.standing_at(lineup.medians(), 0).cost)
    assert costs[0] == costs[1]


def test_lengths_or_their_ratio(dump: Dump) -> None:
    table = _bare()
    del table["world"]["in_out_ratio"]
    with pytest.raises(ScenarioError, match=r"world\.in_out_ratio: expected .* no such key"):
        parse_scenario(dump(table))
    table["world"]["in_len"] = 2000
    with pytest.raises(ScenarioError, match=r"world\.out_len: expected .* no such key"):
        parse_scenario(dump(table))
    table["world"] |= {"out_len": 500, "in_out_ratio": 3}
    assert parse_scenario(dump(table)).warnings == ("world.in_out_ratio has no effect",)


def test_parts_add_up_to_the_cost(margins: dict[str, Any], dump: Dump) -> None:
    lineup = lineup_of(dump, margins)
    values = lineup.medians()
    for index in range(len(lineup.players)):
        levels = lineup.levels_at(values, index)
        parts = cost_parts(levels)
        assert tuple(parts) == tuple(PARTS)
        assert min(parts.values()) >= 0.0
        assert sum(parts.values()) == pytest.approx(levels.app_usd_mtok, rel=1e-12)
        assert sum(parts.values()) == pytest.approx(lineup.standing_at(values, index).cost)


def test_parts_of_a_chip_without_a_good_die(margins: dict[str, Any], dump: Dump) -> None:
    margins["world"]["yield_alpha"] = 1e9
    margins["players"]["cn_full_stack"] |= {"defects_per_cm2": 1e3, "recovered_share": 0}
    result = race(parse_scenario(dump(margins)), n=1000, seed=1, threads=1)
    last = result.rows[-1]
    assert last.key == "cn_full_stack"
    assert (last.cost_p50, last.parts) == (inf, {})


def test_survival_curves(board: RaceResult) -> None:
    assert len(CURVE_YEARS) == len(board.rows[0].survival_curve)
    for row in board.rows:
        curve = (1.0 - row.probability_loss, *row.survival_curve)
        assert all(a >= b for a, b in zip(curve, curve[1:], strict=False))
        assert all(0.0 <= share <= 1.0 for share in curve)
        if 0.0 < row.survival_p50 < CURVE_YEARS[-1]:
            after = next(i for i, year in enumerate(CURVE_YEARS) if year > row.survival_p50)
            assert row.survival_curve[after] <= 0.5 <= curve[after]


def test_nobody_is_ahead_of_the_cheapest(board: RaceResult) -> None:
    for row in board.rows:
        assert 1.0 <= row.behind.p05 <= row.behind.p50 <= row.behind.p95
        # Where a player is the cheapest it is behind by nothing.
        for level, value in zip((0.05, 0.5, 0.95), row.behind, strict=True):
            assert (value > 1.001) <= (row.probability_cheapest < level + 0.02)


def test_savings_are_of_layers_the_scenario_prices(board: RaceResult) -> None:
    for row, player in ((row, p) for row in board.rows for p in board.scenario.players):
        if row.key == player.key:
            assert tuple(row.saves) == player.switchable
            for spread in row.saves.values():
                assert spread.p05 <= spread.p50 <= spread.p95 < 1.0
