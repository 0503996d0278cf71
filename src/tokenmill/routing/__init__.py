"""Mixture-of-experts routing: every published rule behind one spec."""

from .activations import combine, permute
from .dispatch import Blocks, DispatchPlan, Sends, dispatch
from .exchange import AllToAll, all_to_all
from .positions import expert_positions
from .presets import Preset, preset, presets
from .route import Routing, route
from .spec import RouterSpec

__all__ = [
    "AllToAll",
    "Blocks",
    "DispatchPlan",
    "Preset",
    "RouterSpec",
    "Routing",
    "Sends",
    "all_to_all",
    "combine",
    "dispatch",
    "expert_positions",
    "permute",
    "preset",
    "presets",
    "route",
]
