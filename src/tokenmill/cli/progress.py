"""A progress bar on a terminal, and its quiet stand-in."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from ..economics.board import Progress


class ProgressContext(Protocol):
    """A context manager that gives the callback of a race, or None."""

    def __enter__(self) -> Progress | None:
        """Start."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""


class NoProgress:
    """No progress bar: no terminal, or no rich."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


class RichProgress:
    """A bar on stderr that pulses while numba compiles and then counts scenarios."""

    def __init__(self) -> None:
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
        self._task = self._bar.add_task("compiling", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show how far the race is."""
        self._bar.update(self._task, description="racing", completed=done, total=total)
