"""A progress bar on a terminal, and its quiet stand-in."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from .interrupts import raise_lost_interrupt

if TYPE_CHECKING:  # the economics load numba
    from ..economics.racing import Progress


class ProgressContext(Protocol):
    """A context manager that gives the callback of a long run."""

    def __enter__(self) -> Progress:
        """Start."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""


class NoProgress:
    """No progress bar: no terminal, or no rich. Only a lost Ctrl-C is seen to."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, done: int, total: int) -> None:
        """Show nothing."""
        raise_lost_interrupt()


class RichProgress:
    """A bar on stderr that pulses while it is `waiting` and then counts what it is `working` on."""

    def __init__(self, waiting: str, working: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(waiting, total=None)
        self._working = working

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show how far the work is."""
        raise_lost_interrupt()
        self._bar.update(self._task, description=self._working, completed=done, total=total)


def progress(waiting: str, working: str) -> ProgressContext:
    """Return a bar where stderr is a terminal and rich is there, else none."""
    if sys.stderr.isatty() and find_spec("rich") is not None:
        return RichProgress(waiting, working)
    return NoProgress()
