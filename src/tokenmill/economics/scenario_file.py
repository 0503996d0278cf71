"""Read a scenario file, and refuse what is not understood: file, key, expected, found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from typing import Any

from ..serving.toml_file import parse_toml, read_bounded
from .architecture_file import read_architecture
from .checks import Checks
from .fields import LAYERS, PLAYER, WORLD, Field
from .needs import QUOTES, needed_keys, needed_world_keys, switch_keys, useful_layers
from .quantity import Quantity, parse_quantity
from .refusal import ScenarioError, describe, join, nearest, one_of, shown
from .scenario import Player, Scenario
from .service import CHOICES
from .service_file import read_service

MOST_PLAYERS = 16
FORMAT = 1
EMBEDDED = "race.toml"
_TOP = (
    "format",
    "name",
    "text",
    "sources",
    "world",
    "efficiency",
    "regions",
    "defaults",
    "players",
    "architecture",
)
_ABOUT = ("title", "text", "owns", "region")


def load_scenario(path: str | os.PathLike[str] | None = None) -> Scenario:
    """Read a scenario file, the embedded one by default.

    Parameters
    ----------
    path : str or path-like, optional

    Raises
    ------
    ScenarioError
        The file cannot be read, is no TOML or not a scenario; the message names the file, the
        key, what was expected and what was found.
    TypeError
        `path` is something else.
    """
    if path is None:
        source = resources.files("tokenmill.catalogue").joinpath("scenarios", EMBEDDED)
        return parse_scenario(source.read_bytes(), EMBEDDED)
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"scenario: expected the path of a file, found {path!r}")
    file, content = read_bounded(path, ScenarioError)
    return parse_scenario(content, file)


def parse_scenario(content: bytes, file: str = "scenario") -> Scenario:
    """Check the bytes of a scenario file; `file` is its name in messages.

    Raises
    ------
    ScenarioError
    """
    reader = _Reader(file, parse_toml(content, file, ScenarioError))
    reader.check_keys("", reader.table, _TOP)
    version = reader.table.get("format")
    if type(version) is not int or version != FORMAT:
        raise reader.refusal("format", str(FORMAT), reader.table.get("format"))
    reader.read_sources()
    name = reader.line("name", reader.table.get("name"))
    text = reader.prose("text", reader.table.get("text", ""))
    world = reader.world()
    efficiency = reader.efficiency()
    reader.read_regions()
    reader.read_defaults()
    players = reader.players()
    named = {
        **{f"world.{key}": quantity for key, quantity in world.items()},
        **{f"efficiency.{key}": quantity for key, quantity in efficiency.items()},
    }
    compared = reader.table.get("architecture")
    architecture = read_architecture(file, compared, reader.sources, reader.notes)
    warnings = (*_unverified(named, players), *reader.notes)
    return Scenario(file, name, text, world, players, warnings, efficiency, architecture)


class _Reader(Checks):
    """Walks the tables of one file; notes what is legal but worth knowing."""

    def __init__(self, file: str, table: dict[str, Any]) -> None:
        super().__init__(file)
        self.table = table
        self.sources: dict[str, str] = {}
        self.defaults: dict[str, Quantity] = {}
        self.default_choices: dict[str, Any] = {}
        self.regions: dict[str, dict[str, Quantity]] = {}
        self.notes: list[str] = []

    def quantity(self, key: str, value: object, field: Field) -> Quantity:
        """Return the value of one parameter."""
        return parse_quantity(self.file, key, value, field, self.sources)

    def missing(self, path: str, field: Field) -> ScenarioError:
        """Build the error of a parameter that has to be there."""
        return self.refusal(join(path, field.key), str(field), None)

    def read_sources(self) -> None:
        """Read the citations that values may name."""
        table = self.table.get("sources", {})
        if not isinstance(table, dict):
            raise self.refusal("sources", "a table of citations", table)
        for key, value in table.items():
            self.sources[key] = self.prose(join("sources", key), value)

    def world(self) -> dict[str, Quantity]:
        """Return what all players share."""
        table = self.subtable("world", self.table.get("world"))
        self.check_keys("world", table, WORLD)
        computes = any(
            isinstance(player, dict) and "accelerator" in player
            for player in self.subtable("players", self.table.get("players")).values()
        )
        needed = needed_world_keys(table, computes=computes)
        for key in needed:
            if key not in table:
                raise self.missing("world", WORLD[key])
        self.notes += [f"world.{key} has no effect" for key in table if key not in needed]
        return {key: self.quantity(f"world.{key}", table[key], WORLD[key]) for key in table}

    def efficiency(self) -> dict[str, Quantity]:
        """Return the constants of the serving model that the file states."""
        table = self.table.get("efficiency", {})
        if not isinstance(table, dict):
            raise self.refusal("efficiency", "a table", table)
        if not table:
            return {}
        from .serving_fields import EFFICIENCY

        self.check_keys("efficiency", table, EFFICIENCY)
        return {
            key: self.quantity(f"efficiency.{key}", value, EFFICIENCY[key])
            for key, value in table.items()
        }

    def read_regions(self) -> None:
        """Read what a player has that names a region, unless its own table says otherwise."""
        table = self.table.get("regions", {})
        if not isinstance(table, dict):
            raise self.refusal("regions", "a table of regions", table)
        for region, values in table.items():
            path = join("regions", region)
            self.check_keys(path, self.subtable(path, values), PLAYER)
            self.regions[region] = {
                key: self.quantity(f"{path}.{key}", value, PLAYER[key])
                for key, value in values.items()
            }

    def region(self, key: str, name: object) -> dict[str, Quantity]:
        """Return the values of a player's region; None is no region."""
        if name is None:
            return {}
        if not isinstance(name, str) or name not in self.regions:
            hint = nearest(name, self.regions) if isinstance(name, str) else ""
            expected = one_of(self.regions) if self.regions else "no region, as there are none"
            raise ScenarioError(self.file, key, expected, describe(name) + hint)
        return self.regions[name]

    def read_defaults(self) -> None:
        """Read what a player has unless its own table says otherwise."""
        table = self.table.get("defaults", {})
        if not isinstance(table, dict):
            raise self.refusal("defaults", "a table", table)
        self.check_keys("defaults", table, (*PLAYER, *CHOICES))
        self.default_choices = {key: table[key] for key in CHOICES if key in table}
        for key, value in table.items():
            if key in CHOICES:
                continue
            self.defaults[key] = self.quantity(f"defaults.{key}", value, PLAYER[key])

    def players(self) -> tuple[Player, ...]:
        """Return the players, in the order of the file."""
        table = self.subtable("players", self.table.get("players"))
        if not 2 <= len(table) <= MOST_PLAYERS:
            expected = f"2 to {MOST_PLAYERS} players"
            raise ScenarioError(self.file, "players", expected, f"{len(table)}")
        players: dict[str, Player] = {}
        for key, value in table.items():
            path = join("players", key)
            if not (key.isidentifier() and key.isascii() and key[0] != "_"):
                expected = "a name of letters, digits and _ that starts with a letter"
                raise ScenarioError(self.file, path, expected, shown(key))
            player = self.player(path, key, self.subtable(path, value))
            if player.title in players:
                found = f"{shown(player.title)}, as in players.{players[player.title].key}"
                raise ScenarioError(self.file, f"{path}.title", "a title of its own", found)
            players[player.title] = player
        return tuple(players.values())

    def player(self, path: str, key: str, table: Mapping[str, Any]) -> Player:
        """Return one player with the parameters that bear on its cost."""
        self.check_keys(path, table, (*_ABOUT, *CHOICES, *PLAYER))
        title = self.line(f"{path}.title", table.get("title"))
        text = self.prose(f"{path}.text", table.get("text", ""))
        owned = self.layers(f"{path}.owns", table.get("owns"))
        given = {
            name: self.quantity(f"{path}.{name}", value, PLAYER[name])
            for name, value in table.items()
            if name not in (*_ABOUT, *CHOICES)
        }
        service = read_service(
            self.file, path, table, self.default_choices, self.sources, self.notes
        )
        for quote, layer in QUOTES.items():
            if quote in given and layer in owned:
                expected = f"no price for a layer the player owns ({layer})"
                raise ScenarioError(self.file, f"{path}.{quote}", expected, str(given[quote]))
        region = self.region(f"{path}.region", table.get("region"))
        available = {**self.defaults, **region, **given}
        quotes = frozenset(QUOTES).intersection(available)
        needed = needed_keys(owned, quotes, computes=service is not None)
        for name in needed:
            if name not in available:
                raise self.missing(path, PLAYER[name])
        switches = switch_keys(owned, quotes)
        switchable = [layer for layer, keys in switches.items() if available.keys() >= set(keys)]
        used = dict.fromkeys((*needed, *(key for layer in switchable for key in switches[layer])))
        self.notes += [f"{path}.{name} has no effect" for name in given if name not in used]
        idle = [layer for layer in LAYERS if layer in owned - useful_layers(owned, quotes)]
        self.notes += [f"{path}.owns: {layer!r} has no effect, a price covers it" for layer in idle]
        owns = tuple(layer for layer in LAYERS if layer in owned)
        values = {name: available[name] for name in used}
        if service and "accept_len" in values:
            most = values["accept_len"].distribution().support[1]
            if most > service.drafts + 1.0:
                expected = f"at most {service.drafts + 1.0:g}, one more than the drafts"
                raise ScenarioError(self.file, f"{path}.accept_len", expected, f"{most:g}")
        return Player(key, title, text, owns, values, tuple(switchable), service)

    def layers(self, key: str, value: object) -> frozenset[str]:
        """Return the layers that a player owns."""
        if not isinstance(value, list):
            raise self.refusal(key, f"an array of layers out of {', '.join(LAYERS)}", value)
        for index, layer in enumerate(value):
            place = f"{key}[{index}]"
            if not isinstance(layer, str) or layer not in LAYERS:
                found = describe(layer) + (nearest(layer, LAYERS) if isinstance(layer, str) else "")
                raise ScenarioError(self.file, place, one_of(LAYERS), found)
            if layer in value[:index]:
                raise self.refusal(place, "each layer once", layer)
        return frozenset(value)


def _unverified(shared: Mapping[str, Quantity], players: tuple[Player, ...]) -> list[str]:
    """Name the values of grade D."""
    named = dict(shared)
    for player in players:
        path = f"players.{player.key}"
        named |= {f"{path}.{key}": item for key, item in player.values.items()}
        if player.service:
            named |= {f"{path}.machine.{k}": item for k, item in player.service.machine.items()}
    return [
        f"{key} is unverified (grade D{f', {quantity.source}' if quantity.source else ''})"
        for key, quantity in named.items()
        if quantity.confidence == "D"
    ]
