"""Noisy top-k routing (Shazeer et al. 2017) and its importance and load, and Tutel's variant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native import as_integer, elementary, resolve_threads
from .._native.capacity import best_of_lines, column_sums, score_matrix
from .._native.matrix import as_logits
from .checks import check_finite, check_seed
from .noise import normals
from .route import route
from .spec import RouterSpec
from .variation import cv_squared

Floats = NDArray[np.float64]

# a softplus that underflows to 0 is divided by all the same
_LEAST_NOISE = 2.0**-1022


@dataclass(frozen=True)
class NoisyRouting:
    """Noisy top-k routing.

    Attributes
    ----------
    expert_ids : ndarray, shape (T, k), int32
        The best of the noisy logits, best first.
    weights : ndarray, shape (T, k), float32
        Softmax of the chosen noisy logits.
    noisy_logits : ndarray, shape (T, E), float64
    importance : ndarray, shape (E,), float64
        Sum of the weights of each expert over the tokens.
    load : ndarray, shape (E,), float64
        Sum over the tokens of the chance that the expert is chosen when its noise is drawn again.
    """

    expert_ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    noisy_logits: Floats
    importance: Floats
    load: Floats

    @property
    def importance_loss(self) -> float:
        """CV² of the importance, 0 without tokens; multiply by the loss's weight."""
        return _loss(self.importance)

    @property
    def load_loss(self) -> float:
        """CV² of the load, 0 without tokens; multiply by the loss's weight."""
        return _loss(self.load)


def route_noisy_top_k(
    logits: Any, noise_logits: Any, top_k: int, *, seed: int, threads: int | None = None
) -> NoisyRouting:
    """Route by logits with normal noise of a learned size: ``h = z + N(0, 1) softplus(n)``.

    Parameters
    ----------
    logits, noise_logits : array, shape (T, E)
        z and n, as in :func:`route`; the softplus of n is the standard deviation of the noise.
    top_k : int
        1 to min(E, 64).
    seed : int
        In [0, 2**64).
    threads : int, optional

    Returns
    -------
    NoisyRouting
        ``load[i]`` sums ``Phi((z_i - b_i) / softplus(n_i))``, where b_i is the k-th best of h
        without i; with k = E every expert is chosen for certain.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    A logit that is NaN or infinite is refused: its load has no value. O(T E log k). Noise is a
    function of (seed, token, expert), whatever the threads. Source: arXiv 1701.06538.
    """
    workers = resolve_threads(threads)
    z = _finite("logits", logits, workers)
    n = _finite("noise_logits", noise_logits, workers)
    if z.shape != n.shape:
        raise ValueError(f"noise_logits: expected shape {z.shape}, found {n.shape}")
    check_seed(seed)
    tokens, experts = z.shape
    scale = softplus(n)
    noisy = z + normals("routing.noise", seed, tokens, experts, workers) * scale
    spec = RouterSpec(experts=experts, top_k=top_k, score="identity", weight="softmax_of_chosen")
    found = route(noisy, spec, threads=workers)
    gates = np.zeros(z.shape)
    np.put_along_axis(gates, found.expert_ids, found.weights.astype(np.float64), 1)
    chances = _chances(z, noisy, scale, found.expert_ids, workers)
    importance, load = column_sums(gates), column_sums(chances)
    return NoisyRouting(found.expert_ids, found.weights, noisy, importance, load)


def load_importance_loss(
    logits: Any, top_k: int, gate_noise: float, *, seed: int, threads: int | None = None
) -> float:
    """Return Tutel's loss: the mean of the importance and load losses of softmax scores.

    Parameters
    ----------
    logits : array, shape (T, E)
        Finite, as in :func:`route`.
    top_k : int
        1 to E.
    gate_noise : float
        Above 0: noise of standard deviation ``gate_noise / E`` is added to the logits.
    seed : int
        In [0, 2**64).
    threads : int, optional

    Returns
    -------
    float
        ``(imp + load) / 2``, each term unbiased variance / (mean² + 1e-10). Importance sums softmax
        scores s; load sums ``Phi((s_i - h_k) E / gate_noise)`` with h_k the k-th best noisy logit:
        scores against logits, as in that code. 0 without tokens or with one expert.

    Raises
    ------
    TypeError, ValueError
        An argument of wrong shape, dtype or range: its name, what was expected, what was found.

    Notes
    -----
    O(T E log k). Source: load_importance_loss of Tutel's impls/losses.py.
    """
    workers = resolve_threads(threads)
    z = _finite("logits", logits, workers)
    tokens, experts = z.shape
    check_seed(seed)
    as_integer("top_k", top_k, 1, experts + 1)
    if not 0.0 < gate_noise < math.inf:
        raise ValueError(f"gate_noise: expected a finite number above 0, found {gate_noise!r}")
    if not tokens or experts == 1:
        return 0.0
    size = gate_noise / experts
    noisy = z + normals("routing.noise", seed, tokens, experts, workers) * size
    kth = best_of_lines(noisy, 1, top_k, workers)[1][:, -1:]
    scores = score_matrix(as_logits("logits", z), "softmax", workers)
    load = column_sums(_normal_cdf_of_ratio(scores - kth, size))
    importance = column_sums(scores)
    return (
        cv_squared(importance, variance="unbiased") + cv_squared(load, variance="unbiased")
    ) / 2.0


def softplus(x: Floats) -> Floats:
    """Return ``log(1 + e^x)`` of any finite x, as max(x, 0) + log1p(e^-|x|)."""
    return np.maximum(x, 0.0) + elementary("log1p", elementary("exp", -np.abs(x)))


def _loss(values: Floats) -> float:
    return cv_squared(values) if values.any() else 0.0


def _chances(
    z: Floats, noisy: Floats, scale: Floats, chosen: NDArray[np.int32], threads: int
) -> Floats:
    tokens, k = chosen.shape
    if k == z.shape[1] or not tokens:
        return np.ones(z.shape)
    best = best_of_lines(noisy, 1, k + 1, threads)[1]
    bound = np.repeat(best[:, k - 1 : k], z.shape[1], axis=1)
    # without itself, the k-th best of the others is the next one for an expert that was chosen
    np.put_along_axis(bound, chosen, np.repeat(best[:, k:], k, axis=1), 1)
    return _normal_cdf_of_ratio(z - bound, np.maximum(scale, _LEAST_NOISE))


def _normal_cdf_of_ratio(x: Floats, size: Floats | float) -> Floats:
    with np.errstate(over="ignore"):  # next to no noise: for certain, or never
        return elementary("norm_cdf", x / size)


def _finite(name: str, values: Any, threads: int) -> Floats:
    matrix = score_matrix(as_logits(name, values), "identity", threads)
    check_finite(name, matrix)
    return matrix
