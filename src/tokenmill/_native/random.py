"""Random numbers and quantile functions: Philox words, laws, elementary functions."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import ffi, lib
from .arrays import address, as_float64, as_words, doubles, words
from .errors import check
from .threads import run_ranges


class LawKind(enum.IntEnum):
    """How a uniform becomes a value; parameters in csrc/kernels/random/quantile.h."""

    CONSTANT = 0
    UNIFORM = 1
    LOG_UNIFORM = 2
    NORMAL = 3
    LOG_NORMAL = 4
    TRUNCATED_NORMAL = 5
    TRIANGULAR = 6
    EXPONENTIAL = 7
    WEIBULL = 8
    PARETO = 9
    LOGISTIC = 10
    TABULATED = 11
    DISCRETE = 12
    EMPIRICAL = 13


_NO_TABLE: NDArray[np.float64] = np.empty(0)


class Law(NamedTuple):
    """A distribution as the kernels see it: a kind, up to 8 parameters, perhaps a table."""

    kind: LawKind
    parameters: tuple[float, ...]
    table: NDArray[np.float64] = _NO_TABLE


_FUNCTIONS = {
    "exp": lib.TM_FUNCTION_EXP,
    "log": lib.TM_FUNCTION_LOG,
    "log1p": lib.TM_FUNCTION_LOG1P,
    "norm_ppf": lib.TM_FUNCTION_NORM_PPF,
    "norm_cdf": lib.TM_FUNCTION_NORM_CDF,
}

# Below this many values a second thread costs more than it saves.
_THREADED_SAMPLES = 1 << 16


def stream_id(name: str) -> int:
    """Return the counter word of a stream: the first 32 bits of SHA-256 of its UTF-8 name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")


def c_laws(laws: Sequence[Law], streams: Sequence[int]) -> Any:
    """Return laws as a C array; the tables stay with `laws`, which must outlive it."""
    array = ffi.new("tm_law[]", max(len(laws), 1))
    for target, law, stream in zip(array, laws, streams, strict=False):
        target.stream = stream
        target.kind = int(law.kind)
        for index, parameter in enumerate(law.parameters):
            target.parameters[index] = parameter
        if law.table.size:
            target.table = ffi.cast("double *", address(law.table))
            target.table_length = law.table.size
    return array


def philox4x32(counter: ArrayLike, key: ArrayLike) -> NDArray[np.uint32]:
    """Philox4x32-10, the counter-based generator of Salmon et al. (SC'11).

    Parameters
    ----------
    counter : array_like, shape (..., 4), integers of 32 bits
    key : array_like, shape (..., 2), integers of 32 bits
        The leading axes of both broadcast.

    Returns
    -------
    ndarray, shape (..., 4), uint32
        A pure function of counter and key: no state, block 0 is counter 0.

    Raises
    ------
    TypeError
        An argument does not hold integers.
    ValueError
        A last axis has the wrong length, a value does not fit, or the axes do not broadcast.
    """
    counters = as_words("counter", counter, 4)
    keys = as_words("key", key, 2)
    if counters.shape[:-1] != keys.shape[:-1]:
        shape = np.broadcast_shapes(counters.shape[:-1], keys.shape[:-1])
        counters = np.ascontiguousarray(np.broadcast_to(counters, (*shape, 4)))
        keys = np.ascontiguousarray(np.broadcast_to(keys, (*shape, 2)))
    out = np.empty(counters.shape, dtype=np.uint32)
    check(lib.tm_philox4x32(out.size // 4, words(counters), words(keys), words(out)))
    return out


def elementary(name: str, x: ArrayLike) -> NDArray[np.float64]:
    """Return exp, log, log1p, norm_ppf or norm_cdf of `x` with the same bits on every machine."""
    if name not in _FUNCTIONS:
        raise ValueError(f"name: expected one of {', '.join(_FUNCTIONS)}, found {name!r}")
    values = as_float64("x", x)
    out = np.empty(values.shape)
    check(lib.tm_elementary(_FUNCTIONS[name], values.size, doubles(values), doubles(out)))
    return out


def quantile(law: Law, u: ArrayLike) -> NDArray[np.float64]:
    """Return the law's quantile function at `u` in (0, 1): what sampling applies to uniforms."""
    values = as_float64("u", u)
    out = np.empty(values.shape)
    check(lib.tm_quantile(c_laws([law], [0]), values.size, doubles(values), doubles(out)))
    return out


def sample(
    law: Law, seed: int, stream: int, start: int, n: int, threads: int
) -> NDArray[np.float64]:
    """Return the law's values of the scenarios start .. start + n - 1, shape (n,), float64."""
    out = np.empty(n)
    native = c_laws([law], [stream])

    def fill(low: int, high: int) -> None:
        part = out[low:high]
        check(lib.tm_sample(native, seed, start + low, high - low, doubles(part)))

    run_ranges(fill, n, threads if n >= _THREADED_SAMPLES else 1)
    return out
