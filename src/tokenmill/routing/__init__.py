"""Mixture-of-experts routing: every published rule behind one spec."""

from .presets import Preset, preset, presets
from .route import Routing, route
from .spec import RouterSpec

__all__ = ["Preset", "RouterSpec", "Routing", "preset", "presets", "route"]
