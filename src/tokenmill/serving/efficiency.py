"""The calibrated constants of the serving model: the fifth record that its kernels read."""

from __future__ import annotations

from typing import NamedTuple


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
