"""Load-balancing losses, the router z-loss, and the bias update that replaces them.

Coefficients are left to the caller: every loss here is the one with coefficient 1. With f_e the
share of the choices that fell on expert e and P_e its mean score, the published losses are

    Switch, Megatron-LM   E sum_e f_e P_e,   f_e = counts_e / (T k)    1 where all is even
    Hugging Face          E sum_e f_e P_e,   f_e = counts_e / T        k where all is even
    GShard                E sum_e f_e P_e,   f_e = first_counts_e / T  1 where all is even
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .loss_sums import RoutingSums

Level = Literal["batch", "sequence"]


def switch_loss(
    sums: RoutingSums, *, level: Level = "batch", accumulated: RoutingSums | None = None
) -> float:
    """Return the loss of Switch Transformers for any k, as Megatron-LM has it.

    Parameters
    ----------
    sums : RoutingSums
    level : {"batch", "sequence"}
        One loss over all tokens, or the mean of the losses of the sequences: DeepSeek-V3's
        complementary sequence-wise loss, Megatron-LM's ``seq_aux_loss``.
    accumulated : RoutingSums, optional
        f_e comes from these: sums over every micro-batch of a global batch, where `sums` holds
        one of them (arXiv 2501.11873). Only with level "batch".

    Returns
    -------
    float
        1 where counts or scores are even, up to E / k; NaN without tokens.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it should be, or `level` and `accumulated` clash.

    Notes
    -----
    E * sum_e f_e P_e, f_e = counts_e / (T k), P_e = scores_e / T (arXiv 2101.03961, eq. 4 to 6).
    Sequences without tokens are left out of the mean. O(S * E).
    """
    _check_sums("sums", sums)
    if level not in ("batch", "sequence"):
        raise ValueError(f"level: expected 'batch' or 'sequence', found {level!r}")
    if accumulated is None:
        parts = sums if level == "sequence" else sums.total()
        return _loss(parts, parts.counts, parts.tokens * sums.top_k)
    _check_sums("accumulated", accumulated)
    if level == "sequence" or accumulated.experts != sums.experts:
        raise ValueError(
            f"accumulated: expected sums over {sums.experts} experts and level 'batch', "
            f"found {accumulated.experts} and {level!r}"
        )
    over = accumulated.total()
    return _loss(sums.total(), over.counts, over.tokens * accumulated.top_k)


def hugging_face_loss(sums: RoutingSums) -> float:
    """Return the loss of transformers' ``load_balancing_loss_func``: k times the Switch loss.

    Parameters
    ----------
    sums : RoutingSums
        That function concatenates the layers before it multiplies: add the layers' sums first.

    Returns
    -------
    float
        E * sum_e (counts_e / T) * (scores_e / T); NaN without tokens.

    Raises
    ------
    TypeError
        Not a RoutingSums.
    """
    _check_sums("sums", sums)
    total = sums.total()
    return _loss(total, total.counts, total.tokens)


def gshard_loss(sums: RoutingSums) -> float:
    """Return the loss of GShard, which DeepSpeed and Tutel use: first choices alone count.

    Parameters
    ----------
    sums : RoutingSums

    Returns
    -------
    float
        E * sum_e (first_counts_e / T) * (scores_e / T) (arXiv 2006.16668); NaN without tokens.

    Raises
    ------
    TypeError
        Not a RoutingSums.
    """
    _check_sums("sums", sums)
    total = sums.total()
    return _loss(total, total.first_counts, total.tokens)


def z_loss(sums: RoutingSums) -> float:
    """Return the router z-loss: the mean of logsumexp(z)^2 over all tokens.

    Parameters
    ----------
    sums : RoutingSums

    Returns
    -------
    float
        NaN without tokens, inf where a token has a +inf logit or none above -inf. Published
        coefficient: 1e-3 (arXiv 2202.08906, eq. 5).

    Raises
    ------
    TypeError
        Not a RoutingSums.
    """
    _check_sums("sums", sums)
    total = sums.total()
    tokens = int(total.tokens[0])
    return float(total.squares[0]) / tokens if tokens else math.nan


def bias_update(
    bias: ArrayLike, counts: ArrayLike, *, rate: float = 1e-3, centred: bool = False
) -> NDArray[Any]:
    """Return the selection bias after a step of DeepSeek's balancing without a loss.

    Parameters
    ----------
    bias : array_like, shape (E,), float32 or float64
    counts : array_like of int, shape (E,)
        Choices of a global batch that fell on each expert.
    rate : float
        The step; 1e-3 is published (arXiv 2408.15664) and Megatron-LM's default.
    centred : bool
        Subtract the mean of the step from it, as torchtitan does, so that biases do not drift.

    Returns
    -------
    ndarray, shape (E,), of the dtype of `bias`
        bias + rate * sign(mean(counts) - counts). The sign is exact, in integers.

    Raises
    ------
    TypeError, ValueError
        Wrong dtype or shape, a negative count, a rate that is not finite.

    Notes
    -----
    O(E).
    """
    old, loads = np.asarray(bias), np.asarray(counts)
    if old.dtype not in (np.float32, np.float64):
        raise TypeError(f"bias: expected float32 or float64, found dtype {old.dtype}")
    if loads.dtype.kind not in "iu":
        raise TypeError(f"counts: expected integers, found dtype {loads.dtype}")
    if old.ndim != 1 or not old.size or loads.shape != old.shape:
        raise ValueError(
            f"bias and counts: expected one shape (experts,), found {old.shape} and {loads.shape}"
        )
    if loads.min() < 0:
        raise ValueError(f"counts: expected counts from 0, found {loads.min()}")
    if not math.isfinite(rate):
        raise ValueError(f"rate: expected a finite number, found {rate!r}")
    total, experts = sum(loads.tolist()), old.size
    signs = [(total > experts * count) - (total < experts * count) for count in loads.tolist()]
    mean = sum(signs) / experts if centred else 0.0
    step = np.array([rate * (sign - mean) for sign in signs], dtype=old.dtype)
    return np.asarray(old + step)


def _check_sums(name: str, sums: object) -> None:
    if not isinstance(sums, RoutingSums):
        raise TypeError(f"{name}: expected RoutingSums, found {sums!r}")


def _loss(sums: RoutingSums, counts: NDArray[np.int64], choices: NDArray[np.int64]) -> float:
    """Return the mean over the sequences of E * sum_e counts_e / choices * scores_e / tokens."""
    losses = []
    for tokens, scores, loads, all_choices in zip(
        sums.tokens.tolist(), sums.scores, counts, choices.tolist(), strict=True
    ):
        if tokens and all_choices:
            product = math.fsum((scores * loads).tolist())
            losses.append(sums.experts * product / (tokens * all_choices))
    return math.fsum(losses) / len(losses) if losses else math.nan
