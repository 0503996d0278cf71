"""Ctrl-C that is not lost: what a destructor or a callback swallowed is raised again.

Python raises KeyboardInterrupt wherever the main thread happens to be. Inside a destructor or a
callback from C, of which a compiler has many, it is printed and forgotten, and a run of hours goes
on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()


def _interrupt(number: int, frame: FrameType | None) -> None:
    _asked.set()
    raise KeyboardInterrupt


@contextmanager
def kept_interrupts() -> Iterator[None]:
    """Remember a Ctrl-C while the command runs, where Python's own handler would answer it."""
    own = threading.current_thread() is threading.main_thread()
    if not own or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    _asked.clear()
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _asked.clear()


def raise_lost_interrupt() -> None:
    """Raise the Ctrl-C that was asked for, if there was one; long runs call this now and then."""
    if _asked.is_set():
        raise KeyboardInterrupt
