"""What the serving kernels read: records of float64 fields and nothing else.

numba takes a named tuple of floats as it is, so any field can be a number, an array element or a
random input of a sweep. The Python face builds them: :mod:`tokenmill.serving.build` from a model
shape, an accelerator and a deployment. The fifth record is :class:`.efficiency.Efficiency`.

Words used by every field: an *attention replica* is a tensor-parallel group of accelerators that
holds whole sequences; an *expert group* is all accelerators that share one set of experts, that is
the `data_parallel` replicas together. FLOP figures are dense, a byte count is decimal, a link's
rate is one way and per accelerator.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """What a model weighs and computes, without precision, hardware or load.

    Attributes
    ----------
    layers : float
        Transformer layers, without draft layers.
    moe_layers : float
        Those of them with routed experts; 0 is a dense model.
    hidden : float
        Width of the residual stream, elements.
    attention_params : float
        Projections of attention, all layers, elements.
    dense_params : float
        Feed-forward weights of the layers without experts, all of them together, elements.
    shared_params : float
        Shared experts, all layers, elements.
    expert_params : float
        One routed expert of one layer, elements.
    embedding_params : float
        Input embedding and LM head as they lie in memory (one matrix if tied), elements.
    head_params : float
        LM head, vocabulary times hidden, elements.
    experts : float
        Routed experts of a layer; 0 in a dense model.
    top_k : float
        Experts per token.
    expert_width : float
        Inner width of an expert, elements.
    node_limit : float
        Most nodes that one token's experts may lie on; 0 is no limit.
    kv_shards : float
        Parts into which tensor parallelism can cut the KV cache: KV heads, 1 for MLA.
    kv_elements : float
        KV cache of one token in one layer, elements.
    core_flops : float
        Attention core of one query and one cached token in one layer at decode (MLA: the absorbed
        form), FLOP.
    core_pair_flops : float
        The same for one (query, key) pair of a prefill (MLA: the form that is not absorbed), FLOP.
    full_layers : float
        Layers that attend to the whole context.
    window_layers, window : float
        Layers that attend to the last `window` tokens.
    chunk_layers, chunk : float
        Layers that attend within aligned chunks of `chunk` tokens.
    sparse_top_k : float
        Cached tokens that the full layers read after an indexer has chosen them; 0 is all.
    index_elements : float
        Key of that indexer for one token in one layer, elements of one byte.
    index_flops : float
        Indexer, one query and one cached token in one layer, FLOP.
    draft_layers : float
        Layers that one draft token passes; 0 where drafts cost nothing (n-gram lookup).
    """

    layers: float
    moe_layers: float
    hidden: float
    attention_params: float
    dense_params: float
    shared_params: float
    expert_params: float
    embedding_params: float
    head_params: float
    experts: float
    top_k: float
    expert_width: float
    node_limit: float
    kv_shards: float
    kv_elements: float
    core_flops: float
    core_pair_flops: float
    full_layers: float
    window_layers: float
    window: float
    chunk_layers: float
    chunk: float
    sparse_top_k: float
    index_elements: float
    index_flops: float
    draft_layers: float


class Machine(NamedTuple):
    """One accelerator at the precisions that a deployment computes in.

    Attributes
    ----------
    gemm_flops : float
        Dense peak of the attention projections, dense and shared feed-forward layers, FLOP/s.
    expert_flops : float
        Dense peak of the routed experts, FLOP/s.
    core_flops : float
        Dense peak of the attention core, FLOP/s.
    head_flops : float
        Dense peak of the LM head, FLOP/s.
    hbm_bytes : float
        Memory, bytes.
    hbm_bytes_per_s : float
        Memory bandwidth, bytes/s.
    scale_up_bytes_per_s : float
        Link inside a scale-up domain (NVLink), bytes/s one way.
    scale_up_size : float
        Accelerators in a scale-up domain.
    scale_out_bytes_per_s : float
        Network between domains, bytes/s one way.
    gemm_scale, core_scale : float
        What this hardware's software reaches of the efficiencies of GEMMs and attention core; 1 is
        Hopper.
    gemm_fp4, expert_fp4 : float
        1 where those GEMMs compute in four bits, else 0.
    """

    gemm_flops: float
    expert_flops: float
    core_flops: float
    head_flops: float
    hbm_bytes: float
    hbm_bytes_per_s: float
    scale_up_bytes_per_s: float
    scale_up_size: float
    scale_out_bytes_per_s: float
    gemm_scale: float
    core_scale: float
    gemm_fp4: float
    expert_fp4: float


class Layout(NamedTuple):
    """How a model lies on the accelerators of one instance, and in which bytes.

    An instance has ``tensor_parallel * data_parallel`` accelerators; the experts lie on the same
    ones, so that is ``expert_parallel * expert_tensor_parallel`` too.

    Attributes
    ----------
    tensor_parallel : float
        Accelerators of one attention replica.
    data_parallel : float
        Attention replicas that share the experts.
    expert_parallel : float
        Ranks that the experts are spread over.
    expert_tensor_parallel : float
        Accelerators that one expert is cut over.
    weight_bytes : float
        Attention, dense and shared weights, bytes per element.
    expert_bytes : float
        Routed experts, bytes per element.
    head_bytes : float
        Embedding and LM head, bytes per element.
    kv_bytes : float
        KV cache, bytes per element.
    dispatch_bytes, combine_bytes : float
        Activations on their way to the experts and back, bytes per element.
    reduce_bytes : float
        Activations in an all-reduce, bytes per element.
    redundant_experts : float
        Replicas of hot experts, per layer, beyond the experts themselves.
    overlap : float
        1 where the all-to-all runs beside computation, 0 where it waits.
    chunk_tokens : float
        Prompt tokens of one prefill pass on one attention replica.
    """

    tensor_parallel: float
    data_parallel: float
    expert_parallel: float
    expert_tensor_parallel: float
    weight_bytes: float
    expert_bytes: float
    head_bytes: float
    kv_bytes: float
    dispatch_bytes: float
    combine_bytes: float
    reduce_bytes: float
    redundant_experts: float
    overlap: float
    chunk_tokens: float


class Load(NamedTuple):
    """What an instance is asked to do.

    Attributes
    ----------
    batch : float
        Sequences decoded together on one attention replica; 0 is the largest that fits.
    in_len, out_len : float
        Prompt and answer of a request, tokens.
    cache_hit : float
        Share of the prompt read from a prefix cache, in [0, 1].
    drafts : float
        Draft tokens per decode step.
    accept_len : float
        Tokens accepted per decode step, in [1, drafts + 1].
    imbalance : float
        Load of the busiest expert rank over the mean, >= 1; 0 asks for the analytic form at `skew`.
    skew : float
        Exponent s of the Zipf law of expert popularity; 0 is uniform.
    utilisation : float
        Rate of arrival over the rate at saturation, in [0, 1): requests wait the longer the nearer
        it is to 1; 0 leaves waiting out.
    """

    batch: float
    in_len: float
    out_len: float
    cache_hit: float
    drafts: float
    accept_len: float
    imbalance: float
    skew: float
    utilisation: float = 0.0
