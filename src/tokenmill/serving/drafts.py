"""Speculative decoding: how many tokens a step accepts.

``AL(g) = 1 + sum_{j<=g} prod_{i<=j} a_i`` with acceptance ``a_i = first * decay^(i-1)`` that falls
with depth; constant acceptance a gives ``(1 - a^(g+1)) / (1 - a)``.
"""

from __future__ import annotations

from ..jit.kernel import block


@block
def accept_length(first: float, decay: float, drafts: float) -> float:
    """Return the tokens accepted per step, the one that is always right included.

    Parameters
    ----------
    first : float
        Probability that the first draft is accepted, in [0, 1].
    decay : float
        Factor on it from one draft to the next, in [0, 1].
    drafts : float
        Drafts per step; the last one of a broken number counts its share. Time grows with it.

    Returns
    -------
    float
        In [1, drafts + 1].
    """
    total, chance, acceptance = 1.0, 1.0, first
    left = drafts
    while left > 0.0 and chance > 0.0:
        chance *= acceptance
        total += chance * min(left, 1.0)
        acceptance *= decay
        left -= 1.0
    return total
