"""Records inside a compiled model: named tuples filled from drawn values and from numbers.

A model of many parameters takes records of them, and a sweep hands over a flat tuple of what is
drawn. Which field is drawn and which is a number is known when the model is composed, so the
functions here are built once per composition and cost nothing in the compiled loop: a field that
is a number is a constant that LLVM folds.

>>> import numba
>>> from typing import NamedTuple
>>> class Fleet(NamedTuple):
...     count: float
...     usd_per_hour: float
>>> fleet = gather_record(Fleet, (8.0, 0))  # eight accelerators, the rent is drawn
>>> @numba.njit
... def hourly(*values):
...     one = fleet(values)
...     return one.count * one.usd_per_hour
>>> hourly(2.5)
20.0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

Slot = int | float
Part = tuple[Any, Sequence[Slot]]


def gather_record(record: Any, slots: Sequence[Slot]) -> Any:
    """Return a function that fills one named tuple, ``fill(values)``, for use in compiled code.

    Parameters
    ----------
    record : NamedTuple class
    slots : sequence of int or float, one per field
        An int is a position in `values`, a float is the number itself.

    Returns
    -------
    numba intrinsic
        Takes a tuple of numbers and returns `record` with float64 fields.

    Raises
    ------
    TypeError
        `record` is no named tuple, or a slot is neither an int nor a float.
    ValueError
        There are not as many slots as fields, or a position is negative. A position beyond the
        tuple is an error of numba's where the function is compiled.
    """
    return _gather([(record, _checked(record, slots))], True)


def gather_records(parts: Sequence[Part]) -> Any:
    """Return a function that fills several named tuples, ``fill(values)``, for compiled code.

    Parameters
    ----------
    parts : sequence of (record, slots)
        As in :func:`gather_record`; all read the same `values`.

    Returns
    -------
    numba intrinsic
        Takes a tuple of numbers and returns the tuple of the records, in order, so that a formula
        is called with ``formula(*fill(values))``.

    Raises
    ------
    TypeError, ValueError
        As :func:`gather_record`; ValueError where `parts` is empty.
    """
    chosen = [(record, _checked(record, slots)) for record, slots in parts]
    if not chosen:
        raise ValueError("parts: expected one record or more, found none")
    return _gather(chosen, False)


def _checked(record: Any, slots: Sequence[Slot]) -> tuple[Slot, ...]:
    fields = getattr(record, "_fields", None)
    if not isinstance(record, type) or not isinstance(fields, tuple):
        raise TypeError(f"record: expected a NamedTuple class, found {record!r}")
    chosen = tuple(slots)
    if len(chosen) != len(fields):
        raise ValueError(
            f"slots: expected {len(fields)}, one per field of {record.__name__}, "
            f"found {len(chosen)}"
        )
    for field, slot in zip(fields, chosen, strict=True):
        if isinstance(slot, bool) or not isinstance(slot, int | float):
            raise TypeError(
                f"slots: {record.__name__}.{field} must be a position (int) or a number (float), "
                f"found {slot!r}"
            )
        if isinstance(slot, int) and slot < 0:
            raise ValueError(
                f"slots: the position of {record.__name__}.{field} must be >= 0, found {slot}"
            )
    return chosen


def _gather(parts: Sequence[tuple[Any, tuple[Slot, ...]]], is_single: bool) -> Any:
    """Build the intrinsic; numba has no expression that indexes a tuple in an order of ours."""
    kinds = [types.NamedUniTuple(types.float64, len(slots), record) for record, slots in parts]
    result = kinds[0] if is_single else types.Tuple(kinds)
    needed = 1 + max(
        (slot for _, slots in parts for slot in slots if isinstance(slot, int)), default=-1
    )

    @intrinsic
    def gather(typingctx: Any, values: Any) -> Any:
        if not isinstance(values, types.BaseTuple):
            raise TypingError(f"values: expected a tuple of numbers, found {values}")
        if len(values) < needed:
            raise TypingError(f"values: expected {needed} or more, found {len(values)}")

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            def field(slot: Slot) -> Any:
                if not isinstance(slot, int):
                    return ir.Constant(ir.DoubleType(), float(slot))
                number = builder.extract_value(args[0], slot)
                return context.cast(builder, number, values[slot], types.float64)

            filled = [
                context.make_tuple(builder, kind, [field(slot) for slot in slots])
                for kind, (_, slots) in zip(kinds, parts, strict=True)
            ]
            return filled[0] if is_single else context.make_tuple(builder, result, filled)

        return result(values), codegen

    return gather
