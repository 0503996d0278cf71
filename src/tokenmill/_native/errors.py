"""C status codes as exceptions, one class per code.

Python-side misuse raises built-ins with the argument's name before C is reached; a class below is
what a caller sees when a code comes back from C all the same. Each also inherits the built-in that
fits, so ``except ValueError`` keeps working.
"""

from __future__ import annotations

from ._core import lib


class TokenmillError(Exception):
    """Base of every error that the native core reports."""


class NullPointerError(TokenmillError, ValueError):
    """A required array is missing (TM_E_NULL_POINTER)."""


class SizeError(TokenmillError, ValueError):
    """A size or a range inside a block is impossible (TM_E_SIZE)."""


class UnknownIsaError(TokenmillError, ValueError):
    """No instruction set of that name in this build (TM_E_ISA_UNKNOWN)."""


class UnsupportedIsaError(TokenmillError, RuntimeError):
    """An instruction set that this processor does not run (TM_E_ISA_UNSUPPORTED)."""


class LawError(TokenmillError, ValueError):
    """The kind of law does not exist (TM_E_LAW)."""


class TableError(TokenmillError, ValueError):
    """The table of a law has the wrong length (TM_E_TABLE)."""


class FunctionError(TokenmillError, ValueError):
    """The elementary function does not exist (TM_E_FUNCTION)."""


class ScenarioRangeError(TokenmillError, OverflowError):
    """The scenario indices leave the range of 64 bits (TM_E_RANGE)."""


class RouterError(TokenmillError, ValueError):
    """The fields of a routing rule clash (TM_E_ROUTER)."""


EXCEPTIONS: dict[int, type[TokenmillError]] = {
    lib.TM_E_NULL_POINTER: NullPointerError,
    lib.TM_E_SIZE: SizeError,
    lib.TM_E_ISA_UNKNOWN: UnknownIsaError,
    lib.TM_E_ISA_UNSUPPORTED: UnsupportedIsaError,
    lib.TM_E_LAW: LawError,
    lib.TM_E_TABLE: TableError,
    lib.TM_E_FUNCTION: FunctionError,
    lib.TM_E_RANGE: ScenarioRangeError,
    lib.TM_E_ROUTER: RouterError,
}


def check(status: int, message: str = "") -> None:
    """Raise the exception of `status` unless it is TM_OK."""
    if status != lib.TM_OK:
        raise EXCEPTIONS[status](message or f"the native core returned status {status}")
