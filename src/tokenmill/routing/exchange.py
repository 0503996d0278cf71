"""All-to-all splits: what each rank sends to each other one, and how it sorts what it receives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class AllToAll:
    """The exchange of slots between R ranks that own L = E / R experts each, in order.

    Attributes
    ----------
    input_splits : ndarray, shape (R, R), int64
        Row r: the slots that rank r sends to each rank.
    output_splits : ndarray, shape (R, R), int64
        Row r: the slots that rank r receives from each rank.
    local_counts : ndarray, shape (R, R, L), int64
        ``[r, s, e]``: the slots that rank r receives from rank s for its local expert e.
    chunk_order : ndarray, shape (R * L,), int64
        Received chunks lie by (source, local expert); taken in this order they lie by (local
        expert, source), as experts read them. The order is that of every rank.
    """

    input_splits: NDArray[np.int64]
    output_splits: NDArray[np.int64]
    local_counts: NDArray[np.int64]
    chunk_order: NDArray[np.int64]


def all_to_all(counts: ArrayLike) -> AllToAll:
    """Return the splits of an all-to-all of slots.

    Parameters
    ----------
    counts : array_like of int, shape (R, E)
        Row r: the `counts` of the dispatch plan of rank r; R divides E.

    Returns
    -------
    AllToAll

    Raises
    ------
    TypeError, ValueError
        Not integers, negative, not two axes, or experts that ranks cannot share equally.

    Notes
    -----
    Slots are sent as often as they were chosen: no de-duplication. O(R E). As the all-to-all
    dispatcher of Megatron-LM counts.
    """
    array = np.asarray(counts)
    if array.dtype.kind not in "iu":
        raise TypeError(f"counts: expected integers, found dtype {array.dtype}")
    if array.ndim != 2 or 0 in array.shape or array.shape[1] % array.shape[0]:
        raise ValueError(
            f"counts: expected shape (ranks, experts), ranks a divisor of experts, "
            f"found {array.shape}"
        )
    if (array < 0).any():
        raise ValueError(f"counts: expected no negative count, found {array.min()}")
    ranks, experts = array.shape
    by_owner = array.astype(np.int64).reshape(ranks, ranks, experts // ranks)
    sent = by_owner.sum(axis=2)
    return AllToAll(
        input_splits=sent,
        output_splits=np.ascontiguousarray(sent.T),
        local_counts=np.ascontiguousarray(by_owner.swapaxes(0, 1)),
        chunk_order=np.arange(experts).reshape(ranks, experts // ranks).T.ravel(),
    )
