"""Operations that numba has no Python spelling for, as LLVM instructions.

Each intrinsic emits one IEEE operation or one integer instruction, never a call of libm, so a
function written with them has the same bits on every machine. One exception, which keeps the bits
too: on a target without the instruction LLVM turns ``fma`` into a call of the C library's ``fma``,
whose result the standard defines as the product and sum rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

_Function = TypeVar("_Function", bound=Callable[..., Any])

_DOUBLE = ir.DoubleType()
_INT64 = ir.IntType(64)


def kernel(function: _Function) -> _Function:
    """Compile `function` lazily, without fastmath and without Python's division checks.

    It is inlined wherever it is called: the larger ones are past LLVM's own threshold, and a call
    left in a loop would keep the loop from vectorising.
    """
    compiled = numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
    return cast(_Function, compiled)


def _float_valued(function: Callable[..., Any]) -> Callable[..., float]:
    return cast("Callable[..., float]", intrinsic(function))


def _integer_valued(function: Callable[..., Any]) -> Callable[..., int]:
    return cast("Callable[..., int]", intrinsic(function))


@_float_valued
def fma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """Return ``x * y + z`` rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@_integer_valued
def to_bits(typingctx: Any, x: Any) -> Any:
    """Return the 64 bits of a float64 as an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _INT64)

    return types.int64(types.float64), codegen


@_float_valued
def from_bits(typingctx: Any, i: Any) -> Any:
    """Return the float64 whose 64 bits are the int64 `i`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _DOUBLE)

    return types.float64(types.int64), codegen


@_integer_valued
def shift_right(typingctx: Any, i: Any, n: Any) -> Any:
    """Shift an int64 right logically; AVX2 has no arithmetic one for 64-bit lanes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.lshr(*args)

    return types.int64(types.int64, types.int64), codegen


@_float_valued
def select(typingctx: Any, condition: Any, x: Any, y: Any) -> Any:
    """Return ``x if condition else y`` on float64 without a branch."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return types.float64(types.boolean, types.float64, types.float64), codegen


@_float_valued
def square_root(typingctx: Any, x: Any) -> Any:
    """Return the correctly rounded square root of a float64: the instruction, no call."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.sqrt", [_DOUBLE])
        return builder.call(function, args)

    return types.float64(types.float64), codegen


@_float_valued
def horner(typingctx: Any, x: Any, coefficients: Any) -> Any:
    """Evaluate a polynomial in `x` by Horner's rule, one fma per step.

    `coefficients` is a tuple of float64, constant term first.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, terms = args
        last = coefficients.count - 1
        total = builder.extract_value(terms, last)
        for index in range(last - 1, -1, -1):
            total = builder.fma(total, value, builder.extract_value(terms, index))
        return total

    if not isinstance(coefficients, types.UniTuple):
        return None
    return types.float64(types.float64, coefficients), codegen
