"""What an instance reaches: prompts and answers together, in chunks, or on pools of their own.

Aggregated: an instance reads the prompts of its requests between decode steps, so an output token
costs its share of a step and of a prompt, ``rate = eta b / (step / AL + b t_prompt n / out)``.
Chunked: every step carries as many prompt tokens as its outputs call for, at most a chunk.
Disaggregated: prefill instances per decode instance ``x = (n / R_prefill) / (out / R_decode)``; any
other ratio leaves one pool waiting. eta is the serving efficiency, measured per kind of instance;
that of a pool on its own is idle time between steps, so users wait for it as well: TPOT is the step
over it.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit.kernel import block
from .attention import new_tokens
from .communication import transfer_s
from .decode import decode_step, mixed_step
from .efficiency import Efficiency
from .experts import Popularity, known_popularity
from .layers import Step, binding_roof
from .memory import max_batch, sequence_bytes, sequences_that_fit
from .prefill import prefill_core, prompt_s, prompt_token_s
from .queueing import wait_s
from .reasons import (
    FEASIBLE,
    NO_MEMORY,
    NOT_FINITE,
    layout_reason,
    machine_reason,
    reason,
    transfer_reason,
)
from .records import Layout, Load, Machine, Shape
from .roofline import group_size

_INFINITY = float("inf")
NO_ROOF = -1.0


class Estimate(NamedTuple):
    """What a deployment reaches. Infeasible: times inf, rates 0, roof -1, and the reason.

    Attributes
    ----------
    tpot_s : float
        Time per output token of a user, seconds.
    ttft_s : float
        Time to first token, seconds; waiting only as far as the load's utilisation asks for it.
    tokens_per_s_gpu : float
        Output tokens per second and accelerator, prefill's accelerators counted in.
    decode_tokens_per_s_gpu : float
        Output tokens per second and accelerator while it decodes.
    prefill_tokens_per_s_gpu : float
        Computed prompt tokens per second and accelerator while it reads prompts; inf where there
        are none.
    batch, max_batch : float
        Sequences on an attention replica: decoded, and at most.
    prefill_per_decode : float
        Prefill instances per decode instance at which neither waits; 0 where they are one.
    step_s : float
        A decode step, seconds.
    roof : float
        What most of the step is spent under, a position in ROOFS.
    reason : float
        A position in REASONS; 0 is feasible.
    """

    tpot_s: float
    ttft_s: float
    tokens_per_s_gpu: float
    decode_tokens_per_s_gpu: float
    prefill_tokens_per_s_gpu: float
    batch: float
    max_batch: float
    prefill_per_decode: float
    step_s: float
    roof: float
    reason: float


@block
def infeasible(batch: float, most: float, why: float) -> Estimate:
    """Return the estimate of what cannot run."""
    return Estimate(_INFINITY, _INFINITY, 0.0, 0.0, 0.0, batch, most, 0.0, _INFINITY, NO_ROOF, why)


@block
def checked(found: Estimate) -> Estimate:
    """Return an estimate, or the infeasible one where absurd numbers met in a figure."""
    times = found.tpot_s + found.ttft_s + found.step_s
    if times < _INFINITY and found.tokens_per_s_gpu < _INFINITY and found.tokens_per_s_gpu > 0.0:
        if found.prefill_per_decode >= 0.0 and found.tpot_s > 0.0:
            return found
    return infeasible(found.batch, found.max_batch, NOT_FINITE)


@block
def serving_efficiency(s: Shape, lay: Layout, e: Efficiency) -> float:
    """Return the share of the modelled rate that an instance doing both reaches."""
    if s.moe_layers <= 0.0:
        return e.dense
    return e.experts_single if group_size(lay) <= 1.0 else e.experts_parallel


@block
def chosen_batch(load: Load, most: float) -> float:
    """Return the batch asked for, or the largest that fits."""
    return load.batch if load.batch > 0.0 else most


@block
def fits(batch: float, most: float) -> bool:
    """Return whether a batch is above 0, fits, and is a number to compute with."""
    return batch > 0.0 and batch <= most and batch < _INFINITY


@block
def prefill_rate(lay: Layout, token_s: float, share: float) -> float:
    """Return computed prompt tokens per second and accelerator, times `share`; inf if free."""
    if token_s <= 0.0:
        return _INFINITY
    return share / (token_s * lay.tensor_parallel)


@block
def aggregated(s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency) -> Estimate:
    """Return what an instance reaches that reads prompts between its decode steps.

    Parameters
    ----------
    s : Shape
    m : Machine
    lay : Layout
    load : Load
        ``out_len`` above 0; ``batch`` 0 takes the largest that fits.
    e : Efficiency
    """
    why = reason(s, m, lay, load, e)
    if why != FEASIBLE:
        return infeasible(load.batch, 0.0, why)
    most = max_batch(s, m, lay, load, e)
    batch = chosen_batch(load, most)
    if not fits(batch, most):
        return infeasible(batch, most, NO_MEMORY)
    known = known_popularity(s.experts, s.top_k, load.skew)
    step = decode_step(s, m, lay, load, e, known, batch)
    token_s = prompt_token_s(s, m, lay, load, e, known)
    per_output = token_s * new_tokens(load) / load.out_len
    own = step.seconds / load.accept_len
    rate = batch / (own + batch * per_output)
    eta = serving_efficiency(s, lay, e)
    alone = prompt_s(s, m, lay, load, e, known)
    busy = load.utilisation * rate * per_output
    wait = wait_s(alone, 1.0, busy, e.arrival_variation, e.service_variation)
    n = lay.tensor_parallel
    return checked(
        Estimate(
            own / e.disaggregated + e.prefill_interference * batch * per_output,
            e.first_token_s + wait + alone + step.seconds,
            eta * rate / n,
            eta * batch / own / n,
            prefill_rate(lay, token_s, eta),
            batch,
            most,
            0.0,
            step.seconds,
            binding_roof(step.parts),
            FEASIBLE,
        )
    )


@block
def chunked_step(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    batch: float,
    prompt: float,
) -> Step:
    """Return a step that decodes `batch` sequences and reads `prompt` tokens of prompts."""
    core = prefill_core(s, m, lay, load, e, prompt).seconds if prompt > 0.0 else 0.0
    return mixed_step(s, m, lay, load, e, known, batch, prompt, core)


@block
def chunked(s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency) -> Estimate:
    """Return what an instance reaches whose steps carry at most a chunk of prompt each.

    Parameters
    ----------
    s, m, lay, load, e
        As of :func:`aggregated`; the chunk is the layout's ``chunk_tokens``.
    """
    why = reason(s, m, lay, load, e)
    if why != FEASIBLE:
        return infeasible(load.batch, 0.0, why)
    most = max_batch(s, m, lay, load, e)
    batch = chosen_batch(load, most)
    if not fits(batch, most):
        return infeasible(batch, most, NO_MEMORY)
    known = known_popularity(s.experts, s.top_k, load.skew)
    new, outputs = new_tokens(load), batch * load.accept_len
    wanted = outputs * new / load.out_len
    prompt = min(wanted, lay.chunk_tokens)
    step = chunked_step(s, m, lay, load, e, known, batch, prompt)
    if wanted > prompt:
        outputs *= prompt / wanted
    steps = max(new / lay.chunk_tokens, 1.0)
    busy = load.utilisation * prompt / lay.chunk_tokens
    service = steps * step.seconds if new > 0.0 else 0.0
    wait = wait_s(service, 1.0, busy, e.arrival_variation, e.service_variation)
    eta, n = serving_efficiency(s, lay, e), lay.tensor_parallel
    rate = eta * outputs / step.seconds / n
    return checked(
        Estimate(
            step.seconds / load.accept_len / e.disaggregated,
            e.first_token_s + wait + max(service, step.seconds),
            rate,
            eta * batch * load.accept_len / step.seconds / n,
            eta * prompt / step.seconds / n if prompt > 0.0 else _INFINITY,
            batch,
            most,
            0.0,
            step.seconds,
            binding_roof(step.parts),
            FEASIBLE,
        )
    )


@block
def disaggregated(
    s: Shape,
    m: Machine,
    lay: Layout,
    pool: Layout,
    load: Load,
    e: Efficiency,
    prefill_instances: float,
    decode_instances: float,
) -> Estimate:
    """Return what a decode pool reaches that a prefill pool feeds.

    Parameters
    ----------
    s, m, load, e
        As of :func:`aggregated`.
    lay, pool : Layout
        Of a decode instance and of a prefill instance.
    prefill_instances, decode_instances : float
        Instances of both; `decode_instances` 0 is the ratio at which neither waits.
    """
    why = reason(s, m, lay, load, e)
    if why == FEASIBLE:
        why = layout_reason(pool)
    if why == FEASIBLE:
        why = machine_reason(s, m, pool)
    if why == FEASIBLE:
        why = transfer_reason(m, load)
    if why != FEASIBLE:
        return infeasible(load.batch, 0.0, why)
    most = max_batch(s, m, lay, load, e)
    batch = chosen_batch(load, most)
    room = sequences_that_fit(s, m, pool, e, load.in_len)
    if not fits(batch, most) or room < 1.0:
        return infeasible(batch, most, NO_MEMORY)
    known = known_popularity(s.experts, s.top_k, load.skew)
    step = decode_step(s, m, lay, load, e, known, batch)
    token_s = prompt_token_s(s, m, pool, load, e, known)
    alone = prompt_s(s, m, pool, load, e, known)
    own = step.seconds / load.accept_len
    out = e.disaggregated * batch / own * lay.data_parallel
    wanted = out * new_tokens(load) / load.out_len * token_s
    wanted /= e.disaggregated * pool.data_parallel
    have = prefill_instances / decode_instances if decode_instances > 0.0 else wanted
    share = min(have / wanted, 1.0) if wanted > 0.0 else 1.0
    accelerators = lay.tensor_parallel * lay.data_parallel
    busy = load.utilisation * min(wanted / have, 1.0) if have > 0.0 else 0.0
    servers = max(prefill_instances, 1.0) * pool.data_parallel
    wait = wait_s(alone, servers, busy, e.arrival_variation, e.service_variation)
    moved = transfer_s(sequence_bytes(s, pool, load.in_len), m, e)
    together = accelerators + have * pool.tensor_parallel * pool.data_parallel
    return checked(
        Estimate(
            own / e.disaggregated,
            e.first_token_s + wait + alone + moved + step.seconds,
            out * share / together,
            out / accelerators,
            prefill_rate(pool, token_s, e.disaggregated),
            batch,
            most,
            wanted,
            step.seconds,
            binding_roof(step.parts),
            FEASIBLE,
        )
    )
