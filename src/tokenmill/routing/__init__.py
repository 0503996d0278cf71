"""Mixture-of-experts routing: every published rule behind one spec."""

from .route import Routing, route
from .spec import RouterSpec

__all__ = ["RouterSpec", "Routing", "route"]
