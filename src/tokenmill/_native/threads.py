"""Threads over index ranges, for kernels whose results do not depend on the cut."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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
