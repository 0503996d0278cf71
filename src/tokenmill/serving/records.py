"""What the serving kernels read: five records of float64 fields and nothing else.

numba takes a named tuple of floats as it is, so any field can be a number, an array element or a
random input of a sweep. The Python face builds them: :mod:`tokenmill.serving.build` from a model
shape, an accelerator and a deployment.

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


class Efficiency(NamedTuple):
    """The calibrated constants: how much of the peaks software reaches, and what is fixed.

    Attributes
    ----------
    gemm, gemm_half : float
        GEMMs of T tokens reach ``gemm * T / (T + gemm_half)`` of peak FLOP/s.
    expert, expert_half : float
        Grouped GEMMs of M tokens per expert reach ``expert * M / (M + expert_half)``.
    fp4 : float
        Factor on both where they compute in four bits.
    core, core_prefill : float
        Attention core at decode and prefill, share of peak FLOP/s.
    memory : float
        Share of memory bandwidth.
    network : float
        Share of link bandwidth.
    overlap, overlap_prefill : float
        Hidden share of the shorter of computation and all-to-all, decode and prefill.
    layer_s, step_s : float
        Fixed time per layer and per step (launches; sampling, scheduler), seconds.
    fixed_scale : float
        Factor on both for the generation of the serving engine.
    prefill_launches : float
        Times that a prefill pass pays `layer_s` per layer (two with two-batch overlap).
    all_reduce_s, all_reduce_hop_s : float
        Latency of an all-reduce: flat, and per hop of a ring (2 (N - 1) of them), seconds.
    all_to_all_s : float
        Latency of one all-to-all (two per layer), seconds; an all-reduce that leaves a scale-up
        domain pays it twice.
    activation_hidden : float
        Activation traffic of a token and layer, bytes per hidden element.
    activation_routed : float
        The same of a routed copy, bytes per element of hidden and expert width.
    activation_scale : float
        Factor on both.
    activation_repeated : float
        Share of the first that every tensor-parallel rank repeats, in [0, 1].
    hbm_share : float
        Share of memory that a server allocates.
    reserve_bytes : float
        Memory taken by anything but weights and KV cache, bytes.
    admission : float
        Share of the answer for which memory is reserved when a request is admitted: 0.5 is its
        mean over time, 1 reserves ``in_len + out_len``.
    disaggregated, dense, experts_parallel, experts_single : float
        Serving efficiency, share of the modelled rate: decode or prefill alone; both together of a
        dense model, of experts over several accelerators, of experts on one.
    prefill_imbalance : float
        Factor on the imbalance of experts at prefill.
    prefill_interference : float
        Share of the time prompts take in an aggregated instance that its TPOT shows.
    arrival_variation, service_variation : float
        Squared coefficients of variation of arrivals and service times, for queueing.
    first_token_s : float
        Fixed time of a request before its prefill (tokeniser, scheduler), seconds.
    """

    gemm: float
    gemm_half: float
    expert: float
    expert_half: float
    fp4: float
    core: float
    core_prefill: float
    memory: float
    network: float
    overlap: float
    overlap_prefill: float
    layer_s: float
    step_s: float
    fixed_scale: float
    prefill_launches: float
    all_reduce_s: float
    all_reduce_hop_s: float
    all_to_all_s: float
    activation_hidden: float
    activation_routed: float
    activation_scale: float
    activation_repeated: float
    hbm_share: float
    reserve_bytes: float
    admission: float
    disaggregated: float
    dense: float
    experts_parallel: float
    experts_single: float
    prefill_imbalance: float
    prefill_interference: float
    arrival_variation: float
    service_variation: float
    first_token_s: float


PUBLISHED = Efficiency(
    gemm=0.70,
    gemm_half=48.0,
    expert=0.62,
    expert_half=128.0,
    fp4=0.70,
    core=0.50,
    core_prefill=0.50,
    memory=0.80,
    network=0.80,
    overlap=0.50,
    overlap_prefill=0.90,
    layer_s=15e-6,
    step_s=4e-3,
    fixed_scale=1.0,
    prefill_launches=2.0,
    all_reduce_s=0.0,
    all_reduce_hop_s=1.5e-6,
    all_to_all_s=20e-6,
    activation_hidden=24.0,
    activation_routed=6.0,
    activation_scale=1.0,
    activation_repeated=0.5,
    hbm_share=0.95,
    reserve_bytes=8e9,
    admission=0.5,
    disaggregated=0.95,
    dense=0.90,
    experts_parallel=0.58,
    experts_single=0.65,
    prefill_imbalance=1.0,
    prefill_interference=1.0,
    arrival_variation=1.0,
    service_variation=1.0,
    first_token_s=0.0,
)
"""The constants of a first calibration to public measurements, which the golden values rest on.

What no source states is neutral: factors are 1, a flat all-reduce latency is 0. Confidence C:
`activation_repeated` (norms and residual are repeated by every rank, rotation and gate are not).
"""
