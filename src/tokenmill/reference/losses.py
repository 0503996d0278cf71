"""The readable twin of the balancing losses: probabilities as a matrix, in double precision."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def logsumexp(logits: Matrix) -> Matrix:
    """Return log(sum over experts of e^z) of every token; (T, E) to (T,)."""
    most = logits.max(axis=1, keepdims=True)
    return np.asarray(most[:, 0] + np.log(np.exp(logits - most).sum(axis=1)))


def probabilities(logits: Matrix, score: str) -> Matrix:
    """Return the scores of every token, divided by their sum; (T, E) to (T, E)."""
    if score == "sigmoid":
        scores = 1.0 / (1.0 + np.exp(-logits))
    elif score == "sqrtsoftplus":
        scores = np.sqrt(np.log1p(np.exp(-np.abs(logits))) + np.maximum(logits, 0.0))
    else:
        return np.asarray(np.exp(logits - logsumexp(logits)[:, None]))
    return np.asarray(scores / (scores.sum(axis=1, keepdims=True) + 1e-20))


def choices_of_experts(expert_ids: NDArray[np.int64], experts: int) -> Matrix:
    """Return how many of the choices fell on each expert; (T, k) to (E,)."""
    return np.array([(expert_ids == expert).sum() for expert in range(experts)], dtype=float)


def switch_loss(p: Matrix, expert_ids: NDArray[np.int64]) -> float:
    """Return E sum_e f_e P_e, f_e the share of the choices, P_e the mean probability."""
    tokens, experts = p.shape
    shares = choices_of_experts(expert_ids, experts) / (tokens * expert_ids.shape[1])
    return float(experts * (shares * p.mean(axis=0)).sum())


def hugging_face_loss(p: Matrix, expert_ids: NDArray[np.int64]) -> float:
    """Return k times the Switch loss: no division by k."""
    return switch_loss(p, expert_ids) * int(expert_ids.shape[1])


def gshard_loss(p: Matrix, expert_ids: NDArray[np.int64]) -> float:
    """Return the Switch loss of the first choices alone."""
    return switch_loss(p, expert_ids[:, :1])


def z_loss(logits: Matrix) -> float:
    """Return the mean of logsumexp^2."""
    return float((logsumexp(logits) ** 2).mean())


def cv_squared(values: Matrix) -> float:
    """Return the population variance over the squared mean."""
    return float(values.var() / values.mean() ** 2)


def noisy_load(clean: Matrix, noisy: Matrix, scale: Matrix, top_k: int) -> Matrix:
    """Return each expert's chance of a choice, given the others' noise, summed over tokens."""
    load = np.zeros(clean.shape[1])
    for token in range(len(clean)):
        for expert in range(clean.shape[1]):
            others = np.sort(np.delete(noisy[token], expert))[::-1]
            bar = others[top_k - 1] if top_k <= len(others) else -np.inf
            x = (clean[token, expert] - bar) / scale[token, expert]
            load[expert] += 0.5 * (1.0 + erf(x / sqrt(2.0)))
    return load
