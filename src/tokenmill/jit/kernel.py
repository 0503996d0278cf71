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
    """A compiled function without the wrapper for calls from Python, which it gets when called."""

    def __call__(self, *values: Any) -> Any:
        outer = self.__dict__.get("outer")
        if outer is None:
            outer = self.outer = _with_wrapper(self)
        return outer(*values)


def _with_wrapper(inner: Any) -> Any:
    @numba.njit(nogil=True, error_model="numpy")
    def outer(*values):  # type: ignore[no-untyped-def]
        return inner(*values)

    return outer


def block(function: F) -> F:
    """Let numba compile a formula over whole records as a function of its own.

    For a model's large parts: inlined at the level of numba's own code they would be typed again
    wherever they stand, and unpacking records of ninety fields for calls from Python, which most of
    them never see, is three quarters of the time it takes to compile them. Otherwise as
    :func:`kernel`.
    """
    options = {
        "nopython": True,
        "nogil": True,
        "error_model": "numpy",
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
    }
    return cast(F, _Block(py_func=function, targetoptions=options))
