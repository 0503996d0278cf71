"""From a model, an accelerator and a deployment to the records that kernels read."""

from __future__ import annotations

from collections.abc import Mapping

from .accelerator import Accelerator
from .calibration import Calibration
from .deployment import Deployment, Pool, Workload, expert_cut
from .precision import bytes_per_element
from .records import Layout, Load, Machine, Shape
from .shape import ModelShape

_FP4 = frozenset({"fp4", "nvfp4", "mxfp4"})
# What is computed in where the accelerator lacks a format: the next wider ones, in this order.
_WIDER = {
    "fp4": ("fp8", "int8", "bf16"),
    "nvfp4": ("fp8", "int8", "bf16"),
    "mxfp4": ("fp8", "int8", "bf16"),
    "int4": ("int8", "fp8", "bf16"),
    "fp8": ("int8", "bf16"),
    "int8": ("fp8", "bf16"),
    "fp16": ("bf16",),
    "bf16": (),
    "fp32": (),
}


def math_precision(accelerator: Accelerator, precision: str) -> str:
    """Return the format that an accelerator computes in where weights are stored in `precision`.

    Parameters
    ----------
    accelerator : Accelerator
    precision : str
        Format of the weights.

    Returns
    -------
    str
        `precision` where the accelerator has it, else the next wider format that it has.

    Raises
    ------
    ValueError
        If there is no such format, or the accelerator has neither it nor a wider one.
    """
    bytes_per_element(precision)
    for name in (precision, *_WIDER[precision]):
        if accelerator.peak_flops(name) is not None:
            return name
    raise ValueError(
        f"precision: {accelerator.name} computes neither {precision} nor anything wider"
    )


def shape_record(model: ModelShape) -> Shape:
    """Return what a model weighs and computes, as kernels read it."""
    latent = model.attention == "mla"
    matrices = 1 if model.tied_embeddings else 2
    values = Shape(
        layers=model.layers,
        moe_layers=model.moe_layers,
        hidden=model.hidden,
        attention_params=model.layers * model.attention_parameters,
        dense_params=(model.layers - model.moe_layers) * model.dense_parameters,
        shared_params=model.moe_layers * model.shared_parameters,
        expert_params=model.expert_parameters,
        embedding_params=matrices * model.embedding_parameters,
        head_params=model.embedding_parameters,
        experts=model.experts,
        top_k=model.top_k,
        expert_width=model.expert_width,
        node_limit=model.node_limit,
        kv_shards=1 if latent else model.kv_heads,
        kv_elements=model.kv_elements,
        core_flops=model.decode_pair_flops,
        core_pair_flops=model.prefill_pair_flops,
        full_layers=model.full_layers,
        window_layers=model.windowed_layers,
        window=model.window,
        chunk_layers=model.chunked_layers,
        chunk=model.chunk,
        sparse_top_k=model.sparse_top_k,
        index_elements=model.sparse_dim,
        index_flops=2 * model.sparse_heads * model.sparse_dim,
        draft_layers=model.draft_layers,
    )
    return Shape(*map(float, values))


def _peak(accelerator: Accelerator, precision: str) -> float:
    return accelerator.peak_flops(math_precision(accelerator, precision)) or 0.0


def _scale(known: Mapping[str, float], accelerator: Accelerator, neutral: float) -> float:
    for name in (accelerator.name, accelerator.generation):
        if name in known:
            return known[name]
    return neutral


def machine_record(
    accelerator: Accelerator, deployment: Deployment, calibration: Calibration
) -> Machine:
    """Return an accelerator at the precisions of a deployment; what is not known is 0."""
    attention = math_precision(accelerator, deployment.attention_precision)
    experts = math_precision(accelerator, deployment.expert_precision)
    gemm_scale = _scale(calibration.gemm_scale, accelerator, accelerator.gemm_scale)
    values = Machine(
        gemm_flops=_peak(accelerator, attention),
        expert_flops=_peak(accelerator, experts),
        core_flops=_peak(accelerator, deployment.core_precision),
        head_flops=accelerator.bf16_flops,
        hbm_bytes=accelerator.hbm_bytes or 0.0,
        hbm_bytes_per_s=accelerator.hbm_bytes_per_s or 0.0,
        scale_up_bytes_per_s=accelerator.scale_up_bytes_per_s or 0.0,
        scale_up_size=accelerator.scale_up_size or 1,
        scale_out_bytes_per_s=accelerator.scale_out_bytes_per_s or 0.0,
        gemm_scale=gemm_scale,
        core_scale=_scale(calibration.core_scale, accelerator, 1.0),
        gemm_fp4=attention in _FP4,
        expert_fp4=experts in _FP4,
    )
    return Machine(*map(float, values))


def layout_record(deployment: Deployment) -> Layout:
    """Return the layout of one (decode) instance."""
    parallel, tensor = expert_cut(
        "expert_parallel",
        deployment.accelerators,
        deployment.expert_parallel,
        deployment.expert_tensor_parallel,
    )
    values = Layout(
        tensor_parallel=deployment.tensor_parallel,
        data_parallel=deployment.data_parallel,
        expert_parallel=parallel,
        expert_tensor_parallel=tensor,
        weight_bytes=bytes_per_element(deployment.attention_precision),
        expert_bytes=bytes_per_element(deployment.expert_precision),
        head_bytes=bytes_per_element("bf16"),
        kv_bytes=bytes_per_element(deployment.kv_precision),
        # Activations go out in the experts' format, at least 8 bits of it, and come back in bf16.
        dispatch_bytes=max(min(bytes_per_element(deployment.expert_precision), 2.0), 1.0),
        combine_bytes=bytes_per_element("bf16"),
        reduce_bytes=bytes_per_element("bf16"),
        redundant_experts=deployment.redundant_experts,
        overlap=deployment.overlap,
        chunk_tokens=deployment.chunk_tokens,
    )
    return Layout(*map(float, values))


def pool_record(deployment: Deployment) -> Layout:
    """Return the layout of one prefill instance: that of decode but for its degrees."""
    own = layout_record(deployment)
    pool = deployment.prefill
    if pool is None:
        return own
    accelerators = pool.tensor_parallel * pool.data_parallel
    parallel, tensor = expert_cut(
        "prefill.expert_parallel", accelerators, pool.expert_parallel, None
    )
    return own._replace(
        tensor_parallel=float(pool.tensor_parallel),
        data_parallel=float(pool.data_parallel),
        expert_parallel=float(parallel),
        expert_tensor_parallel=float(tensor),
    )


def pool_instances(pool: Pool | None, replicas: int) -> tuple[float, float]:
    """Return (prefill, decode) instances; 0 and 0 is the ratio at which neither waits."""
    if pool is None or pool.replicas is None:
        return 0.0, 0.0
    return float(pool.replicas), float(replicas)


def load_record(deployment: Deployment, workload: Workload) -> Load:
    """Return what an instance is asked to do."""
    values = Load(
        batch=deployment.batch or 0,
        in_len=workload.in_len,
        out_len=workload.out_len,
        cache_hit=workload.cache_hit,
        drafts=workload.drafts,
        accept_len=workload.accept_len,
        imbalance=0.0 if workload.imbalance is None else workload.imbalance,
        skew=workload.skew,
        utilisation=workload.utilisation,
    )
    return Load(*map(float, values))
