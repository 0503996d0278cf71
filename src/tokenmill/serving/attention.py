"""How many cached tokens a query reads, and how many pairs a prompt computes, in all layers.

A full layer reads the context, or the tokens its sparse indexer chose; a windowed layer the last
`window` tokens; a chunked layer the tokens of its own aligned chunk, so the mean over an answer is
the growth of the causal pairs over its length.
"""

from __future__ import annotations

import numpy as np

from ..jit.kernel import block
from .records import Load, Shape

_LEAST_TOKENS = 1e-3


@block
def mean_context(load: Load) -> float:
    """Return the mean context over a request's decode steps, tokens."""
    return load.in_len + 0.5 * load.out_len


@block
def chunk_pairs(length: float, chunk: float) -> float:
    """Return the causal pairs of `length` tokens that attend within aligned chunks."""
    whole = float(np.floor(length / chunk))
    rest = length - whole * chunk
    return whole * chunk * (chunk + 1.0) / 2.0 + rest * (rest + 1.0) / 2.0


@block
def chunk_context(load: Load, chunk: float) -> float:
    """Return the tokens that a query of the answer attends to in a chunked layer, their mean."""
    end = load.in_len + load.out_len
    if load.out_len <= 0.0 or end <= chunk:
        return min(mean_context(load), chunk)
    return (chunk_pairs(end, chunk) - chunk_pairs(load.in_len, chunk)) / load.out_len


@block
def full_read(s: Shape, context: float) -> float:
    """Return the tokens that a full layer reads."""
    return min(context, s.sparse_top_k) if s.sparse_top_k > 0.0 else context


@block
def attended(s: Shape, load: Load) -> float:
    """Return layers times cached tokens that one query reads at decode."""
    context = mean_context(load)
    read = s.full_layers * full_read(s, context) + s.window_layers * min(context, s.window)
    if s.chunk_layers > 0.0:
        read += s.chunk_layers * chunk_context(load, s.chunk)
    return read


@block
def new_tokens(load: Load) -> float:
    """Return the tokens of a prompt that are computed; less than a thousandth of one is none."""
    new = load.in_len * (1.0 - load.cache_hit)
    return new if new >= _LEAST_TOKENS else 0.0


@block
def causal_pairs(load: Load) -> float:
    """Return a prompt's pairs: n new tokens behind p cached, ``n p + n (n + 1) / 2``."""
    new = new_tokens(load)
    return new * (load.in_len - new) + new * (new + 1.0) / 2.0


@block
def prompt_pairs(s: Shape, load: Load) -> float:
    """Return layers times pairs that a prompt computes."""
    new, causal = new_tokens(load), causal_pairs(load)
    full = min(causal, new * s.sparse_top_k) if s.sparse_top_k > 0.0 else causal
    pairs = s.full_layers * full + s.window_layers * min(causal, new * s.window)
    if s.chunk_layers > 0.0:
        cached = load.in_len - new
        own = chunk_pairs(load.in_len, s.chunk) - chunk_pairs(cached, s.chunk)
        pairs += s.chunk_layers * own
    return pairs
