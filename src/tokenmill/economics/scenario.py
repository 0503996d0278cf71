"""Scenario files: who races, what each player owns, and what the numbers rest on.

A scenario is a TOML file with a ``[world]`` that all players share, optional ``[defaults]`` and one
``[players.<key>]`` table each; ``docs/scenario.md`` describes it, :mod:`.fields` lists the
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .architecture_file import ArchitectureChoice
from .quantity import Quantity
from .service import Service


def short_name(title: str) -> str:
    """Return a title without what it says in brackets."""
    return title.partition(" (")[0]


@dataclass(frozen=True)
class Player:
    """One player.

    Attributes
    ----------
    key, title, text : str
        Its key in the file, its title and its description.
    owns : tuple of str
        Layers it owns.
    values : mapping of str to Quantity
        Parameters that matter.
    switchable : tuple of str
        Layers whose ownership can be switched, since the file says what the other side costs.
    service : Service or None
        What it serves and on what, where its speed is computed.
    """

    key: str
    title: str
    text: str
    owns: tuple[str, ...]
    values: Mapping[str, Quantity]
    switchable: tuple[str, ...] = ()
    service: Service | None = None

    @property
    def name(self) -> str:
        """The title without what it says in brackets."""
        return short_name(self.title)


@dataclass(frozen=True)
class Scenario:
    """A checked scenario.

    Attributes
    ----------
    file, name, text : str
        File it was read from, its title and its description.
    world : mapping of str to Quantity
        Parameters that all players share; every key of :data:`.fields.WORLD`.
    players : tuple of Player
        In the order of the file.
    warnings : tuple of str
        What is legal but worth knowing: unverified values (grade D), values without effect.
    efficiency : mapping of str to Quantity
        Constants of the serving model that the file states; the others are the published ones.
    architecture : ArchitectureChoice or None
        A mixture of experts and a dense model to set side by side.
    """

    file: str
    name: str
    text: str
    world: Mapping[str, Quantity]
    players: tuple[Player, ...]
    warnings: tuple[str, ...]
    efficiency: Mapping[str, Quantity] = field(default_factory=dict)
    architecture: ArchitectureChoice | None = None
