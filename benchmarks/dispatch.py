"""The rows of the dispatch plan and of moving activations: ``python -m benchmarks.dispatch``.

Every contestant of the plan delivers counts, offsets, sorted slots, tokens and the inverse, on one
thread. Every contestant of the activations returns a new array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tokenmill.routing import combine, dispatch, permute

from .row import Row, Work

TOKENS = 65_536
TOP_K = 8
EXPERTS = 256
SLOTS = TOKENS * TOP_K

# Expert outputs of 64 MB, which no cache holds.
ROWS_TOKENS = 1024
HIDDEN = 2048
ROWS = ROWS_TOKENS * TOP_K


def distinct_ids(tokens: int = TOKENS) -> NDArray[np.int32]:
    """Return TOP_K distinct experts for each token, all equally likely."""
    draws = np.random.default_rng(1).random((tokens, EXPERTS))
    return np.argsort(draws, axis=1)[:, :TOP_K].astype(np.int32)


def plan(tokens: int = TOKENS, threads: int = 1) -> Work:
    """The dispatch plan."""
    ids = distinct_ids(tokens)
    return lambda: dispatch(ids, EXPERTS, threads=threads)


def numpy_argsort(dtype: DTypeLike) -> Work:
    """NumPy's stable argsort: of 8 and 16 bits a radix sort, of 32 bits by comparison."""
    ids = distinct_ids().ravel()

    def run() -> Any:
        flat = ids.astype(dtype)
        order = np.argsort(flat, kind="stable")
        counts = np.bincount(flat, minlength=EXPERTS)
        inverse = np.empty(SLOTS, np.int64)
        inverse[order] = np.arange(SLOTS)
        return counts, np.concatenate([[0], np.cumsum(counts)]), order, order // TOP_K, inverse

    return run


def numba_counting_sort() -> Work:
    """A counting sort as one writes it in numba."""
    import numba

    @numba.njit
    def sort(ids: NDArray[np.int32]) -> Any:
        offsets = np.zeros(EXPERTS + 1, np.int64)
        for expert in ids:
            offsets[expert + 1] += 1
        counts = offsets[1:].copy()
        for expert in range(EXPERTS):
            offsets[expert + 1] += offsets[expert]
        cursors = offsets.copy()
        sorted_slots = np.empty(ids.size, np.int32)
        tokens = np.empty(ids.size, np.int32)
        inverse = np.empty(ids.size, np.int32)
        for slot in range(ids.size):
            position = cursors[ids[slot]]
            cursors[ids[slot]] += 1
            sorted_slots[position] = slot
            tokens[position] = slot // TOP_K
            inverse[slot] = position
        return counts, offsets, sorted_slots, tokens, inverse

    ids = distinct_ids().ravel()
    sort(ids)
    return lambda: sort(ids)


def torch_sort() -> Work:
    """torch.sort, stable, on one thread."""
    import torch

    torch.set_num_threads(1)
    ids = torch.from_numpy(distinct_ids().ravel())

    def run() -> Any:
        order = torch.sort(ids, stable=True).indices
        counts = torch.bincount(ids, minlength=EXPERTS)
        inverse = torch.empty_like(order)
        inverse[order] = torch.arange(SLOTS)
        return counts, torch.cumsum(counts, 0), order, order // TOP_K, inverse

    return run


class Activations:
    """A plan, and what is moved by it: tokens, expert outputs and weights."""

    def __init__(self) -> None:
        rng = np.random.default_rng(2)
        self.plan = dispatch(distinct_ids(ROWS_TOKENS), EXPERTS)
        self.inverse = self.plan.inverse.reshape(ROWS_TOKENS, TOP_K)
        self.x = rng.random((ROWS_TOKENS, HIDDEN), np.float32)
        self.y = rng.random((ROWS, HIDDEN), np.float32)
        self.weights = rng.random((ROWS_TOKENS, TOP_K), np.float32)


def permuted() -> Work:
    """Rows into expert order."""
    case = Activations()
    return lambda: permute(case.x, case.plan, threads=1)


def numpy_permuted() -> Work:
    """np.take."""
    case = Activations()
    return lambda: np.take(case.x, case.plan.tokens, axis=0)


def torch_permuted() -> Work:
    """torch.index_select, on one thread."""
    import torch

    torch.set_num_threads(1)
    case = Activations()
    x, tokens = torch.from_numpy(case.x), torch.from_numpy(case.plan.tokens)
    return lambda: torch.index_select(x, 0, tokens)


def combined() -> Work:
    """Weighted sums in token order."""
    case = Activations()
    return lambda: combine(case.y, case.plan, case.weights, threads=1)


def numpy_combined() -> Work:
    """A gather and np.einsum."""
    case = Activations()
    return lambda: np.einsum("tkh,tk->th", case.y[case.inverse], case.weights)


def torch_combined() -> Work:
    """index_add_ of weighted rows, as most stacks unpermute, on one thread."""
    import torch

    torch.set_num_threads(1)
    case = Activations()
    y, tokens = torch.from_numpy(case.y), torch.from_numpy(case.plan.tokens)
    shares = torch.from_numpy(case.weights.ravel()[case.plan.sorted_slots])[:, None]
    return lambda: torch.zeros(ROWS_TOKENS, HIDDEN).index_add_(0, tokens, y * shares)


def numba_combined() -> Work:
    """The sum as one writes it in numba, row by row."""
    import numba

    @numba.njit
    def add(y: Any, inverse: Any, weights: Any) -> Any:
        out = np.zeros((len(inverse), y.shape[1]), np.float32)
        for token in range(len(inverse)):
            for choice in range(inverse.shape[1]):
                row, weight = y[inverse[token, choice]], weights[token, choice]
                for column in range(y.shape[1]):
                    out[token, column] += weight * row[column]
        return out

    case = Activations()
    add(case.y, case.inverse, case.weights)
    return lambda: add(case.y, case.inverse, case.weights)


def rows() -> list[Row]:
    """Return the rows that run on every instruction set.

    Limits count what has to move once, written bytes as if they were read.
    """
    return [
        Row(
            "dispatch plan, 524,288 slots, 256 experts",
            "slot",
            SLOTS,
            plan,
            {
                "numpy stable argsort int32": lambda: numpy_argsort(np.int32),
                "numpy radix argsort int16": lambda: numpy_argsort(np.int16),
                "numpy radix argsort uint8": lambda: numpy_argsort(np.uint8),
                "naive numba counting sort": numba_counting_sort,
                "torch.sort stable": torch_sort,
            },
            bytes_read=16.0,
        ),
        Row(
            "permute 8,192 rows of 2,048 float32",
            "element",
            ROWS * HIDDEN,
            permuted,
            {"np.take": numpy_permuted, "torch.index_select": torch_permuted},
            bytes_read=4.0 + 4.0 / TOP_K,
        ),
        Row(
            "combine 8,192 rows of 2,048 float32",
            "element",
            ROWS * HIDDEN,
            combined,
            {
                "numpy gather and einsum": numpy_combined,
                "naive numba": numba_combined,
                "torch.index_add_": torch_combined,
            },
            bytes_read=4.0 + 4.0 / TOP_K,
        ),
    ]


def main() -> None:
    """Print each row of this module, and what a second thread adds to a plan of 4 M slots."""
    from tokenmill._native import config

    from . import limits
    from .paired import compare
    from .run import timed

    found = limits.measure()
    print(found)
    for row in rows():
        print(timed(row, str(config()["isa_active"]), found, 11))
    tokens = 8 * TOKENS
    print("two threads:", compare(plan(tokens, threads=2), plan(tokens, threads=1)))


if __name__ == "__main__":
    main()
