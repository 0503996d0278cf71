"""The kernel that sums scores and squared logsumexps over pieces of the tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .arrays import address
from .errors import check
from .matrix import Matrix
from .router import RouterRule, c_router
from .threads import run_ranges

# Below this many logits a second thread costs more than it saves.
_THREADED_LOGITS = 1 << 18


def score_sums(
    rule: RouterRule, logits: Matrix, offsets: NDArray[np.int64], threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums over the tokens from each offset to the next.

    Returns
    -------
    scores : ndarray, shape (pieces, columns), float64
    squares : ndarray, shape (pieces,), float64
        Of logsumexp.
    """
    pieces = len(offsets) - 1
    scores, squares = np.empty((pieces, rule.columns)), np.empty(pieces)
    router = c_router(rule)

    def part(low: int, high: int) -> None:
        call, _scratch = _call(logits)
        sums = ffi.new("tm_sums *", {"pieces": high - low})
        sums.offsets = ffi.cast("int64_t *", address(offsets) + low * offsets.itemsize)
        sums.scores = ffi.cast("double *", address(scores) + low * scores.strides[0])
        sums.squares = ffi.cast("double *", address(squares) + low * squares.itemsize)
        check(lib.tm_score_sums(router, call, sums))

    threaded = logits.rows * logits.columns >= _THREADED_LOGITS
    run_ranges(part, pieces, threads if threaded else 1, 1)
    return scores, squares


def _call(logits: Matrix) -> tuple[Any, NDArray[np.uint8]]:
    """Return the call, and the scratch memory that has to live as long."""
    scratch = np.empty(lib.tm_score_scratch(logits.columns), np.uint8)
    call = ffi.new("tm_route_call *")
    call.tokens = logits.rows
    call.dtype = logits.dtype
    call.row_stride = logits.row_stride
    call.logits = ffi.cast("void *", logits.address)
    call.scratch, call.scratch_bytes = ffi.cast("void *", address(scratch)), scratch.size
    return call, scratch
