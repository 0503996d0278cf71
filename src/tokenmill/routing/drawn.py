"""Logits to route where no model is at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._native import Law, LawKind, as_integer, resolve_threads, sample, stream_id

_STREAM = stream_id("logits")
# Doubles that are drawn before they are rounded to float32.
_PIECE = 1 << 20


def normal_logits(
    tokens: int, columns: int, seed: int, *, start: int = 0, threads: int | None = None
) -> NDArray[np.float32]:
    """Draw standard normal logits.

    Parameters
    ----------
    tokens, columns : int
        Rows to draw, and logits of a token: ``spec.columns``.
    seed : int
        In [0, 2**64).
    start : int
        Token of the first row: rows do not depend on where a range is cut.
    threads : int, optional
        None: TOKENMILL_NUM_THREADS, else every core.

    Returns
    -------
    ndarray, shape (tokens, columns), float32
        Every expert has the same chances, so that the load is even but for chance.

    Raises
    ------
    TypeError, ValueError
        Not an integer, or out of range.

    Notes
    -----
    Philox4x32-10 keyed by the seed, counted by ``token * columns + column``, through the normal
    quantile function, rounded to float32. O(tokens * columns). The same bits for any threads and
    instruction set.
    """
    rows = as_integer("tokens", tokens, 0, 1 << 48)
    width = as_integer("columns", columns, 1, 1 << 14)
    first = as_integer("start", start, 0, 1 << 49) * width
    key, workers = as_integer("seed", seed, 0, 1 << 64), resolve_threads(threads)
    law = Law(LawKind.NORMAL, (0.0, 1.0))
    logits = np.empty(rows * width, np.float32)
    for low in range(0, logits.size, _PIECE):
        piece = logits[low : low + _PIECE]
        piece[:] = sample(law, key, _STREAM, first + low, piece.size, workers)
    return logits.reshape(rows, width)
