"""The race: all players of a scenario on one board, under common random numbers."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import isnan
from typing import Any

from .._native import as_integer
from ..montecarlo import sweep
from .board import CURVE_LEVELS, CURVE_YEARS, RaceResult, RaceRow, leading
from .compare import compare_architectures
from .cost_parts import cost_parts
from .deciders import find_deciders
from .lineup import Lineup, line_up
from .needs import QUOTES, buys_tokens
from .race_build import BEHIND, CHEAPEST
from .scenario import Scenario
from .scenario_file import load_scenario
from .spread import LEVELS, Spread

DEFAULT_N = 1_000_000
DEFAULT_SEED = 20_251_124

_MOST_SCENARIOS = 1 << 61

Progress = Callable[[int, int], object]


def race(
    scenario: Scenario | str | os.PathLike[str] | None = None,
    *,
    n: int = DEFAULT_N,
    seed: int | None = DEFAULT_SEED,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RaceResult:
    """Race the players of a scenario and return the board.

    Parameters
    ----------
    scenario : Scenario, path or None
        None races the embedded scenario.
    n : int
        Scenarios to draw, >= 1.
    seed : int in [0, 2**64) or None
        None draws one; the result keeps it.
    threads : int or None
        None means TOKENMILL_NUM_THREADS, else every core this process may use.
    progress : callable(done, total) or None
        Returning False cancels with :class:`tokenmill.SweepCancelled`.

    Returns
    -------
    RaceResult

    Raises
    ------
    ScenarioError
        The scenario file is unreadable or wrong.
    TypeError, ValueError
        An argument is wrong; the message names it.

    Notes
    -----
    One sweep over all players: the same parameter of every player draws the same uniform in each
    scenario, so P(cheapest) is joint. Compiling takes a second or two, then about 1 us a scenario.
    """
    count = as_integer("n", n, 1, _MOST_SCENARIOS)
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    lineup = line_up(chosen)
    keys = [player.key for player in chosen.players]
    drawn = lineup.drawn
    result = sweep(
        lineup.model(),
        {name: lineup.inputs[name].distribution() for name in drawn},
        n=count,
        seed=seed,
        threads=threads,
        progress=progress,
        thresholds={
            CHEAPEST: [index + 0.5 for index in range(len(keys))],
            **{f"{key}_margin": [0.0] for key in keys},
            **{f"{key}_survival": CURVE_YEARS for key in keys},
        },
        correlations=False,
        streams={name: lineup.streams[name] for name in drawn if name in lineup.streams},
    )
    rows = [_row(result, lineup, index) for index in range(len(keys))]
    rows.sort(key=lambda row: (isnan(row.cost_p50), row.cost_p50))
    deciders = find_deciders(lineup, keys.index(leading(rows).key))
    architecture = compare_architectures(lineup, result.seed, threads)
    return RaceResult(
        chosen, result.n, result.seed, result.digest, tuple(rows), deciders, architecture
    )


def _row(result: Any, lineup: Lineup, index: int) -> RaceRow:
    player = lineup.scenario.players[index]

    def measure(name: str) -> Any:
        return result[f"{player.key}_{name}"]

    def spread(name: str) -> Spread:
        return Spread(*(float(x) for x in measure(name).quantile(LEVELS)))

    cost = spread("cost")

    def below(name: str, limit: float) -> int:
        return int(round(result[name].probability_below(limit) * result.n))

    wins = below(CHEAPEST, index + 0.5) - below(CHEAPEST, index - 0.5)
    gone = [below(f"{player.key}_survival", years) for years in CURVE_YEARS]
    has_speed = not buys_tokens(frozenset(player.owns), frozenset(QUOTES) & set(player.values))
    return RaceRow(
        key=player.key,
        title=player.title,
        owns=player.owns,
        cost_p05=cost.p05,
        cost_p50=cost.p50,
        cost_p95=cost.p95,
        probability_cheapest=wins / result.n,
        probability_loss=measure("margin").probability_below(0.0),
        margin_p50=measure("margin").quantile(0.5),
        tax_p50=measure("tax").quantile(0.5),
        survival_p50=measure("survival").quantile(0.5),
        curve=tuple(float(x) for x in measure("cost").quantile(CURVE_LEVELS)),
        survival_curve=tuple((result.n - count) / result.n for count in gone),
        behind=spread(BEHIND),
        saves={layer: spread(f"saves_{layer}") for layer in player.switchable},
        parts=cost_parts(lineup.levels_at(lineup.medians(), index)),
        speed={phase: spread(phase) for phase in ("decode", "prefill")} if has_speed else {},
    )
