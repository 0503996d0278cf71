"""Positions in the queue of an expert, which a capacity cuts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native import as_integer
from .._native.dispatch import MOST_EXPERTS, as_expert_ids
from .._native.dispatch import expert_positions as positions_kernel

ORDERS = ("token_major", "choice_major")


def as_order(name: str, order: object) -> bool:
    """Return whether the order of the queues is choice-major."""
    if order not in ORDERS:
        raise ValueError(f"{name}: expected one of {', '.join(ORDERS)}, found {order!r}")
    return order == "choice_major"


def expert_positions(
    expert_ids: Any, experts: int, *, order: str = "token_major"
) -> NDArray[np.int32]:
    """Return how many earlier slots chose the same expert.

    Parameters
    ----------
    expert_ids : array, shape (T,) or (T, k), int32 or int64
        NumPy or any tensor on the CPU with DLPack; -1 for no selection.
    experts : int
    order : str
        What comes earlier: ``"token_major"``: lower (token, choice), as Megatron-LM and Switch
        count; ``"choice_major"``: lower (choice, token), all first choices before any second one,
        as GShard does.

    Returns
    -------
    ndarray, the shape of `expert_ids`, int32
        From 0; -1 for no selection. With a capacity C, slots of positions below C are kept. Every
        slot counts, also one that C drops.

    Raises
    ------
    TypeError, ValueError
        Wrong dtype, shape or range.

    Notes
    -----
    O(T k + experts), on the calling thread. Switch (Fedus et al. 2021), GShard (Lepikhin et al.
    2020).
    """
    ids = as_expert_ids(expert_ids)
    experts = as_integer("experts", experts, 1, MOST_EXPERTS + 1)
    return positions_kernel(ids, experts, as_order("order", order))[0]
