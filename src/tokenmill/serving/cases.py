"""What a published point stands for in the model: deployment, load, and which rate it measures.

Nulls are read as follows, and nothing looks at an id. One of `attn_tp` and `attn_dp` alone: the
other is 1; neither: data parallel over the experts' ranks, else tensor parallel over the system,
where that is a node. Offline maxima of TensorRT-LLM run the attention of mixtures of experts data
parallel whatever the width is called, as the method of its performance overview says
(`enable_attention_dp`). Weights: bf16. KV cache: FP8 in TensorRT-LLM, else bf16; there the core of
grouped attention computes in the cache's format, elsewhere in bf16. Prompts pass 8,192 tokens at a
time beside decode and 16,384 alone. Lengths: 1,024 tokens. Drafts: the first is accepted with
probability 0.85 (arXiv 2505.09343: 0.8 to 0.9), each next 0.78 times as likely as the one before
(InferenceX on DeepSeek-V4, ``catalogue/serving/drafts.toml``).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from .build import layout_record, load_record, machine_record, pool_record, shape_record
from .calibration import Calibration
from .catalogue import accelerator, model
from .deployment import Deployment, Pool, Workload
from .drafts import accept_length
from .points import Point, PrefillPool
from .records import Layout, Load, Machine, Shape
from .shape import ModelShape
from .values import UnverifiedWarning

_UNSTATED_TOKENS = 1024.0
_BESIDE_DECODE, _ALONE = 8192, 16384
_FIRST_ACCEPTED, _NEXT_ACCEPTED = 0.85, 0.78
_TENSORRT = ("trtllm", "tensorrt-llm", "tensorrt_llm")
NODE = 8


class Excluded(Exception):
    """A point that cannot be predicted; the message says why."""


@dataclass(frozen=True)
class Case:
    """A point as the kernels read it.

    Attributes
    ----------
    point : Point
    shape, machine, layout, pool, load
        Records; `load.batch` is per attention replica, 0 the largest that fits.
    limit_s : float or None
        Time per output token that the batch is sought for, where none is stated.
    accelerators : float
        Of the whole system, prefill instances counted in.
    replicas, pools : float
        Decode instances and prefill instances.
    names : (str, str)
        Name and generation of the accelerator; a calibration may have factors for either.
    usd_h, megawatts : float or None
        Price of an accelerator-hour; power of an accelerator at the wall.
    """

    point: Point
    shape: Shape
    machine: Machine
    layout: Layout
    pool: Layout
    load: Load
    limit_s: float | None
    accelerators: float
    replicas: float
    pools: float
    names: tuple[str, str]
    usd_h: float | None
    megawatts: float | None


def case_of(point: Point) -> Case:
    """Return what a point stands for.

    Raises
    ------
    Excluded
        The model or accelerator is not in the catalogue, or what must be known is not.
    """
    if point.model_id is None or point.hw_id is None:
        raise Excluded("no model or no accelerator is stated")
    with warnings.catch_warnings():
        # A figure of grade D would be visible in the point's own error.
        warnings.simplefilter("ignore", UnverifiedWarning)
        shape = _known("model", model, point.model_id)
        chip = _known("accelerator", accelerator, point.hw_id)
    if not (chip.hbm_bytes and chip.hbm_bytes_per_s):
        raise Excluded(f"memory of {chip.name} is not public")
    try:
        deployment = _deployment(point, shape)
        load = load_record(deployment, _workload(point))
        machine = machine_record(chip, deployment, Calibration())
        layout, pool = layout_record(deployment), pool_record(deployment)
    except (TypeError, ValueError) as error:
        raise Excluded(str(error)) from None
    group = deployment.accelerators
    replicas = float(point.n_replicas or 1)
    batch, limit = _batch(point, deployment, replicas)
    pools = float((point.prefill_pool.n if point.prefill_pool else None) or 1)
    beside = pools * pool.tensor_parallel * pool.data_parallel if point.phase == "disagg" else 0.0
    return Case(
        point,
        shape_record(shape),
        machine,
        layout,
        pool,
        load._replace(batch=batch, imbalance=1.0 if point.balanced else 0.0),
        limit,
        float(point.n_gpus or group * replicas + beside),
        replicas,
        pools,
        (chip.name, chip.generation),
        point.usd_h,
        chip.all_in_w / 1e6 if chip.all_in_w else None,
    )


def _known(what: str, find: Any, name: str) -> Any:
    try:
        return find(name)
    except ValueError:
        raise Excluded(f"unknown {what} {name}") from None


def _deployment(point: Point, shape: ModelShape) -> Deployment:
    tensor, data = _attention(point, shape)
    parallel, cut = _experts(point, shape, tensor, data)
    weights = point.w_attn or point.w_moe or "bf16"
    trt = (point.engine or "").lower() in _TENSORRT
    cache = point.kv_dtype or ("fp8" if trt else "bf16")
    own = cache if trt and shape.attention == "gqa" else "bf16"
    prefill = point.phase == "prefill" or point.metric == "prefill_tok_s"
    return Deployment(
        mode="disaggregated",
        tensor_parallel=tensor,
        data_parallel=data,
        expert_parallel=parallel,
        expert_tensor_parallel=cut,
        attention_precision=weights,
        expert_precision=point.w_moe or weights,
        kv_precision=cache,
        core_precision=point.attn_math or own,
        chunk_tokens=point.chunk_tokens or (_ALONE if prefill else _BESIDE_DECODE),
        overlap=True if point.overlap is None else point.overlap,
        prefill=_pool(point.prefill_pool),
        engine=point.engine,
    )


def _attention(point: Point, shape: ModelShape) -> tuple[int, int]:
    """Return tensor and data parallelism of attention."""
    tensor, data = point.attn_tp, point.attn_dp
    if tensor is None and data is None:
        if shape.moe_layers and point.moe_ep:
            return 1, point.moe_ep * (point.moe_tp or 1)
        each = (point.n_gpus or 0) // (point.n_replicas or 1)
        if not 1 <= each <= NODE:
            raise Excluded("parallelism is not stated")
        return each, 1
    tensor, data = tensor or 1, data or 1
    offline = point.batch_scope == "max" and (point.engine or "").lower() in _TENSORRT
    if offline and shape.moe_layers and point.phase == "agg":
        return 1, tensor * data
    return tensor, data


def _experts(
    point: Point, shape: ModelShape, tensor: int, data: int
) -> tuple[int | None, int | None]:
    """Return expert-parallel ranks and accelerators per expert."""
    group = tensor * data
    if not shape.moe_layers or (point.moe_ep is None and point.moe_tp is None):
        return group, 1
    if point.moe_ep is None:
        return None, point.moe_tp
    if group % point.moe_ep:
        raise Excluded(f"{point.moe_ep} expert ranks on {group} accelerators of an instance")
    return point.moe_ep, group // point.moe_ep


def _pool(pool: PrefillPool | None) -> Pool | None:
    if pool is None:
        return None
    tensor, data = pool.tp or 1, pool.dp or 1
    ranks = pool.ep if pool.ep and tensor * data % pool.ep == 0 else None
    return Pool(tensor_parallel=tensor, data_parallel=data, expert_parallel=ranks, replicas=pool.n)


def _workload(point: Point) -> Workload:
    drafts = point.drafts or 0.0
    accepted = point.accept_len
    if accepted is None:
        accepted = float(accept_length(_FIRST_ACCEPTED, _NEXT_ACCEPTED, drafts))
    prompt = _UNSTATED_TOKENS if point.in_len is None else point.in_len
    answer = point.out_len or _UNSTATED_TOKENS
    if point.ctx_len is not None and point.phase in ("decode", "disagg"):
        # The mean context of decode is the prompt and half the answer.
        prompt, answer = max(point.ctx_len - 0.5, 0.0), 1.0
    return Workload(
        in_len=prompt,
        out_len=answer,
        cache_hit=point.cache_hit or 0.0,
        drafts=drafts,
        accept_len=min(max(accepted, 1.0), drafts + 1.0),
    )


def _batch(point: Point, deployment: Deployment, replicas: float) -> tuple[float, float | None]:
    """Return sequences on an attention replica, 0 for the largest, and the limit it is under."""
    if point.batch is None or point.batch_scope == "max":
        limit = point.tpot_limit_s
        if limit is None and point.interactivity_tok_s_user is not None:
            limit = 1.0 / point.interactivity_tok_s_user
        return 0.0, limit
    each = point.batch
    if point.batch_scope == "gpu":
        return each * deployment.tensor_parallel, None
    if point.batch_scope != "replica":
        each /= replicas
    return each / deployment.data_parallel, None
