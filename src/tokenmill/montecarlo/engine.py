"""Sweep a compiled model over a range of scenarios: native states, tallies, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._native.errors import check
from .._native.random import stream_id
from .._native.sweep import BLOCK, SCENARIOS_BEFORE_TAKE, RawMoments, SweepState
from .chunks import ModelFailure, Progress, Worker, locate, run_workers, worker_count
from .plan import Plan
from .tally import Tally, merge_moments

if TYPE_CHECKING:
    from ..jit.driver import Driver


class SweepWorker(Worker):
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
        self._held = 0
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

    def step(self, low: int, high: int) -> None:
        """Sweep one chunk."""
        if self._held + high - low > SCENARIOS_BEFORE_TAKE:
            self._take()
            self._held = 0
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
            origin = int(self._position[0]) * BLOCK
            first, last = max(low - origin, 0), min(high - origin, BLOCK)
            raise locate(self._evaluate, first, last, origin, error) from error
        check(status)
        self._held += high - low

    def finish(self) -> None:
        """Hand over what is still counted in the state."""
        self._take()

    def _evaluate(self, j: int) -> None:
        """Evaluate the model on one scenario of the block that the columns hold."""
        self._driver.evaluate(self.state.columns, self._constants, self.state.results, j, j + 1)

    def _take(self) -> None:
        outputs, inputs = self.state.take()
        tallies = [Tally.of(raw) for raw in outputs]
        if self.outputs:
            tallies = [a.merge(b) for a, b in zip(self.outputs, tallies, strict=True)]
            inputs = [merge_moments(a, b) for a, b in zip(self.inputs, inputs, strict=True)]
        self.outputs, self.inputs = tallies, inputs


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
    workers = [
        SweepWorker(plan, driver, constants, thresholds, correlations)
        for _ in range(worker_count(stop - start, threads))
    ]
    try:
        run_workers(workers, start, stop, progress)
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
