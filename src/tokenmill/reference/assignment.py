"""The readable twin of balanced assignments: Sinkhorn, the BASE auction, quantile balancing.

Sources: Megatron-LM's sinkhorn() and qb_dual_update(), fairseq's balanced_assignment.cpp (BASE
layers, arXiv 2103.16716) and TransformerEngine's quantile balancing for Kimi-K3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def sinkhorn(logits: Floats, tolerance: float = 1e-4) -> Floats:
    """Return d1 * e^z * d0, where d0 and d1 make rows and columns carry about the same weight."""
    tokens, experts = logits.shape
    kernel = np.exp(logits)
    d1, change = np.ones(experts), np.inf
    while change > tolerance:
        d0 = 1.0 / tokens / (kernel @ d1 + 1e-8)
        after = 1.0 / experts / (d0 @ kernel + 1e-8)
        change, d1 = np.abs(after - d1).mean(), after
    return np.asarray(d1 * kernel * d0[:, None])


def auction(scores: Floats, rounds: int = 100) -> tuple[Integers, int]:
    """Return the expert of each token, each taken equally often, and how many tokens were left.

    Tokens that no expert bids for in the last round go to the best expert that is open.
    """
    tokens, experts = scores.shape
    share = tokens // experts
    epsilon = max((scores.max() - scores.min()) / 50, 1e-4)
    price = np.zeros(tokens)
    holder = np.full(tokens, -1)
    for _ in range(rounds):
        bids = np.zeros((experts, tokens))
        for expert in range(experts):
            held = holder == expert
            value = np.where(held, np.inf, scores[:, expert] - price)
            best = np.argsort(-value, kind="stable")[: share + 1]
            bids[expert, best[:share]] = value[best[:share]] - value[best[share]] + epsilon
            bids[expert, held] = epsilon
        high = bids.max(axis=0)
        holder = np.where(high > 0, bids.argmax(axis=0), -1)
        price += high
        if (holder >= 0).all():
            return holder, 0
    left = np.flatnonzero(holder < 0)
    for token in left:
        held = np.bincount(holder[holder >= 0], minlength=experts)
        holder[token] = np.argmax(np.where(held < share, scores[token], -np.inf))
    return holder, len(left)


def quantile_balance(logits: Floats, beta: Floats, top_k: int) -> tuple[Floats, Floats]:
    """Return alpha (T,) and the new beta (E,) of one dual update.

    alpha is the (k+1)-th value of z - beta in a row, beta the (C+1)-th of z - alpha in a column.
    """
    tokens, experts = logits.shape
    share = tokens * top_k // experts
    alpha = np.sort(logits - beta, axis=1)[:, ::-1][:, top_k]
    return alpha, np.sort(logits - alpha[:, None], axis=0)[::-1][share]


def required_bias_counts(
    scores: Floats, bias: Floats, top_k: int, bins: int, low: float, high: float
) -> Integers:
    """Return how often each expert needs a bias of each bin to be chosen, shape (E, bins)."""
    tokens, experts = scores.shape
    counts = np.zeros((experts, bins), np.int64)
    for row in scores:
        cutoff = sorted(row + bias, reverse=True)[top_k]
        for expert in range(experts):
            place = np.floor((cutoff - row[expert] - low) * bins / (high - low))
            counts[expert, int(min(max(place, 0), bins - 1))] += 1
    return counts
