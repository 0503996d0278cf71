"""Rows of activations moved into expert order, and expert outputs summed back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .arrays import address
from .errors import check
from .matrix import Matrix, as_matrix
from .threads import ranges, team

DTYPES = ("float32", "bfloat16")
FLOAT32 = lib.TM_FLOAT32

# Below this many elements a second thread costs more than it saves.
_THREADED_ELEMENTS = 1 << 18


def as_output(name: str, values: Any, like: Matrix, rows: int, axes: str) -> Matrix:
    """Return an array to fill, of the dtype and columns of `like`.

    Raises
    ------
    TypeError, ValueError
        Another dtype or shape, read-only, rows that overlap or are not of unit stride.
    """
    out = as_matrix(name, values, DTYPES, axes)
    if out.dtype != like.dtype:
        raise TypeError(f"{name}: expected the dtype of the input, found another")
    if (out.rows, out.columns) != (rows, like.columns):
        raise ValueError(
            f"{name}: expected shape ({rows}, {like.columns}), found ({out.rows}, {out.columns})"
        )
    copied = isinstance(out.owner, np.ndarray) and out.owner is not values
    if copied or (rows > 1 and out.row_stride < out.columns):
        raise ValueError(f"{name}: expected rows of unit stride that do not overlap")
    if isinstance(values, np.ndarray) and not values.flags.writeable:
        raise ValueError(f"{name}: expected a writable array, found a read-only one")
    return out


def _parts(rows: int, columns: int, threads: int) -> list[tuple[int, int]]:
    return ranges(rows, threads if rows * columns >= _THREADED_ELEMENTS else 1)


def permute(source: Matrix, tokens: NDArray[np.int32], out: Matrix, threads: int) -> None:
    """Copy row ``tokens[p]`` of the source to row p of the output."""
    width = source.width()
    parts = _parts(len(tokens), source.columns, threads)

    def copy(part: int) -> None:
        low, high = parts[part]
        call = ffi.new("tm_permute_call *")
        call.rows, call.row_bytes = high - low, source.columns * width
        call.source, call.source_rows = ffi.cast("void *", source.address), source.rows
        call.stride_source, call.stride_out = source.row_stride * width, out.row_stride * width
        call.tokens = ffi.cast("int32_t *", address(tokens) + 4 * low)
        call.out = ffi.cast("void *", out.address + low * out.row_stride * width)
        check(lib.tm_permute(call))

    with team(len(parts)) as together:
        together(copy)


def combine(
    outputs: Matrix, inverse: NDArray[np.int32], weights: Matrix, out: Matrix, threads: int
) -> None:
    """Sum rows ``inverse[t, j]`` of the outputs, times ``weights[t, j]``, into row t."""
    top_k = weights.columns
    parts = _parts(out.rows, out.columns * top_k, threads)

    def add(part: int) -> None:
        low, high = parts[part]
        call = ffi.new("tm_combine_call *")
        call.tokens, call.hidden, call.top_k = high - low, out.columns, top_k
        call.dtype = out.dtype
        call.outputs, call.positions = ffi.cast("void *", outputs.address), outputs.rows
        call.stride_outputs = outputs.row_stride
        call.inverse = ffi.cast("int32_t *", address(inverse) + 4 * low * top_k)
        call.weights = ffi.cast("float *", weights.address + 4 * low * weights.row_stride)
        call.stride_weights = weights.row_stride
        to = out.address + low * out.row_stride * out.width()
        call.out, call.stride_out = ffi.cast("void *", to), out.row_stride
        check(lib.tm_combine(call))

    with team(len(parts)) as together:
        together(add)
