"""The losses of Shazeer et al.: squared coefficients of variation of importance and load."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_float64, as_integer, elementary
from .._native.capacity import column_sums
from .loss_sums import PIECE, checked_ids


def importance(expert_ids: ArrayLike, weights: ArrayLike, experts: int) -> NDArray[np.float64]:
    """Return the sum of each expert's weights, for the importance loss of Shazeer et al.

    Parameters
    ----------
    expert_ids : array_like of int, shape (T, k)
    weights : array_like, shape (T, k)
    experts : int

    Returns
    -------
    ndarray, shape (experts,), float64
        Pass it to :func:`cv_squared` (arXiv 1701.06538, eq. 6 and 7).

    Raises
    ------
    TypeError, ValueError
        Wrong dtype or shape, or an id outside [0, experts).

    Notes
    -----
    O(T k + experts); tokens are added in order.
    """
    ids = checked_ids(expert_ids, as_integer("experts", experts, 1, 1 << 31))
    gates = as_float64("weights", weights)
    if gates.shape != ids.shape:
        raise ValueError(f"weights: expected shape {ids.shape}, found {gates.shape}")
    # bincount adds one weight after another, in the order of the array
    summed = np.bincount(
        ids.reshape(-1).astype(np.int64), weights=gates.reshape(-1), minlength=experts
    )
    return summed.astype(np.float64)


def noisy_load(
    logits: ArrayLike, noisy_logits: ArrayLike, noise_scale: ArrayLike, top_k: int
) -> NDArray[np.float64]:
    """Return the smooth load of noisy top-k routing, for the load loss of Shazeer et al.

    Parameters
    ----------
    logits, noisy_logits : array_like, shape (T, E)
        Without and with their noise.
    noise_scale : array_like, broadcast to (T, E)
        Standard deviation of the noise, above 0.
    top_k : int
        From 1 to E.

    Returns
    -------
    ndarray, shape (E,), float64
        Sum over tokens of Phi((z_e - bar_e) / noise_scale_e), bar_e the k-th largest noisy logit
        of the other experts; 1 a token where there are fewer than k others.

    Raises
    ------
    TypeError, ValueError
        Wrong dtype or shape, a scale that is not above 0, `top_k` out of range.

    Notes
    -----
    arXiv 1701.06538, appendix A. O(T E log E), in blocks of 1,024 tokens. NaN in a token spoils the
    sums.
    """
    clean, noisy = as_float64("logits", logits), as_float64("noisy_logits", noisy_logits)
    if clean.ndim != 2 or not clean.shape[1] or noisy.shape != clean.shape:
        raise ValueError(
            f"logits and noisy_logits: expected one shape (T, E), found {clean.shape} and "
            f"{noisy.shape}"
        )
    experts = clean.shape[1]
    top_k = as_integer("top_k", top_k, 1, experts + 1)
    scale = as_float64("noise_scale", noise_scale)
    if not (scale > 0.0).all():
        found = scale[~(scale > 0.0)].flat[0]
        raise ValueError(f"noise_scale: expected numbers above 0, found {found}")
    scale = np.broadcast_to(scale, clean.shape)
    load = np.zeros(experts)
    for first in range(0, len(clean), PIECE):
        rows = slice(first, first + PIECE)
        load += column_sums(_chances(clean[rows], noisy[rows], scale[rows], top_k))
    return load


def cv_squared(
    values: ArrayLike, *, variance: Literal["population", "unbiased"] = "population"
) -> float:
    """Return the squared coefficient of variation of importance, load or counts.

    Parameters
    ----------
    values : array_like, shape (E,)
    variance : {"population", "unbiased"}
        Divided by E, or by E - 1 and with 1e-10 added to the squared mean, as Tutel has it.

    Returns
    -------
    float
        variance / mean^2; 0 where the values are even, NaN where their mean is 0 and nothing is
        added to it, or where one expert has no unbiased variance.

    Raises
    ------
    TypeError, ValueError
        Not real numbers, not one axis, or no value.
    """
    array = as_float64("values", values)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"values: expected shape (experts,), found {array.shape}")
    if variance not in ("population", "unbiased"):
        raise ValueError(f"variance: expected 'population' or 'unbiased', found {variance!r}")
    experts = array.size
    mean = math.fsum(array.tolist()) / experts
    deviations = array - mean
    squares = math.fsum((deviations * deviations).tolist())
    freedom, eps = (experts, 0.0) if variance == "population" else (experts - 1, 1e-10)
    divisor = freedom * (mean * mean + eps)
    return squares / divisor if divisor else math.nan


def _chances(
    clean: NDArray[np.float64],
    noisy: NDArray[np.float64],
    scale: NDArray[np.float64],
    top_k: int,
) -> NDArray[np.float64]:
    experts = clean.shape[1]
    ordered = -np.sort(-noisy, axis=1)
    last_in = ordered[:, top_k - 1 : top_k]
    first_out = ordered[:, top_k : top_k + 1] if top_k < experts else np.full((1, 1), -np.inf)
    # without itself, one of the k best is up against the next of the others
    bar = np.where(noisy >= last_in, first_out, last_in)
    return elementary("norm_cdf", (clean - bar) / scale)
