"""Run work over an index range in chunks: threads, progress, Ctrl-C, the lowest failure."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from .._native.sweep import BLOCK

# A chunk is what a thread does between looks at the clock and at the stop flag.
_CHUNK_SECONDS = 0.05
_FIRST_CHUNK = 64
_LARGEST_CHUNK = 1 << 26
_SMALLEST_SHARE = 8 * BLOCK
_POLL_SECONDS = 0.1
# Fewer scenarios than this stay on the calling thread.
_THREADED_SCENARIOS = 16 * BLOCK

Progress = Callable[[int, int], object]


class SweepCancelled(RuntimeError):
    """The progress callback returned False; nothing of the sweep is kept."""


class Cursor:
    """Hands out chunks of [start, stop) in ascending order, and counts what is done."""

    def __init__(self, start: int, stop: int, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._next = start
        self._stop = stop
        self._total = stop - start
        self._done = 0
        self.cancelled = False

    def claim(self, size: int) -> tuple[int, int]:
        """Return the next chunk; an empty one when nothing is left or the sweep was stopped."""
        with self._lock:
            low = self._next
            # chunks shrink towards the end, so that threads finish together
            share = max((self._stop - low) // (2 * self._threads), _SMALLEST_SHARE)
            high = low if self.cancelled else min(low + min(size, share), self._stop)
            if high - low >= BLOCK:  # whole blocks are drawn once
                high -= (high % BLOCK) * (high != self._stop)
            self._next = high
            return low, high

    def finish(self, count: int) -> None:
        """Count `count` scenarios as done."""
        with self._lock:
            self._done += count

    @property
    def done(self) -> tuple[int, int]:
        """Scenarios done, and in all."""
        return self._done, self._total


class ModelFailure(Exception):
    """Carries an exception of the model with the index that raised it."""

    def __init__(self, index: int, error: Exception) -> None:
        super().__init__(index, error)
        self.index = index
        self.error = error


def locate(
    evaluate: Callable[[int], None], first: int, last: int, origin: int, error: Exception
) -> ModelFailure:
    """Find the first of the block's elements first <= j < last that raises; j = 0 is `origin`."""
    for j in range(first, last):
        try:
            evaluate(j)
        except Exception as again:
            return ModelFailure(origin + j, again)
    return ModelFailure(origin + first, error)


class Worker(ABC):
    """One thread's share of a range."""

    @abstractmethod
    def step(self, low: int, high: int) -> None:
        """Do the indices low <= i < high."""

    @abstractmethod
    def finish(self) -> None:
        """Close the share when no chunk is left."""

    def run(self, cursor: Cursor, after_chunk: Callable[[], None] | None = None) -> None:
        """Do chunks until none is left; their sizes follow the clock, results do not."""
        size = _FIRST_CHUNK
        while True:
            low, high = cursor.claim(size)
            if low == high:
                break
            began = time.perf_counter()
            self.step(low, high)
            seconds = max(time.perf_counter() - began, 1e-9)
            cursor.finish(high - low)
            aim = int((high - low) * min(_CHUNK_SECONDS / seconds, 8.0))
            size = min(max(aim, 1), _LARGEST_CHUNK)
            if after_chunk:
                after_chunk()
        self.finish()


def _report(progress: Progress | None, cursor: Cursor) -> None:
    if progress is not None and progress(*cursor.done) is False:
        raise SweepCancelled("the progress callback returned False")


def _run_threads(workers: Sequence[Worker], cursor: Cursor, progress: Progress | None) -> None:
    with ThreadPoolExecutor(len(workers)) as pool:
        futures: list[Future[None]] = []
        try:
            futures += [pool.submit(worker.run, cursor) for worker in workers]
            pending = set(futures)
            while pending:
                done, pending = wait(pending, _POLL_SECONDS, FIRST_EXCEPTION)
                _report(progress, cursor)
                if any(future.exception() for future in done):
                    break
        finally:
            # whatever ends the wait (an error, Ctrl-C, a cancel) also ends the threads
            cursor.cancelled = True
    failures = [error for future in futures if (error := future.exception())]
    models = [error for error in failures if isinstance(error, ModelFailure)]
    if models:  # lower chunks were claimed earlier and have run: the lowest index is the first
        raise min(models, key=lambda failure: failure.index)
    if failures:
        raise failures[0]


def worker_count(length: int, threads: int) -> int:
    """Return how many workers a range of this length keeps busy."""
    return threads if length >= _THREADED_SCENARIOS else 1


def run_workers(
    workers: Sequence[Worker], start: int, stop: int, progress: Progress | None
) -> None:
    """Do the indices start <= i < stop.

    Raises
    ------
    SweepCancelled
        `progress` returned False.
    ModelFailure
        The model raised; `index` is the lowest that does.
    """
    cursor = Cursor(start, stop, len(workers))
    if len(workers) == 1:
        workers[0].run(cursor, lambda: _report(progress, cursor))
    else:
        _run_threads(workers, cursor, progress)
