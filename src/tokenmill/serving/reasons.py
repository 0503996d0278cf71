"""Why a deployment is infeasible: reason codes for kernels, words for people.

A kernel never raises: an infeasible scenario of a sweep gives infinite times, rates of 0 and one of
these codes. Every check is a comparison that a NaN fails; a record that means something has no
field below 0 and none so large or small that products of a few of them leave the range of a float.
"""

from __future__ import annotations

from ..jit.kernel import block
from .efficiency import Efficiency
from .records import Layout, Load, Machine, Shape

FEASIBLE = 0.0
NO_MEMORY = 1.0
TOO_MANY_CHOICES = 2.0
NO_PEAK = 3.0
NO_BANDWIDTH = 4.0
NO_EFFICIENCY = 5.0
BAD_LAYOUT = 6.0
BAD_LOAD = 7.0
BAD_SHAPE = 8.0
NOT_FINITE = 9.0

REASONS = (
    "feasible",
    "weights and batch do not fit into memory",
    "more experts per token than experts",
    "no FLOP/s at a precision that is needed",
    "no bandwidth on a path that is needed",
    "an efficiency is not above 0, or a share is outside [0, 1]",
    "a parallel degree is below 1, or bytes or chunk are not above 0",
    "lengths, hits, drafts, accepted length, imbalance, skew or utilisation out of range",
    "a count of the model's shape is negative, absurdly large or no number",
    "the result is not a finite number",
)

_LARGEST = 1e30
_LEAST = 1e-30
_LEAST_TOKENS = 1e-3
_MOST_SKEW = 10.0


@block
def sound(record: tuple[float, ...]) -> bool:
    """Return whether every field is a number, not negative and not absurdly large.

    Counted in integers, so that the fields do not wait for each other.
    """
    wrong = 0
    for value in record:
        wrong += 0 if (value >= 0.0) & (value <= _LARGEST) else 1
    return wrong == 0


@block
def shape_reason(s: Shape) -> float:
    """Return what is wrong with the shape, or FEASIBLE."""
    fine = sound(s)
    if not (fine and s.layers >= 1.0 and s.hidden >= 1.0 and s.kv_shards >= 1.0):
        return BAD_SHAPE
    if s.chunk_layers > 0.0 and s.chunk < 1.0:
        return BAD_SHAPE
    if s.moe_layers > 0.0 and not (s.top_k <= s.experts and s.top_k >= _LEAST_TOKENS):
        return TOO_MANY_CHOICES
    return FEASIBLE


@block
def machine_reason(s: Shape, m: Machine, lay: Layout) -> float:
    """Return what the machine lacks for this model and layout, or FEASIBLE."""
    peaks = min(m.gemm_flops, m.core_flops, m.head_flops, m.gemm_scale, m.core_scale)
    total = m.gemm_flops + m.core_flops + m.head_flops + m.gemm_scale + m.core_scale
    if not (peaks >= _LEAST and total <= _LARGEST):
        return NO_PEAK
    if s.moe_layers > 0.0 and not (m.expert_flops >= _LEAST and m.expert_flops <= _LARGEST):
        return NO_PEAK
    total = m.hbm_bytes_per_s + m.scale_up_bytes_per_s + m.scale_out_bytes_per_s + m.hbm_bytes
    if not (m.hbm_bytes_per_s >= _LEAST and m.scale_up_size >= 1.0 and total <= _LARGEST):
        return NO_BANDWIDTH
    largest = lay.tensor_parallel
    if s.moe_layers > 0.0:
        largest = max(largest, lay.expert_parallel * lay.expert_tensor_parallel)
    if largest > 1.0 and m.scale_up_size > 1.0 and m.scale_up_bytes_per_s < _LEAST:
        return NO_BANDWIDTH
    if largest > m.scale_up_size and m.scale_out_bytes_per_s < _LEAST:
        return NO_BANDWIDTH
    return FEASIBLE


@block
def transfer_reason(m: Machine, load: Load) -> float:
    """Return NO_BANDWIDTH where a prompt's cache has no way from prefill to decode."""
    if load.in_len > 0.0 and not m.scale_out_bytes_per_s >= _LEAST:
        return NO_BANDWIDTH
    return FEASIBLE


@block
def efficiency_reason(e: Efficiency) -> float:
    """Return NO_EFFICIENCY where a constant is out of range, or FEASIBLE."""
    fine = sound(e)
    reached = min(e.gemm, e.expert, e.fp4, e.core, e.core_prefill, e.memory, e.network)
    served = min(e.disaggregated, e.dense, e.experts_parallel, e.experts_single, e.hbm_share)
    shares = max(e.overlap, e.overlap_prefill, e.activation_repeated)
    if fine and min(reached, served) >= _LEAST and shares <= 1.0:
        return FEASIBLE
    return NO_EFFICIENCY


@block
def layout_reason(lay: Layout) -> float:
    """Return BAD_LAYOUT where a degree is below 1 or a width not positive, or FEASIBLE."""
    fine = sound(lay)
    degrees = min(lay.tensor_parallel, lay.data_parallel)
    degrees = min(degrees, lay.expert_parallel, lay.expert_tensor_parallel)
    widths = min(lay.weight_bytes, lay.expert_bytes, lay.head_bytes, lay.kv_bytes)
    if fine and degrees >= 1.0 and widths >= _LEAST:
        if lay.chunk_tokens >= _LEAST_TOKENS:
            return FEASIBLE
    return BAD_LAYOUT


@block
def load_reason(load: Load) -> float:
    """Return what is wrong with the load, or FEASIBLE."""
    fine = sound(load)
    drafted = load.accept_len >= 1.0 and load.accept_len <= load.drafts + 1.0
    shares = load.cache_hit <= 1.0 and load.utilisation < 1.0 and load.skew <= _MOST_SKEW
    if fine and load.out_len >= _LEAST_TOKENS and drafted and shares:
        return FEASIBLE
    return BAD_LOAD


@block
def reason(s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency) -> float:
    """Return the first thing that makes these records infeasible, memory aside, or FEASIBLE."""
    found = shape_reason(s)
    if found == FEASIBLE:
        found = load_reason(load)
    if found == FEASIBLE:
        found = layout_reason(lay)
    if found == FEASIBLE:
        found = machine_reason(s, m, lay)
    if found == FEASIBLE:
        found = efficiency_reason(e)
    return found
