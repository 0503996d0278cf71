"""How the scalar models of serving and economics are compiled: one decorator for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

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
