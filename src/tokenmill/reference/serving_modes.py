"""Twin of what an instance reaches: memory, serving modes, drafts, queueing."""

# mypy: disable-error-code="no-any-return"
# The records are duck-typed, since a twin imports nothing of tokenmill.

from __future__ import annotations

import math
from typing import Any

from .serving import decode, group, layers_s, prefill, prompt_core, sequence_bytes
from .serving import layer_parts as decode_layer_parts


def weights_bytes(s: Any, lay: Any) -> float:
    """Return the weights on one accelerator, bytes."""
    replicated = (s.attention_params + s.dense_params + s.shared_params) * lay.weight_bytes
    experts = s.moe_layers * s.expert_params * (s.experts + lay.redundant_experts)
    return (
        replicated + s.embedding_params * lay.head_bytes
    ) / lay.tensor_parallel + experts * lay.expert_bytes / group(lay)


def free_bytes(s: Any, m: Any, lay: Any, e: Any) -> float:
    """Return the memory left for the KV cache on one accelerator, bytes; negative if none."""
    return m.hbm_bytes * e.hbm_share - e.reserve_bytes - weights_bytes(s, lay)


def max_batch(s: Any, m: Any, lay: Any, load: Any, e: Any) -> float:
    """Return the sequences that fit on one attention replica."""
    admitted = load.in_len + e.admission * load.out_len
    free = free_bytes(s, m, lay, e)
    return float(math.floor(free / sequence_bytes(s, lay, admitted))) if free > 0.0 else 0.0


def accept_length(first: float, decay: float, drafts: float) -> float:
    """Return ``1 + sum_j prod_{i<=j} first decay^(i-1)``; a broken last draft counts its share."""
    total, chance = 1.0, 1.0
    for depth in range(math.ceil(drafts)):
        chance *= first * decay**depth
        total += chance * min(drafts - depth, 1.0)
    return total


def wait_s(
    service_s: float, servers: float, busy: float, arrivals: float, services: float
) -> float:
    """Return the mean wait by Sakasegawa's approximation of G/G/c; inf where it never empties."""
    if busy <= 0.0 or service_s <= 0.0:
        return 0.0
    if busy >= 1.0:
        return math.inf
    power = busy ** (math.sqrt(2.0 * (servers + 1.0)) - 1.0)
    return service_s * power / (servers * (1.0 - busy)) * (arrivals + services) / 2.0


def serving_efficiency(s: Any, lay: Any, e: Any) -> float:
    """Return the share of the modelled rate that prefill and decode together reach."""
    if s.moe_layers == 0.0:
        return e.dense
    return e.experts_single if group(lay) <= 1.0 else e.experts_parallel


def new_tokens(load: Any) -> float:
    """Return the tokens of a prompt that are computed."""
    return load.in_len * (1.0 - load.cache_hit)


def prompt_token_s(s: Any, m: Any, lay: Any, load: Any, e: Any) -> float:
    """Return seconds of an attention replica per prompt token, at full passes."""
    if new_tokens(load) <= 0.0:
        return 0.0
    return prefill(s, m, lay, load, e, lay.chunk_tokens)["step"] / lay.chunk_tokens


def prompt_s(s: Any, m: Any, lay: Any, load: Any, e: Any) -> float:
    """Return seconds in which one prompt alone is read, in passes of at most a chunk."""
    new = new_tokens(load)
    if new <= 0.0:
        return 0.0
    tokens = min(new, lay.chunk_tokens)
    return prefill(s, m, lay, load, e, tokens)["step"] * new / tokens


def aggregated(s: Any, m: Any, lay: Any, load: Any, e: Any, batch: float) -> dict[str, float]:
    """Return rates and times of an instance that reads prompts between its decode steps."""
    step = decode(s, m, lay, load, e, batch)["step"]
    per_token = prompt_token_s(s, m, lay, load, e)
    prompts = batch * per_token * new_tokens(load) / load.out_len
    rate = batch / (step / load.accept_len + prompts)
    busy = load.utilisation * rate * per_token * new_tokens(load) / load.out_len
    alone = prompt_s(s, m, lay, load, e)
    wait = wait_s(alone, 1.0, busy, e.arrival_variation, e.service_variation)
    return {
        "tpot": step / load.accept_len / e.disaggregated + e.prefill_interference * prompts,
        "rate": serving_efficiency(s, lay, e) * rate / lay.tensor_parallel,
        "ttft": e.first_token_s + wait + alone + step,
    }


def mixed_step(s: Any, m: Any, lay: Any, load: Any, e: Any, batch: float, prompt: float) -> float:
    """Return seconds of a step that decodes `batch` sequences and reads `prompt` tokens."""
    tokens = batch * (1.0 + load.drafts)
    whole = decode(s, m, lay, load, e, batch)
    hidden = e.overlap if lay.overlap > 0.0 else 0.0
    if prompt <= 0.0:
        return whole["step"]
    parts = decode_layer_parts(s, m, lay, load, e, tokens + prompt, batch)
    parts["core"] = whole["core"] + prompt_core(s, m, lay, load, e, prompt)
    return layers_s(parts, hidden) + whole["head"] + whole["fixed"] + whole["draft"]


def chunked(s: Any, m: Any, lay: Any, load: Any, e: Any, batch: float) -> dict[str, float]:
    """Return rates and times of an instance whose steps carry a chunk of prompt each."""
    per_output = new_tokens(load) / load.out_len
    wanted = batch * load.accept_len * per_output
    prompt = min(wanted, lay.chunk_tokens)
    step = mixed_step(s, m, lay, load, e, batch, prompt)
    outputs = batch * load.accept_len * (prompt / wanted if wanted > 0.0 else 1.0)
    steps = max(new_tokens(load) / lay.chunk_tokens, 1.0)
    busy = load.utilisation * prompt / lay.chunk_tokens
    wait = wait_s(steps * step, 1.0, busy, e.arrival_variation, e.service_variation)
    return {
        "tpot": step / load.accept_len / e.disaggregated,
        "rate": serving_efficiency(s, lay, e) * outputs / step / lay.tensor_parallel,
        "ttft": e.first_token_s + wait + (steps if per_output > 0.0 else 1.0) * step,
    }


def transfer_s(s: Any, m: Any, lay: Any, load: Any, e: Any) -> float:
    """Return seconds to move a prompt's cache from prefill to decode, every rank its part."""
    sent = sequence_bytes(s, lay, load.in_len)
    return sent / (m.scale_out_bytes_per_s * e.network)


def disaggregated(
    s: Any,
    m: Any,
    lay: Any,
    pool: Any,
    load: Any,
    e: Any,
    batch: float,
    prefill_instances: float,
    decode_instances: float,
) -> dict[str, float]:
    """Return rates and times of a decode pool fed by a prefill pool of layout `pool`.

    `decode_instances` 0 is the ratio at which neither waits.
    """
    step = decode(s, m, lay, load, e, batch)["step"]
    per_token = prompt_token_s(s, m, pool, load, e)
    per_output = new_tokens(load) / load.out_len
    out = e.disaggregated * batch * load.accept_len / step * lay.data_parallel
    read = e.disaggregated * pool.data_parallel / per_token if per_token > 0.0 else math.inf
    wanted = per_output * out / read
    have = prefill_instances / decode_instances if decode_instances > 0.0 else wanted
    share = min(have / wanted, 1.0) if wanted > 0.0 else 1.0
    accelerators = lay.tensor_parallel * lay.data_parallel
    accelerators += have * pool.tensor_parallel * pool.data_parallel
    busy = load.utilisation * (min(wanted / have, 1.0) if have > 0.0 else 0.0)
    alone = prompt_s(s, m, pool, load, e)
    servers = max(prefill_instances, 1.0) * pool.data_parallel
    wait = wait_s(alone, servers, busy, e.arrival_variation, e.service_variation)
    return {
        "tpot": step / load.accept_len / e.disaggregated,
        "rate": out * share / accelerators,
        "decode_rate": out / (lay.tensor_parallel * lay.data_parallel),
        "prefill_rate": read / (pool.tensor_parallel * pool.data_parallel),
        "prefill_per_decode": wanted,
        "ttft": e.first_token_s + wait + alone + transfer_s(s, m, pool, load, e) + step,
    }
