"""One pass over the grid of a search: threads, outcomes, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._native.sweep import BLOCK
from ..montecarlo.blocks import Array, BlockWorker, Loop, compiled_loop
from ..montecarlo.chunks import run_workers, worker_count
from .deployment import Deployment
from .frontier import NOTHING, Seen
from .grid import Grid, Indices
from .reasons import REASONS
from .search_model import Scores, model_of

# Codes of a configuration: those of the kernels, then the limits.
_OUTCOMES = (*REASONS, "over tpot_limit_s", "over ttft_limit_s")
_OVER_TPOT, _OVER_TTFT = len(REASONS), len(REASONS) + 1

BY_PRICE, BY_RATE = "usd_per_mtok", "tokens_per_s_gpu"

Keep = Callable[[Seen], Seen]


@dataclass(frozen=True)
class Candidate:
    """A configuration and its figures.

    Attributes
    ----------
    accelerator : str
    deployment : Deployment
        With its batch.
    usd_per_mtok : float or None
        USD per million output tokens, prompts included, of busy accelerators; None without prices.
    tokens_per_s_gpu : float
        Output tokens per second and accelerator.
    tokens_per_s_user : float
        Output tokens per second of one user, ``1 / tpot_s``.
    tpot_s, ttft_s : float
    """

    accelerator: str
    deployment: Deployment
    usd_per_mtok: float | None
    tokens_per_s_gpu: float
    tokens_per_s_user: float
    tpot_s: float
    ttft_s: float


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes
    ----------
    candidates : tuple of Candidate
        The best first, or a Pareto front by ascending cost and interactivity.
    configurations : int
        All combinations of the arguments.
    feasible : int
        Those of them that run and keep the limits.
    rejected : dict of str to int
        Why the others do not, and how many each; the first reason counts.
    """

    candidates: tuple[Candidate, ...]
    configurations: int
    feasible: int
    rejected: dict[str, int]

    @property
    def best(self) -> Candidate | None:
        """The first candidate; None where nothing is feasible."""
        return self.candidates[0] if self.candidates else None


class Share:
    """What one thread has kept and counted."""

    def __init__(self) -> None:
        self.kept = NOTHING
        self.counts = np.zeros(len(_OUTCOMES), dtype=np.int64)


class Run:
    """One pass over a grid: `goal` is the figure that ranks, `keep` decides what stays."""

    def __init__(
        self,
        grid: Grid,
        mode: str,
        goal: str,
        tpot_limit_s: float,
        ttft_limit_s: float,
        keep: Keep,
    ) -> None:
        self._grid = grid
        self._model = model_of(mode)[0]
        self._goal = goal
        self._limits = {"tpot_s": (tpot_limit_s, _OVER_TPOT), "ttft_s": (ttft_limit_s, _OVER_TTFT)}
        self._keep = keep

    def result(self, threads: int) -> SearchResult:
        """Search, and return what was kept."""
        grid, total = self._grid, Share()
        if grid.count:
            loop = compiled_loop(self._model, grid.layout)[0]
            shares = [Share() for _ in range(worker_count(grid.count, threads))]
            run_workers([self._worker(loop, share) for share in shares], 0, grid.count, None)
            for share in shares:
                total.kept = self._keep(total.kept.joined(share.kept))
                total.counts += share.counts
        reasons = dict(grid.rejected)
        reasons |= {_OUTCOMES[i]: int(n) for i, n in enumerate(total.counts) if i and n}
        return SearchResult(
            tuple(self._candidate(int(serial)) for serial in total.kept.serial),
            grid.count + sum(grid.rejected.values()),
            int(total.counts[0]),
            dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        )

    def _worker(self, loop: Loop, share: Share) -> BlockWorker:
        grid = self._grid

        def fill(columns: Array, low: int, high: int) -> None:
            grid.fill(columns, np.arange(low, high))

        def take(results: Array, low: int, high: int) -> None:
            self._take(share, results[:, : high - low], np.arange(low, high))

        return BlockWorker(loop, fill, take, grid.columns, len(Scores._fields), grid.constants)

    def _take(self, share: Share, results: Array, serials: Indices) -> None:
        """Count the outcomes of a block and keep what is worth it."""
        figures = dict(zip(Scores._fields, results, strict=True))
        outcome = figures["reason"].astype(np.int64)
        for name, (limit, code) in self._limits.items():
            outcome[(outcome == 0) & (figures[name] > limit)] = code
        share.counts += np.bincount(outcome, minlength=len(_OUTCOMES))
        runs = outcome == 0
        if runs.any():
            cost = figures[self._goal][runs]
            found = Seen(
                cost if self._goal == BY_PRICE else -cost,
                1.0 / figures["tpot_s"][runs],
                serials[runs],
            )
            share.kept = self._keep(share.kept.joined(found))

    def _candidate(self, serial: int) -> Candidate:
        """Evaluate one configuration again, for its figures."""
        grid = self._grid
        columns = np.zeros((grid.columns, BLOCK))
        results = np.zeros((len(Scores._fields), BLOCK))
        grid.fill(columns, np.array([serial]))
        compiled_loop(self._model, grid.layout)[0](columns, grid.constants, results, 0, 1)
        usd, rate, tpot_s, ttft_s, _ = (float(value) for value in results[:, 0])
        accelerator, deployment = grid.configuration(serial)
        price = None if np.isnan(usd) else usd
        return Candidate(accelerator.name, deployment, price, rate, 1.0 / tpot_s, tpot_s, ttft_s)
