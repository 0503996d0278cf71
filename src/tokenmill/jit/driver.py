"""Compile a user's scalar model into a driver: draw a block, evaluate the model, collect.

The model is captured by closure, so that LLVM inlines it into the loop over a block's scenarios
and vectorises the loop. Drawing and collecting are C functions called once per block.

::

    block --> tm_sweep_draw --> columns (inputs, 1024) --> model, one scenario per lane -->
    results (outputs, 1024) --> tm_sweep_collect --> statistics
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .._native.sweep import BLOCK, driver_symbols

_DRAW = types.ExternalFunction("tm_sweep_draw", types.int32(types.uintp, types.int64))
_COLLECT = types.ExternalFunction(
    "tm_sweep_collect", types.int32(types.uintp, types.int64, types.int64, types.int64)
)
for _name, _address in driver_symbols().items():
    llvmlite.binding.add_symbol(_name, _address)

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_SCALARS = (types.Float, types.Integer, types.Boolean)
_MATRIX = types.Array(types.float64, 2, "C")
_VECTOR = types.Array(types.float64, 1, "C")
_WHOLE = types.Array(types.int64, 1, "C")

Layout = tuple[tuple[bool, int], ...]


@dataclass(frozen=True)
class Driver:
    """The compiled functions of one model.

    ``run(address, columns, constants, results, position, first, last)`` sweeps the scenarios
    first <= i < last and keeps the block under way in ``position[0]``; ``evaluate(columns,
    constants, results, low, high)`` evaluates the model on columns that are there already.
    """

    run: Callable[..., int]
    evaluate: Callable[..., None]


def compile_model(model: Callable[..., Any], arguments: int) -> tuple[Any, Any]:
    """Return `model` as a numba function of float64 arguments, and its return type.

    Raises
    ------
    numba.core.errors.NumbaError
        numba cannot compile it; the message shows the line.
    """
    compiled = (
        model
        if isinstance(model, numba.core.dispatcher.Dispatcher)
        else numba.njit(**_OPTIONS)(model)
    )
    code = compiled.py_func.__code__
    signature = (types.float64,) * arguments
    if code.co_flags & inspect.CO_VARARGS:
        rest = types.StarArgTuple.from_types(signature[code.co_argcount :])
        signature = (*signature[: code.co_argcount], rest)
    compiled.compile(signature)
    return compiled, compiled.overloads[signature].signature.return_type


def output_types(return_type: Any) -> list[Any] | None:
    """Return the types of the outputs, None where the return type holds something else."""
    outputs = list(return_type) if isinstance(return_type, types.BaseTuple) else [return_type]
    numbers = outputs and all(isinstance(output, _SCALARS) for output in outputs)
    return outputs if numbers else None


def _gather(layout: Layout) -> Any:
    """Build the intrinsic that reads one scenario's arguments; constants are loop-invariant."""

    @intrinsic
    def gather(typingctx: Any, columns: Any, constants: Any, j: Any) -> Any:
        result = types.UniTuple(types.float64, len(layout))

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            drawn, fixed = (
                context.make_array(kind)(context, builder, value).data
                for kind, value in zip(signature.args[:2], args[:2], strict=True)
            )
            values = []
            for is_column, index in layout:
                if is_column:
                    offset = builder.add(args[2], ir.Constant(ir.IntType(64), index * BLOCK))
                    values.append(builder.load(builder.gep(drawn, [offset])))
                else:
                    place = ir.Constant(ir.IntType(64), index)
                    values.append(builder.load(builder.gep(fixed, [place])))
            return context.make_tuple(builder, result, values)

        return result(columns, constants, types.int64), codegen

    return gather


@intrinsic
def _store(typingctx: Any, results: Any, j: Any, value: Any) -> Any:
    """Write a model's outputs, each as float64, to column `j` of the results."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        kind = signature.args[2]
        is_tuple = isinstance(kind, types.BaseTuple)
        for index, item in enumerate(kind if is_tuple else [kind]):
            one = builder.extract_value(args[2], index) if is_tuple else args[2]
            offset = builder.add(args[1], ir.Constant(ir.IntType(64), index * BLOCK))
            number = context.cast(builder, one, item, types.float64)
            builder.store(number, builder.gep(data, [offset]))
        return context.get_dummy_value()

    return types.void(results, types.int64, value), codegen


def build_evaluate(model: Any, layout: Layout) -> Callable[..., None]:
    """Return the loop of a compiled model over one block, ``evaluate`` of :class:`Driver`.

    Parameters
    ----------
    model : numba dispatcher
    layout : tuple of (is_column, index)
        Where each argument comes from: a column or a constant.
    """
    gather = _gather(layout)

    @numba.njit(types.void(_MATRIX, _VECTOR, _MATRIX, types.int64, types.int64), **_OPTIONS)
    def evaluate(columns, constants, results, low, high):  # type: ignore[no-untyped-def]
        for j in range(low, high):
            _store(results, j, model(*gather(columns, constants, j)))

    return cast(Callable[..., None], evaluate)


def build_driver(model: Any, layout: Layout) -> Driver:
    """Return the driver of a compiled model; the parameters are those of `build_evaluate`."""
    evaluate = build_evaluate(model, layout)

    @numba.njit(
        types.int32(types.uintp, _MATRIX, _VECTOR, _MATRIX, _WHOLE, types.int64, types.int64),
        **_OPTIONS,
    )
    def run(  # type: ignore[no-untyped-def]
        address, columns, constants, results, position, first, last
    ):
        status = 0
        while first < last:
            block = first // BLOCK
            low = first - block * BLOCK
            high = min(BLOCK, last - block * BLOCK)
            position[0] = block
            status |= _DRAW(address, block)
            evaluate(columns, constants, results, low, high)
            status |= _COLLECT(address, block, low, high)
            first = (block + 1) * BLOCK
        return status

    return Driver(run, evaluate)
