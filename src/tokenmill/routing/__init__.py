"""Mixture-of-experts routing: every published rule behind one spec."""

from .balance import Balance, balance, balancedness, expert_counts, percentiles, rank_loads
from .drawn import normal_logits
from .loss_sums import RoutingSums, routing_sums
from .losses import bias_update, gshard_loss, hugging_face_loss, switch_loss, z_loss
from .presets import Preset, preset, presets
from .route import Routing, route
from .spec import RouterSpec
from .trace import read_trace, trace_checksum, write_trace
from .trace_record import TraceRecord
from .variation import cv_squared, importance, noisy_load

__all__ = [
    "Balance",
    "Preset",
    "RouterSpec",
    "Routing",
    "RoutingSums",
    "TraceRecord",
    "balance",
    "balancedness",
    "bias_update",
    "cv_squared",
    "expert_counts",
    "gshard_loss",
    "hugging_face_loss",
    "importance",
    "noisy_load",
    "normal_logits",
    "percentiles",
    "preset",
    "presets",
    "rank_loads",
    "read_trace",
    "route",
    "routing_sums",
    "switch_loss",
    "trace_checksum",
    "write_trace",
    "z_loss",
]
