"""What a player serves, on what and how: the choices that its computed speed follows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .quantity import Quantity

# The keys of a player's table that name choices instead of quantities.
CHOICES = ("model", "accelerator", "deployment", "machine")


@dataclass(frozen=True)
class Service:
    """A model on accelerators.

    Attributes
    ----------
    model, accelerator : str
        As the serving catalogue knows them.
    deployment : mapping
        Keyword arguments of :class:`tokenmill.serving.Deployment`, ``prefill`` those of its pool.
    tpot_limit_s : float or None
        The batch is the largest that keeps this time per output token with every input at its
        median; None where the player states its ``batch``.
    machine : mapping of str to Quantity
        Fields of the accelerator's record that the scenario overrides.
    """

    model: str
    accelerator: str
    deployment: Mapping[str, Any]
    tpot_limit_s: float | None = None
    machine: Mapping[str, Quantity] = field(default_factory=dict)
