"""Run a compiled model over a range of scenarios: threads, chunks, progress, errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._native.errors import check
from .._native.random import stream_id
from .._native.sweep import BLOCK, SCENARIOS_BEFORE_TAKE, RawMoments, SweepState
from .plan import Plan
from .tally import Tally, merge_moments

if TYPE_CHECKING:
    from ..jit.driver import Driver

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
    """Carries an exception of the model with the scenario that raised it."""

    def __init__(self, index: int, error: Exception) -> None:
        super().__init__(index, error)
        self.index = index
        self.error = error


class Worker:
    """One thread's share: a native state, the chunks it claims, and the tallies it hands over."""

    def __init__(
        self,
        plan: Plan,
        driver: Driver,
        constants: NDArray[np.float64],
        thresholds: tuple[tuple[float, ...], ...],
        correlations: bool,
    ) -> None:
        drawn = plan.drawn
        self._driver = driver
        self._constants = constants
        self._position = np.zeros(1, dtype=np.int64)
        self.state = SweepState(
            plan.seed,
            [item.law for item in drawn],
            [stream_id(item.stream) for item in drawn],
            [item.centre if correlations else 0.0 for item in drawn],
            thresholds,
            correlations,
        )
        self.outputs: list[Tally] = []
        self.inputs: list[RawMoments] = []

    def run(self, cursor: Cursor, after_chunk: Callable[[], None] | None = None) -> None:
        """Sweep chunks until none is left; their sizes follow the clock, results do not."""
        size, held = _FIRST_CHUNK, 0
        while True:
            low, high = cursor.claim(size)
            if low == high:
                break
            if held + high - low > SCENARIOS_BEFORE_TAKE:
                self._take()
                held = 0
            began = time.perf_counter()
            self._sweep(low, high)
            seconds = max(time.perf_counter() - began, 1e-9)
            held += high - low
            cursor.finish(high - low)
            aim = int((high - low) * min(_CHUNK_SECONDS / seconds, 8.0))
            size = min(max(aim, 1), _LARGEST_CHUNK)
            if after_chunk:
                after_chunk()
        self._take()

    def _sweep(self, low: int, high: int) -> None:
        state = self.state
        try:
            status = self._driver.run(
                state.address,
                state.columns,
                self._constants,
                state.results,
                self._position,
                low,
                high,
            )
        except Exception as error:
            raise self._locate(low, high, error) from error
        check(status)

    def _locate(self, low: int, high: int, error: Exception) -> ModelFailure:
        """Find the first scenario of the block under way that raises."""
        block = int(self._position[0])
        first = max(low - block * BLOCK, 0)
        last = min(high - block * BLOCK, BLOCK)
        for j in range(first, last):
            try:
                self.evaluate(j)
            except Exception as again:
                return ModelFailure(block * BLOCK + j, again)
        return ModelFailure(block * BLOCK + first, error)

    def evaluate(self, j: int) -> None:
        """Evaluate the model on one scenario of the block that the columns hold."""
        self._driver.evaluate(self.state.columns, self._constants, self.state.results, j, j + 1)

    def _take(self) -> None:
        outputs, inputs = self.state.take()
        tallies = [Tally.of(raw) for raw in outputs]
        if self.outputs:
            tallies = [a.merge(b) for a, b in zip(self.outputs, tallies, strict=True)]
            inputs = [merge_moments(a, b) for a, b in zip(self.inputs, inputs, strict=True)]
        self.outputs, self.inputs = tallies, inputs


def _report(progress: Progress | None, cursor: Cursor) -> None:
    if progress is not None and progress(*cursor.done) is False:
        raise SweepCancelled("the progress callback returned False")


def _run_threads(workers: list[Worker], cursor: Cursor, progress: Progress | None) -> None:
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


def run(
    plan: Plan,
    driver: Driver,
    constants: NDArray[np.float64],
    thresholds: tuple[tuple[float, ...], ...],
    correlations: bool,
    start: int,
    stop: int,
    threads: int,
    progress: Progress | None,
) -> tuple[list[Tally], list[RawMoments]]:
    """Sweep the scenarios start <= i < stop and return the tallies per output and drawn input.

    Raises
    ------
    SweepCancelled
        `progress` returned False.
    Exception
        What the model raised, with a note that names the scenario and its index as `scenario`.
    """
    count = threads if stop - start >= _THREADED_SCENARIOS else 1
    workers = [Worker(plan, driver, constants, thresholds, correlations) for _ in range(count)]
    cursor = Cursor(start, stop, count)
    try:
        if count == 1:
            workers[0].run(cursor, lambda: _report(progress, cursor))
        else:
            _run_threads(workers, cursor, progress)
    except ModelFailure as failure:
        error = failure.error
        error.add_note(f"raised by the model in scenario {failure.index}")
        error.scenario = failure.index  # type: ignore[attr-defined]
        raise error from None
    outputs, inputs = workers[0].outputs, workers[0].inputs
    for worker in workers[1:]:
        outputs = [a.merge(b) for a, b in zip(outputs, worker.outputs, strict=True)]
        inputs = [merge_moments(a, b) for a, b in zip(inputs, worker.inputs, strict=True)]
    return outputs, inputs
