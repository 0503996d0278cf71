"""The race: all players of a scenario on one board, under common random numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, isnan
from typing import Any

from .._native import as_integer
from ..montecarlo import sweep
from .deciders import Decider, find_deciders
from .fields import LAYERS, PLAYER
from .quantity import Quantity
from .race_model import CHEAPEST, build_model
from .scenario import Player, Scenario
from .scenario_file import load_scenario

DEFAULT_N = 1_000_000
DEFAULT_SEED = 20_251_124
# Levels of the curve that a picture of a cost distribution is drawn from.
CURVE_LEVELS = tuple(level / 100.0 for level in range(1, 100))

_MOST_SCENARIOS = 1 << 61

Progress = Callable[[int, int], object]

NULL_MEANS = {
    "survival_years_p50": "infinite: the cost falls at least as fast as the market price",
    "cost_usd_mtok": "infinite or not a number",
    "gross_margin_p50": "not a finite number",
    "compute_tax_p50": "not a finite number",
}


@dataclass(frozen=True)
class RaceRow:
    """How one player does.

    Attributes
    ----------
    key, title : str
    owns : tuple of str
        Layers it owns.
    cost_p05, cost_p50, cost_p95 : float
        Quantiles of the cost of a million output tokens with their prompts, delivered, USD.
    probability_cheapest : float
        Share of the scenarios in which it makes the cheapest token, exact. Where no player has a
        finite cost nobody does.
    probability_loss : float
        Share of the scenarios in which it sells below cost at the market price, exact.
    margin_p50 : float
        Median gross margin at the market price, a share of revenue.
    tax_p50 : float
        Median compute tax: what it pays for accelerators (rented or its own), or for an API, as a
        share of revenue at the market price.
    survival_p50 : float
        Median years until the falling market price meets its cost; inf for never.
    curve : tuple of float
        Cost at the quantile levels `CURVE_LEVELS`.
    """

    key: str
    title: str
    owns: tuple[str, ...]
    cost_p05: float
    cost_p50: float
    cost_p95: float
    probability_cheapest: float
    probability_loss: float
    margin_p50: float
    tax_p50: float
    survival_p50: float
    curve: tuple[float, ...]


@dataclass(frozen=True)
class RaceResult:
    """The board, as plain data.

    Attributes
    ----------
    scenario : Scenario
        What was raced.
    n, seed : int
    digest : str
        64 hexadecimal digits: equal for equal scenario, n and seed, on any machine and any number
        of threads.
    rows : tuple of RaceRow
        By median cost, cheapest first; a NaN comes last.
    deciders : tuple of Decider
        Assumptions that move the leader's lead most, first the strongest.
    """

    scenario: Scenario
    n: int
    seed: int
    digest: str
    rows: tuple[RaceRow, ...]
    deciders: tuple[Decider, ...]

    @property
    def leader(self) -> RaceRow:
        """The player that is most often the cheapest; of equals the one with the lower cost."""
        return _leader(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the board as plain data that strict JSON can hold.

        An infinite or undefined number is None; ``null_means`` says what that stands for.
        """
        return {
            "scenario": self.scenario.name,
            "file": self.scenario.file,
            "n": self.n,
            "seed": self.seed,
            "digest": self.digest,
            "unit": "USD per million output tokens, prompts included",
            "players": [_row_dict(row) for row in self.rows],
            "leader": self.leader.key,
            "deciders": [asdict(decider) for decider in self.deciders],
            "warnings": list(self.scenario.warnings),
            "null_means": dict(NULL_MEANS),
        }


def _leader(rows: Sequence[RaceRow]) -> RaceRow:
    return max(rows, key=lambda row: row.probability_cheapest)


def _row_dict(row: RaceRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "title": row.title,
        "owns": list(row.owns),
        "cost_usd_mtok": {
            "p05": _finite(row.cost_p05),
            "p50": _finite(row.cost_p50),
            "p95": _finite(row.cost_p95),
        },
        "probability_cheapest": row.probability_cheapest,
        "probability_loss": row.probability_loss,
        "gross_margin_p50": _finite(row.margin_p50),
        "compute_tax_p50": _finite(row.tax_p50),
        "survival_years_p50": _finite(row.survival_p50),
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


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
    keys = [player.key for player in chosen.players]
    inputs, streams = race_inputs(chosen)
    drawn = [name for name, quantity in inputs.items() if not quantity.is_constant]
    place = {name: index for index, name in enumerate(drawn)}
    result = sweep(
        build_model(keys, [place.get(name, quantity.centre) for name, quantity in inputs.items()]),
        {name: inputs[name].distribution() for name in drawn},
        n=count,
        seed=seed,
        threads=threads,
        progress=progress,
        thresholds={
            CHEAPEST: [index + 0.5 for index in range(len(keys))],
            **{f"{key}_margin": [0.0] for key in keys},
        },
        correlations=False,
        streams={name: streams[name] for name in drawn if name in streams},
    )
    rows = [_row(result, index, player) for index, player in enumerate(chosen.players)]
    rows.sort(key=lambda row: (isnan(row.cost_p50), row.cost_p50))
    deciders = find_deciders(chosen, inputs, streams, keys.index(_leader(rows).key))
    return RaceResult(chosen, result.n, result.seed, result.digest, tuple(rows), deciders)


def race_inputs(scenario: Scenario) -> tuple[dict[str, Quantity], dict[str, str]]:
    """Return the inputs of a race in the order of the model's arguments, and their streams.

    An input is named by its dotted path in the scenario file. A parameter of several players is
    one stream, ``players.*.<key>``, unless the file names another.
    """
    inputs = {f"world.{key}": quantity for key, quantity in scenario.world.items()}
    streams: dict[str, str] = {}
    for player in scenario.players:
        path = f"players.{player.key}"
        for layer in LAYERS:
            inputs[f"{path}.owns.{layer}"] = Quantity.of(float(layer in player.owns))
        for key, field in PLAYER.items():
            name = f"{path}.{key}"
            inputs[name] = player.values.get(key, Quantity.of(field.neutral))
            streams[name] = f"players.*.{key}"
    for name, quantity in inputs.items():
        if quantity.stream:
            streams[name] = f"stream.{quantity.stream}"
    return inputs, streams


def _row(result: Any, index: int, player: Player) -> RaceRow:
    def measure(name: str) -> Any:
        return result[f"{player.key}_{name}"]

    cost = measure("cost")
    edges = (index - 0.5, index + 0.5)
    before, upto = (round(result[CHEAPEST].probability_below(x) * result.n) for x in edges)
    low, middle, high = (float(x) for x in cost.quantile([0.05, 0.5, 0.95]))
    return RaceRow(
        player.key,
        player.title,
        player.owns,
        low,
        middle,
        high,
        (upto - before) / result.n,
        measure("margin").probability_below(0.0),
        measure("margin").quantile(0.5),
        measure("tax").quantile(0.5),
        measure("survival").quantile(0.5),
        tuple(float(x) for x in cost.quantile(CURVE_LEVELS)),
    )
