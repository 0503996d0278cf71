"""`evaluate`: a model over arrays instead of distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import resolve_threads
from .._native.arrays import as_float64
from .blocks import BlockWorker, compiled_loop
from .chunks import ModelFailure, run_workers, worker_count
from .distributions import Distribution
from .model import match_arguments

Array = NDArray[np.float64]


def evaluate(
    model: Callable[..., Any],
    inputs: Mapping[str, ArrayLike],
    *,
    threads: int | None = None,
) -> Any:
    """Evaluate a model over arrays, element by element.

    The model is the one that :func:`sweep` takes: one function serves for a call with floats, for
    a grid, and for a sweep in which any input is uncertain.

    Parameters
    ----------
    model : function of scalars
        Plain Python, compiled by numba. Arguments are matched to `inputs` by name; an argument
        with a default may go without an input; ``*values`` takes every further input in order. It
        returns a number, a tuple or a NamedTuple of numbers.
    inputs : mapping of name to array or number
        Real numbers, converted to float64; shapes are broadcast.
    threads : int or None
        None means TOKENMILL_NUM_THREADS, else every core this process may use.

    Returns
    -------
    ndarray, or the model's tuple or NamedTuple of ndarrays
        float64, of the broadcast shape; shape () where every input is a number.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong; the message names it.
    ModelError
        numba cannot compile the model.

    Notes
    -----
    O(elements) time; memory is that of the outputs, and of a copy of each input that is no float64
    array. The same bits for any threads. Whatever the model raises reaches the caller with the
    lowest index that raises it, as a note and as ``error.index``. A plain function is compiled at
    each call, one that numba has decorated (as every formula of this package) at the first call.

    Examples
    --------
    >>> import numpy as np
    >>> from tokenmill import evaluate
    >>> def usd_per_mtok(usd_per_hour, tokens_per_s, utilisation=1.0):
    ...     return usd_per_hour / (3600.0 * tokens_per_s * utilisation) * 1e6
    >>> rents = np.array([[2.0], [4.0]])
    >>> speeds = np.array([1000.0, 2000.0, 4000.0])
    >>> evaluate(usd_per_mtok, {"usd_per_hour": rents, "tokens_per_s": speeds}).round(3)
    array([[0.556, 0.278, 0.139],
           [1.111, 0.556, 0.278]])
    """
    arrays = _as_arrays(inputs)
    arguments, defaults = match_arguments(model, list(arrays))
    workers = resolve_threads(threads)
    shape = _broadcast_shape(arrays)
    layout: list[tuple[bool, int]] = []
    constants: list[float] = []
    elements: list[Callable[[int, int], Array]] = []
    for name, default in zip(arguments, defaults, strict=True):
        array = arrays.get(name)
        if array is not None and array.ndim:
            layout.append((True, len(elements)))
            elements.append(_elements(array, shape))
            continue
        layout.append((False, len(constants)))
        constants.append(float(default) if array is None else float(array))
    loop, return_type, outputs = compiled_loop(model, tuple(layout))
    count = int(np.prod(shape, dtype=np.int64))
    out = np.empty((len(outputs), count))
    fixed = np.array(constants or [0.0])

    def fill(columns: Array, low: int, high: int) -> None:
        for column, part in zip(columns, elements, strict=True):
            column[: high - low] = part(low, high)

    def take(results: Array, low: int, high: int) -> None:
        out[:, low:high] = results[:, : high - low]

    team = [
        BlockWorker(loop, fill, take, len(elements), len(outputs), fixed)
        for _ in range(worker_count(count, workers))
    ]
    try:
        run_workers(team, 0, count, None)
    except ModelFailure as failure:
        error = failure.error
        index = tuple(int(i) for i in np.unravel_index(failure.index, shape))
        error.add_note(f"raised by the model at index {index}")
        error.index = index  # type: ignore[attr-defined]
        raise error from None
    return _shaped(out, shape, return_type)


def _as_arrays(inputs: Mapping[str, ArrayLike]) -> dict[str, Array]:
    if not isinstance(inputs, Mapping):
        raise TypeError(f"inputs: expected a mapping of names, found {type(inputs).__name__}")
    arrays = {}
    for name, value in inputs.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"inputs: names must be non-empty strings, found {name!r}")
        if isinstance(value, Distribution):
            raise TypeError(
                f"inputs: {name!r} must be an array or a number, found {type(value).__name__}; "
                "sweep() draws from distributions"
            )
        arrays[name] = as_float64(f"inputs: {name!r}", value)
    return arrays


def _broadcast_shape(arrays: Mapping[str, Array]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name!r} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"inputs: shapes do not broadcast: {shapes}") from None


def _elements(array: Array, shape: tuple[int, ...]) -> Callable[[int, int], Array]:
    """Return a function that gives the elements low <= i < high of the broadcast array."""
    if array.shape == shape:
        flat = array.reshape(-1)
        return lambda low, high: flat[low:high]
    spread = np.broadcast_to(array, shape)
    # an iterator has a position, so each call takes one of its own
    return lambda low, high: spread.flat[low:high]


def _shaped(out: Array, shape: tuple[int, ...], return_type: Any) -> Any:
    """Give the outputs the broadcast shape, in the model's own container."""
    from numba.core import types

    arrays = [one.reshape(shape) for one in out]
    if not isinstance(return_type, types.BaseTuple):
        return arrays[0]
    container = getattr(return_type, "instance_class", None)
    return tuple(arrays) if container is None else container(*arrays)
