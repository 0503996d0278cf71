"""The kernels that route a batch as a whole: scores, best of lines, Sinkhorn, auction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .arrays import address, doubles
from .errors import check
from .matrix import Matrix
from .router import SCORES
from .threads import run_ranges

Floats = NDArray[np.float64]

# Below this many elements a second thread costs more than it saves.
_THREADED_ELEMENTS = 1 << 17
# What a thread takes at once: tokens to score, and the lines that best_of_lines handles together.
_TOKENS = 16
_LINES = 16


class Balanced(NamedTuple):
    """What the Sinkhorn iteration found."""

    choice: Floats
    token_factor: Floats
    expert_factor: Floats
    rounds: int
    change: float


class Auctioned(NamedTuple):
    """What the auction found: the expert and the price of each token."""

    expert_ids: NDArray[np.int32]
    prices: Floats
    rounds: int
    placed: int


def score_matrix(logits: Matrix, score: str, threads: int) -> Floats:
    """Return the scores (T, E) of every token and expert in float64; NaN counts as -inf."""
    scores = np.empty((logits.rows, logits.columns))
    width = ffi.sizeof(("float", "double", "uint16_t", "uint16_t")[logits.dtype])

    def part(low: int, high: int) -> None:
        call = ffi.new("tm_score_call *")
        call.tokens, call.experts = high - low, logits.columns
        call.score, call.dtype, call.row_stride = SCORES[score], logits.dtype, logits.row_stride
        call.logits = ffi.cast("void *", logits.address + low * logits.row_stride * width)
        scratch = np.empty(16 * logits.columns)
        call.scratch = doubles(scratch)
        call.scores = ffi.cast("double *", address(scores[low:high]))
        check(lib.tm_router_scores(call))

    run_ranges(part, logits.rows, threads if scores.size >= _THREADED_ELEMENTS else 1, _TOKENS)
    return scores


def best_of_lines(
    x: Floats, axis: int, count: int, threads: int
) -> tuple[NDArray[np.int32], Floats]:
    """Return the `count` best of each line of x (rows, columns) along `axis`, best first.

    Ties go to the lower index, NaN counts as -inf. Both results have shape (lines, count):
    indices along the line, and values.
    """
    lines, items = x.shape[1 - axis], x.shape[axis]
    index, value = np.empty((lines, count), np.int32), np.empty((lines, count))
    line_stride, item_stride = (
        stride // x.itemsize for stride in (x.strides[1 - axis], x.strides[axis])
    )

    def part(low: int, high: int) -> None:
        call = ffi.new("tm_lines *")
        call.lines, call.items, call.count = high - low, items, count
        call.line_stride, call.item_stride = line_stride, item_stride
        call.x = ffi.cast("double *", address(x) + low * line_stride * x.itemsize)
        call.index = ffi.cast("int32_t *", address(index) + low * index.strides[0])
        call.value = ffi.cast("double *", address(value) + low * value.strides[0])
        check(lib.tm_best_of_lines(call))

    run_ranges(part, lines, threads if x.size >= _THREADED_ELEMENTS else 1, _LINES)
    return index, value


def column_sums(x: Floats) -> Floats:
    """Return the sums of the columns of x (rows, columns), added from the first row to the last."""
    sums = np.empty(x.shape[1])
    check(lib.tm_column_sums(x.shape[0], x.shape[1], doubles(x), doubles(sums)))
    return sums


def sinkhorn(logits: Floats, tolerance: float, most_rounds: int) -> Balanced:
    """Return the balanced scores of finite logits (T, E), both at least 1."""
    tokens, experts = logits.shape
    choice, token_factor = np.empty((tokens, experts)), np.empty(tokens)
    expert_factor, scratch = np.empty(experts), np.empty(experts)
    call = ffi.new("tm_sinkhorn_call *")
    call.tokens, call.experts, call.logits = tokens, experts, doubles(logits)
    call.tolerance, call.most_rounds = tolerance, most_rounds
    call.choice, call.token_factor = doubles(choice), doubles(token_factor)
    call.expert_factor, call.scratch = doubles(expert_factor), doubles(scratch)
    check(lib.tm_sinkhorn(call))
    return Balanced(choice, token_factor, expert_factor, call.rounds, call.change)


def auction(scores: Floats, epsilon: float, most_rounds: int) -> Auctioned:
    """Return the balanced assignment of finite scores (E, T), T a multiple of E >= 2."""
    experts, tokens = scores.shape
    share = tokens // experts
    work = np.empty((3, tokens)), np.empty(share + 1)
    whole = np.empty((2, tokens), np.int32), np.empty(share + 1, np.int32)
    call = ffi.new("tm_auction_call *")
    call.tokens, call.experts, call.score = tokens, experts, doubles(scores)
    call.epsilon, call.most_rounds = epsilon, most_rounds
    call.value, call.price, call.bid = (doubles(row) for row in work[0])
    call.expert_ids, call.bidder = (ffi.cast("int32_t *", address(row)) for row in whole[0])
    call.top_value, call.top_index = doubles(work[1]), ffi.cast("int32_t *", address(whole[1]))
    check(lib.tm_auction(call))
    return Auctioned(whole[0][0], work[0][1], call.rounds, call.placed)
