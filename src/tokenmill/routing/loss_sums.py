"""What balancing losses are made of, summed over tokens in one pass over the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import resolve_threads
from .._native.losses import score_sums
from .._native.matrix import Matrix, as_logits
from .._native.router import METHODS, SCORES, RouterRule
from .spec import RouterSpec

# Tokens of a piece: fixed, so that sums have one order whatever the threads.
PIECE = 1024


@dataclass(frozen=True, eq=False)
class RoutingSums:
    """Sums over the tokens of each sequence; one sequence where no lengths were given.

    ``a + b`` adds micro-batches, or layers, sequence by sequence.

    Attributes
    ----------
    tokens : ndarray, shape (S,), int64
    scores : ndarray, shape (S, E), float64
        Sums of the scores, those of a token divided by their sum where the score is no softmax.
    counts : ndarray, shape (S, E), int64
        Choices that fell on each expert.
    first_counts : ndarray, shape (S, E), int64
        First choices alone.
    squares : ndarray, shape (S,), float64
        Sums of the squares of logsumexp.
    top_k : int
        Choices of a token.
    """

    tokens: NDArray[np.int64]
    scores: NDArray[np.float64]
    counts: NDArray[np.int64]
    first_counts: NDArray[np.int64]
    squares: NDArray[np.float64]
    top_k: int

    @property
    def experts(self) -> int:
        """Experts that are chosen from."""
        return int(self.scores.shape[1])

    def total(self) -> RoutingSums:
        """Return the sums over every sequence, added from the first to the last: S = 1."""
        return RoutingSums(
            self.tokens.sum(keepdims=True),
            _added_rows(self.scores)[None],
            self.counts.sum(axis=0, keepdims=True),
            self.first_counts.sum(axis=0, keepdims=True),
            _added_rows(self.squares[:, None]),
            self.top_k,
        )

    def __add__(self, other: RoutingSums) -> RoutingSums:
        if not isinstance(other, RoutingSums):
            return NotImplemented
        if (self.scores.shape, self.top_k) != (other.scores.shape, other.top_k):
            raise ValueError(
                f"+: expected sums of shape {self.scores.shape} and top_k {self.top_k}, "
                f"found {other.scores.shape} and {other.top_k}"
            )
        return RoutingSums(
            self.tokens + other.tokens,
            self.scores + other.scores,
            self.counts + other.counts,
            self.first_counts + other.first_counts,
            self.squares + other.squares,
            self.top_k,
        )


def routing_sums(
    logits: Any,
    spec: RouterSpec,
    expert_ids: ArrayLike,
    *,
    lengths: ArrayLike | None = None,
    threads: int | None = None,
) -> RoutingSums:
    """Sum what the losses need; the (T, E) matrix of scores is never made.

    Parameters
    ----------
    logits : array, shape (T, spec.columns), float32, float64, float16 or bfloat16
        As :func:`route` takes them. Joint shared experts are left out.
    spec : RouterSpec
        Gives the score, `logit_scale` and `softcap`; "identity" stands for softmax, as published
        losses have it. Bias and groups play no part.
    expert_ids : array_like of int, shape (T, k)
        Chosen experts in [0, spec.choices), best first; the skip expert as ``spec.choices - 1``.
        Megatron-LM counts the choices of the plain scores here, not those it dispatches: pass the
        ids of ``route`` by a spec without bias and groups to do the same.
    lengths : array_like of int, shape (S,), optional
        Tokens of each sequence, in order; they add up to T. None: one sequence.
    threads : int, optional
        None: TOKENMILL_NUM_THREADS, else every core.

    Returns
    -------
    RoutingSums

    Raises
    ------
    TypeError, ValueError
        Wrong shape, dtype or range, or a spec of product keys, whose experts have no score of
        their own: the argument, what was expected, what was found.

    Notes
    -----
    O(T * E). Double accumulators over pieces of 1,024 tokens, added in order: the same bits for
    any threads and instruction set. NaN counts as -inf; a token with a +inf logit, or none above
    -inf, has an infinite square. Sources: Switch Transformers (arXiv 2101.03961), ST-MoE
    (arXiv 2202.08906); scores are normalised as Megatron-LM does, s / (sum s + 1e-20).
    """
    if not isinstance(spec, RouterSpec):
        raise TypeError(f"spec: expected a RouterSpec, found {spec!r}")
    if spec.method == "product_keys":
        raise ValueError("spec: expected a score for each expert, found method 'product_keys'")
    matrix = as_logits("logits", logits)
    if matrix.columns != spec.columns:
        raise ValueError(
            f"logits: expected {spec.columns} columns for this spec, found {matrix.columns}"
        )
    ids = checked_ids(expert_ids, spec.choices, matrix.rows)
    spans = _spans(lengths, matrix.rows)
    scores, squares = _summed(_rule(spec), matrix, spans, resolve_threads(threads))
    counts, first_counts = (_counts(part, spans, spec.choices) for part in (ids, ids[:, :1]))
    return RoutingSums(spans, scores, counts, first_counts, squares, ids.shape[1])


def checked_ids(expert_ids: ArrayLike, experts: int, tokens: int | None = None) -> NDArray[Any]:
    """Return ids (T, k) that are integers in [0, experts), one row a token."""
    ids = np.asarray(expert_ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"expert_ids: expected integers, found dtype {ids.dtype}")
    rows = "T" if tokens is None else tokens
    if ids.ndim != 2 or not ids.shape[1] or tokens not in (None, len(ids)):
        raise ValueError(f"expert_ids: expected shape ({rows}, k), found {ids.shape}")
    if ids.size and (ids.min() < 0 or ids.max() >= experts):
        found = ids.min() if ids.min() < 0 else ids.max()
        raise ValueError(f"expert_ids: expected values in [0, {experts}), found {found}")
    return ids


def _spans(lengths: ArrayLike | None, tokens: int) -> NDArray[np.int64]:
    spans = np.asarray([tokens] if lengths is None else lengths)
    if spans.dtype.kind not in "iu":
        raise TypeError(f"lengths: expected integers, found dtype {spans.dtype}")
    if spans.ndim != 1 or not len(spans):
        raise ValueError(f"lengths: expected shape (sequences,), found {spans.shape}")
    if spans.min() < 0 or int(spans.sum()) != tokens:
        raise ValueError(
            f"lengths: expected lengths from 0 that add up to {tokens} tokens, "
            f"found a least of {spans.min()} and a sum of {spans.sum()}"
        )
    return spans.astype(np.int64)


def _rule(spec: RouterSpec) -> RouterRule:
    """Return the rule that scores the choices of the spec alone."""
    score = SCORES["softmax" if spec.score == "identity" else spec.score]
    scored = spec.rule()._replace(columns=spec.choices, score=score, shared=0)
    return scored._replace(method=METHODS["top_k"])


def _summed(
    rule: RouterRule, logits: Matrix, spans: NDArray[np.int64], threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums of every sequence: those of its pieces, added from the first to the last."""
    pieces = np.maximum(-(-spans // PIECE), 1)
    first = np.cumsum(pieces) - pieces
    within = np.arange(pieces.sum()) - np.repeat(first, pieces)
    starts = np.repeat(np.cumsum(spans) - spans, pieces) + within * PIECE
    offsets = np.append(starts, spans.sum())
    columns = Matrix(
        logits.address, logits.dtype, logits.rows, rule.columns, logits.row_stride, logits.owner
    )
    part_scores, part_squares = score_sums(rule, columns, offsets, threads)
    scores, squares = part_scores[first], part_squares[first]
    for piece in range(1, int(pieces.max())):
        longer = np.flatnonzero(pieces > piece)
        scores[longer] += part_scores[first[longer] + piece]
        squares[longer] += part_squares[first[longer] + piece]
    return scores, squares


def _counts(ids: NDArray[Any], spans: NDArray[np.int64], experts: int) -> NDArray[np.int64]:
    cells = ids.astype(np.int64)
    if len(spans) > 1:
        cells += np.repeat(np.arange(len(spans)) * experts, spans)[:, None]
    counted = np.bincount(cells.reshape(-1), minlength=len(spans) * experts)
    return counted.reshape(len(spans), experts)


def _added_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add rows one after another: NumPy's own sum leaves the order open."""
    total: NDArray[np.float64] = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total
