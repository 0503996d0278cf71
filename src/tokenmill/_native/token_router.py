"""A rule with its arrays, as compiled code hands them to the C function that routes one token."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import ffi, lib
from .arrays import as_float64
from .router import RouterRule, router_bytes

FLOAT32, FLOAT64 = int(lib.TM_FLOAT32), int(lib.TM_FLOAT64)


class TokenRouter(NamedTuple):
    """A rule and its arrays, none of which changes; an array that the rule lacks is empty.

    Attributes
    ----------
    rule : ndarray of int64
        The C struct, in words so that a copy of it keeps its alignment.
    bias : ndarray, shape (columns,), float64
    expert_scale : ndarray, shape (choices,), float64
    hash_table : ndarray, shape (vocabulary, k), int32
    columns, top_k, shared : int
        Logits of a token, ids, and joint shared experts.
    skip : int
        1 where the rule has a skip expert.
    """

    rule: NDArray[np.int64]
    bias: NDArray[np.float64]
    expert_scale: NDArray[np.float64]
    hash_table: NDArray[np.int32]
    columns: int
    top_k: int
    shared: int
    skip: int


def token_router(
    rule: RouterRule,
    *,
    bias: ArrayLike | None = None,
    expert_scale: ArrayLike | None = None,
    hash_table: ArrayLike | None = None,
) -> TokenRouter:
    """Return a rule and its arrays, checked once, for ``route_token``.

    Parameters
    ----------
    rule : RouterRule
        What ``RouterSpec.rule()`` gives.
    bias, expert_scale : array_like, shape (spec.choices,), optional
        Finite, copied as float64. The bias is needed, and allowed, where the rule has one.
    hash_table : array_like of int, shape (vocabulary, k), optional
        Needed, and allowed, for the method "hash"; ids in [0, spec.choices).

    Returns
    -------
    TokenRouter
        Compiled code may capture it or take it as an argument.

    Raises
    ------
    TypeError, ValueError
        No rule, a rule of block routing, which needs the other tokens of the block, an array that
        is missing or not wanted, of another shape, or with values out of range.
    """
    if not isinstance(rule, RouterRule):
        raise TypeError(f"rule: expected what RouterSpec.rule() gives, found {rule!r}")
    if rule.method == lib.TM_METHOD_BLOCK:
        raise ValueError("rule: expected one that needs one token alone, found block routing")
    _check_given("bias", bias, rule.bias_on != lib.TM_BIAS_NONE)
    _check_given("hash_table", hash_table, rule.method == lib.TM_METHOD_HASH)
    biases = _finite("bias", bias, rule.experts)
    if biases.size:
        biases = np.concatenate([biases, np.zeros(rule.columns - rule.experts)])
    return TokenRouter(
        router_bytes(rule).view(np.int64),
        biases,
        _finite("expert_scale", expert_scale, rule.experts),
        _table(hash_table, rule),
        rule.columns,
        rule.top_k,
        rule.shared,
        rule.skip,
    )


def route_token_symbol() -> dict[str, int]:
    """Return the address of the C function that compiled code calls, by its name."""
    return {"tm_route_token": int(ffi.cast("uintptr_t", ffi.addressof(lib, "tm_route_token")))}


def _check_given(name: str, values: ArrayLike | None, needed: bool) -> None:
    if (values is not None) != needed:
        expected, found = ("an array", "none") if needed else ("none", "one")
        raise ValueError(f"{name}: expected {expected} for this rule, found {found}")


def _finite(name: str, values: ArrayLike | None, count: int) -> NDArray[np.float64]:
    if values is None:
        return np.empty(0)
    array = as_float64(name, values).copy()
    if array.shape != (count,):
        raise ValueError(f"{name}: expected shape ({count},), found {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, found {array[~np.isfinite(array)][0]}")
    return array


def _table(values: ArrayLike | None, rule: RouterRule) -> NDArray[np.int32]:
    if values is None:
        return np.empty((0, rule.top_k), np.int32)
    table = np.asarray(values)
    if table.dtype.kind not in "iu":
        raise TypeError(f"hash_table: expected integers, found dtype {table.dtype}")
    if table.ndim != 2 or table.shape[1] != rule.top_k or not table.shape[0]:
        raise ValueError(
            f"hash_table: expected shape (vocabulary, {rule.top_k}), found {table.shape}"
        )
    outside = (table < 0) | (table >= rule.experts)
    if outside.any():
        raise ValueError(
            f"hash_table: expected values in [0, {rule.experts}), found {table[outside][0]}"
        )
    return np.array(table, np.int32, order="C")
