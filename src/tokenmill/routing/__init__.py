"""Mixture-of-experts routing: every published rule behind one spec."""

from .activations import combine, permute
from .balance import Balance, balance, balancedness, expert_counts, percentiles, rank_loads
from .dispatch import Blocks, DispatchPlan, Sends, dispatch
from .drawn import normal_logits
from .exchange import AllToAll, all_to_all
from .loss_sums import RoutingSums, routing_sums
from .losses import bias_update, gshard_loss, hugging_face_loss, switch_loss, z_loss
from .positions import expert_positions
from .presets import Preset, preset, presets
from .route import Routing, route
from .spec import RouterSpec
from .trace import read_trace, trace_checksum, write_trace
from .trace_record import TraceRecord
from .variation import cv_squared, importance, noisy_load

__all__ = [
    "AllToAll",
    "Balance",
    "Blocks",
    "DispatchPlan",
    "Preset",
    "RouterSpec",
    "Routing",
    "RoutingSums",
    "Sends",
    "TraceRecord",
    "all_to_all",
    "balance",
    "balancedness",
    "bias_update",
    "combine",
    "cv_squared",
    "dispatch",
    "expert_counts",
    "expert_positions",
    "gshard_loss",
    "hugging_face_loss",
    "importance",
    "noisy_load",
    "normal_logits",
    "percentiles",
    "permute",
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
