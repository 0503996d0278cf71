"""Threads over index ranges, for kernels whose results do not depend on the cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

# Ranges start at multiples of a scenario block, so that no block is drawn twice.
_ALIGNMENT = 1024


def run_ranges(work: Callable[[int, int], None], n: int, threads: int, alignment: int = 0) -> None:
    """Call ``work(low, high)`` so that the ranges cover [0, n), one range per thread.

    Every `low` is a multiple of `alignment`, where 0 stands for a scenario block.
    """
    multiple = alignment or _ALIGNMENT
    if threads == 1 or n <= multiple:
        work(0, n)
        return
    size = -(-n // threads)
    size = -(-size // multiple) * multiple
    with ThreadPoolExecutor(threads) as pool:
        parts = [pool.submit(work, low, min(low + size, n)) for low in range(0, n, size)]
        for part in parts:
            part.result()


def ranges(n: int, parts: int) -> list[tuple[int, int]]:
    """Cut [0, n) into at most `parts` ranges, equal but for the last; one empty range for 0."""
    size = max(1, -(-n // parts))
    return [(low, min(low + size, n)) for low in range(0, n, size)] or [(0, 0)]


@contextmanager
def team(parts: int) -> Iterator[Callable[[Callable[[int], None]], None]]:
    """Yield ``together(work)``: it calls ``work(part)`` for each part, each on a thread of its own.

    It returns when every part has ended, so that steps follow each other; the first part runs on
    the calling thread.
    """
    if parts == 1:
        yield lambda work: work(0)
        return
    with ThreadPoolExecutor(parts - 1) as pool:

        def together(work: Callable[[int], None]) -> None:
            others = [pool.submit(work, part) for part in range(1, parts)]
            work(0)
            for other in others:
                other.result()

        yield together
