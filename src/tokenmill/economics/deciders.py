"""Which assumptions decide the race: move one at a time and watch the leader's lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log

from .fields import PLAYER, WORLD, Field
from .lineup import Lineup
from .scenario import Scenario
from .serving_fields import EFFICIENCY, MACHINE

_ENDS = (0.05, 0.95)
_MOST = 10
_RATIOS = {"decode_ratio", "prefill_ratio"}


@dataclass(frozen=True)
class Decider:
    """One assumption and the leader's lead at both ends of it.

    Attributes
    ----------
    stream, label : str
        The stream of random numbers, and in words what it drives.
    lead_low, lead_high : float
        Cost of the leader's best rival over the leader's, with everything at its median but this
        stream, which is at its 5 % and at its 95 % quantile. Below 1 the leader has lost.
    middle : float
        The lead with everything at its median.
    """

    stream: str
    label: str
    lead_low: float
    lead_high: float
    middle: float

    @property
    def swing(self) -> float:
        """Size of the effect: the absolute logarithm of the ratio of both leads."""
        return abs(log(self.lead_high / self.lead_low))

    @property
    def overturns(self) -> bool:
        """Whether this assumption alone takes the lead away."""
        return min(self.lead_low, self.lead_high) < 1.0


def find_deciders(lineup: Lineup, leader: int) -> tuple[Decider, ...]:
    """Return the assumptions that move the leader's lead most, the strongest first.

    Parameters
    ----------
    lineup : Lineup
    leader : int
        Position of the leader in the scenario.

    Notes
    -----
    One evaluation of all players per stream and level, no draws: well below a second.
    """
    middle = lineup.medians()
    drawn = lineup.drawn
    median_lead = _lead(middle, lineup, leader)
    found = []
    for stream in dict.fromkeys(map(lineup.stream, drawn)):
        members = [name for name in drawn if lineup.stream(name) == stream]
        leads = [
            _lead(
                {**middle, **{name: lineup.inputs[name].quantile(level) for name in members}},
                lineup,
                leader,
            )
            for level in _ENDS
        ]
        if all(isfinite(lead) and lead > 0.0 for lead in leads):
            label = _label(stream, members, lineup.scenario)
            found.append(Decider(stream, label, leads[0], leads[1], median_lead))
    found.sort(key=lambda decider: -decider.swing)
    return tuple(decider for decider in found[:_MOST] if decider.swing > 0.0)


def _lead(values: Mapping[str, float], lineup: Lineup, leader: int) -> float:
    """Return the best rival's cost over the leader's."""
    costs = [
        lineup.standing_at(values, index).cost for index in range(len(lineup.scenario.players))
    ]
    rivals = [cost for index, cost in enumerate(costs) if index != leader]
    return min(rivals) / costs[leader] if costs[leader] else float("nan")


def _label(stream: str, members: list[str], scenario: Scenario) -> str:
    """Say in words what the inputs of one stream are."""
    text = " and ".join(dict.fromkeys(_field(name).text for name in members))
    if {name.rpartition(".")[2] for name in members} == _RATIOS:
        text = "speed over the model's"
    owners = {name.split(".")[1] for name in members if name.startswith("players.")}
    names = [player.name for player in scenario.players if player.key in owners]
    if len(names) == 1:
        return f"{text} of {names[0]}"
    _, is_own, word = stream.partition("stream.")
    return f"{text} ({word})" if is_own else text


def _field(name: str) -> Field:
    """Return the parameter behind an input."""
    *path, key = name.split(".")
    if path[-1] == "efficiency":
        return EFFICIENCY[key]
    if path[-1] == "machine":
        return MACHINE[key]
    return (WORLD if path[0] == "world" else PLAYER)[key]
