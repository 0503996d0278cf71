"""Mixture-of-experts routing: every published rule behind one spec."""

from .assignment import (
    BalancedAssignment,
    assign_balanced,
    route_expert_choice,
    route_sinkhorn,
)
from .capacity import CapacityRouting, apply_capacity
from .capacity_factor import (
    deepspeed_capacity,
    megablocks_capacity,
    megatron_capacity,
    tutel_capacity,
)
from .first_choices import nllb_eval_capacity, route_top1, route_top2
from .noisy import NoisyRouting, load_importance_loss, route_noisy_top_k
from .quantile import QuantileBalance, bias_of_counts, quantile_balance, required_bias_counts
from .route import Routing, route
from .spec import RouterSpec

__all__ = [
    "BalancedAssignment",
    "CapacityRouting",
    "NoisyRouting",
    "QuantileBalance",
    "RouterSpec",
    "Routing",
    "apply_capacity",
    "assign_balanced",
    "bias_of_counts",
    "deepspeed_capacity",
    "load_importance_loss",
    "megablocks_capacity",
    "megatron_capacity",
    "nllb_eval_capacity",
    "quantile_balance",
    "required_bias_counts",
    "route",
    "route_expert_choice",
    "route_noisy_top_k",
    "route_sinkhorn",
    "route_top1",
    "route_top2",
    "tutel_capacity",
]
