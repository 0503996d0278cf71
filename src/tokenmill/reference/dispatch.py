"""Slots sorted by expert, their positions, blocks and sends, and rows moved there and back.

A slot is one choice of one token, ``slot = token * top_k + choice``; -1 stands for no selection.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]


def plan(expert_ids: Ints, experts: int) -> dict[str, list[int]]:
    """Return counts, offsets, sorted slots, their tokens and the inverse, for ids (T, k)."""
    top_k = expert_ids.shape[1]
    queues: list[list[int]] = [[] for _ in range(experts)]
    for slot, expert in enumerate(expert_ids.ravel().tolist()):
        if expert >= 0:
            queues[expert].append(slot)
    counts = [len(queue) for queue in queues]
    sorted_slots = [slot for queue in queues for slot in queue]
    inverse = [-1] * expert_ids.size
    for position, slot in enumerate(sorted_slots):
        inverse[slot] = position
    return {
        "counts": counts,
        "offsets": [sum(counts[:expert]) for expert in range(experts + 1)],
        "sorted_slots": sorted_slots,
        "tokens": [slot // top_k for slot in sorted_slots],
        "inverse": inverse,
    }


def positions(expert_ids: Ints, choice_major: bool) -> Ints:
    """Return how many earlier slots chose the same expert, for ids (T, k)."""
    tokens, top_k = expert_ids.shape
    order = [(t, j) for t in range(tokens) for j in range(top_k)]
    if choice_major:
        order.sort(key=lambda slot: slot[::-1])
    queued: dict[int, int] = {}
    found = np.full(expert_ids.shape, -1)
    for t, j in order:
        expert = int(expert_ids[t, j])
        if expert >= 0:
            found[t, j] = queued.get(expert, 0)
            queued[expert] = int(found[t, j]) + 1
    return found


def align(expert_ids: Ints, experts: int, block_size: int) -> tuple[list[int], list[int], int]:
    """Return the padded slots, each block's expert, and how many padded slots are in use."""
    slots: list[int] = []
    blocks: list[int] = []
    for expert in range(experts):
        chosen = np.flatnonzero(expert_ids.ravel() == expert).tolist()
        blocks += [expert] * -(-len(chosen) // block_size)
        slots += chosen + [expert_ids.size] * (-len(chosen) % block_size)
    used = len(slots)
    length = expert_ids.size + experts * (block_size - 1)
    slots += [expert_ids.size] * (length - used)
    blocks += [0] * (-(-length // block_size) - len(blocks))
    return slots, blocks, used


def sends(expert_ids: Ints, group_of: Ints, groups: int) -> NDArray[np.bool_]:
    """Return whether each token has an expert in each group, for ids (T, k)."""
    found = np.zeros((len(expert_ids), groups), bool)
    for token, row in enumerate(expert_ids.tolist()):
        for expert in row:
            if expert >= 0:
                found[token, group_of[expert]] = True
    return found


def widen(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bfloat16 bits as single precision."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def narrow(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the bits of single precision rounded to bfloat16, to the nearest even."""
    bits = values.view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype(np.uint16)


def combine(
    outputs: NDArray[np.float32], inverse: Ints, weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return each token's weighted sum of expert outputs, choice by choice from +0.

    outputs (positions, hidden), inverse and weights (T, k); every product and sum is rounded to
    single precision, and a NaN is 0x7FC00000.
    """
    found = np.zeros((len(inverse), outputs.shape[1]), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for token, row in enumerate(inverse.tolist()):
            for choice, position in enumerate(row):
                if position >= 0:
                    found[token] += weights[token, choice] * outputs[position]
    found.view(np.uint32)[np.isnan(found)] = 0x7FC00000
    return found
