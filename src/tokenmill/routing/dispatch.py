"""A dispatch plan: which slots each expert, block, rank and node receives, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_integer, resolve_threads
from .._native import dispatch as native
from .._native.dispatch import MOST_EXPERTS, MOST_SLOTS, ExpertIds, as_expert_ids
from .checks import as_divisor
from .positions import as_order

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """The slots of each expert padded to whole blocks, as moe_align_block_size of vLLM does.

    Attributes
    ----------
    block_size : int
        B, slots of a block.
    padded_slots : ndarray, shape (T*k + E*(B - 1),), int32
        Slots grouped by expert; T*k where there is none.
    block_experts : ndarray, shape (ceil(len(padded_slots) / B),), int32
        The expert of each block, through `expert_map` if one is given; 0 behind the last in use.
    padded_total : int
        How many of `padded_slots` are in use: the counts, each rounded up to a multiple of B.
    """

    block_size: int
    padded_slots: Int32
    block_experts: Int32
    padded_total: int


@dataclass(frozen=True)
class Sends:
    """What these tokens send to each rank and node, which own equal runs of experts.

    Attributes
    ----------
    tokens_per_rank : ndarray, shape (R,), int64
        Tokens with any expert there: each is sent once.
    slots_per_rank : ndarray, shape (R,), int64
        Without de-duplication: the input splits of an all-to-all of slots.
    tokens_per_node, slots_per_node : ndarray, shape (nodes,), int64, or None
        The same for nodes.
    token_in_rank : ndarray, shape (T, R), bool, or None
        Which tokens go to which rank.
    """

    tokens_per_rank: Int64
    slots_per_rank: Int64
    tokens_per_node: Int64 | None
    slots_per_node: Int64 | None
    token_in_rank: NDArray[np.bool_] | None


@dataclass(frozen=True)
class DispatchPlan:
    """Slots sorted by expert. A slot is one choice of one token: ``token * top_k + choice``.

    N slots are dispatched: those with an expert, less those that a capacity drops.

    Attributes
    ----------
    token_count, top_k, experts : int
        T, k and E.
    counts : ndarray, shape (E,), int64
        Slots of each expert; they add up to N.
    offsets : ndarray, shape (E + 1,), int64
        Expert e owns the positions ``offsets[e]`` to ``offsets[e + 1] - 1``.
    sorted_slots : ndarray, shape (N,), int32
        By expert, within one ascending.
    tokens : ndarray, shape (N,), int32
        ``sorted_slots // k``.
    inverse : ndarray, shape (T*k,), int32
        The position of each slot in `sorted_slots`; -1 where it is not dispatched.
    unselected : int
        Slots without an expert, id -1.
    dropped : ndarray, shape (E,), int64, or None
        Slots of each expert over its capacity.
    blocks : Blocks or None
    sends : Sends or None
    """

    token_count: int
    top_k: int
    experts: int
    counts: Int64
    offsets: Int64
    sorted_slots: Int32
    tokens: Int32
    inverse: Int32
    unselected: int
    dropped: Int64 | None
    blocks: Blocks | None
    sends: Sends | None


def dispatch(
    expert_ids: Any,
    experts: int,
    *,
    block_size: int | None = None,
    expert_map: ArrayLike | None = None,
    ranks: int | None = None,
    nodes: int | None = None,
    token_in_rank: bool = False,
    capacity: int | None = None,
    drop_order: str = "token_major",
    threads: int | None = None,
) -> DispatchPlan:
    """Sort slots by expert, and say what goes where.

    Parameters
    ----------
    expert_ids : array, shape (T,) or (T, k), int32 or int64
        NumPy or any tensor on the CPU with DLPack; -1 for no selection. Not copied if C-contiguous.
    experts : int
        E, at most 2**20.
    block_size : int, optional
        Also pad each expert's slots to whole blocks.
    expert_map : array_like of int, shape (E,), optional
        Global to local expert, -1 for one that lives elsewhere: what `block_experts` says.
    ranks : int, optional
        R, a divisor of E: also count sends. Expert e lives on rank ``e // (E / R)``.
    nodes : int, optional
        A divisor of R: also count sends to nodes of R / nodes ranks.
    token_in_rank : bool
        Also return the matrix (T, R).
    capacity : int, optional
        Slots that an expert accepts; those behind are dropped, and their tokens keep their other
        choices. Blocks and sends are those of the slots that are kept.
    drop_order : str
        Who queues first, see `expert_positions`.
    threads : int, optional
        None: TOKENMILL_NUM_THREADS, else every core.

    Returns
    -------
    DispatchPlan

    Raises
    ------
    TypeError, ValueError
        Wrong dtype, shape or range, or options that need another one: the argument, what was
        expected, what was found.

    Notes
    -----
    O(T k + E). Integers throughout, so the same plan for any threads and instruction set. The sends
    are those of get_dispatch_layout of DeepEP.
    """
    ids = as_expert_ids(expert_ids)
    experts = as_integer("experts", experts, 1, MOST_EXPERTS + 1)
    choice_major = as_order("drop_order", drop_order)
    size = _block_size(block_size, ids.slots, experts)
    local = _expert_map(expert_map, block_size, experts)
    rank_count, node_count = _parallelism(experts, ranks, nodes, token_in_rank)
    team = resolve_threads(threads)
    dropped = None
    if capacity is not None:
        capacity = as_integer("capacity", capacity, 1, MOST_SLOTS + 1)
        ids, dropped = _within_capacity(ids, experts, capacity, choice_major)
    found = native.sort_slots(ids, experts, team)
    counts = found.counts[:-1]
    dropped_total = 0 if dropped is None else int(dropped.sum())
    blocks = sends = None
    if size is not None:
        blocks = _blocks(counts, found.sorted_slots, ids.slots, size, local)
    if rank_count is not None:
        sends = _sends(ids, counts, rank_count, node_count, token_in_rank, team)
    return DispatchPlan(
        token_count=ids.tokens,
        top_k=ids.top_k,
        experts=experts,
        counts=counts,
        offsets=found.offsets,
        sorted_slots=found.sorted_slots,
        tokens=found.tokens,
        inverse=found.inverse,
        unselected=int(found.counts[-1]) - dropped_total,
        dropped=dropped,
        blocks=blocks,
        sends=sends,
    )


def _block_size(block_size: int | None, slots: int, experts: int) -> int | None:
    if block_size is None:
        return None
    size = as_integer("block_size", block_size, 1, MOST_SLOTS + 1)
    if slots + experts * (size - 1) > MOST_SLOTS:
        raise ValueError(
            f"block_size: expected at most {MOST_SLOTS} padded slots, found "
            f"{slots + experts * (size - 1)}"
        )
    return size


def _expert_map(expert_map: ArrayLike | None, block_size: int | None, experts: int) -> Int32 | None:
    if expert_map is None:
        return None
    if block_size is None:
        raise ValueError("expert_map: expected none without block_size, found one")
    array = np.asarray(expert_map)
    if array.dtype.kind not in "iu":
        raise TypeError(f"expert_map: expected integers, found dtype {array.dtype}")
    if array.shape != (experts,):
        raise ValueError(f"expert_map: expected shape ({experts},), found {array.shape}")
    outside = (array < -1) | (array > MOST_SLOTS)
    if outside.any():
        found = array[outside][0]
        raise ValueError(f"expert_map: expected ids in [-1, {MOST_SLOTS}], found {found}")
    return np.ascontiguousarray(array, dtype=np.int32)


def _parallelism(
    experts: int, ranks: int | None, nodes: int | None, token_in_rank: bool
) -> tuple[int | None, int | None]:
    if not isinstance(token_in_rank, bool):
        raise TypeError(f"token_in_rank: expected True or False, found {token_in_rank!r}")
    if ranks is None:
        for name, given in (("nodes", nodes is not None), ("token_in_rank", token_in_rank)):
            if given:
                raise ValueError(f"{name}: expected none without ranks, found one")
        return None, None
    rank_count = as_divisor("ranks", ranks, experts, "experts")
    if nodes is None:
        return rank_count, None
    return rank_count, as_divisor("nodes", nodes, rank_count, "ranks")


def _within_capacity(
    ids: ExpertIds, experts: int, capacity: int, choice_major: bool
) -> tuple[ExpertIds, Int64]:
    """Return the ids with -1 for the slots over capacity, and how many each expert drops."""
    positions, counts = native.expert_positions(ids, experts, choice_major)
    over, kept = positions >= capacity, positions
    np.copyto(kept, ids.array, casting="same_kind")
    kept[over] = -1
    return ExpertIds(kept, ids.tokens, ids.top_k), np.maximum(counts - capacity, 0)


def _blocks(
    counts: Int64, sorted_slots: Int32, slots: int, size: int, expert_map: Int32 | None
) -> Blocks:
    padded, experts_of = native.align_blocks(counts, sorted_slots, slots, size, expert_map)
    return Blocks(size, padded, experts_of, int((-(-counts // size) * size).sum()))


def _sends(
    ids: ExpertIds, counts: Int64, ranks: int, nodes: int | None, matrix: bool, threads: int
) -> Sends:
    experts = len(counts)

    def per_group(groups: int, matrix: bool) -> tuple[Int64, NDArray[np.bool_] | None]:
        group_of = np.arange(experts, dtype=np.int32) // np.int32(experts // groups)
        return native.tokens_per_group(ids, group_of, groups, matrix, threads)

    rank_tokens, inside = per_group(ranks, matrix)
    rank_slots = counts.reshape(ranks, -1).sum(axis=1)
    if nodes is None:
        return Sends(rank_tokens, rank_slots, None, None, inside)
    node_slots = counts.reshape(nodes, -1).sum(axis=1)
    return Sends(rank_tokens, rank_slots, per_group(nodes, False)[0], node_slots, inside)
