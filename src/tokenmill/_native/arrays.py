"""Array checks in front of every kernel, and pointers to arrays that passed them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import ffi

_DOUBLES = ffi.typeof("double[]")
_WORDS = ffi.typeof("uint32_t[]")


def as_float64(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return `values` as a C-contiguous float64 array; one that is already is not copied.

    Raises
    ------
    TypeError
        The values are not real numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected real numbers, found dtype {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)


def as_words(name: str, values: ArrayLike, length: int) -> NDArray[np.uint32]:
    """Return `values` as a C-contiguous uint32 array whose last axis is `length` long.

    Raises
    ------
    TypeError
        The values are not integers.
    ValueError
        The last axis has another length, or a value does not fit 32 bits.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers of 32 bits, found dtype {array.dtype}")
    if array.ndim == 0 or array.shape[-1] != length:
        raise ValueError(f"{name}: expected shape (..., {length}), found {array.shape}")
    if array.dtype == np.uint32:
        return np.ascontiguousarray(array)
    if array.size and (array.min() < 0 or array.max() > 0xFFFFFFFF):
        raise ValueError(
            f"{name}: expected values in [0, 2**32), found {array.min()}..{array.max()}"
        )
    return np.ascontiguousarray(array, dtype=np.uint32)


def doubles(array: NDArray[np.float64]) -> Any:
    """Return a C pointer to a float64 array; the array must outlive the call."""
    return ffi.from_buffer(_DOUBLES, array)


def words(array: NDArray[np.uint32]) -> Any:
    """Return a C pointer to a uint32 array; the array must outlive the call."""
    return ffi.from_buffer(_WORDS, array)


def address(array: NDArray[Any]) -> int:
    """Return the address of an array's first element."""
    return int(array.__array_interface__["data"][0])


def as_integer(name: str, value: object, low: int, high: int) -> int:
    """Return `value` as an int in [low, high).

    Raises
    ------
    TypeError
        Not an integer; bool is none.
    ValueError
        Out of range.
    """
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected an integer, found {value!r}")
    number = int(value.__index__())
    if not low <= number < high:
        raise ValueError(f"{name}: expected an integer in [{low}, {high}), found {number}")
    return number
