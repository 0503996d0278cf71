"""Why a deployment is infeasible: reason codes for kernels, words for people.

A kernel never raises: an infeasible scenario of a sweep gives infinite times, rates of 0 and one of
these codes. The checks are comparisons that a NaN fails.
"""

from __future__ import annotations

from ..jit.kernel import block
from .records import Efficiency, Layout, Load, Machine, Shape

(
    FEASIBLE,
    NO_MEMORY,
    TOO_MANY_CHOICES,
    NO_PEAK,
    NO_BANDWIDTH,
    NO_EFFICIENCY,
    BAD_LAYOUT,
    BAD_LOAD,
) = (
    0.0,
    1.0,
    2.0,
    3.0,
    4.0,
    5.0,
    6.0,
    7.0,
)

REASONS = (
    "feasible",
    "weights and batch do not fit into memory",
    "more experts per token than experts",
    "no FLOP/s at a precision that is needed",
    "no bandwidth on a path that is needed",
    "an efficiency is not above 0, or a share is outside [0, 1]",
    "a parallel degree is below 1, or bytes or chunk are not above 0",
    "lengths, hits, drafts, accepted length, imbalance, skew or utilisation out of range",
)

_INFINITY = float("inf")


@block
def machine_reason(s: Shape, m: Machine, lay: Layout) -> float:
    """Return what the machine lacks for this model and layout, or FEASIBLE."""
    if not (m.gemm_flops * m.core_flops * m.head_flops * m.gemm_scale * m.core_scale > 0.0):
        return NO_PEAK
    if s.moe_layers > 0.0 and not m.expert_flops > 0.0:
        return NO_PEAK
    if not (m.hbm_bytes_per_s > 0.0 and m.scale_up_size >= 1.0):
        return NO_BANDWIDTH
    largest = lay.tensor_parallel
    if s.moe_layers > 0.0:
        largest = max(largest, lay.expert_parallel * lay.expert_tensor_parallel)
    if largest > 1.0 and m.scale_up_size > 1.0 and not m.scale_up_bytes_per_s > 0.0:
        return NO_BANDWIDTH
    if largest > m.scale_up_size and not m.scale_out_bytes_per_s > 0.0:
        return NO_BANDWIDTH
    return FEASIBLE


@block
def efficiency_reason(e: Efficiency) -> float:
    """Return NO_EFFICIENCY where a constant is out of range, or FEASIBLE."""
    reached = e.gemm * e.expert * e.fp4 * e.core * e.core_prefill * e.memory * e.network
    served = e.disaggregated * e.dense * e.experts_parallel * e.experts_single
    hidden = min(e.overlap, e.overlap_prefill, e.activation_repeated) >= 0.0
    hidden = hidden and max(e.overlap, e.overlap_prefill, e.activation_repeated) <= 1.0
    if reached > 0.0 and served > 0.0 and hidden and e.hbm_share > 0.0:
        return FEASIBLE
    return NO_EFFICIENCY


@block
def layout_reason(lay: Layout) -> float:
    """Return BAD_LAYOUT where a degree is below 1 or a width not positive, or FEASIBLE."""
    attention = min(lay.tensor_parallel, lay.data_parallel)
    experts = min(lay.expert_parallel, lay.expert_tensor_parallel)
    width = lay.weight_bytes * lay.expert_bytes * lay.head_bytes * lay.kv_bytes
    if attention >= 1.0 and experts >= 1.0 and width * lay.chunk_tokens > 0.0:
        if lay.redundant_experts >= 0.0:
            return FEASIBLE
    return BAD_LAYOUT


@block
def load_reason(s: Shape, load: Load) -> float:
    """Return what is wrong with the load, or FEASIBLE."""
    if s.moe_layers > 0.0 and not (s.top_k <= s.experts and s.top_k > 0.0):
        return TOO_MANY_CHOICES
    lengths = load.in_len >= 0.0 and load.out_len > 0.0 and load.batch >= 0.0
    cached = load.cache_hit >= 0.0 and load.cache_hit <= 1.0
    drafted = load.drafts >= 0.0 and load.accept_len >= 1.0
    drafted = drafted and load.accept_len <= load.drafts + 1.0
    uneven = load.imbalance >= 0.0 and load.skew >= 0.0
    asked = load.utilisation >= 0.0 and load.utilisation < 1.0
    finite = load.in_len + load.out_len + load.batch + load.drafts < _INFINITY
    if lengths and cached and drafted and uneven and asked and finite:
        return FEASIBLE
    return BAD_LOAD


@block
def reason(s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency) -> float:
    """Return the first thing that makes these records infeasible, memory aside, or FEASIBLE."""
    found = load_reason(s, load)
    if found == FEASIBLE:
        found = layout_reason(lay)
    if found == FEASIBLE:
        found = machine_reason(s, m, lay)
    if found == FEASIBLE:
        found = efficiency_reason(e)
    return found
