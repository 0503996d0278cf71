"""Mixture-of-experts routing: every published rule behind one spec."""

from .activations import combine, permute
from .assignment import BalancedAssignment, assign_balanced, route_expert_choice, route_sinkhorn
from .balance import Balance, balance, balancedness, expert_counts, percentiles, rank_loads
from .capacity import CapacityRouting, apply_capacity
from .capacity_factor import (
    deepspeed_capacity,
    megablocks_capacity,
    megatron_capacity,
    tutel_capacity,
)
from .dispatch import Blocks, DispatchPlan, Sends, dispatch
from .drawn import normal_logits
from .exchange import AllToAll, all_to_all
from .first_choices import nllb_eval_capacity, route_top1, route_top2
from .loss_sums import RoutingSums, routing_sums
from .losses import bias_update, gshard_loss, hugging_face_loss, switch_loss, z_loss
from .noisy import NoisyRouting, load_importance_loss, route_noisy_top_k
from .positions import expert_positions
from .presets import Preset, preset, presets
from .quantile import QuantileBalance, bias_of_counts, quantile_balance, required_bias_counts
from .route import Routing, route
from .spec import RouterSpec
from .trace import read_trace, trace_checksum, write_trace
from .trace_record import TraceRecord
from .variation import cv_squared, importance, noisy_load

__all__ = [
    "AllToAll",
    "Balance",
    "BalancedAssignment",
    "Blocks",
    "CapacityRouting",
    "DispatchPlan",
    "NoisyRouting",
    "Preset",
    "QuantileBalance",
    "RouterSpec",
    "Routing",
    "RoutingSums",
    "Sends",
    "TraceRecord",
    "all_to_all",
    "apply_capacity",
    "assign_balanced",
    "balance",
    "balancedness",
    "bias_of_counts",
    "bias_update",
    "combine",
    "cv_squared",
    "deepspeed_capacity",
    "dispatch",
    "expert_counts",
    "expert_positions",
    "gshard_loss",
    "hugging_face_loss",
    "importance",
    "load_importance_loss",
    "megablocks_capacity",
    "megatron_capacity",
    "nllb_eval_capacity",
    "noisy_load",
    "normal_logits",
    "percentiles",
    "permute",
    "preset",
    "presets",
    "quantile_balance",
    "rank_loads",
    "read_trace",
    "required_bias_counts",
    "route",
    "route_expert_choice",
    "route_noisy_top_k",
    "route_sinkhorn",
    "route_top1",
    "route_top2",
    "routing_sums",
    "switch_loss",
    "trace_checksum",
    "tutel_capacity",
    "write_trace",
    "z_loss",
]
