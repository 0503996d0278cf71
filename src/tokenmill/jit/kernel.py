"""How the scalar models of serving and economics are compiled: one decorator for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core.registry import CPUDispatcher

F = TypeVar("F", bound=Callable[..., Any])


def _unless_starred(call: Any, caller: object, callee: object) -> bool:
    """Inline every call but ``formula(*values)``, which numba cannot inline."""
    return call.vararg is None


def kernel(function: F) -> F:
    """Let numba compile a scalar formula at its first call.

    The formula can then be called with floats, from a model that numba compiles, and be a model of
    :func:`tokenmill.sweep` itself. A division by zero gives an infinity or NaN, as in IEEE 754,
    and no exception: one degenerate scenario must not stop a sweep of a billion. Inlining at the
    level of numba's own code halves the compile time of a model made of many small formulas.
    """
    decorate = numba.njit(nogil=True, error_model="numpy", inline=_unless_starred)
    return cast(F, decorate(function))


class _Block(CPUDispatcher):  # type: ignore[misc]
    """A function that numba compiles into its callers, and Python interprets."""

    def __call__(self, *values: Any) -> Any:
        return self.py_func(*values)


def block(function: F) -> F:
    """Let numba compile a formula over whole records where compiled code calls it.

    For models of many parts that read records of ninety fields. Inlined at the level of numba's own
    code, a part would be typed again wherever it stands; and unpacking the records for calls from
    Python, which most parts never see, is three quarters of the time it takes to compile them. So
    a part is a function of its own without that wrapper, and a call from Python is interpreted:
    microseconds, nothing to compile but :mod:`tokenmill.jit`'s functions, and the same bits. There
    a division by zero raises, as Python does.
    """
    options = {
        "nopython": True,
        "nogil": True,
        "error_model": "numpy",
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
    }
    return cast(F, _Block(py_func=function, targetoptions=options))
