"""Twin of the serving performance model: the formulas as they are written on paper.

Records are read by attribute (``Shape``, ``Machine``, ``Layout``, ``Load``, ``Efficiency`` of
``tokenmill.serving.records``), a part is seconds, and a step is a dict of parts. Valid input only:
the refusals are the kernels' own.
"""

# mypy: disable-error-code="no-any-return"
# The records are duck-typed, since a twin imports nothing of tokenmill.

from __future__ import annotations

import math
from typing import Any

from .routing_load import distinct_experts, expert_imbalance


def gemm(params: float, tokens: float, weight_bytes: float, peak: float, m: Any, e: Any) -> float:
    """Return seconds of GEMMs over `params` weights: the longer of FLOPs and weight reads."""
    reached = e.gemm * tokens / (tokens + e.gemm_half)
    compute = 2.0 * params * tokens / (peak * m.gemm_scale * reached)
    return max(compute, params * weight_bytes / (m.hbm_bytes_per_s * e.memory))


def attended(s: Any, context: float, chunked: float) -> float:
    """Return layers times tokens that a query reads; `chunked` tokens in a chunked layer."""
    full = min(context, s.sparse_top_k) if s.sparse_top_k > 0.0 else context
    return (
        s.full_layers * full + s.window_layers * min(context, s.window) + s.chunk_layers * chunked
    )


def held(s: Any, context: float) -> float:
    """Return layers times tokens that the cache of a sequence keeps."""
    return (
        s.full_layers * context
        + s.window_layers * min(context, s.window)
        + s.chunk_layers * min(context, s.chunk)
    )


def sequence_bytes(s: Any, lay: Any, context: float) -> float:
    """Return the cache of a sequence on one accelerator, bytes; indexer keys take one byte."""
    shards = min(lay.tensor_parallel, s.kv_shards)
    cached = held(s, context) * s.kv_elements * lay.kv_bytes / shards
    return cached + s.full_layers * context * s.index_elements


def chunk_pairs(length: float, chunk: float) -> float:
    """Return the causal pairs of `length` tokens that attend within aligned chunks."""
    if chunk <= 0.0:
        return 0.0
    whole = math.floor(length / chunk)
    rest = length - whole * chunk
    return whole * chunk * (chunk + 1.0) / 2.0 + rest * (rest + 1.0) / 2.0


def chunk_context(load: Any, chunk: float) -> float:
    """Return the mean tokens that a query of the answer attends to within its chunk."""
    context = load.in_len + 0.5 * load.out_len
    if chunk <= 0.0:
        return 0.0
    if load.out_len <= 0.0 or context + 0.5 * load.out_len <= chunk:
        return min(context, chunk)
    pairs = chunk_pairs(load.in_len + load.out_len, chunk) - chunk_pairs(load.in_len, chunk)
    return pairs / load.out_len


def prompt_pairs(s: Any, new: float, cached: float) -> tuple[float, float]:
    """Return layers times pairs of (query, key), and the full layers' causal pairs."""
    causal = new * cached + new * (new + 1.0) / 2.0
    full = min(causal, new * s.sparse_top_k) if s.sparse_top_k > 0.0 else causal
    chunked = chunk_pairs(cached + new, s.chunk) - chunk_pairs(cached, s.chunk)
    layered = (
        s.full_layers * full
        + s.window_layers * min(causal, new * s.window)
        + s.chunk_layers * chunked
    )
    return layered, s.full_layers * causal


def group(lay: Any) -> float:
    """Return the accelerators that the experts lie on."""
    return lay.expert_parallel * lay.expert_tensor_parallel


def routed(s: Any, m: Any, lay: Any, load: Any, e: Any, tokens: float, imb: float) -> float:
    """Return seconds of the routed experts of a step of `tokens` in each attention replica."""
    if s.moe_layers == 0.0:
        return 0.0
    everyone = tokens * lay.data_parallel
    distinct = distinct_experts(s.experts, s.top_k, everyone, load.skew)
    copies = (s.experts + lay.redundant_experts) / s.experts
    per_expert = everyone * s.top_k / (distinct * copies)
    reached = e.expert * per_expert / (per_expert + e.expert_half)
    reached *= e.fp4 if m.expert_fp4 > 0.0 else 1.0
    flops = s.moe_layers * 2.0 * s.expert_params * s.top_k * everyone * imb / group(lay)
    read = s.moe_layers * s.expert_params * distinct * copies / group(lay) * lay.expert_bytes
    return max(
        flops / (m.expert_flops * m.gemm_scale * reached), read / (m.hbm_bytes_per_s * e.memory)
    )


def activation(s: Any, m: Any, lay: Any, e: Any, tokens: float) -> float:
    """Return seconds of activation traffic."""
    shared = e.activation_repeated + (1.0 - e.activation_repeated) / lay.tensor_parallel
    traffic = e.activation_hidden * s.layers * tokens * s.hidden * shared
    if s.moe_layers > 0.0:
        copies = tokens * lay.data_parallel * s.top_k / group(lay)
        traffic += s.moe_layers * copies * e.activation_routed * (s.hidden + s.expert_width)
    return e.activation_scale * traffic / (m.hbm_bytes_per_s * e.memory)


def all_reduce(s: Any, m: Any, lay: Any, e: Any, tokens: float) -> float:
    """Return seconds of two all-reduces a layer among the tensor-parallel ranks."""
    n = lay.tensor_parallel
    if n <= 1.0:
        return 0.0
    link = m.scale_up_bytes_per_s if n <= m.scale_up_size else m.scale_out_bytes_per_s
    moved = 2.0 * (n - 1.0) / n * tokens * s.hidden * lay.reduce_bytes / (link * e.network)
    latency = 2.0 * (n - 1.0) * e.all_reduce_hop_s + e.all_reduce_s
    if n > m.scale_up_size:
        latency += 2.0 * e.all_to_all_s
    return 2.0 * s.layers * (moved + latency)


def copies_sent(s: Any, lay: Any) -> float:
    """Return the accelerators that a token's experts lie on, at most."""
    return min(s.top_k * lay.expert_tensor_parallel, group(lay))


def exchange(s: Any, m: Any, lay: Any, e: Any, tokens: float, imb: float) -> float:
    """Return seconds of the low-latency all-to-all of a decode step."""
    if s.moe_layers == 0.0 or lay.data_parallel <= 1.0:
        return 0.0
    sent = tokens / lay.tensor_parallel * copies_sent(s, lay) * s.hidden
    sent *= (lay.dispatch_bytes + lay.combine_bytes) * imb
    domain = min(group(lay), m.scale_up_size)
    remote = 1.0 - domain / group(lay)
    seconds = (1.0 - remote) * (domain - 1.0) / domain / (m.scale_up_bytes_per_s * e.network)
    if remote > 0.0:
        seconds += remote / (m.scale_out_bytes_per_s * e.network)
    return s.moe_layers * (sent * seconds + 2.0 * e.all_to_all_s)


def prompt_exchange(s: Any, m: Any, lay: Any, e: Any, tokens: float, imb: float) -> float:
    """Return seconds of the normal all-to-all of a prefill pass: each node is sent to once."""
    if s.moe_layers == 0.0 or lay.data_parallel <= 1.0:
        return 0.0
    domain = min(group(lay), m.scale_up_size)
    nodes = group(lay) / domain
    width = tokens / lay.tensor_parallel * s.hidden * (lay.dispatch_bytes + lay.combine_bytes)
    inside = copies_sent(s, lay) * (domain - 1.0) / domain / (m.scale_up_bytes_per_s * e.network)
    outside = 0.0
    if nodes > 1.0:
        target = min(nodes, s.top_k, s.node_limit if s.node_limit > 0.0 else nodes)
        outside = target * (nodes - 1.0) / nodes / (m.scale_out_bytes_per_s * e.network)
    return s.moe_layers * width * max(inside, outside) * imb


def core(s: Any, m: Any, lay: Any, load: Any, e: Any, tokens: float, sequences: float) -> float:
    """Return seconds of the attention core of a decode step."""
    context = load.in_len + 0.5 * load.out_len
    read = attended(s, context, chunk_context(load, s.chunk))
    index = s.full_layers * context
    flops = tokens * (s.core_flops * read + s.index_flops * index) / lay.tensor_parallel
    shards = min(lay.tensor_parallel, s.kv_shards)
    bytes_read = sequences * (
        s.kv_elements * lay.kv_bytes * read / shards + s.index_elements * index
    )
    return max(
        flops / (m.core_flops * e.core * m.core_scale), bytes_read / (m.hbm_bytes_per_s * e.memory)
    )


def prompt_core(s: Any, m: Any, lay: Any, load: Any, e: Any, tokens: float) -> float:
    """Return seconds of the attention core of a prefill pass of `tokens`."""
    new, cached = load.in_len * (1.0 - load.cache_hit), load.in_len * load.cache_hit
    pairs, causal = prompt_pairs(s, new, cached)
    flops = tokens / new * (s.core_pair_flops * pairs + s.index_flops * causal)
    flops /= lay.tensor_parallel
    bytes_read = max(tokens / new, 1.0) * sequence_bytes(s, lay, load.in_len)
    return max(
        flops / (m.core_flops * e.core_prefill * m.core_scale),
        bytes_read / (m.hbm_bytes_per_s * e.memory),
    )


def join(first: float, second: float, hidden: float) -> float:
    """Return the time of two things of which the share `hidden` of the shorter is not seen."""
    return first + second - hidden * min(first, second)


def imbalance(s: Any, lay: Any, load: Any, tokens: float) -> float:
    """Return the imbalance given, or the analytic one where it is 0."""
    if load.imbalance > 0.0 or s.moe_layers == 0.0:
        return max(load.imbalance, 1.0)
    return expert_imbalance(
        s.experts,
        s.top_k,
        tokens * lay.data_parallel,
        lay.expert_parallel,
        lay.redundant_experts,
        load.skew,
    )


def gemm_parts(s: Any, m: Any, lay: Any, e: Any, tokens: float) -> dict[str, float]:
    """Return the parts that decode and prefill compute alike."""
    peak = m.gemm_flops * (e.fp4 if m.gemm_fp4 > 0.0 else 1.0)
    width, n = lay.weight_bytes, lay.tensor_parallel
    return {
        "attention": gemm(s.attention_params / n, tokens, width, peak, m, e),
        "dense": gemm((s.dense_params + s.shared_params) / n, tokens, width, peak, m, e),
        "activation": activation(s, m, lay, e, tokens),
        "all_reduce": all_reduce(s, m, lay, e, tokens),
    }


def layer_parts(
    s: Any, m: Any, lay: Any, load: Any, e: Any, tokens: float, sequences: float
) -> dict[str, float]:
    """Return the parts of all layers of a decode step."""
    imb = imbalance(s, lay, load, tokens)
    parts = gemm_parts(s, m, lay, e, tokens)
    parts["core"] = core(s, m, lay, load, e, tokens, sequences)
    parts["routed"] = routed(s, m, lay, load, e, tokens, imb)
    parts["all_to_all"] = exchange(s, m, lay, e, tokens, imb)
    return parts


def layers_s(parts: dict[str, float], hidden: float) -> float:
    """Return the time of all layers, with the all-to-all partly hidden."""
    names = ("attention", "core", "dense", "routed", "activation")
    compute = sum(parts[name] for name in names)
    return join(compute, parts["all_to_all"], hidden) + parts["all_reduce"]


def decode(s: Any, m: Any, lay: Any, load: Any, e: Any, batch: float) -> dict[str, float]:
    """Return the parts of a decode step and their ``step``, seconds."""
    tokens = batch * (1.0 + load.drafts)
    hidden = e.overlap if lay.overlap > 0.0 else 0.0
    parts = layer_parts(s, m, lay, load, e, tokens, batch)
    per_head = s.head_params / lay.tensor_parallel
    parts["head"] = gemm(per_head, tokens, lay.head_bytes, m.head_flops, m, e)
    parts["fixed"] = e.fixed_scale * (s.layers * e.layer_s + e.step_s)
    parts["draft"] = 0.0
    if load.drafts * s.draft_layers > 0.0:
        own = layers_s(layer_parts(s, m, lay, load, e, batch, batch), hidden)
        each = s.draft_layers * (own / s.layers + e.fixed_scale * e.layer_s)
        head = gemm(per_head, batch, lay.head_bytes, m.head_flops, m, e)
        parts["draft"] = load.drafts * (each + head)
    rest = parts["head"] + parts["fixed"] + parts["draft"]
    return parts | {"step": layers_s(parts, hidden) + rest}


def prefill(s: Any, m: Any, lay: Any, load: Any, e: Any, tokens: float) -> dict[str, float]:
    """Return the parts of a prefill pass of `tokens` in each attention replica, and ``step``."""
    hidden = e.overlap_prefill if lay.overlap > 0.0 else 0.0
    imb = max(imbalance(s, lay, load, tokens) * e.prefill_imbalance, 1.0)
    parts = gemm_parts(s, m, lay, e, tokens)
    parts["core"] = prompt_core(s, m, lay, load, e, tokens)
    parts["routed"] = routed(s, m, lay, load, e, tokens, imb)
    parts["all_to_all"] = prompt_exchange(s, m, lay, e, tokens, imb)
    launches = e.prefill_launches * s.layers * e.layer_s
    parts["fixed"] = e.fixed_scale * (launches + e.step_s)
    return parts | {"step": layers_s(parts, hidden) + parts["fixed"]}
