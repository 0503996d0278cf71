"""The performance of one deployment: :func:`serve`."""

from __future__ import annotations

from .accelerator import Accelerator
from .attention import new_tokens
from .build import (
    math_precision,
    pool_instances,
)
from .calibration import Calibration
from .catalogue import accelerator as accelerator_by_name
from .decode import decode_step
from .deployment import Deployment, Workload
from .efficiency import Efficiency
from .experts import known_popularity
from .modes import Estimate, aggregated, chunked, chunked_step, disaggregated
from .performance import PartTime, Performance, named_parts
from .prefill import prefill_pass
from .reasons import FEASIBLE, REASONS
from .records import Layout, Load, Machine, Shape
from .resolve import records_of
from .roofline import ROOFS
from .shape import ModelShape


def serve(
    model: str | ModelShape,
    accelerator: str | Accelerator,
    deployment: Deployment,
    workload: Workload,
    *,
    efficiency: Calibration | Efficiency | None = None,
) -> Performance:
    """Return what a model reaches on accelerators, part by part.

    Parameters
    ----------
    model : str or ModelShape
    accelerator : str or Accelerator
        By the name in the catalogue, or any other.
    deployment : Deployment
    workload : Workload
    efficiency : Calibration, Efficiency or None
        Calibrated constants; None is those fitted to published measurements, :func:`fitted`.

    Returns
    -------
    Performance
        With ``feasible`` false and a reason where the model does not fit, or the accelerator lacks
        what is needed.

    Raises
    ------
    TypeError
        If an argument is none of these.
    ValueError
        If a name is unknown, or the accelerator computes in no format that the weights could be
        widened to.
    """
    given = records_of(model, accelerator, deployment, workload, efficiency)
    records, pool, load = (given.shape, given.machine, given.layout), given.pool, given.load
    constants = given.efficiency
    found = _estimate(deployment, records, pool, load, constants)
    decode_parts: dict[str, PartTime] = {}
    prompt_parts: dict[str, PartTime] = {}
    if found.reason == FEASIBLE:
        decode_parts, prompt_parts = _parts(deployment, records, pool, load, constants, found.batch)
    return _performance(
        found, decode_parts, prompt_parts, _notes(accelerator_by_name(accelerator), deployment)
    )


_Records = tuple[Shape, Machine, Layout]


def _estimate(
    deployment: Deployment, records: _Records, pool: Layout, load: Load, constants: Efficiency
) -> Estimate:
    shape, machine, layout = records
    if deployment.mode == "aggregated":
        return aggregated(shape, machine, layout, load, constants)
    if deployment.mode == "chunked":
        return chunked(shape, machine, layout, load, constants)
    instances = pool_instances(deployment.prefill, deployment.replicas)
    return disaggregated(shape, machine, layout, pool, load, constants, *instances)


def _parts(
    deployment: Deployment,
    records: _Records,
    pool: Layout,
    load: Load,
    constants: Efficiency,
    batch: float,
) -> tuple[dict[str, PartTime], dict[str, PartTime]]:
    """Return the parts of a decode step, and of a full prefill pass where prompts have one."""
    shape, machine, layout = records
    known = known_popularity(shape.experts, shape.top_k, load.skew)
    new = new_tokens(load)
    if deployment.mode == "chunked":
        prompt = min(batch * load.accept_len * new / load.out_len, layout.chunk_tokens)
        mixed = chunked_step(shape, machine, layout, load, constants, known, batch, prompt)
        return named_parts(mixed), {}
    decode = decode_step(shape, machine, layout, load, constants, known, batch)
    if new <= 0.0:
        return named_parts(decode), {}
    tokens = pool.chunk_tokens
    prefill = prefill_pass(shape, machine, pool, load, constants, known, tokens)
    return named_parts(decode), named_parts(prefill)


def _performance(
    found: Estimate,
    decode_parts: dict[str, PartTime],
    prompt_parts: dict[str, PartTime],
    notes: tuple[str, ...],
) -> Performance:
    feasible = found.reason == FEASIBLE
    return Performance(
        tpot_s=found.tpot_s,
        ttft_s=found.ttft_s,
        tokens_per_s_gpu=found.tokens_per_s_gpu,
        prefill_tokens_per_s_gpu=found.prefill_tokens_per_s_gpu,
        decode_tokens_per_s_gpu=found.decode_tokens_per_s_gpu,
        batch=found.batch,
        max_batch=found.max_batch,
        prefill_per_decode=found.prefill_per_decode,
        step_s=found.step_s,
        parts=decode_parts,
        prefill_parts=prompt_parts,
        roof=ROOFS[int(found.roof)] if feasible else "",
        feasible=feasible,
        reason="" if feasible else REASONS[int(found.reason)],
        notes=notes,
    )


def _notes(accelerator: Accelerator, deployment: Deployment) -> tuple[str, ...]:
    """Say where arithmetic is wider than what is stored."""
    notes = []
    for name in ("attention", "expert", "core"):
        stored = getattr(deployment, f"{name}_precision")
        computed = math_precision(accelerator, stored)
        if computed != stored:
            notes.append(f"{accelerator.name} computes {name} in {computed}, not in {stored}")
    return tuple(notes)
