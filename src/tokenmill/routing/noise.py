"""Draws of routers that need chance, by token and expert: no state, no order, no threads to see.

The draw of (token, expert) is scenario ``token * experts + expert`` of the counter map of
docs/numerics.md: Philox4x32-10 with the seed as key and a stream of the draw's own name. Draws of a
token alone count scenario ``token``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._native import Law, LawKind, elementary, sample, stream_id

Floats = NDArray[np.float64]

_UNIFORM = Law(LawKind.UNIFORM, (0.0, 1.0, 1.0))
_NORMAL = Law(LawKind.NORMAL, (0.0, 1.0))


def uniforms(name: str, seed: int, tokens: int, experts: int, threads: int) -> Floats:
    """Return draws in (0, 1), shape (tokens, experts), of the stream `name`."""
    return _draws(_UNIFORM, name, seed, tokens, experts, threads)


def normals(name: str, seed: int, tokens: int, experts: int, threads: int) -> Floats:
    """Return standard normal draws, shape (tokens, experts), of the stream `name`."""
    return _draws(_NORMAL, name, seed, tokens, experts, threads)


def gumbels(name: str, seed: int, tokens: int, experts: int, threads: int) -> Floats:
    """Return standard Gumbel draws -log(-log u), shape (tokens, experts), of the stream `name`."""
    u = uniforms(name, seed, tokens, experts, threads)
    return -elementary("log", -elementary("log", u))


def _draws(law: Law, name: str, seed: int, tokens: int, experts: int, threads: int) -> Floats:
    values = sample(law, seed, stream_id(name), 0, tokens * experts, threads)
    return values.reshape(tokens, experts)
