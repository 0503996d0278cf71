"""Parameter checks that name the distribution, the parameter, what was expected and what came."""

from __future__ import annotations

import math
import reprlib

import numpy as np
from numpy.typing import ArrayLike, NDArray


def demand(condition: bool, owner: str, name: str, expected: str, found: object) -> None:
    """Raise ValueError, naming the parameter, unless `condition` holds."""
    if not condition:
        raise ValueError(f"{owner}.{name}: expected {expected}, found {reprlib.repr(found)}")


def real(owner: str, name: str, value: object) -> float:
    """Return `value` as a finite float; -0.0 becomes 0.0, so that equal means equal bits.

    Raises
    ------
    TypeError
        Not a Python or NumPy integer or float; bool is none.
    ValueError
        NaN, infinite or beyond the range of float64.
    """
    is_number = isinstance(value, int | float | np.integer | np.floating)
    if not is_number or isinstance(value, bool):
        raise TypeError(f"{owner}.{name}: expected a real number, found {reprlib.repr(value)}")
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    demand(math.isfinite(number), owner, name, "a finite number", value)
    return number + 0.0


def vector(owner: str, name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return `values` as a new one-dimensional float64 array, finite and not empty.

    Raises
    ------
    TypeError
        The values are not real numbers.
    ValueError
        Another shape, no values, or one that is NaN or infinite.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{owner}.{name}: expected one sequence of numbers, found {reprlib.repr(values)}"
        ) from error
    if array.dtype.kind not in "fiu" and array.size:
        raise TypeError(
            f"{owner}.{name}: expected real numbers, found {array.dtype}: {reprlib.repr(values)}"
        )
    if array.ndim != 1 or not array.size:
        raise ValueError(
            f"{owner}.{name}: expected a one-dimensional sequence that is not empty, "
            f"found shape {array.shape}"
        )
    result = array.astype(np.float64) + 0.0
    finite = np.isfinite(result)
    if not finite.all():
        place = int(np.argmin(finite))
        raise ValueError(
            f"{owner}.{name}: expected finite numbers, found {array[place]} at index {place}"
        )
    return result
