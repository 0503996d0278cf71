"""The readable twin of routing under a capacity: queues of experts, drop policies, top-1 and top-2.

Everything is a loop over tokens and experts in float64. Sources: Switch Transformers (arXiv
2101.03961), GShard (2006.16668), NLLB (2207.04672), batch-prioritised routing (2106.05974), and the
routers of transformers 5.23.0, DeepSpeed and Megatron-LM that implement them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SINGLE_EPS = 2.0**-23


def softmax(logits: Floats) -> Floats:
    """Return the softmax of each row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def queue(chosen: Integers, order: list[tuple[int, int]]) -> Integers:
    """Return each choice's place in the queue of its expert, -1 where there is none.

    `order` lists the slots (token, choice) in the order in which they join the queues.
    """
    positions = np.full(chosen.shape, -1, np.int64)
    waiting: dict[int, int] = {}
    for slot in order:
        expert = int(chosen[slot])
        if expert >= 0:
            positions[slot] = waiting.get(expert, 0)
            waiting[expert] = positions[slot] + 1
    return positions


def choice_major(tokens: list[int], k: int) -> list[tuple[int, int]]:
    """Return the order in which all first choices come before all second ones."""
    return [(token, choice) for choice in range(k) for token in tokens]


def by_priority(priority: Floats) -> list[int]:
    """Return the tokens by priority descending, then by number."""
    return sorted(range(len(priority)), key=lambda token: (-priority[token], token))


def top1(probabilities: Floats, chosen: Integers, capacity: int, sequence: int) -> Integers:
    """Return positions (T, 1) of top-1 routing, whose queues start again with every sequence."""
    parts = [
        queue(chosen[first : first + sequence], choice_major(list(range(sequence)), 1))
        for first in range(0, len(chosen), sequence)
    ]
    return np.concatenate(parts) if parts else np.empty((0, 1), np.int64)


def random_tokens(chosen: Integers, draws: Floats, capacity: int) -> Integers:
    """Return positions (T, 1) where each expert keeps the tokens with the largest draws.

    The kept stand in the order of their numbers, then the others.
    """
    kept = []
    for expert in set(chosen[:, 0].tolist()):
        mine = [token for token in range(len(chosen)) if chosen[token, 0] == expert]
        kept += sorted(mine, key=lambda token: (-draws[token], token))[:capacity]
    tokens = sorted(kept) + sorted(set(range(len(chosen))) - set(kept))
    return queue(chosen, choice_major(tokens, 1))


def top2(
    logits: Floats,
    capacity: int,
    noise: Floats | None = None,
    draws: Floats | None = None,
    normalise_first: bool = False,
    prioritised: bool = False,
) -> tuple[Integers, Integers, Floats]:
    """Return chosen ids, positions and weights, each (T, 2), of GShard's and NLLB's top-2 routing.

    `noise` (T, E) is added to the logits for the second choice; the second choice of token t is
    kept for the queue where ``2 p2 > draws[t]``.
    """
    tokens = len(logits)
    probabilities = softmax(logits)
    chosen = np.full((tokens, 2), -1, np.int64)
    weights = np.zeros((tokens, 2))
    for token, row in enumerate(logits):
        first = int(np.argmax(row))
        rest = row + (0.0 if noise is None else noise[token])
        rest[first] = -np.inf
        second = int(np.argmax(rest))
        p1, p2 = weights[token] = probabilities[token, [first, second]]
        chosen[token] = first, second
        if normalise_first:
            weights[token] /= max(p1 + p2, SINGLE_EPS)
        if draws is not None:
            weights[token, 1] = p2
            chosen[token, 1] = second if 2.0 * p2 > draws[token] else -1
    order = by_priority(probabilities.max(axis=1)) if prioritised else list(range(tokens))
    positions = queue(chosen, choice_major(order, 2))
    weights *= (positions >= 0) & (positions < capacity)
    if not normalise_first:
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), SINGLE_EPS)
    return chosen, positions, weights


def drop_by_weight(chosen: Integers, weights: Floats) -> Integers:
    """Return positions where the queue of an expert goes by weight descending, then by token."""
    slots = [(token, j) for token in range(chosen.shape[0]) for j in range(chosen.shape[1])]
    return queue(chosen, sorted(slots, key=lambda slot: -weights[slot]))


def expert_choice(scores: Floats, capacity: int) -> Integers:
    """Return the tokens (E, C) that each expert takes, by score descending, then by token."""
    return np.array([by_priority(column)[:capacity] for column in scores.T], dtype=np.int64)
