"""How many tokens an expert takes: the formulas of four training stacks, which do not agree.

They differ in where they round and in the order of the products; the order of the published code
is kept, as its rounding decides at the borders.
"""

from __future__ import annotations

import math

from .._native import as_integer

_MOST = 1 << 62


def megatron_capacity(
    tokens: int, experts: int, top_k: int, factor: float, *, minimum: int = 0
) -> int:
    """Return ``max(ceil(T k / E * factor), minimum)``, as Megatron-LM's get_capacity.

    Parameters
    ----------
    tokens, experts, top_k : int
        T >= 0, E >= 1 and k >= 1.
    factor : float
        The capacity factor, at least 0.
    minimum : int

    Returns
    -------
    int
        Tokens of an expert. O(1).

    Raises
    ------
    TypeError, ValueError
        An argument out of range: its name, what was expected, what was found.
    """
    _check(tokens, experts, top_k, factor, 0.0)
    as_integer("minimum", minimum, 0, _MOST)
    return max(math.ceil(tokens * top_k / experts * factor), minimum)


def deepspeed_capacity(
    tokens: int, experts: int, top_k: int, factor: float, *, minimum: int = 8
) -> int:
    """Return ``max(ceil(T / E * (factor * k)), minimum)``, as DeepSpeed's gates.

    Arguments and errors are those of :func:`megatron_capacity`.
    """
    _check(tokens, experts, top_k, factor, 0.0)
    as_integer("minimum", minimum, 0, _MOST)
    return max(math.ceil(tokens / experts * (factor * top_k)), minimum)


def megablocks_capacity(
    tokens: int, experts: int, top_k: int, factor: float, *, world: int = 1
) -> int | None:
    """Return ``int(factor * (k T world / E))``, as MegaBlocks; None, dropless, where that is 0.

    `world` is how many ranks share the experts; the other arguments and errors are those of
    :func:`megatron_capacity`.
    """
    _check(tokens, experts, top_k, factor, 0.0)
    as_integer("world", world, 1, _MOST)
    return int(factor * (top_k * tokens * world / experts)) or None


def tutel_capacity(
    tokens: int, experts: int, top_k: int, factor: float, *, needed: int, alignment: int = 1
) -> int:
    """Return Tutel's capacity: ``k int(factor ceil(T / E))``, rounded up to `alignment`.

    Parameters
    ----------
    tokens, experts, top_k : int
        As in :func:`megatron_capacity`.
    factor : float
        Positive: as above. 0: `needed`. Negative: ``min(needed, k int(-factor ceil(T / E)))``.
    needed : int
        The largest count of any expert before dropping.
    alignment : int

    Returns
    -------
    int
        Tokens of an expert. O(1).

    Raises
    ------
    TypeError, ValueError
        As in :func:`megatron_capacity`.
    """
    _check(tokens, experts, top_k, factor, -math.inf)
    as_integer("needed", needed, 0, _MOST)
    as_integer("alignment", alignment, 1, _MOST)
    capacity = top_k * int(abs(factor) * -(-tokens // experts))
    if factor <= 0:
        capacity = min(needed, capacity) if factor else needed
    return -(-capacity // alignment) * alignment


def _check(tokens: int, experts: int, top_k: int, factor: float, least: float) -> None:
    as_integer("tokens", tokens, 0, _MOST)
    as_integer("experts", experts, 1, _MOST)
    as_integer("top_k", top_k, 1, _MOST)
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        raise TypeError(f"factor: expected a number, found {factor!r}")
    if not math.isfinite(factor) or factor < least:
        expected = "a finite number" if least else "a finite number of at least 0"
        raise ValueError(f"factor: expected {expected}, found {factor!r}")
