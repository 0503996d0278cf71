"""Expert ids as the kernels read them, and the calls that sort their slots by expert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .errors import check
from .threads import ranges, team

_INT32, _INT64, _BYTES = map(ffi.typeof, ("int32_t[]", "int64_t[]", "uint8_t[]"))
MOST_EXPERTS = 1 << 20
MOST_SLOTS = 2**31 - 1

# Below this many slots a second thread costs more than it saves.
_THREADED_SLOTS = 1 << 20

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class ExpertIds:
    """Ids (T, k) in a C-contiguous array of int32 or int64."""

    array: NDArray[Any]
    tokens: int
    top_k: int

    @property
    def slots(self) -> int:
        """How many there are."""
        return self.tokens * self.top_k

    @property
    def wide(self) -> int:
        """Return 1 for int64, 0 for int32."""
        return int(self.array.dtype == np.int64)

    def pointer(self) -> Any:
        """Return a C pointer to the ids."""
        return ffi.from_buffer(_INT64 if self.wide else _INT32, self.array)

    def refused(self, experts: int) -> ValueError:
        """Return the exception that names the first id outside [-1, experts)."""
        flat = self.array.ravel()
        at = int(np.flatnonzero((flat < -1) | (flat >= experts))[0])
        return ValueError(
            f"expert_ids: expected ids in [-1, {experts}), found {flat[at]} at slot {at}"
        )


class SortedSlots(NamedTuple):
    """Slots in expert order: counts and offsets (experts + 1,), where the last is of no expert."""

    counts: Int64
    offsets: Int64
    sorted_slots: Int32
    tokens: Int32
    inverse: Int32


def as_expert_ids(values: Any) -> ExpertIds:
    """Return expert ids (T,) or (T, k); int32 or int64, copied if not C-contiguous.

    Raises
    ------
    TypeError
        Another dtype, or a tensor that is not on the CPU.
    ValueError
        Other axes, no choice, or more than 2**31 - 1 slots.
    """
    if isinstance(values, np.ndarray) or not hasattr(values, "__dlpack__"):
        array = np.asarray(values)
    else:
        device = int(values.__dlpack_device__()[0])
        if device != 1:
            raise TypeError(
                f"expert_ids: expected an array on the CPU, found DLPack device {device}"
            )
        try:
            array = np.from_dlpack(values)
        except (BufferError, RuntimeError) as error:
            raise TypeError(f"expert_ids: expected int32 or int64, found {error}") from error
    if array.dtype not in (np.dtype(np.int32), np.dtype(np.int64)):
        raise TypeError(f"expert_ids: expected int32 or int64, found dtype {array.dtype}")
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        raise ValueError(
            f"expert_ids: expected shape (tokens,) or (tokens, top_k), found {array.shape}"
        )
    if array.size > MOST_SLOTS:
        raise ValueError(f"expert_ids: expected at most {MOST_SLOTS} slots, found {array.size}")
    top_k = array.shape[1] if array.ndim == 2 else 1
    return ExpertIds(np.ascontiguousarray(array), array.shape[0], top_k)


def _int32(array: Int32) -> Any:
    return ffi.from_buffer(_INT32, array)


def sort_slots(ids: ExpertIds, experts: int, threads: int) -> SortedSlots:
    """Sort the slots by expert, stably; the same bits for any number of threads.

    Each thread counts a range of slots, and then puts them behind those of the ranges before it.
    """
    slots = ids.slots
    parts = ranges(slots, threads if slots >= _THREADED_SLOTS else 1)
    # one block: large enough for huge pages, where 4 KB ones would cost more than the sort
    block = np.empty((3, slots), np.int32)
    sorted_slots, tokens, inverse = block
    to_slots = _int32(block)
    to_tokens, to_inverse = to_slots + slots, to_slots + 2 * slots
    cursors = np.zeros((len(parts), experts + 1), np.int32)
    to_cursors, to_ids = _int32(cursors), ids.pointer()
    counted: list[int] = [lib.TM_OK] * len(parts)

    def count(part: int) -> None:
        low, high = parts[part]
        own, codes = to_cursors + part * (experts + 1), to_inverse + low
        counted[part] = lib.tm_dispatch_count(
            high - low, to_ids + low, ids.wide, experts, codes, own
        )

    def place(part: int) -> None:
        low, high = parts[part]
        own, codes = to_cursors + part * (experts + 1), to_inverse + low
        check(lib.tm_dispatch_place(low, high - low, experts, own, codes, to_slots))

    def divide(part: int) -> None:
        low, high = parts[part]
        check(lib.tm_dispatch_tokens(high - low, ids.top_k, to_slots + low, to_tokens + low))

    with team(len(parts)) as together:
        together(count)
        if lib.TM_E_SIZE in counted:
            raise ids.refused(experts)
        counts = cursors.sum(axis=0, dtype=np.int64)
        offsets = counts.cumsum() - counts
        cursors[:] = cursors.cumsum(axis=0, dtype=np.int64) - cursors + offsets
        together(place)
        together(divide)
    kept = int(offsets[-1])
    return SortedSlots(counts, offsets, sorted_slots[:kept], tokens[:kept], inverse)


def expert_positions(ids: ExpertIds, experts: int, choice_major: bool) -> tuple[Int32, Int64]:
    """Return each slot's position in the queue of its expert, and the length of the queues."""
    found = np.empty(ids.array.shape, np.int32)
    counts = np.zeros(experts, np.int32)
    status = lib.tm_expert_positions(
        ids.tokens,
        ids.top_k,
        ids.pointer(),
        ids.wide,
        experts,
        int(choice_major),
        _int32(counts),
        _int32(found),
    )
    if status == lib.TM_E_SIZE:
        raise ids.refused(experts)
    check(status)
    return found, counts.astype(np.int64)


def align_blocks(
    counts: Int64, sorted_slots: Int32, none: int, block_size: int, expert_map: Int32 | None
) -> tuple[Int32, Int32]:
    """Return the slots padded to whole blocks with `none`, and the expert of each block."""
    experts = len(counts)
    length = none + experts * (block_size - 1)
    padded = np.empty(length, np.int32)
    block_experts = np.empty(-(-length // block_size), np.int32)
    blocks = ffi.new("tm_blocks *")
    blocks.experts, blocks.block_size, blocks.none, blocks.length = (
        experts,
        block_size,
        none,
        length,
    )
    blocks.counts = ffi.from_buffer(_INT64, counts)
    blocks.sorted_slots = _int32(sorted_slots)
    if expert_map is not None:
        blocks.expert_map = _int32(expert_map)
    blocks.padded_slots, blocks.block_experts = _int32(padded), _int32(block_experts)
    check(lib.tm_dispatch_align(blocks))
    return padded, block_experts


def tokens_per_group(
    ids: ExpertIds, group_of: Int32, groups: int, matrix: bool, threads: int
) -> tuple[Int64, NDArray[np.bool_] | None]:
    """Count the tokens with any expert in each group; on request, which tokens those are."""
    parts = ranges(ids.tokens, threads if ids.slots >= _THREADED_SLOTS else 1)
    counts = np.zeros((len(parts), groups), np.int64)
    last = np.empty((len(parts), groups), np.int64)
    inside = np.empty((ids.tokens, groups), np.bool_) if matrix else None
    to_ids = ids.pointer()

    def count(part: int) -> None:
        low, high = parts[part]
        sends = ffi.new("tm_sends *")
        sends.top_k, sends.wide, sends.groups = ids.top_k, ids.wide, groups
        sends.experts, sends.group_of = len(group_of), _int32(group_of)
        sends.last = ffi.from_buffer(_INT64, last[part])
        sends.tokens_per_group = ffi.from_buffer(_INT64, counts[part])
        if inside is not None:
            sends.token_in_group = ffi.from_buffer(_BYTES, inside) + low * groups
        check(lib.tm_dispatch_sends(sends, high - low, to_ids + low * ids.top_k))

    with team(len(parts)) as together:
        together(count)
    return counts.sum(axis=0), inside
