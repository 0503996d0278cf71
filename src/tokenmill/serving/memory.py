"""What lies in memory: weights, KV cache, and how many sequences that leaves room for.

Free is ``HBM * share - reserve - weights``; a sequence takes the cache of its prompt and of the
part of its answer that admission reserves. A windowed layer keeps its window, a chunked layer its
chunk, a sparse indexer one byte per element of its key. Tensor parallelism cuts the cache by the KV
heads at most; the latent cache of MLA is replicated.
"""

from __future__ import annotations

import numpy as np

from ..jit.kernel import block
from .efficiency import Efficiency
from .records import Layout, Load, Machine, Shape
from .roofline import group_size

_INFINITY = float("inf")


@block
def weights_bytes(s: Shape, lay: Layout) -> float:
    """Return the weights on one accelerator, bytes, embeddings and redundant experts included."""
    shared = (s.attention_params + s.dense_params + s.shared_params) * lay.weight_bytes
    outer = (shared + s.embedding_params * lay.head_bytes) / lay.tensor_parallel
    if s.moe_layers <= 0.0:
        return outer
    experts = s.moe_layers * s.expert_params * (s.experts + lay.redundant_experts)
    return outer + experts * lay.expert_bytes / group_size(lay)


@block
def kv_shards(s: Shape, lay: Layout) -> float:
    """Return the parts that the cache of a sequence is cut into."""
    return min(lay.tensor_parallel, s.kv_shards)


@block
def sequence_bytes(s: Shape, lay: Layout, context: float) -> float:
    """Return the cache of a sequence of `context` tokens on one accelerator, bytes."""
    held = (
        s.full_layers * context
        + s.window_layers * min(context, s.window)
        + s.chunk_layers * min(context, s.chunk)
    )
    index = s.full_layers * context * s.index_elements
    return held * s.kv_elements * lay.kv_bytes / kv_shards(s, lay) + index


@block
def free_bytes(s: Shape, m: Machine, lay: Layout, e: Efficiency) -> float:
    """Return the bytes left for caches on one accelerator; negative if weights do not fit."""
    return m.hbm_bytes * e.hbm_share - e.reserve_bytes - weights_bytes(s, lay)


@block
def sequences_that_fit(s: Shape, m: Machine, lay: Layout, e: Efficiency, context: float) -> float:
    """Return how many caches of `context` tokens fit: whole, 0 if none; inf if they are empty."""
    free = free_bytes(s, m, lay, e)
    each = sequence_bytes(s, lay, context)
    if free <= 0.0:
        return 0.0
    return float(np.floor(free / each)) if each > 0.0 else _INFINITY


@block
def max_batch(s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency) -> float:
    """Return the sequences that fit on one attention replica as admission counts them."""
    return sequences_that_fit(s, m, lay, e, load.in_len + e.admission * load.out_len)
