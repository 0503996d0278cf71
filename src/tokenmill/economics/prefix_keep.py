"""Keep a prefix in a cache, or compute it again: the money of it.

What a prefix weighs and how fast it is computed come from the serving model or from a measurement;
here storage is set against the accelerator time that a hit saves.
"""

from __future__ import annotations

from ..jit import expm1
from ..jit.kernel import kernel
from .token import SECONDS_PER_HOUR

_BYTES_PER_GB = 1e9


@kernel
def recompute_usd(tokens: float, usd_per_hour: float, prefill_tokens_per_s: float) -> float:
    """Return what computing a prefix again costs.

    Parameters
    ----------
    tokens : float
        Length of the prefix.
    usd_per_hour, prefill_tokens_per_s : float
        Of one accelerator that reads prompts; 0 tokens per second gives inf.
    """
    return tokens / prefill_tokens_per_s * usd_per_hour / SECONDS_PER_HOUR


@kernel
def storage_usd_per_second(stored_bytes: float, usd_per_gb_hour: float) -> float:
    """Return what keeping `stored_bytes` costs per second; a GB is 10^9 bytes."""
    return stored_bytes / _BYTES_PER_GB * usd_per_gb_hour / SECONDS_PER_HOUR


@kernel
def keep_seconds(recompute: float, stored_bytes: float, usd_per_gb_hour: float) -> float:
    """Return the time for which keeping a prefix costs as much as computing it once more.

    Where the mean time to the next hit is shorter, keeping pays, whatever the times are like in
    detail, as long as they have no memory; see :func:`keep_saving_usd`.

    Parameters
    ----------
    recompute : float
        USD, see :func:`recompute_usd`.
    stored_bytes, usd_per_gb_hour : float
        Size of the prefix's key-value cache, and the price of the memory or disk that holds it.

    Returns
    -------
    float
        Seconds; inf where storage is free.
    """
    rate = storage_usd_per_second(stored_bytes, usd_per_gb_hour)
    return float("inf") if rate == 0.0 else recompute / rate


@kernel
def keep_saving_usd(
    recompute: float, storage_usd_s: float, hits_per_second: float, seconds: float
) -> float:
    """Return what keeping a prefix until its next hit, or for `seconds` at most, saves on average.

    ``(1 - exp(-h*t)) * (recompute - storage / h)``, hits coming at random at the rate h.

    Parameters
    ----------
    recompute : float
        USD that the hit saves.
    storage_usd_s : float
        USD per second, see :func:`storage_usd_per_second`.
    hits_per_second, seconds : float
        Mean rate of hits, >= 0, and the time after which the prefix is dropped.

    Returns
    -------
    float
        USD. Its sign does not depend on `seconds`: a prefix is worth keeping for good or not at
        all, until the rate of its hits is known better.
    """
    if hits_per_second <= 0.0:
        return -storage_usd_s * seconds if storage_usd_s > 0.0 else 0.0
    hit = -expm1(-hits_per_second * seconds)
    return hit * (recompute - storage_usd_s / hits_per_second)
