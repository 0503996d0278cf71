"""Experts of limited capacity: queues, drop policies, and the result such routers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_float64, as_integer
from .._native.router import MOST_COLUMNS
from .checks import check_option

Ids = NDArray[np.int32]
Floats = NDArray[np.float64]
Policy = Literal["choice", "position", "probs"]

# NumPy sorts integers of 16 bits by radix, several times faster
_SHORT = 2**15 - 1


@dataclass(frozen=True)
class CapacityRouting:
    """Where each token goes when experts take a limited number of tokens.

    Attributes
    ----------
    expert_ids : ndarray, shape (T, k), int32
        -1 where the choice was dropped or there was none.
    weights : ndarray, shape (T, k), float32
        0 where `expert_ids` is -1.
    positions : ndarray, shape (T, k), int32
        Place in the expert's queue, from 0; `capacity` or more where dropped, -1 where there was
        no choice.
    kept : ndarray, shape (T, k), bool
    chosen_ids : ndarray, shape (T, k), int32
        The choice before dropping; -1 where there was none.
    capacity : int
        Tokens of an expert; without a limit the largest count.
    counts_before, counts : ndarray, shape (E,), int64
        Tokens of each expert before and after dropping.
    """

    expert_ids: Ids
    weights: NDArray[np.float32]
    positions: Ids
    kept: NDArray[np.bool_]
    chosen_ids: Ids
    capacity: int
    counts_before: NDArray[np.int64]
    counts: NDArray[np.int64]


def apply_capacity(
    expert_ids: ArrayLike,
    weights: ArrayLike,
    experts: int,
    capacity: int | None,
    *,
    policy: Policy = "choice",
    priority: ArrayLike | None = None,
    pad_to_capacity: bool = False,
) -> CapacityRouting:
    """Drop the choices that exceed the experts' capacity; weights are not renormalised.

    Parameters
    ----------
    expert_ids : array_like of int, shape (T, k)
        As :func:`route` gives them; -1 stands for no choice.
    weights : array_like, shape (T, k)
    experts : int
    capacity : int or None
        None: as much as is needed.
    policy : {"choice", "position", "probs"}
        Who comes first in a queue: every first choice, then every second, by token each (GShard,
        Tutel, Flaxformer); the earlier token; the larger weight, then the earlier token (the last
        two are Megatron-LM's).
    priority : array_like, shape (T,), optional
        Tokens queue by it, descending, and then by number: batch-prioritised routing (arXiv
        2106.05974) with the largest weight of each token. Not for "probs".
    pad_to_capacity : bool
        Every expert takes min(capacity, T) tokens: the earliest that did not choose it fill up,
        with weight 0, in more columns.

    Returns
    -------
    CapacityRouting

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    O(T k log(T k)). NaN in `weights` or `priority` is refused.
    """
    as_integer("experts", experts, 1, MOST_COLUMNS + 1)
    chosen, values = _choices(expert_ids, weights, experts)
    check_option("policy", policy, ("choice", "position", "probs"))
    if pad_to_capacity and capacity is None:
        raise ValueError("pad_to_capacity: expected a capacity with it, found None")
    tokens = np.arange(len(chosen))
    if priority is not None:
        if policy == "probs":
            raise ValueError('priority: expected none with policy "probs", found one')
        tokens = by_priority(_real("priority", priority, (len(chosen),)))
    if policy == "probs":
        order = np.argsort(-values.ravel(), kind="stable")
    elif policy == "choice":
        order = choice_major(tokens, chosen.shape[1])
    else:
        order = (tokens[:, None] * chosen.shape[1] + np.arange(chosen.shape[1])).ravel()
    limited = assemble(chosen, values, queue_positions(chosen, order), experts, capacity)
    return _filled(limited, experts) if pad_to_capacity else limited


def by_priority(priority: Floats) -> NDArray[np.int64]:
    """Return the tokens by priority descending, then by number."""
    return np.argsort(-priority, kind="stable")


def choice_major(tokens: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the flat slots of (T, k) with all first choices before all second ones."""
    return (tokens[None, :] * k + np.arange(k)[:, None]).ravel()


def queue_positions(queues: NDArray[Any], order: NDArray[np.int64]) -> Ids:
    """Return each slot's place in its queue, -1 for the queue -1, in the shape of `queues`.

    `order` lists the flat slots as they join the queues.
    """
    joined = queues.ravel()[order]
    if joined.max(initial=-1) <= _SHORT:
        joined = joined.astype(np.int16)
    by_queue = np.argsort(joined, kind="stable")
    sorted_queues = joined[by_queue]
    starts = np.flatnonzero(np.diff(sorted_queues, prepend=-2))
    lengths = np.diff(starts, append=len(sorted_queues))
    places = np.arange(len(sorted_queues)) - np.repeat(starts, lengths)
    positions = np.empty(queues.size, np.int32)
    positions[order[by_queue]] = np.where(sorted_queues < 0, -1, places)
    return positions.reshape(queues.shape)


def assemble(
    chosen: Ids, weights: Floats, positions: Ids, experts: int, capacity: int | None
) -> CapacityRouting:
    """Return the result of choices with their places in the queues."""
    before = np.bincount(chosen[chosen >= 0], minlength=experts)
    limit = int(before.max()) if capacity is None else as_integer("capacity", capacity, 0, 1 << 31)
    kept = (chosen >= 0) & (positions < limit)
    return CapacityRouting(
        expert_ids=np.where(kept, chosen, np.int32(-1)),
        weights=np.where(kept, weights, 0.0).astype(np.float32),
        positions=positions,
        kept=kept,
        chosen_ids=chosen,
        capacity=limit,
        counts_before=before,
        counts=np.bincount(chosen[kept], minlength=experts),
    )


def table_of_pairs(
    tokens: int, pairs: NDArray[np.int64], *columns: NDArray[Any]
) -> list[NDArray[Any]]:
    """Return each column spread over (tokens, k), k the most pairs of a token, in their order.

    `pairs` holds the token of each pair; where a token has fewer, integers are -1 and floats 0.
    """
    places = queue_positions(pairs, np.arange(len(pairs)))
    width = int(places.max(initial=-1)) + 1
    tables = []
    for column in columns:
        table = np.full((tokens, width), 0.0 if column.dtype.kind == "f" else -1, column.dtype)
        table[pairs, places] = column
        tables.append(table)
    return tables


def _filled(limited: CapacityRouting, experts: int) -> CapacityRouting:
    tokens = len(limited.expert_ids)
    chose = np.zeros((tokens, experts), np.bool_)
    rows, slots = np.nonzero(limited.chosen_ids >= 0)
    chose[rows, limited.chosen_ids[rows, slots]] = True
    lacking = np.minimum(limited.capacity, tokens) - limited.counts
    fill = [np.flatnonzero(~chose[:, e])[: lacking[e]] for e in range(experts)]
    expert = np.repeat(np.arange(experts, dtype=np.int32), [len(found) for found in fill])
    place = np.concatenate(
        [
            np.arange(count, count + len(found))
            for count, found in zip(limited.counts, fill, strict=True)
        ]
    )
    ids, positions = table_of_pairs(tokens, np.concatenate(fill), expert, place.astype(np.int32))
    none = np.full(ids.shape, -1, np.int32)
    return CapacityRouting(
        expert_ids=np.hstack([limited.expert_ids, ids]),
        weights=np.hstack([limited.weights, np.zeros(ids.shape, np.float32)]),
        positions=np.hstack([limited.positions, positions]),
        kept=np.hstack([limited.kept, ids >= 0]),
        chosen_ids=np.hstack([limited.chosen_ids, none]),
        capacity=limited.capacity,
        counts_before=limited.counts_before,
        counts=limited.counts + np.bincount(ids[ids >= 0], minlength=experts),
    )


def _choices(expert_ids: ArrayLike, weights: ArrayLike, experts: int) -> tuple[Ids, Floats]:
    ids = np.asarray(expert_ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"expert_ids: expected integers, found dtype {ids.dtype}")
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"expert_ids: expected shape (tokens, top_k), found {ids.shape}")
    outside = (ids < -1) | (ids >= experts)
    if outside.any():
        raise ValueError(
            f"expert_ids: expected values in [-1, {experts}), found {ids[outside].flat[0]}"
        )
    return ids.astype(np.int32), _real("weights", weights, ids.shape)


def _real(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = as_float64(name, values)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, found {array.shape}")
    if np.isnan(array).any():
        raise ValueError(f"{name}: expected no NaN, found one at {int(np.argmax(np.isnan(array)))}")
    return array
