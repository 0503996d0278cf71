"""The line-up of a race: every input of the model by name, and the records it goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..jit.records import Slot
from .fields import LAYERS, PLAYER, WORLD
from .quantity import Quantity
from .race_build import build_model
from .race_model import PlayerValues, Speed, Standing, WorldValues, evaluate_player
from .race_speed import stated_speed
from .scenario import Player, Scenario


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
    """

    scenario: Scenario
    inputs: Mapping[str, Quantity]
    streams: Mapping[str, str]
    world: tuple[str, ...]
    players: tuple[tuple[str, ...], ...]

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

        return build_model(
            [player.key for player in self.scenario.players],
            slots(self.world),
            [slots(names) for names in self.players],
            [stated_speed for _ in self.players],
        )

    def world_at(self, values: Mapping[str, float]) -> Any:
        """Return the world's record with given inputs."""
        return WorldValues(*(values[name] for name in self.world))

    def player_at(self, values: Mapping[str, float], index: int) -> Any:
        """Return one player's record with given inputs."""
        return PlayerValues(*(values[name] for name in self.players[index]))

    def speed_at(self, values: Mapping[str, float], index: int) -> Speed:
        """Return the speed of one player's accelerator with given inputs."""
        player = self.player_at(values, index)
        return Speed(player.decode_tok_s, player.prefill_tok_s)

    def standing_at(self, values: Mapping[str, float], index: int) -> Standing:
        """Return how one player stands with given inputs."""
        speed = self.speed_at(values, index)
        found: Standing = evaluate_player(
            self.world_at(values), self.player_at(values, index), speed
        )
        return found


def line_up(scenario: Scenario) -> Lineup:
    """Return the line-up of a scenario.

    A parameter of several players is one stream, ``players.*.<key>``, unless the file names
    another.
    """
    inputs = {
        f"world.{key}": scenario.world.get(key, Quantity.of(field.neutral))
        for key, field in WORLD.items()
    }
    world = tuple(inputs)
    streams: dict[str, str] = {}
    players = []
    for player in scenario.players:
        own = _player_inputs(player)
        players.append(tuple(own))
        inputs |= own
        streams |= {f"players.{player.key}.{key}": f"players.*.{key}" for key in PLAYER}
    for name, quantity in inputs.items():
        if quantity.stream:
            streams[name] = f"stream.{quantity.stream}"
    return Lineup(scenario, inputs, streams, world, tuple(players))


def _player_inputs(player: Player) -> dict[str, Quantity]:
    """Return a player's inputs in the order of PlayerValues."""
    path = f"players.{player.key}"
    flags = {f"{path}.owns.{layer}": float(layer in player.owns) for layer in LAYERS}
    flags |= {f"{path}.switch.{layer}": float(layer in player.switchable) for layer in LAYERS}
    inputs = {name: Quantity.of(flag) for name, flag in flags.items()}
    for key, field in PLAYER.items():
        inputs[f"{path}.{key}"] = player.values.get(key, Quantity.of(field.neutral))
    return inputs
