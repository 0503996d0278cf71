"""One decode step, part by part.

``step = join(attention + core + dense + routed + activation, all-to-all) + all-reduce + LM head +
drafts + fixed``, where join hides the share `overlap` of the shorter side. Verifying g drafts
multiplies the tokens of a step by 1 + g; a draft itself costs `draft_layers` average layers of a
step without drafts, an LM head and its launches. The time per output token is the step over the
accepted length. Reference point: DeepSeek-V3 on H800, EP128, 128 sequences of 4,096 tokens:
53.66 ms, measured 55.06 (deepseek-ai profile-data).
"""

from __future__ import annotations

from ..jit.kernel import block
from .attention import attended, mean_context
from .communication import decode_exchange_s
from .efficiency import Efficiency
from .experts import Popularity
from .layers import Parts, Shared, Step, layers_s, shared_parts, step_imbalance
from .memory import kv_shards
from .records import Layout, Load, Machine, Shape
from .roofline import FIXED, NETWORK, Part, gemm, longer, memory_bytes_per_s


@block
def decode_core(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    tokens: float,
    sequences: float,
) -> Part:
    """Return the attention core of `tokens` queries over the caches of `sequences`."""
    read, index = attended(s, load), s.full_layers * mean_context(load)
    flops = tokens * (s.core_flops * read + s.index_flops * index) / lay.tensor_parallel
    each = s.kv_elements * lay.kv_bytes * read / kv_shards(s, lay) + s.index_elements * index
    return longer(
        flops / (m.core_flops * e.core * m.core_scale),
        sequences * each / memory_bytes_per_s(m, e),
    )


@block
def overlap_share(lay: Layout, e: Efficiency) -> float:
    """Return the share of the shorter side that overlap hides at decode."""
    return e.overlap if lay.overlap > 0.0 else 0.0


@block
def draft_s(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    batch: float,
) -> float:
    """Return seconds that the drafts of one step take to write, one after the other."""
    if load.drafts * s.draft_layers <= 0.0:
        return 0.0
    imbalance = step_imbalance(s, lay, load, known, batch)
    shared = shared_parts(s, m, lay, load, e, known, batch, imbalance)
    core = decode_core(s, m, lay, load, e, batch, batch)
    sent = decode_exchange_s(s, m, lay, e, batch, imbalance)
    layer = layers_s(shared, core.seconds, sent, overlap_share(lay, e)) / s.layers
    per_head = s.head_params / lay.tensor_parallel
    head = gemm(per_head, batch, lay.head_bytes, m.head_flops, m, e)
    each = s.draft_layers * (layer + e.fixed_scale * e.layer_s) + head.seconds
    return load.drafts * each


@block
def mixed_step(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    batch: float,
    prompt: float,
    prompt_core_s: float,
) -> Step:
    """Return a step that decodes `batch` sequences and reads `prompt` tokens of prompts.

    Parameters
    ----------
    known : Popularity
        :func:`~tokenmill.serving.experts.known_popularity` of this shape and load.
    batch : float
        Sequences on one attention replica.
    prompt : float
        Prompt tokens that ride along on it; 0 is a plain decode step.
    prompt_core_s : float
        Attention core of those tokens, seconds.
    """
    verified = batch * (1.0 + load.drafts)
    tokens = verified + prompt
    imbalance = step_imbalance(s, lay, load, known, tokens)
    shared = shared_parts(s, m, lay, load, e, known, tokens, imbalance)
    own = decode_core(s, m, lay, load, e, verified, batch)
    core = Part(own.seconds + prompt_core_s, own.roof)
    sent = decode_exchange_s(s, m, lay, e, tokens, imbalance)
    per_head = s.head_params / lay.tensor_parallel
    head = gemm(per_head, verified, lay.head_bytes, m.head_flops, m, e)
    draft = draft_s(s, m, lay, load, e, known, batch)
    fixed = e.fixed_scale * (s.layers * e.layer_s + e.step_s)
    layers = layers_s(shared, core.seconds, sent, overlap_share(lay, e))
    return Step(
        layers + head.seconds + draft + fixed,
        decode_parts(shared, core, sent, head, draft, fixed),
    )


@block
def decode_parts(
    shared: Shared, core: Part, sent_s: float, head: Part, draft: float, fixed: float
) -> Parts:
    """Return the parts in their order."""
    return Parts(
        shared.attention,
        core,
        shared.dense,
        shared.routed,
        shared.activation,
        Part(sent_s, NETWORK),
        shared.all_reduce,
        head,
        Part(draft, head.roof),
        Part(fixed, FIXED),
    )


@block
def decode_step(
    s: Shape,
    m: Machine,
    lay: Layout,
    load: Load,
    e: Efficiency,
    known: Popularity,
    batch: float,
) -> Step:
    """Return a decode step of `batch` sequences on each attention replica."""
    return mixed_step(s, m, lay, load, e, known, batch, 0.0, 0.0)
