"""Operations that numba has no Python spelling for, as LLVM instructions.

Each intrinsic emits one IEEE operation or one integer instruction, never a call of libm, so a
function written with them has the same bits on every machine. ``fma`` becomes the hardware
instruction where the target has one and libm's exactly rounded ``fma`` where it has not.
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
    """Compile `function` lazily, without fastmath and without Python's division checks."""
    return cast(_Function, numba.njit(nogil=True, error_model="numpy")(function))


@intrinsic  # type: ignore[untyped-decorator]
def fma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """``x * y + z`` rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def to_bits(typingctx: Any, x: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _INT64)

    return types.int64(types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def from_bits(typingctx: Any, i: Any) -> Any:
    """The float64 whose 64 bits are the int64 `i`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _DOUBLE)

    return types.float64(types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def shift_right(typingctx: Any, i: Any, n: Any) -> Any:
    """Logical right shift of an int64; AVX2 has no arithmetic one for 64-bit lanes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.lshr(*args)

    return types.int64(types.int64, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def select(typingctx: Any, condition: Any, x: Any, y: Any) -> Any:
    """``x if condition else y`` on float64 without a branch."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return types.float64(types.boolean, types.float64, types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def square_root(typingctx: Any, x: Any) -> Any:
    """The correctly rounded square root of a float64 (the instruction, no call)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.sqrt", [_DOUBLE])
        return builder.call(function, args)

    return types.float64(types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def horner(typingctx: Any, x: Any, coefficients: Any) -> Any:
    """Polynomial in `x` by Horner's rule, one fma per step.

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
