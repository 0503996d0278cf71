"""Activations moved into expert order and, weighted and summed, back into token order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._native import activations as native
from .._native import resolve_threads
from .._native.matrix import Matrix, as_matrix
from .dispatch import DispatchPlan


def permute(
    activations: Any, plan: DispatchPlan, *, out: Any = None, threads: int | None = None
) -> Any:
    """Copy each dispatched slot's token into expert order: ``activations[plan.tokens]``.

    Parameters
    ----------
    activations : array, shape (T, hidden), float32 or bfloat16
        NumPy (bfloat16 of ml_dtypes) or any tensor on the CPU with DLPack; not copied first if each
        row is contiguous.
    plan : DispatchPlan
    out : array, shape (N, hidden), the same dtype, optional
        Filled in place, a tensor by DLPack too. Needed for a bfloat16 tensor, as NumPy has no such
        array to return.
    threads : int, optional
        None: TOKENMILL_NUM_THREADS, else every core.

    Returns
    -------
    `out`, or an ndarray, shape (N, hidden)

    Raises
    ------
    TypeError, ValueError
        Wrong dtype or shape, `out` over the activations: the argument, what was expected, what was
        found. `out` is then untouched.

    Notes
    -----
    O(N * hidden). Expert e's rows are ``plan.offsets[e]`` to ``plan.offsets[e + 1] - 1``.
    """
    _check_plan(plan)
    source = as_matrix("activations", activations, native.DTYPES, "(tokens, hidden)")
    _check_rows("activations", source, plan.token_count, "tokens")
    filled = _out(out, source, len(plan.tokens))
    target = native.as_output("out", filled, source, len(plan.tokens), "(slots, hidden)")
    _check_apart(target, {"activations": source})
    native.permute(source, plan.tokens, target, resolve_threads(threads))
    return filled


def combine(
    expert_outputs: Any,
    plan: DispatchPlan,
    weights: Any,
    *,
    out: Any = None,
    threads: int | None = None,
) -> Any:
    """Sum each token's expert outputs, weighted, in the order of its choices.

    Parameters
    ----------
    expert_outputs : array, shape (N, hidden), float32 or bfloat16
        In expert order, as `permute` gives them.
    plan : DispatchPlan
    weights : array, shape (T, k), or (T,) for k = 1, float32
        Those of slots that are not dispatched are not read; a drop renormalises nothing.
    out : array, shape (T, hidden), the dtype of the outputs, optional
        As in `permute`.
    threads : int, optional
        None: TOKENMILL_NUM_THREADS, else every core.

    Returns
    -------
    `out`, or an ndarray, shape (T, hidden)
        Zero for a token without a dispatched slot.

    Raises
    ------
    TypeError, ValueError
        As `permute` does; `out` is then untouched.

    Notes
    -----
    O(N * hidden). Products and sums are rounded to float32 each, from +0, the lowest choice first;
    bfloat16 results are rounded once, to the nearest even. NaN and infinity follow IEEE 754; a NaN
    is 0x7FC00000. The same bits for any threads, split of the tokens and instruction set.
    """
    _check_plan(plan)
    outputs = as_matrix("expert_outputs", expert_outputs, native.DTYPES, "(slots, hidden)")
    _check_rows("expert_outputs", outputs, len(plan.tokens), "dispatched slots")
    if getattr(weights, "ndim", 2) == 1 and plan.top_k == 1:
        weights = weights.reshape(-1, 1)
    shares = as_matrix("weights", weights, ("float32",), "(tokens, top_k)")
    if (shares.rows, shares.columns) != (plan.token_count, plan.top_k):
        raise ValueError(
            f"weights: expected shape ({plan.token_count}, {plan.top_k}), "
            f"found ({shares.rows}, {shares.columns})"
        )
    filled = _out(out, outputs, plan.token_count)
    target = native.as_output("out", filled, outputs, plan.token_count, "(tokens, hidden)")
    _check_apart(target, {"expert_outputs": outputs, "weights": shares})
    native.combine(outputs, plan.inverse, shares, target, resolve_threads(threads))
    return filled


def _check_plan(plan: object) -> None:
    if not isinstance(plan, DispatchPlan):
        raise TypeError(f"plan: expected a DispatchPlan, found {type(plan).__name__}")


def _check_rows(name: str, matrix: Matrix, rows: int, of: str) -> None:
    if matrix.rows != rows:
        raise ValueError(f"{name}: expected a row for each of {rows} {of}, found {matrix.rows}")


def _out(out: Any, source: Matrix, rows: int) -> Any:
    """Return `out`, or a new array of the dtype of the source."""
    if out is not None:
        return out
    if isinstance(source.owner, np.ndarray):
        return np.empty((rows, source.columns), source.owner.dtype)
    if source.dtype != native.FLOAT32:
        raise TypeError("out: expected a bfloat16 tensor to fill, as NumPy has none, found none")
    return np.empty((rows, source.columns), np.float32)


def _check_apart(target: Matrix, others: dict[str, Matrix]) -> None:
    for name, other in others.items():
        if target.overlaps(other):
            raise ValueError(f"out: expected an array of its own, found one over {name}")
