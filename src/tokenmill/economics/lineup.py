"""The line-up of a race: every input of the model by name, and the records it goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..jit.kernel import kernel
from ..jit.records import Slot
from .fields import LAYERS, PLAYER, WORLD
from .flat_call import flat_call
from .ownership import StackLevels
from .quantity import Quantity
from .race_build import build_model
from .race_model import (
    AS_IT_IS,
    PlayerValues,
    Speed,
    Standing,
    WorldValues,
    evaluate_player,
    player_levels,
    revenue,
)
from .race_speed import computed_speed
from .scenario import Player, Scenario
from .seat import Seat, efficiency_inputs, seat_of


@dataclass(frozen=True)
class Lineup:
    """The inputs of a race and where they go.

    Attributes
    ----------
    scenario : Scenario
    inputs : mapping of str to Quantity
        By dotted path in the scenario file.
    streams : mapping of str to str
        Stream of random numbers of an input, its own name where it is not in here.
    world : tuple of str
        Inputs of the fields of WorldValues.
    players : tuple of tuple of str
        Inputs of the fields of each player's PlayerValues.
    seats : tuple of Seat or None
        Where the records of the serving model come from; None for a player that states its speed.
    """

    scenario: Scenario
    inputs: Mapping[str, Quantity]
    streams: Mapping[str, str]
    world: tuple[str, ...]
    players: tuple[tuple[str, ...], ...]
    seats: tuple[Seat | None, ...]

    def stream(self, name: str) -> str:
        """Return the stream of an input."""
        return self.streams.get(name, name)

    @property
    def drawn(self) -> list[str]:
        """Inputs that differ between scenarios."""
        return [name for name, quantity in self.inputs.items() if not quantity.is_constant]

    def medians(self) -> dict[str, float]:
        """Return the median of every input."""
        return {name: quantity.centre for name, quantity in self.inputs.items()}

    def model(self) -> Callable[..., Any]:
        """Compose the model whose arguments are the drawn inputs."""
        place = {name: index for index, name in enumerate(self.drawn)}

        def slots(names: tuple[str, ...]) -> list[Slot]:
            return [place.get(name, self.inputs[name].centre) for name in names]

        served = [
            (
                seat.serve,
                tuple((record, tuple(slots(names))) for record, names in seat.parts),
            )
            if seat
            else None
            for seat in self.seats
        ]
        # Players with the same model on the same machines are served once.
        distinct = list(dict.fromkeys(seat for seat in served if seat))
        return build_model(
            [player.key for player in self.scenario.players],
            slots(self.world),
            [slots(names) for names in self.players],
            [computed_speed(parts, serve) for serve, parts in distinct],
            [distinct.index(seat) if seat else None for seat in served],
        )

    def speed_at(self, values: Mapping[str, float], index: int) -> Speed:
        """Return the speed of one player's accelerator with given inputs."""
        path = f"players.{self.scenario.players[index].key}"
        seat = self.seats[index]
        if seat is None:
            return Speed(values[f"{path}.decode_tok_s"], values[f"{path}.prefill_tok_s"])
        found = seat.serve_at(values)
        return Speed(
            found.decode_tokens_per_s_gpu * values[f"{path}.decode_ratio"],
            found.prefill_tokens_per_s_gpu * values[f"{path}.prefill_ratio"],
        )

    def standing_at(self, values: Mapping[str, float], index: int) -> Standing:
        """Return how one player stands with given inputs."""
        found: Standing = flat_call(evaluate_player, _RECORDS, Standing)(
            self._record_values(values, index)
        )
        return found

    def levels_at(self, values: Mapping[str, float], index: int) -> StackLevels:
        """Return the price at every layer of one player with given inputs."""
        found: StackLevels = flat_call(_levels, _RECORDS, StackLevels)(
            self._record_values(values, index)
        )
        return found

    def _record_values(self, values: Mapping[str, float], index: int) -> list[float]:
        names = (*self.world, *self.players[index])
        return [*(values[name] for name in names), *self.speed_at(values, index)]


_RECORDS = (WorldValues, PlayerValues, Speed)


@kernel
def _levels(w: Any, p: Any, speed: Speed) -> StackLevels:
    levels: StackLevels = player_levels(w, p, speed, revenue(w), AS_IT_IS)
    return levels


def line_up(scenario: Scenario) -> Lineup:
    """Return the line-up of a scenario.

    A parameter of several players is one stream, ``players.*.<key>``, unless the file names
    another.

    Raises
    ------
    ScenarioError
        No batch keeps a player's limit of the time per output token.
    """
    inputs = {
        f"world.{key}": scenario.world.get(key, Quantity.of(field.neutral))
        for key, field in WORLD.items()
    }
    world = tuple(inputs)
    streams: dict[str, str] = {}
    players = []
    if scenario.architecture or any(player.service for player in scenario.players):
        inputs |= efficiency_inputs(scenario.efficiency)
    for player in scenario.players:
        own = _player_inputs(player)
        players.append(tuple(own))
        inputs |= own
        streams |= {f"players.{player.key}.{key}": f"players.*.{key}" for key in PLAYER}
    seats: list[Seat | None] = []
    for player in scenario.players:
        if player.service is None:
            seats.append(None)
            continue
        seat, added = seat_of(player.service, f"players.{player.key}", inputs, scenario.file)
        seats.append(seat)
        inputs |= added
    for name, quantity in inputs.items():
        if quantity.stream:
            streams[name] = f"stream.{quantity.stream}"
    return Lineup(scenario, inputs, streams, world, tuple(players), tuple(seats))


def _player_inputs(player: Player) -> dict[str, Quantity]:
    """Return a player's inputs in the order of PlayerValues."""
    path = f"players.{player.key}"
    flags = {f"{path}.owns.{layer}": float(layer in player.owns) for layer in LAYERS}
    flags |= {f"{path}.switch.{layer}": float(layer in player.switchable) for layer in LAYERS}
    inputs = {name: Quantity.of(flag) for name, flag in flags.items()}
    for key, field in PLAYER.items():
        inputs[f"{path}.{key}"] = player.values.get(key, Quantity.of(field.neutral))
    return inputs
