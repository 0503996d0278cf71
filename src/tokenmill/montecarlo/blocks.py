"""Run a compiled model over a range, block by block, on columns that the caller fills."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._native.sweep import BLOCK
from .chunks import Worker, locate
from .model import compile_model

if TYPE_CHECKING:
    from ..jit.driver import Layout

# Compiled loops that are kept, per model and choice of arguments that vary.
_KEPT_LOOPS = 64

Array = NDArray[np.float64]
# (columns, constants, results, low, high)
Loop = Callable[[Array, Array, Array, int, int], None]


class BlockWorker(Worker):
    """One thread's share: elements are written to a block's columns, evaluated and taken.

    Parameters
    ----------
    loop : callable
        Compiled by :func:`compiled_loop`.
    fill : callable(columns, low, high)
        Writes the arguments of the elements low <= i < high, at most 1,024, to the columns'
        beginnings; `columns` has shape (columns, 1024).
    take : callable(results, low, high)
        Takes their outputs from `results`, of shape (outputs, 1024).
    columns, outputs : int
    constants : ndarray, shape (constants,), float64
    """

    def __init__(
        self,
        loop: Loop,
        fill: Callable[[Array, int, int], None],
        take: Callable[[Array, int, int], None],
        columns: int,
        outputs: int,
        constants: Array,
    ) -> None:
        self._loop = loop
        self._fill = fill
        self._take = take
        self._constants = constants
        self._columns = np.zeros((columns, BLOCK))
        self._results = np.zeros((outputs, BLOCK))

    def step(self, low: int, high: int) -> None:
        """Evaluate one chunk, block by block."""
        for first in range(low, high, BLOCK):
            last = min(first + BLOCK, high)
            self._fill(self._columns, first, last)
            try:
                self._loop(self._columns, self._constants, self._results, 0, last - first)
            except Exception as error:
                raise locate(self._evaluate, 0, last - first, first, error) from error
            self._take(self._results, first, last)

    def finish(self) -> None:
        """Nothing is left to do: every block has been taken."""

    def _evaluate(self, j: int) -> None:
        self._loop(self._columns, self._constants, self._results, j, j + 1)


def compiled_loop(model: Callable[..., Any], layout: Layout) -> tuple[Loop, Any, tuple[str, ...]]:
    """Return the loop of a model over a block, its return type and its output names.

    Compiled loops of numba's own functions are kept: what those refer to never changes.
    """
    return (_kept if hasattr(model, "py_func") else _compile)(model, layout)


def _compile(model: Callable[..., Any], layout: Layout) -> tuple[Loop, Any, tuple[str, ...]]:
    from ..jit.driver import build_evaluate

    compiled, return_type, outputs = compile_model(model, len(layout))
    return build_evaluate(compiled, layout), return_type, outputs


_kept = lru_cache(maxsize=_KEPT_LOOPS)(_compile)
