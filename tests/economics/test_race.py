"""The board: joint, reproducible, exact where it says so, and open to either answer."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

import tokenmill
from tokenmill.cli.text import answer
from tokenmill.economics import (
    RaceResult,
    ScenarioError,
    load_scenario,
    parse_scenario,
    race,
)
from tokenmill.economics.deciders import find_deciders
from tokenmill.economics.lineup import line_up

Dump = Callable[[dict[str, Any]], bytes]
N = 32_768


def row(result: RaceResult, key: str) -> Any:
    return next(entry for entry in result.rows if entry.key == key)


def test_the_board_is_sorted_by_cost(board: RaceResult) -> None:
    costs = [entry.cost_p50 for entry in board.rows]
    assert costs == sorted(costs)
    for entry in board.rows:
        assert 0.0 < entry.cost_p05 < entry.cost_p50 < entry.cost_p95
        assert list(entry.curve) == sorted(entry.curve)
        assert entry.curve[49] == entry.cost_p50


def test_exactly_one_player_is_the_cheapest(board: RaceResult) -> None:
    chances = [entry.probability_cheapest for entry in board.rows]
    # Shares of 2^16 scenarios add up without rounding.
    assert sum(chances) == 1.0
    assert board.leader.probability_cheapest == max(chances)


def test_shares_of_revenue_are_consistent(board: RaceResult) -> None:
    for entry in board.rows:
        if "app" in entry.owns:
            # Nothing but compute is charged to a player with customers of its own.
            assert entry.margin_p50 + entry.tax_p50 == pytest.approx(1.0, abs=2e-3)
        else:
            assert entry.margin_p50 + entry.tax_p50 < 1.0
        assert 0.0 <= entry.probability_loss <= 1.0
        assert (entry.margin_p50 < 0.0) == (entry.probability_loss > 0.5)


def test_the_middleman_pays_its_api_bill(board: RaceResult) -> None:
    app = row(board, "app_company")
    ratio = load_scenario().players[-1].values["api_price_ratio"]
    assert app.tax_p50 == pytest.approx(ratio.centre, rel=5e-3)


def test_threads_do_not_change_the_board(board: RaceResult) -> None:
    again = race(n=board.n, seed=board.seed, threads=3)
    assert again.digest == board.digest
    assert again.rows == board.rows
    assert again.deciders == board.deciders
    assert again.architecture == board.architecture


def test_another_seed_is_another_board(stated_path: Path) -> None:
    one, other = (race(stated_path, n=N, seed=seed, threads=1) for seed in (7, 8))
    assert (other.n, other.seed) == (N, 8)
    assert other.digest != one.digest
    assert row(other, "cn_lab").cost_p50 == pytest.approx(row(one, "cn_lab").cost_p50, rel=0.02)


def test_the_first_edition_still_gives_its_board(stated_path: Path) -> None:
    """Medians of one million draws as the race printed them while all speeds were stated."""
    result = race(stated_path, n=2 * N, threads=2)
    medians = {
        "us_hyperscaler": 0.346,
        "us_lab": 0.702,
        "cn_full_stack": 0.948,
        "us_startup": 1.37,
        "neocloud": 1.50,
        "app_company": 1.90,
        "cn_lab": 2.03,
    }
    for key, median in medians.items():
        assert row(result, key).cost_p50 == pytest.approx(median, rel=0.02)
    assert result.leader.probability_cheapest == pytest.approx(0.923, abs=0.01)
    assert result.deciders[0].stream == "stream.tpu"
    assert result.architecture is None


def test_plain_data_is_strict_json(board: RaceResult) -> None:
    hidden = replace(board.rows[0], survival_p50=inf)
    data = replace(board, rows=(hidden, *board.rows[1:])).to_dict()
    text = json.dumps(data, allow_nan=False)
    first = json.loads(text)["players"][0]
    assert first["survival_years_p50"] is None
    assert "survival_years_p50" in data["null_means"]
    assert data["leader"] == board.leader.key
    assert len(data["digest"]) == 64


def test_deciders_are_ordered_by_effect(board: RaceResult) -> None:
    swings = [decider.swing for decider in board.deciders]
    assert len(swings) >= 3
    assert swings == sorted(swings, reverse=True)
    for decider in board.deciders:
        assert decider.label
        assert decider.overturns == (min(decider.lead_low, decider.lead_high) < 1.0)


def test_the_same_parameter_of_all_players_is_one_stream(stated_path: Path) -> None:
    scenario = load_scenario(stated_path)
    lineup = line_up(scenario)
    for player in scenario.players:
        for key, quantity in player.values.items():
            own = f"stream.{quantity.stream}" if quantity.stream else f"players.*.{key}"
            assert lineup.stream(f"players.{player.key}.{key}") == own
    assert not any(name.startswith("world.") for name in lineup.streams)


def _race(dump: Dump, table: dict[str, Any], n: int = N) -> RaceResult:
    return race(parse_scenario(dump(table)), n=n, seed=5, threads=1)


def test_the_answer_can_go_the_other_way(table: dict[str, Any], dump: Dump) -> None:
    """Cheap rent and busy hours beat ownership; an idle owner loses to everyone."""
    players = table["players"]
    renter = players["us_startup"]
    renter["rent_usd_h"] = {"dist": "pert", "low": 1.2, "mode": 1.4, "high": 1.7}
    players["neocloud"]["utilisation"] = {"dist": "pert", "low": 0.05, "mode": 0.1, "high": 0.3}
    table["players"] = {key: players[key] for key in ("us_startup", "neocloud", "app_company")}
    result = _race(dump, table)
    assert row(result, "us_startup").probability_cheapest > 0.5
    assert row(result, "neocloud").probability_cheapest < 0.01
    assert (
        row(result, "app_company").probability_cheapest
        > row(result, "neocloud").probability_cheapest
    )


def test_owning_and_renting_at_the_price_of_owning(table: dict[str, Any], dump: Dump) -> None:
    """A contract at the owner's own cost carries no margin: then nobody has the edge."""
    owner = copy.deepcopy(table["players"]["neocloud"])
    for key, value in owner.items():
        if isinstance(value, dict) and "dist" in value:
            owner[key] = {k: v for k, v in value.items() if k in ("value", "source")}
    constants = {
        "chip_price_usd": 25_000,
        "it_life_years": 4,
        "wacc": 0.11,
        "pue": 1.22,
        "power_usd_kwh": 0.085,
        "colo_usd_kw_month": 130,
        "server_other_usd": 5200,
        "network_share": 0.13,
        "operations_share": 0.03,
        "utilisation": 0.5,
        "decode_tok_s": 2000,
        "prefill_tok_s": 6000,
    }
    owner |= constants | {"owns": ["server", "cloud", "model", "app"]}
    renter = {"title": "renter", "owns": ["model", "app"], "rent_usd_h": 1.0}
    renter |= {key: constants[key] for key in ("utilisation", "decode_tok_s", "prefill_tok_s")}
    table["players"] = {"owner": owner, "renter": renter}
    lineup = line_up(parse_scenario(dump(table)))
    costs = [lineup.standing_at(lineup.medians(), index).cost for index in range(2)]
    own_hour = costs[0] / costs[1]
    assert own_hour == pytest.approx(1.69, rel=0.25)
    for factor, winner in ((0.999, "renter"), (1.001, "owner")):
        renter["rent_usd_h"] = own_hour * factor
        assert _race(dump, table, 2048).leader.key == winner


def _constants(table: dict[str, Any]) -> dict[str, Any]:
    """Two equal players in a world without uncertainty."""
    world = dict.fromkeys(table["world"], 0.2)
    player = {"owns": ["model", "app"], "rent_usd_h": 2, "utilisation": 0.5}
    player |= {"decode_tok_s": 1000, "prefill_tok_s": 4000}
    return {
        "format": 1,
        "name": "twins",
        "world": world,
        "defaults": {"research_usd": 0, "research_mtok": 1},
        "players": {"b": {"title": "B", **player}, "a": {"title": "A", **player}},
    }


def test_a_world_without_uncertainty_and_a_tie(table: dict[str, Any], dump: Dump) -> None:
    result = _race(dump, _constants(table), 1000)
    first, second = result.rows
    assert (first.key, first.probability_cheapest) == ("b", 1.0)
    assert (second.key, second.probability_cheapest) == ("a", 0.0)
    assert first.cost_p05 == pytest.approx(first.cost_p95, rel=1e-3)
    assert result.deciders == ()


def _hopeless(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Let the wafers of some players hold no good die; nobody else remains but the lab."""
    table["world"]["yield_alpha"] = 1e9
    for key in keys:
        table["players"][key]["defects_per_cm2"] = 1e3
        table["players"][key]["recovered_share"] = 0
    table["players"] = {key: table["players"][key] for key in (*keys, "us_lab", "cn_lab")}
    return table


def test_a_player_without_a_finite_cost_is_last(table: dict[str, Any], dump: Dump) -> None:
    result = _race(dump, _hopeless(table, "cn_full_stack"), 1000)
    assert [entry.key for entry in result.rows] == ["us_lab", "cn_lab", "cn_full_stack"]
    last = result.rows[-1]
    assert (last.cost_p05, last.probability_cheapest, last.probability_loss) == (inf, 0.0, 1.0)
    assert result.leader.key == "us_lab"
    assert result.deciders


def test_nobody_is_the_cheapest_where_every_cost_is_infinite(
    table: dict[str, Any], dump: Dump
) -> None:
    _hopeless(table, "cn_full_stack", "us_hyperscaler")
    for key in ("us_lab", "cn_lab"):
        del table["players"][key]
    result = _race(dump, table, 1000)
    assert [entry.probability_cheapest for entry in result.rows] == [0.0, 0.0]
    assert answer(result) == "No player makes a token at a finite cost."
    json.dumps(result.to_dict(), allow_nan=False)


def test_shares_of_scenarios_are_written_without_rounding_noise(stated_path: Path) -> None:
    result = race(stated_path, n=20_000, seed=1, threads=1)
    for entry in result.rows:
        assert entry.probability_cheapest == round(entry.probability_cheapest * 20_000) / 20_000


def test_of_two_leaders_the_cheaper_one_is_analysed(table: dict[str, Any], dump: Dump) -> None:
    """Deciders belong to the leader that the board names, whatever the order of the file."""
    twins = _constants(table)
    twins["players"]["a"]["rent_usd_h"] = {"dist": "uniform", "low": 1, "high": 3.5}
    scenario = parse_scenario(dump(twins))
    results = (race(scenario, n=2, seed=seed, threads=1) for seed in range(32))
    result = next(r for r in results if r.rows[0].probability_cheapest == 0.5)
    assert [entry.key for entry in result.rows] == ["a", "b"]
    lineup = line_up(scenario)
    assert result.deciders == find_deciders(lineup, leader=1)
    assert result.deciders != find_deciders(lineup, leader=0)


def test_falling_at_the_same_pace_is_for_ever(table: dict[str, Any], dump: Dump) -> None:
    twins = _constants(table)
    twins["world"] |= {"rent_fall": 0.5, "price_fall": 0.4, "price_usd_mtok": 100.0}
    result = _race(dump, twins, 1000)
    assert [entry.survival_p50 for entry in result.rows] == [inf, inf]


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)])
def test_a_wrong_n_is_refused(n: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="^n: expected"):
        race(n=n)


def test_a_wrong_scenario_is_refused() -> None:
    with pytest.raises(ScenarioError):
        race("no-such-file.toml")


def test_progress_is_told_and_can_cancel(stated_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    race(stated_path, n=N, threads=1, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (N, N)
    with pytest.raises(tokenmill.SweepCancelled):
        race(stated_path, n=1 << 24, threads=1, progress=lambda done, total: False)
