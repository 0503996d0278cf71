"""The parts that decode and prefill share: projections, feed-forward, experts, activations.

Routed experts: every expert hit is read once, and its GEMM of ``M = B k / D`` tokens reaches
``expert * M / (M + half)`` of peak; the busiest rank computes `imbalance` times the mean. With
replicas both the experts read and the tokens per expert follow the slots, ``(E + r) / E``.
Activation traffic is 24 bytes per hidden element, layer and token, and 6 per element of hidden and
expert width for every routed copy (a fit: norms, quantisation, residual, rotation, permutation).
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit.kernel import block
from .communication import all_reduce_s
from .efficiency import Efficiency
from .experts import Popularity, distinct_known, placed_known, uniform_imbalance
from .records import Layout, Load, Machine, Shape
from .roofline import (
    FIXED,
    MEMORY,
    NETWORK,
    Part,
    expert_peak,
    gemm,
    gemm_peak,
    group_size,
    longer,
    memory_bytes_per_s,
)


class Parts(NamedTuple):
    """The parts of a decode step or a prefill pass, all layers together.

    Attributes
    ----------
    attention : Part
        Projections of attention.
    core : Part
        Attention core: scores and values over the cache.
    dense : Part
        Dense feed-forward layers and shared experts.
    routed : Part
        Routed experts.
    activation : Part
        Activation traffic between kernels.
    all_to_all : Part
        Dispatch and combine between attention replicas, before overlap.
    all_reduce : Part
        All-reduces of tensor parallelism.
    head : Part
        LM head; nothing at prefill.
    draft : Part
        Draft tokens of speculative decoding; nothing at prefill.
    fixed : Part
        Launches, sampling, scheduler.
    """

    attention: Part
    core: Part
    dense: Part
    routed: Part
    activation: Part
    all_to_all: Part
    all_reduce: Part
    head: Part
    draft: Part
    fixed: Part


class Step(NamedTuple):
    """One decode step or prefill pass.

    Attributes
    ----------
    seconds : float
        Its time: the parts, less what overlap hides.
    parts : Parts
    """

    seconds: float
    parts: Parts


class Shared(NamedTuple):
    """The parts that do not depend on the kind of step; see Parts."""

    attention: Part
    dense: Part
    routed: Part
    activation: Part
    all_reduce: Part


@block
def routed(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    tokens: float,
    imbalance: float,
) -> Part:
    """Return the routed experts' part of a step of `tokens` in each attention replica."""
    if s.moe_layers <= 0.0:
        return Part(0.0, MEMORY)
    everyone = tokens * lay.data_parallel
    slots = 1.0 + lay.redundant_experts / s.experts
    hit = distinct_known(known, s.experts, s.top_k, everyone, load.skew) * slots
    params = s.moe_layers * s.expert_params / group_size(lay)
    # FLOPs over the efficiency at M tokens are proportional to D (M + half) = B k + D half.
    work = everyone * s.top_k + hit * e.expert_half
    peak = expert_peak(m, e) * m.gemm_scale * e.expert
    read = params * hit * lay.expert_bytes / memory_bytes_per_s(m, e)
    return longer(2.0 * params * work * imbalance / peak, read)


@block
def activation(s: Shape, m: Machine, lay: Layout, e: Efficiency, tokens: float) -> Part:
    """Return the activation traffic of a step of `tokens`."""
    repeated = e.activation_repeated + (1.0 - e.activation_repeated) / lay.tensor_parallel
    traffic = e.activation_hidden * s.layers * tokens * s.hidden * repeated
    if s.moe_layers > 0.0:
        copies = tokens * lay.data_parallel * s.top_k / group_size(lay)
        traffic += s.moe_layers * copies * e.activation_routed * (s.hidden + s.expert_width)
    return Part(e.activation_scale * traffic / memory_bytes_per_s(m, e), MEMORY)


@block
def step_imbalance(s: Shape, lay: Layout, load: Load, known: Popularity, tokens: float) -> float:
    """Return the imbalance that the load states, or the analytic one where it states 0."""
    if load.imbalance > 0.0 or s.moe_layers <= 0.0:
        return max(load.imbalance, 1.0)
    ranks, everyone = lay.expert_parallel, tokens * lay.data_parallel
    placed = placed_known(known, s.experts, s.top_k, ranks, lay.redundant_experts, load.skew)
    return uniform_imbalance(s.experts, s.top_k, everyone, ranks) * placed


@block
def shared_parts(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    tokens: float,
    imbalance: float,
) -> Shared:
    """Return what a step of `tokens` pays whether it decodes or reads prompts."""
    n, peak = lay.tensor_parallel, gemm_peak(m, e)
    return Shared(
        gemm(s.attention_params / n, tokens, lay.weight_bytes, peak, m, e),
        gemm((s.dense_params + s.shared_params) / n, tokens, lay.weight_bytes, peak, m, e),
        routed(s, m, lay, load, e, known, tokens, imbalance),
        activation(s, m, lay, e, tokens),
        Part(all_reduce_s(s, m, lay, e, tokens), NETWORK),
    )


@block
def layers_s(shared: Shared, core_s: float, exchange_s: float, hidden: float) -> float:
    """Return the time of all layers; the share `hidden` of the shorter side of the overlap is free.

    Computation and all-to-all overlap; the all-reduce waits for one and is waited for.
    """
    compute = (
        shared.attention.seconds
        + core_s
        + shared.dense.seconds
        + shared.routed.seconds
        + shared.activation.seconds
    )
    joined = compute + exchange_s - hidden * min(compute, exchange_s)
    return joined + shared.all_reduce.seconds


@block
def _add(
    totals: tuple[float, float, float, float], part: Part
) -> tuple[float, float, float, float]:
    """Add a part to the time of its roof."""
    compute, memory, network, fixed = totals
    if part.roof == MEMORY:
        memory += part.seconds
    elif part.roof == NETWORK:
        network += part.seconds
    elif part.roof == FIXED:
        fixed += part.seconds
    else:
        compute += part.seconds
    return compute, memory, network, fixed


@block
def binding_roof(parts: Parts) -> float:
    """Return the roof under which most of the step's time is spent, before overlap."""
    totals = _add((0.0, 0.0, 0.0, 0.0), parts.attention)
    totals = _add(totals, parts.core)
    totals = _add(totals, parts.dense)
    totals = _add(totals, parts.routed)
    totals = _add(totals, parts.activation)
    totals = _add(totals, parts.all_to_all)
    totals = _add(totals, parts.all_reduce)
    totals = _add(totals, parts.head)
    totals = _add(totals, parts.draft)
    totals = _add(totals, parts.fixed)
    roof = 0.0
    most = totals[0]
    for i in range(1, 4):
        if totals[i] > most:
            roof, most = float(i), totals[i]
    return roof
