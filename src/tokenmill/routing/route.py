"""Route tokens: logits in, expert ids and weights out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import resolve_threads
from .._native.arrays import address
from .._native.matrix import Matrix, as_logits
from .._native.router import RouteArrays, Tallies
from .._native.router import route as route_kernel
from .checks import as_divisor, per_expert
from .spec import RouterSpec

Out = tuple[NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True)
class Routing:
    """Where each token goes.

    Attributes
    ----------
    expert_ids : ndarray, shape (T, k), int32
        By choice value descending, ties by id ascending; in table order with a hash table.
    weights : ndarray, shape (T, k), float32
    shared_weights : ndarray, shape (T, S), float32, or None
        Weights of joint shared experts.
    skipped : ndarray, shape (T, k), bool, or None
        Where the skip expert was chosen; the id is 0 and the weight 0 there.
    spec : RouterSpec
    counts : ndarray, shape (spec.choices,), int64, or None
        How often each expert was chosen, the skip expert last; with ``counts=True``.
    rank_tokens : ndarray, shape (ranks,), int64, or None
        Tokens with at least one expert on each rank, each counted once; with ``ranks=``.
    node_tokens : ndarray, shape (nodes,), int64, or None
        The same for nodes, contiguous blocks of ranks.
    """

    expert_ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    shared_weights: NDArray[np.float32] | None
    skipped: NDArray[np.bool_] | None
    spec: RouterSpec
    counts: NDArray[np.int64] | None = None
    rank_tokens: NDArray[np.int64] | None = None
    node_tokens: NDArray[np.int64] | None = None


def route(
    logits: Any,
    spec: RouterSpec,
    *,
    bias: ArrayLike | None = None,
    token_ids: ArrayLike | None = None,
    hash_table: ArrayLike | None = None,
    expert_scale: ArrayLike | None = None,
    counts: bool = False,
    ranks: int | None = None,
    nodes: int = 1,
    out: Out | None = None,
    threads: int | None = None,
) -> Routing:
    """Route every token by one rule.

    Parameters
    ----------
    logits : array, shape (T, spec.columns), float32, float64, float16 or bfloat16
        NumPy (bfloat16 of ml_dtypes) or any tensor on the CPU with DLPack; not copied if each row
        is contiguous.
    spec : RouterSpec
    bias : array_like, shape (spec.choices,), optional
        Needed, and allowed, where the rule has one.
    token_ids : array_like of int, shape (T,), optional
    hash_table : array_like of int, shape (vocabulary, k), optional
        Both for the method "hash".
    expert_scale : array_like, shape (spec.choices,), optional
        Multiplies the weight of each expert.
    counts : bool, optional
        Count in the same pass how often each expert is chosen.
    ranks : int, optional
        Count in the same pass the tokens that each of so many ranks receives; implies `counts`.
        They hold ``spec.experts`` in contiguous blocks of equal size.
    nodes : int, optional
        Nodes that hold the ranks, in contiguous blocks of equal size.
    out : tuple of ndarrays, optional
        ``(expert_ids, weights)`` to fill, int32 and float32, C-contiguous.
    threads : int, optional
        None: TOKENMILL_NUM_THREADS, else every core.

    Returns
    -------
    Routing

    Raises
    ------
    TypeError, ValueError
        Wrong shape, dtype, length or range, `out` overlapping the logits: the argument, what was
        expected, what was found. `out` is then untouched.

    Notes
    -----
    A NaN logit counts as -inf. Scores are computed in float32, for float64 logits in float64.
    O(T * E). The same bits for any threads, split of the tokens and instruction set.
    """
    if not isinstance(spec, RouterSpec):
        raise TypeError(f"spec: expected a RouterSpec, found {spec!r}")
    matrix = as_logits("logits", logits)
    if matrix.columns != spec.columns:
        raise ValueError(
            f"logits: expected {spec.columns} columns for this spec, found {matrix.columns}"
        )
    tokens, k = matrix.rows, spec.top_k
    ids, weights = _outputs(out, matrix, (tokens, k))
    shared = np.empty((tokens, spec.shared_experts), np.float32) if spec.shared_experts else None
    skipped = np.empty((tokens, k), np.uint8) if spec.skip_expert else None
    table = _table(spec, tokens, token_ids, hash_table)
    arrays = RouteArrays(
        bias=_bias(spec, bias),
        expert_scale=_scale(spec, expert_scale),
        token_ids=table[0],
        hash_table=table[1],
        expert_ids=ids,
        weights=weights,
        shared_weights=shared,
        skipped=skipped,
    )
    tallies = _tallies(spec, counts, ranks, nodes)
    route_kernel(spec.rule(), matrix, arrays, resolve_threads(threads), spec.experts, tallies)
    flags = skipped.view(np.bool_) if skipped is not None else None
    routing = Routing(ids, weights, shared, flags, spec)
    if tallies is None:
        return routing
    if ranks is None:
        return replace(routing, counts=tallies.counts)
    return replace(routing, **tallies._asdict())


def _tallies(spec: RouterSpec, counts: bool, ranks: int | None, nodes: int) -> Tallies | None:
    if ranks is None and nodes != 1:
        raise ValueError(f"nodes: expected 1 without ranks, found {nodes!r}")
    if ranks is None:
        return Tallies.zeros(spec.choices, 0, 0) if counts else None
    parts = as_divisor("ranks", ranks, spec.experts, "experts")
    groups = as_divisor("nodes", nodes, parts, "ranks")
    return Tallies.zeros(spec.choices, parts, groups)


def _scale(spec: RouterSpec, values: ArrayLike | None) -> NDArray[np.float64] | None:
    return None if values is None else per_expert("expert_scale", values, spec.choices)


def _bias(spec: RouterSpec, bias: ArrayLike | None) -> NDArray[np.float64] | None:
    if (bias is None) != (spec.bias is None):
        expected = f"shape ({spec.choices},)" if spec.bias else "none, as spec.bias is None"
        raise ValueError(f"bias: expected {expected}, found {'none' if bias is None else 'one'}")
    if bias is None:
        return None
    array = per_expert("bias", bias, spec.choices)
    if spec.columns == spec.choices:
        return array
    return np.concatenate([array, np.zeros(spec.columns - spec.choices)])


def _table(
    spec: RouterSpec, tokens: int, token_ids: ArrayLike | None, hash_table: ArrayLike | None
) -> tuple[NDArray[np.int64] | None, NDArray[np.int32] | None]:
    given = {"token_ids": token_ids, "hash_table": hash_table}
    for name, values in given.items():
        if (values is None) == (spec.method == "hash"):
            expected = "an array" if values is None else "none"
            found = "none" if values is None else "one"
            raise ValueError(
                f"{name}: expected {expected} for method {spec.method!r}, found {found}"
            )
    if token_ids is None or hash_table is None:
        return None, None
    table = _integers("hash_table", hash_table, None, spec.choices)
    if table.ndim != 2 or table.shape[1] != spec.top_k or not table.shape[0]:
        raise ValueError(
            f"hash_table: expected shape (vocabulary, {spec.top_k}), found {table.shape}"
        )
    chosen = _integers("token_ids", token_ids, (tokens,), table.shape[0])
    return chosen, np.ascontiguousarray(table, dtype=np.int32)


def _integers(
    name: str, values: ArrayLike, shape: tuple[int, ...] | None, end: int
) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, found dtype {array.dtype}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, found {array.shape}")
    outside = (array < 0) | (array >= end)
    if outside.any():
        raise ValueError(f"{name}: expected values in [0, {end}), found {array[outside].flat[0]}")
    return np.ascontiguousarray(array, dtype=np.int64)


def _outputs(out: Out | None, logits: Matrix, shape: tuple[int, int]) -> Out:
    if out is None:
        return np.empty(shape, np.int32), np.empty(shape, np.float32)
    if not isinstance(out, tuple) or len(out) != 2:
        raise TypeError(f"out: expected (expert_ids, weights), found {type(out).__name__}")
    spans = [(logits.address, logits.end(), "logits")] if logits.rows else []
    for name, array, dtype in zip(
        ("expert_ids", "weights"), out, (np.int32, np.float32), strict=True
    ):
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            found = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"out: expected {name} of {np.dtype(dtype)}, found {found}")
        if array.shape != shape or not array.flags.c_contiguous or not array.flags.writeable:
            raise ValueError(
                f"out: expected {name} writable, C-contiguous, of shape {shape}, "
                f"found {array.shape}"
            )
        low, high = address(array), address(array) + array.nbytes
        for start, end, other in spans:
            if low < end and start < high:
                raise ValueError(f"out: expected arrays of their own, found {name} over {other}")
        spans.append((low, high, name))
    return out
