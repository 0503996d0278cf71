"""Float matrices from any array on the CPU, in place: NumPy, or DLPack as torch and JAX have it.

NumPy refuses bfloat16 from DLPack, so the tensor behind the capsule is read here.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._core import lib
from .arrays import address

_DTYPES = {
    "float32": lib.TM_FLOAT32,
    "float64": lib.TM_FLOAT64,
    "bfloat16": lib.TM_BFLOAT16,
    "float16": lib.TM_FLOAT16,
}
_WIDTH = {lib.TM_FLOAT32: 4, lib.TM_FLOAT64: 8, lib.TM_BFLOAT16: 2, lib.TM_FLOAT16: 2}
# DLPack, https://dmlc.github.io/dlpack/latest/c_api.html, read 2026-11-24
_DL_CPU = 1
_DL_KINDS = {2: "float", 4: "bfloat"}


class _DlTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


@dataclass(frozen=True)
class Matrix:
    """A matrix in memory: `owner` keeps it alive."""

    address: int
    dtype: int
    rows: int
    columns: int
    row_stride: int
    owner: Any

    def width(self) -> int:
        """Return the bytes of an element."""
        return _WIDTH[self.dtype]

    def end(self) -> int:
        """Return the address behind the last element."""
        return self.address + ((self.rows - 1) * self.row_stride + self.columns) * self.width()

    def overlaps(self, other: Matrix) -> bool:
        """Return whether the spans of two matrices in memory meet."""
        filled = self.rows and self.columns and other.rows and other.columns
        return bool(filled) and self.address < other.end() and other.address < self.end()


def as_logits(name: str, values: Any) -> Matrix:
    """Return `values` (T, E) as `as_matrix` does; at least one column, any float."""
    logits = as_matrix(name, values, tuple(_DTYPES), "(tokens, experts)")
    if not logits.columns:
        raise ValueError(f"{name}: expected at least one expert, found ({logits.rows}, 0)")
    return logits


def as_matrix(name: str, values: Any, dtypes: tuple[str, ...], axes: str) -> Matrix:
    """Return `values`, of two axes and one of `dtypes`, as the kernels read them.

    Rows of unit stride are used in place, whatever the distance between rows; anything else is
    copied once.

    Raises
    ------
    TypeError
        Another dtype, or an array that is not on the CPU.
    ValueError
        Not two axes.
    """
    if isinstance(values, np.ndarray) or not hasattr(values, "__dlpack__"):
        return _from_numpy(name, np.asarray(values), dtypes, axes)
    return _from_dlpack(name, values, dtypes, axes)


def _listed(dtypes: tuple[str, ...]) -> str:
    return " or ".join([", ".join(dtypes[:-1]), dtypes[-1]]) if len(dtypes) > 1 else dtypes[0]


@lru_cache(maxsize=64)
def _native_name(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype in this machine's byte order, else nothing: NumPy takes 2 us."""
    return dtype.name if dtype.isnative else ""


def _from_numpy(name: str, array: NDArray[Any], dtypes: tuple[str, ...], axes: str) -> Matrix:
    kind = _native_name(array.dtype)
    if kind not in dtypes:
        raise TypeError(f"{name}: expected {_listed(dtypes)}, found dtype {array.dtype}")
    _check_shape(name, array.shape, axes)
    width = array.itemsize
    in_place = array.strides[1] == width or array.shape[1] == 1
    if not in_place or array.strides[0] < 0 or array.strides[0] % width:
        array = np.ascontiguousarray(array)
    stride = array.strides[0] // width if array.shape[0] > 1 else array.shape[1]
    return Matrix(address(array), _DTYPES[kind], array.shape[0], array.shape[1], stride, array)


def _from_dlpack(name: str, values: Any, dtypes: tuple[str, ...], axes: str) -> Matrix:
    device = values.__dlpack_device__()[0]
    if device != _DL_CPU:
        raise TypeError(f"{name}: expected an array on the CPU, found DLPack device {int(device)}")
    capsule = values.__dlpack__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    tensor = _DlTensor.from_address(pointer(capsule, b"dltensor"))
    dtype = f"{_DL_KINDS.get(tensor.code, 'other')}{tensor.bits}"
    if dtype not in dtypes or tensor.lanes != 1:
        raise TypeError(
            f"{name}: expected {_listed(dtypes)}, "
            f"found DLPack type {tensor.code} of {tensor.bits} bits"
        )
    shape = tuple(tensor.shape[axis] for axis in range(tensor.ndim))
    _check_shape(name, shape, axes)
    strides = (shape[1], 1)
    if tensor.strides:
        strides = (tensor.strides[0], tensor.strides[1])
    start = (tensor.data or 0) + tensor.byte_offset
    if (strides[1] == 1 or shape[1] == 1) and strides[0] >= 0:
        stride = strides[0] if shape[0] > 1 else shape[1]
        return Matrix(start, _DTYPES[dtype], shape[0], shape[1], stride, capsule)
    if dtype == "bfloat16":
        raise ValueError(f"{name}: expected rows of unit stride, found strides {strides}")
    return _from_numpy(name, np.from_dlpack(values), dtypes, axes)


def _check_shape(name: str, shape: tuple[int, ...], axes: str) -> None:
    if len(shape) != 2:
        raise ValueError(f"{name}: expected shape {axes}, found {shape}")
