"""Routing token by token: from logits to expert ids and weights, one small function per step.

::

    logits --> z: scaled, softcapped --> s: scores --> c: choice values --> ids --> weights

Symbols: T tokens, C logits of a token, E experts to choose from, k chosen. Everything is float64.
A rule's fields are keyword arguments under the names that the package's RouterSpec gives them.
NaN counts as -inf wherever it stands; ids are ordered by (value descending, id ascending).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ids = NDArray[np.int64]


class Routed(NamedTuple):
    """Ids (T, k), weights (T, k), shared experts' weights (T, S), and skip flags (T, k)."""

    expert_ids: Ids
    weights: Array
    shared_weights: Array
    skipped: NDArray[np.bool_]


def known(x: Array) -> Array:
    """Return `x` with -inf where it is NaN."""
    return np.where(np.isnan(x), -np.inf, x)


def transformed(logits: Array, logit_scale: float, softcap: float) -> Array:
    """Return ``softcap * tanh(z * logit_scale / softcap)``; a `softcap` of 0 caps nothing."""
    z = known(np.asarray(logits, np.float64)) * logit_scale
    return softcap * np.tanh(z / softcap) if softcap else z


def below_maximum(z: Array) -> Array:
    """Return ``z - max z`` of each row; where the maximum is infinite, its limit.

    Infinite logits share a row evenly, and so do all logits of a row without a finite one.
    """
    most = z.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(z == most, 0.0, np.where(np.isposinf(most), -np.inf, z - most))


def softmax(z: Array) -> Array:
    """Return e^z / sum e^z of each row, by its maximum."""
    e = np.exp(below_maximum(z))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def softplus(z: Array) -> Array:
    """Return log(1 + e^z), without overflow."""
    return np.asarray(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))))


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e^-z)."""
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-z)))


def scores(z: Array, score: str) -> Array:
    """Return the scores of logits (T, C); a softmax runs over the row."""
    if score == "softmax":
        return softmax(z)
    if score == "sigmoid":
        return sigmoid(z)
    return np.sqrt(softplus(z)) if score == "sqrtsoftplus" else z


def selected(values: Array, k: int) -> Ids:
    """Return the ids of the `k` best of each row."""
    return np.argsort(-known(values), axis=-1, kind="stable")[..., :k]


def group_scores(values: Array, groups: int, best: int) -> Array:
    """Return the sum of the `best` largest values of each contiguous group, (T, groups)."""
    split = known(values).reshape(len(values), groups, -1)
    with np.errstate(invalid="ignore"):
        return known(np.sort(split, axis=-1)[..., ::-1][..., :best].sum(axis=-1))


def choice_values(z: Array, score: str, bias: str | None, bias_values: Array | float) -> Array:
    """Return what experts are ranked on.

    Without a bias these are the logits: every score grows with its logit, and is rounded once
    more, which can make two logits a tie.
    """
    if bias is None:
        return z
    return (scores(z, score) if bias == "choice" else z) + bias_values


def in_kept_groups(
    choice: Array, ranked: Array, groups: int, kept: int, best: int, fill: float
) -> Array:
    """Return `choice` with `fill` in every group but the `kept` best by the values `ranked`."""
    open_groups = np.zeros((len(choice), groups), bool)
    ids = selected(group_scores(ranked, groups, best), kept)
    np.put_along_axis(open_groups, ids, True, axis=1)
    return np.where(np.repeat(open_groups, choice.shape[1] // groups, axis=1), choice, fill)


def in_open_experts(choice: Array, block_size: int, block_experts: int) -> Array:
    """Return `choice` with -inf in the experts that are closed to a block of tokens.

    Open are the `block_experts` best by the largest choice value that any of its tokens has.
    """
    masked = np.full_like(choice, -np.inf)
    for first in range(0, len(choice), block_size):
        block = slice(first, first + block_size)
        ids = selected(known(choice[block]).max(axis=0), block_experts)
        masked[block, ids] = choice[block, ids]
    return masked


def product_key_sums(z: Array) -> Array:
    """Return x_i + y_j at i K + j of the two halves x, y (T, K) of each row, (T, K * K)."""
    x, y = np.split(z, 2, axis=1)
    with np.errstate(invalid="ignore"):
        return known(x[:, :, None] + y[:, None, :]).reshape(len(z), -1)


def normalised(w: Array, norm: str | None, eps: float, power: float) -> Array:
    """Return weights over ``sum + eps``, ``max(sum, eps)`` or their p-norm.

    Infinite weights share evenly. Where there is nothing to divide by, weights are equal, or 0 if
    the rule has an eps.
    """
    if norm is None:
        return w
    infinite = np.isinf(w)
    w = np.where(infinite.any(axis=1, keepdims=True), infinite.astype(float), w)
    largest = w.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        if norm == "power":
            ratios = np.where(largest > 0.0, w / largest, 0.0)
            size = largest * (ratios**power).sum(axis=1, keepdims=True) ** (1.0 / power)
        else:
            total = w.sum(axis=1, keepdims=True)
            size = np.maximum(total, eps) if norm == "floor" else total + eps
        return np.asarray(np.where(size > 0.0, w / size, 1.0 / w.shape[1]))


def sparse_mixer(z: Array, jitter: float) -> tuple[Ids, Array]:
    """Return both choices of SparseMixer-v2 at inference and their weights.

    Each choice is weighed by a softmax over the experts whose distance from it, relative to
    ``max(|z|, best)``, is at most ``2 * jitter``; the second leaves the first out.
    Source: `sparsemixer` of Phi-3.5-MoE in transformers 5.23.0; Liu et al., arXiv 2409.12136.
    """
    ids = selected(z, 2)
    rest, weights = z.copy(), []
    for choice in (ids[:, :1], ids[:, 1:]):
        best = np.take_along_axis(z, choice, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            far = (best - z) / np.maximum(np.abs(z), best) > 2.0 * jitter
        near = np.where(far, -np.inf, rest)
        np.put_along_axis(near, choice, best, 1)
        # an expert at -inf has no share in a choice, unless it is the choice
        alone = np.isneginf(near)
        np.put_along_axis(alone, choice, False, 1)
        shares = np.where(alone, 0.0, np.exp(below_maximum(near)))
        weights.append(1.0 / shares.sum(axis=1))
        np.put_along_axis(rest, choice, -np.inf, 1)
    return ids, np.stack(weights, axis=1)


def weighed(chosen: Array, s: Array, weight: str) -> Array:
    """Return the weights of the chosen before the norm, from their logits and scores (T, k)."""
    if weight == "softmax_of_chosen":
        return softmax(chosen)
    return sigmoid(chosen) if weight == "sigmoid_of_chosen" else s


def joint_sigmoid(chosen: Array) -> Array:
    """Return sigmoids of logits (T, k + S) over their sum, by logarithms: they may underflow."""
    return softmax(-softplus(-chosen))


def route(
    logits: Array,
    *,
    experts: int,
    top_k: int,
    score: str = "softmax",
    bias: str | None = None,
    bias_values: Array | float = 0.0,
    groups: int = 1,
    groups_kept: int = 1,
    group_score: str = "top2_sum",
    group_fill: float = -math.inf,
    weight: str = "score",
    norm: str | None = None,
    norm_eps: float = 0.0,
    norm_power: float = 1.0,
    scale: float = 1.0,
    logit_scale: float = 1.0,
    softcap: float = 0.0,
    zero_experts: int = 0,
    skip_expert: bool = False,
    shared_experts: int = 0,
    method: str = "top_k",
    jitter: float = 0.01,
    block_size: int = 0,
    block_experts: int = 0,
    token_ids: Ids | None = None,
    hash_table: Ids | None = None,
    expert_scale: Array | None = None,
) -> Routed:
    """Route logits (T, C) by one rule."""
    z = transformed(logits, logit_scale, softcap)
    choices = experts + zero_experts + int(skip_expert)
    joint = z[:, choices:] if shared_experts else np.empty((len(z), 0))
    z = product_key_sums(z) if method == "product_keys" else z[:, :choices]

    if method == "sparse_mixer":
        ids, weights = sparse_mixer(z, jitter)
    else:
        if hash_table is not None:
            ids = np.asarray(hash_table)[token_ids]
        else:
            choice = choice_values(z, score, bias, bias_values)
            if groups > 1:
                best = {"max": 1, "top2_sum": 2, "top_share_sum": top_k // groups_kept}[group_score]
                ranked = choice if bias or best == 1 else scores(z, score)
                # every score beats a fill of 0; the logits that stand for scores need not
                fill = group_fill if bias or score == "identity" else -math.inf
                choice = in_kept_groups(choice, ranked, groups, groups_kept, best, fill)
            if method == "block":
                choice = in_open_experts(choice, block_size, block_experts)
            ids = selected(choice, top_k)
        chosen = np.take_along_axis(z, ids, 1)
        if weight == "joint_sigmoid":
            weights = joint_sigmoid(np.concatenate([chosen, joint], axis=1))
        else:
            s = np.take_along_axis(scores(z, score), ids, 1)
            weights = weighed(chosen, s, weight)
            weights = normalised(weights, norm, norm_eps, norm_power)
    weights, shared = weights[:, :top_k] * scale, weights[:, top_k:] * scale

    if expert_scale is not None:
        weights = weights * np.asarray(expert_scale)[ids]
    skipped = (ids == choices - 1) & skip_expert
    return Routed(np.where(skipped, 0, ids), np.where(skipped, 0.0, weights), shared, skipped)
