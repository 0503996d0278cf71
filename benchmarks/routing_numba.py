"""The numba baseline of routing, compiled once for every rule and size."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

EPS = np.float32(1e-20)


@numba.njit
def score_token(z: Any, rule: int, score: Any) -> None:
    """Write the scores of one token."""
    one = np.float32(1)
    if rule <= 2:
        most = z.max()
        total = np.float32(0)
        for e in range(z.size):
            score[e] = np.exp(z[e] - most)
            total += score[e]
        for e in range(z.size):
            score[e] /= total
    elif rule == 7:
        for e in range(z.size):
            score[e] = one / (one + np.exp(-z[e]))
    else:
        for e in range(z.size):
            score[e] = np.sqrt(max(z[e], np.float32(0)) + np.log1p(np.exp(-abs(z[e]))))


@numba.njit
def shut_groups(choice: Any, groups: int) -> None:
    """Set the worse half of the groups to -inf, by the sum of their two best."""
    size = choice.size // groups
    totals = np.empty(groups, np.float32)
    for g in range(groups):
        first = second = np.float32(-np.inf)
        for e in range(g * size, (g + 1) * size):
            if choice[e] > first:
                first, second = choice[e], first
            elif choice[e] > second:
                second = choice[e]
        totals[g] = first + second
    for _ in range(groups // 2):
        worst = np.argmin(totals)
        totals[worst] = np.inf
        choice[worst * size : (worst + 1) * size] = -np.inf


@numba.njit
def route_tokens(logits: Any, bias: Any, rule: int, top_k: int, groups: int) -> Any:
    """Return ids and weights (tokens, top_k)."""
    tokens, experts = logits.shape
    ids = np.empty((tokens, top_k), np.int32)
    weights = np.empty((tokens, top_k), np.float32)
    score = np.empty(experts, np.float32)
    choice = np.empty(experts, np.float32)
    for t in range(tokens):
        score_token(logits[t], rule, score)
        for e in range(experts):
            choice[e] = score[e] + bias[e]
        if groups > 1:
            shut_groups(choice, groups)
        total = EPS
        for j in range(top_k):
            best = np.argmax(choice)
            ids[t, j] = best
            weights[t, j] = score[best]
            total += score[best]
            choice[best] = -np.inf
        for j in range(top_k):
            if rule != 2:
                weights[t, j] /= total
    return ids, weights
