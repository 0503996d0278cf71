"""Routing of one token inside a user's compiled code, with the ids and weights of `route`.

::

    row of logits --> checks of lengths --> tm_route_token, by its address --> ids, weights

The rule and its arrays are checked when the router is made, outside; a compiled function may
capture the router or take it as an argument.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from .._native.token_router import FLOAT32, FLOAT64, route_token_symbol
from .._native.token_router import token_router as router

__all__ = ["route_token", "router"]

_ROUTE_TOKEN = types.ExternalFunction(
    "tm_route_token",
    types.int32(*[types.uintp] * 4, types.int64, types.uintp, types.int32, *[types.uintp] * 4),
)
for _name, _address in route_token_symbol().items():
    llvmlite.binding.add_symbol(_name, _address)


def _address_of(name: str, *dtypes: Any, written: bool = True) -> Any:
    """Build the intrinsic that returns the address of an array, of these dtypes alone."""

    @intrinsic
    def address(typingctx: Any, array: Any) -> Any:
        fits = isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C"
        if not fits or array.dtype not in dtypes or (written and not array.mutable):
            kinds = " or ".join(str(dtype) for dtype in dtypes)
            kind = "writable, " if written else ""
            raise TypingError(
                f"{name}: expected a {kind}C-contiguous row of {kinds}, found {array}"
            )

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = context.make_array(array)(context, builder, args[0]).data
            return builder.ptrtoint(data, context.get_value_type(types.uintp))

        return types.uintp(array), codegen

    return address


@intrinsic
def _dtype_of(typingctx: Any, array: Any) -> Any:
    """Return the code of the logits' dtype, a constant of the compiled function."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(32), FLOAT64 if array.dtype == types.float64 else FLOAT32)

    return types.int32(array), codegen


_logits = _address_of("logits", types.float32, types.float64, written=False)
_ids = _address_of("expert_ids", types.int32)
_weights = _address_of("weights", types.float32)
_shared = _address_of("shared_weights", types.float32)
_skipped = _address_of("skipped", types.boolean)
_words = _address_of("rule", types.int64, written=False)
_doubles = _address_of("router", types.float64, written=False)
_table = _address_of("hash_table", types.int32, written=False)


@numba.njit(nogil=True, error_model="numpy")
def route_token(  # type: ignore[no-untyped-def]
    router, logits, expert_ids, weights, token_id=0, shared_weights=None, skipped=None
):
    """Route one token: the ids and weights, bit for bit, of its row in ``routing.route``.

    Parameters
    ----------
    router : TokenRouter
        Of :func:`tokenmill.jit.router`, made outside the compiled code.
    logits : ndarray, shape (columns,), float32 or float64
        NaN counts as -inf.
    expert_ids : ndarray, shape (k,), int32
        Filled, by choice value descending, ties by id ascending.
    weights : ndarray, shape (k,), float32
        Filled.
    token_id : int, optional
        The row of the hash table, where the rule has one.
    shared_weights : ndarray, shape (S,), float32, optional
        Filled; needed where the rule has S joint shared experts.
    skipped : ndarray, shape (k,), bool, optional
        Filled; needed where the rule has a skip expert.

    Raises
    ------
    TypingError
        At compilation: another dtype, more axes, an array that is not contiguous or read-only.
    ValueError
        An array of another length, one that the rule needs and is missing, or a token id outside
        the table; nothing is written then.

    Notes
    -----
    O(E). The rules, NaN and ties are those of ``routing.route``.
    """
    if len(logits) != router.columns:
        raise ValueError("logits: expected one value per column of the router")
    if len(expert_ids) != router.top_k:
        raise ValueError("expert_ids: expected top_k entries")
    if len(weights) != router.top_k:
        raise ValueError("weights: expected top_k entries")
    rows = len(router.hash_table)
    if rows and not 0 <= token_id < rows:
        raise ValueError("token_id: expected a row of the hash table")
    shared = skip = numba.uintp(0)
    if shared_weights is not None:
        if len(shared_weights) != router.shared:
            raise ValueError("shared_weights: expected one entry per shared expert")
        shared = _shared(shared_weights)
    elif router.shared:
        raise ValueError("shared_weights: expected an array for this router, found none")
    if skipped is not None:
        if len(skipped) != router.top_k:
            raise ValueError("skipped: expected top_k entries")
        skip = _skipped(skipped)
    elif router.skip:
        raise ValueError("skipped: expected an array for this router, found none")
    status = _ROUTE_TOKEN(
        _words(router.rule),
        _doubles(router.bias) if len(router.bias) else numba.uintp(0),
        _doubles(router.expert_scale) if len(router.expert_scale) else numba.uintp(0),
        _table(router.hash_table.reshape(-1)) if rows else numba.uintp(0),
        token_id,
        _logits(logits),
        _dtype_of(logits),
        _ids(expert_ids),
        _weights(weights),
        shared,
        skip,
    )
    if status != 0:
        raise ValueError("router: expected one of jit.router(), found another rule")
