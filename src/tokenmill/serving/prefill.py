"""One prefill pass, part by part, and what it takes to read a prompt.

A pass of T tokens in each attention replica pays the projections, the causal attention core of the
prompts in it, the experts, activations, the normal all-to-all and fixed times; neither router, LM
head nor draft layers. Tokens read from a prefix cache are skipped but stand in the pairs. Reference
point: DeepSeek-V3 on H800, EP32, 4,096-token prompts, 16,384 tokens in a pass: 102.87 us per token.
"""

from __future__ import annotations

from ..jit.kernel import block
from .attention import causal_pairs, new_tokens, prompt_pairs
from .communication import prefill_exchange_s
from .efficiency import Efficiency
from .experts import Popularity
from .layers import Parts, Step, layers_s, shared_parts, step_imbalance
from .memory import sequence_bytes
from .records import Layout, Load, Machine, Shape
from .roofline import FIXED, MEMORY, NETWORK, Part, longer, memory_bytes_per_s


@block
def prefill_core(
    s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency, tokens: float
) -> Part:
    """Return the attention core of a pass of `tokens`; 0 where no token is computed."""
    new = new_tokens(load)
    if new <= 0.0:
        return Part(0.0, MEMORY)
    prompts = tokens / new
    work = s.core_pair_flops * prompt_pairs(s, load)
    work += s.index_flops * s.full_layers * causal_pairs(load)
    read = max(prompts, 1.0) * sequence_bytes(s, lay, load.in_len)
    return longer(
        prompts * work / lay.tensor_parallel / (m.core_flops * e.core_prefill * m.core_scale),
        read / memory_bytes_per_s(m, e),
    )


@block
def prefill_pass(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    tokens: float,
) -> Step:
    """Return a pass that reads `tokens` of prompts on each attention replica."""
    imbalance = max(step_imbalance(s, lay, load, known, tokens) * e.prefill_imbalance, 1.0)
    shared = shared_parts(s, m, lay, load, e, known, tokens, imbalance)
    core = prefill_core(s, m, lay, load, e, tokens)
    sent = prefill_exchange_s(s, m, lay, e, tokens, imbalance)
    fixed = e.fixed_scale * (e.prefill_launches * s.layers * e.layer_s + e.step_s)
    hidden = e.overlap_prefill if lay.overlap > 0.0 else 0.0
    nothing = Part(0.0, MEMORY)
    return Step(
        layers_s(shared, core.seconds, sent, hidden) + fixed,
        Parts(
            shared.attention,
            core,
            shared.dense,
            shared.routed,
            shared.activation,
            Part(sent, NETWORK),
            shared.all_reduce,
            nothing,
            nothing,
            Part(fixed, FIXED),
        ),
    )


@block
def prompt_token_s(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
) -> float:
    """Return seconds of an attention replica per computed prompt token, in full passes."""
    if new_tokens(load) <= 0.0:
        return 0.0
    return prefill_pass(s, m, lay, load, e, known, lay.chunk_tokens).seconds / lay.chunk_tokens


@block
def prompt_s(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
) -> float:
    """Return seconds to read one prompt alone, in passes of `chunk_tokens` at most."""
    new = new_tokens(load)
    if new <= 0.0:
        return 0.0
    tokens = min(new, lay.chunk_tokens)
    return prefill_pass(s, m, lay, load, e, known, tokens).seconds * (new / tokens)
