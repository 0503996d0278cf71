"""Mixture-of-experts routing: every published rule behind one spec."""

from .loss_sums import RoutingSums, routing_sums
from .losses import bias_update, gshard_loss, hugging_face_loss, switch_loss, z_loss
from .route import Routing, route
from .spec import RouterSpec
from .variation import cv_squared, importance, noisy_load

__all__ = [
    "RouterSpec",
    "Routing",
    "RoutingSums",
    "bias_update",
    "cv_squared",
    "gshard_loss",
    "hugging_face_loss",
    "importance",
    "noisy_load",
    "route",
    "routing_sums",
    "switch_loss",
    "z_loss",
]
