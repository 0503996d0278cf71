"""Routing rules as the kernels see them, and the call that routes tokens."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .errors import check
from .matrix import Matrix
from .threads import run_ranges

SCORES = {
    "softmax": lib.TM_SCORE_SOFTMAX,
    "sigmoid": lib.TM_SCORE_SIGMOID,
    "sqrtsoftplus": lib.TM_SCORE_SQRT_SOFTPLUS,
    "identity": lib.TM_SCORE_IDENTITY,
}
BIASES = {None: lib.TM_BIAS_NONE, "choice": lib.TM_BIAS_CHOICE, "logits": lib.TM_BIAS_LOGITS}
WEIGHTS = {
    "score": lib.TM_WEIGHT_SCORE,
    "softmax_of_chosen": lib.TM_WEIGHT_SOFTMAX,
    "sigmoid_of_chosen": lib.TM_WEIGHT_SIGMOID,
    "joint_sigmoid": lib.TM_WEIGHT_JOINT,
}
NORMS = {
    None: lib.TM_NORM_NONE,
    "sum": lib.TM_NORM_SUM,
    "floor": lib.TM_NORM_FLOOR,
    "power": lib.TM_NORM_POWER,
}
METHODS = {
    "top_k": lib.TM_METHOD_TOP_K,
    "hash": lib.TM_METHOD_HASH,
    "product_keys": lib.TM_METHOD_PRODUCT_KEYS,
    "sparse_mixer": lib.TM_METHOD_SPARSE_MIXER,
    "block": lib.TM_METHOD_BLOCK,
}
MOST_COLUMNS = 8192
MOST_GROUPS = 64
MOST_TOP_K = 64

# Below this many logits a second thread costs more than it saves.
_THREADED_LOGITS = 1 << 18


class RouterRule(NamedTuple):
    """A routing rule in the kernel's terms; the fields of tm_router."""

    columns: int
    experts: int
    top_k: int
    score: int
    bias_on: int
    groups: int
    groups_kept: int
    group_best: int
    weight: int
    norm: int
    method: int
    shared: int
    skip: int
    block_size: int
    block_experts: int
    fill: float
    eps: float
    power: float
    scale: float
    logit_scale: float
    softcap: float
    jitter: float


class RouteArrays(NamedTuple):
    """What a call reads beside the logits, and what it fills; None where the rule has none."""

    bias: NDArray[np.float64] | None
    expert_scale: NDArray[np.float64] | None
    token_ids: NDArray[np.int64] | None
    hash_table: NDArray[np.int32] | None
    expert_ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    shared_weights: NDArray[np.float32] | None
    skipped: NDArray[np.uint8] | None


class Tallies(NamedTuple):
    """How often each expert was chosen, and how many tokens each rank and node receives."""

    counts: NDArray[np.int64]
    rank_tokens: NDArray[np.int64]
    node_tokens: NDArray[np.int64]

    @classmethod
    def zeros(cls, choices: int, ranks: int, nodes: int) -> Tallies:
        """Return tallies of nothing."""
        return cls(*(np.zeros(length, np.int64) for length in (choices, ranks, nodes)))


@lru_cache(maxsize=256)
def c_router(rule: RouterRule) -> Any:
    """Return the rule as a C struct, the same one for the same rule: it is only read."""
    router = ffi.new("tm_router *")
    for name, value in rule._asdict().items():
        setattr(router, name, value)
    return router


def router_bytes(rule: RouterRule) -> NDArray[np.uint8]:
    """Return the rule as the bytes of the C struct, for compiled code to pass on."""
    router = c_router(rule)
    return np.frombuffer(bytes(ffi.buffer(router)), dtype=np.uint8).copy()


def route(
    rule: RouterRule,
    logits: Matrix,
    arrays: RouteArrays,
    threads: int,
    routed: int = 0,
    tallies: Tallies | None = None,
) -> None:
    """Route every row of the logits into the arrays, and add to the tallies.

    `routed` is the number of experts that live on ranks. The same bits for any number of threads.
    """
    router = c_router(rule)
    parts: list[Tallies] = []
    width = logits.width()

    def part(low: int, high: int) -> None:
        call = ffi.new("tm_route_call *")
        scratch = np.empty(lib.tm_route_scratch(router), np.uint8)
        call.scratch = ffi.from_buffer(scratch)
        call.scratch_bytes = scratch.size
        call.tokens = high - low
        call.dtype = logits.dtype
        call.row_stride = logits.row_stride
        start = logits.address + low * logits.row_stride * width
        call.logits = ffi.cast(_VOID, start)
        for name, kind, by_token in _POINTERS:
            array = getattr(arrays, name)
            if array is not None:
                skipped = low * (array.strides[0] // array.itemsize) if by_token else 0
                setattr(call, name, ffi.from_buffer(kind, array) + skipped)
        if tallies is not None:
            own = Tallies.zeros(*map(len, tallies))
            call.routed, call.ranks, call.nodes = routed, len(own.rank_tokens), len(own.node_tokens)
            for name, array in own._asdict().items():
                setattr(call, name, ffi.from_buffer(_COUNTS, array))
            parts.append(own)
        check(lib.tm_route(router, call))

    threaded = logits.rows * logits.columns >= _THREADED_LOGITS
    run_ranges(part, logits.rows, threads if threaded else 1, rule.block_size)
    for own in parts:
        for total, addend in zip(tallies or (), own, strict=True):
            total += addend


_VOID = ffi.typeof("void *")
_COUNTS = ffi.typeof("int64_t[]")
_POINTERS = (
    ("bias", ffi.typeof("double[]"), False),
    ("expert_scale", ffi.typeof("double[]"), False),
    ("token_ids", ffi.typeof("int64_t[]"), True),
    ("hash_table", ffi.typeof("int32_t[]"), False),
    ("expert_ids", ffi.typeof("int32_t[]"), True),
    ("weights", ffi.typeof("float[]"), True),
    ("shared_weights", ffi.typeof("float[]"), True),
    ("skipped", ffi.typeof("uint8_t[]"), True),
)
