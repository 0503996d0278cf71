"""The serving model of one disaggregated deployment in vectorised NumPy, as a careful user would.

What the twin decides once per deployment (no windows, no tensor parallelism, experts over several
nodes) is resolved while writing, arrays hold 4,096 scenarios so that they stay in cache, and every
draw and every formula is one call over all of them. ``tests/package/test_serving_baseline.py``
holds it to the twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Mapping[str, Any]


def gemm(params: float, tokens: Any, width: float, peak: float, v: Values) -> Array:
    """Return seconds of GEMMs: the longer of FLOPs and weight reads."""
    compute = 2.0 * params * (tokens + v["gemm_half"]) / (peak * v["gemm_scale"] * v["gemm"])
    return np.maximum(compute, params * width / v["memory_rate"])


def routed(s: Any, m: Any, lay: Any, v: Values, tokens: Any, imbalance: Any) -> Array:
    """Return seconds of the routed experts."""
    everyone = tokens * lay.data_parallel
    distinct = -s.experts * np.expm1(everyone * np.log1p(-s.top_k / s.experts))
    per_expert = everyone * s.top_k / distinct
    reached = v["expert"] * per_expert / (per_expert + v["expert_half"])
    flops = s.moe_layers * 2.0 * s.expert_params * s.top_k / lay.expert_parallel
    flops = flops * everyone * imbalance
    read = s.moe_layers * s.expert_params * lay.expert_bytes / lay.expert_parallel * distinct
    return np.maximum(flops / (m.expert_flops * v["gemm_scale"] * reached), read / v["memory_rate"])


def activation(s: Any, lay: Any, v: Values, tokens: Any) -> Array:
    """Return seconds of activation traffic."""
    copies = lay.data_parallel * s.top_k / lay.expert_parallel
    hidden = s.layers * s.hidden * v["activation_hidden"]
    sent = s.moe_layers * copies * (s.hidden + s.expert_width) * v["activation_routed"]
    return v["activation_scale"] * tokens * (hidden + sent) / v["memory_rate"]


def decode_step(s: Any, m: Any, lay: Any, v: Values) -> Array:
    """Return seconds of a decode step."""
    tokens, context = v["batch"], v["in_len"] + 0.5 * v["out_len"]
    read = s.full_layers * context * tokens
    core = np.maximum(
        read * (s.core_flops / m.core_flops / m.core_scale) / v["core"],
        read * (s.kv_elements * lay.kv_bytes) / v["memory_rate"],
    )
    compute = gemm(s.attention_params, tokens, lay.weight_bytes, m.gemm_flops, v)
    compute = compute + gemm(
        s.dense_params + s.shared_params, tokens, lay.weight_bytes, m.gemm_flops, v
    )
    compute += core
    compute += routed(s, m, lay, v, tokens, v["imbalance"])
    compute += activation(s, lay, v, tokens)
    domain = min(lay.expert_parallel, m.scale_up_size)
    remote = 1.0 - domain / lay.expert_parallel
    width = s.top_k * s.hidden * (lay.dispatch_bytes + lay.combine_bytes)
    link = (1.0 - remote) * (domain - 1.0) / domain / m.scale_up_bytes_per_s
    link += remote / m.scale_out_bytes_per_s
    exchange = s.moe_layers * (
        tokens * v["imbalance"] * (width * link) / v["network"] + 2.0 * v["all_to_all_s"]
    )
    step = compute + exchange - v["overlap"] * np.minimum(compute, exchange)
    step += gemm(s.head_params, tokens, lay.head_bytes, m.head_flops, v)
    return step + v["fixed_scale"] * (s.layers * v["layer_s"] + v["step_s"])


def prompt_token_s(s: Any, m: Any, pool: Any, v: Values) -> Array:
    """Return seconds of a prefill replica per prompt token."""
    tokens = pool.chunk_tokens
    new, cached = v["in_len"] * (1.0 - v["cache_hit"]), v["in_len"] * v["cache_hit"]
    pairs = s.full_layers * (cached + 0.5 * (new + 1.0))
    core = np.maximum(
        pairs * (tokens * s.core_pair_flops / m.core_flops / m.core_scale) / v["core_prefill"],
        np.maximum(tokens / new, 1.0)
        * v["in_len"]
        * (s.full_layers * s.kv_elements * pool.kv_bytes)
        / v["memory_rate"],
    )
    imbalance = np.maximum(v["imbalance"] * v["prefill_imbalance"], 1.0)
    compute = gemm(s.attention_params, tokens, pool.weight_bytes, m.gemm_flops, v)
    compute = compute + gemm(
        s.dense_params + s.shared_params, tokens, pool.weight_bytes, m.gemm_flops, v
    )
    compute += core
    compute += routed(s, m, pool, v, tokens, imbalance)
    compute += activation(s, pool, v, tokens)
    domain = min(pool.expert_parallel, m.scale_up_size)
    nodes = pool.expert_parallel / domain
    inside = s.top_k * (domain - 1.0) / domain / m.scale_up_bytes_per_s
    target = min(nodes, s.top_k, s.node_limit or nodes)
    outside = target * (nodes - 1.0) / nodes / m.scale_out_bytes_per_s
    width = tokens * s.hidden * (pool.dispatch_bytes + pool.combine_bytes) * max(inside, outside)
    exchange = s.moe_layers * width * imbalance / v["network"]
    step = compute + exchange - v["overlap_prefill"] * np.minimum(compute, exchange)
    launches = v["prefill_launches"] * s.layers * v["layer_s"]
    return (step + v["fixed_scale"] * (launches + v["step_s"])) / tokens


def usd_per_mtok(s: Any, m: Any, lay: Any, pool: Any, values: Values) -> Array:
    """Return USD per million output tokens, prompts included, shape (n,).

    `values` has a number or an array of shape (n,) for every field of Load and Efficiency, and for
    `gemm_scale`, `usd_per_hour` and `utilisation`.
    """
    v = dict(values) | {"memory_rate": m.hbm_bytes_per_s * values["memory"]}
    v["imbalance"] = np.maximum(v["imbalance"], 1.0)
    out = v["disaggregated"] * v["batch"] * v["accept_len"] / decode_step(s, m, lay, v)
    read = v["disaggregated"] / prompt_token_s(s, m, pool, v)
    per_output = v["in_len"] * (1.0 - v["cache_hit"]) / v["out_len"]
    seconds = 1.0 / out + per_output / read
    return v["usd_per_hour"] * seconds / v["utilisation"] * (1e6 / 3600.0)
