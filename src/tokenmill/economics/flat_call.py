"""Call a formula of records from Python with one flat array.

numba unpacks a named tuple of ninety fields from Python for seconds of compile time and tenths of
a millisecond per call; loading them from an array costs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.np.unsafe.ndarray import to_fixed_tuple

from ..jit.records import gather_records

_VECTOR = types.Array(types.float64, 1, "C")


@cache
def flat_call(formula: Any, records: tuple[Any, ...], result: Any) -> Callable[..., Any]:
    """Return ``call(values)`` for a compiled formula of records that returns a named tuple.

    Parameters
    ----------
    formula : compiled function
        Takes `records` in order.
    records : tuple of NamedTuple classes
    result : NamedTuple class
        What the formula returns, all fields float64.

    Returns
    -------
    function
        Takes the fields of all records one after the other, and returns `result`.
    """
    widths = [len(record._fields) for record in records]
    starts = [sum(widths[:index]) for index in range(len(widths))]
    fill = gather_records(
        [
            (record, range(start, start + width))
            for record, start, width in zip(records, starts, widths, strict=True)
        ]
    )
    count = sum(widths)

    @numba.njit(types.void(_VECTOR, _VECTOR), nogil=True, error_model="numpy")
    def compiled(values, out):  # type: ignore[no-untyped-def]
        found = formula(*fill(to_fixed_tuple(values, count)))
        for index in range(len(found)):
            out[index] = found[index]

    def call(values: Sequence[float]) -> Any:
        out = np.empty(len(result._fields))
        compiled(np.array(values), out)
        return result(*out.tolist())

    return call
