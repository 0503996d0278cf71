"""Environment, instruction sets and threads: read once at import, shown by ``show_config``."""

from __future__ import annotations

import os
import platform
from typing import Any

from .._version import __version__
from ._core import ffi, lib
from .errors import UnknownIsaError, UnsupportedIsaError, check

_ISA_VARIABLE = "TOKENMILL_ISA"
_THREADS_VARIABLE = "TOKENMILL_NUM_THREADS"


def _text(pointer: Any) -> str:
    return str(ffi.string(pointer).decode())


def available_isas() -> tuple[str, ...]:
    """Return the instruction sets that this build holds and this processor runs, slowest first."""
    return tuple(
        _text(lib.tm_isa_name(isa))
        for isa in range(lib.tm_isa_count())
        if lib.tm_isa_supported(isa)
    )


def active_isa() -> str:
    """Return the instruction set that the kernels use now."""
    return _text(lib.tm_isa_active())


def select_isa(name: str) -> None:
    """Make `name` the active instruction set; results keep their bits.

    Raises
    ------
    UnknownIsaError
        This build has no such instruction set.
    UnsupportedIsaError
        This processor does not run it.
    """
    status = lib.tm_isa_select(name.encode())
    built = ", ".join(_text(lib.tm_isa_name(isa)) for isa in range(lib.tm_isa_count()))
    if status == lib.TM_E_ISA_UNKNOWN:
        raise UnknownIsaError(f"instruction set: expected one of {built}, found {name!r}")
    if status == lib.TM_E_ISA_UNSUPPORTED:
        runs = ", ".join(available_isas())
        raise UnsupportedIsaError(f"instruction set {name!r}: this processor runs {runs}")
    check(status)


def _select_from_environment() -> None:
    name = os.environ.get(_ISA_VARIABLE)
    if name is None:
        return
    try:
        select_isa(name)
    except (UnknownIsaError, UnsupportedIsaError) as error:
        raise type(error)(f"environment variable {_ISA_VARIABLE}: {error}") from None


def _threads_from_environment() -> int | None:
    text = os.environ.get(_THREADS_VARIABLE)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(
            f"environment variable {_THREADS_VARIABLE}: expected an integer >= 1, found {text!r}"
        )
    return int(text)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_threads(threads: int | None) -> int:
    """Return the number of threads that a `threads=` argument asks for.

    Parameters
    ----------
    threads : int or None
        None means TOKENMILL_NUM_THREADS, else every core this process may use.

    Raises
    ------
    TypeError, ValueError
        `threads` is neither None nor an integer >= 1.
    """
    if threads is None:
        return _ENVIRONMENT_THREADS or available_cores()
    if isinstance(threads, bool) or not hasattr(threads, "__index__"):
        raise TypeError(f"threads: expected None or an integer >= 1, found {threads!r}")
    if threads < 1:
        raise ValueError(f"threads: expected None or an integer >= 1, found {threads!r}")
    return int(threads)


def config() -> dict[str, Any]:
    """Return what this installation is and what it would run with.

    Returns
    -------
    dict
        version, stream_version, python, platform, isa_available, isa_active, compiler, flags,
        source_hash, threads, numpy, numba.
    """
    # costs more to import than everything else here
    from importlib import metadata

    return {
        "version": __version__,
        "stream_version": int(lib.TM_STREAM_VERSION),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "isa_available": list(available_isas()),
        "isa_active": active_isa(),
        "compiler": _text(lib.tm_compiler()),
        "flags": _text(lib.tm_compile_flags()),
        "source_hash": _text(lib.tm_source_hash()),
        "threads": resolve_threads(None),
        "numpy": metadata.version("numpy"),
        "numba": metadata.version("numba"),
    }


def show_config() -> None:
    """Print `config` as aligned text, for bug reports."""
    for name, value in config().items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print(f"{name:<16}{shown}")


_select_from_environment()
_ENVIRONMENT_THREADS = _threads_from_environment()
