"""What keeping a prefix in a cache saves on average, when hits come at random.

What computing it again costs, and for how long keeping costs less, is
:mod:`tokenmill.serving.prefix_cache`.
"""

from __future__ import annotations

from ..jit import expm1
from ..jit.kernel import kernel


@kernel
def keep_saving_usd(
    computing_usd: float, storage_usd_s: float, hits_per_s: float, seconds: float
) -> float:
    """Return what keeping a prefix until its next hit, or for `seconds` at most, saves on average.

    ``(1 - exp(-h*t)) * (computing - storage/h)``, hits coming without memory at the rate h.

    Parameters
    ----------
    computing_usd : float
        What a hit saves, see :func:`tokenmill.serving.prefix_cache.recompute_usd`.
    storage_usd_s : float
        What keeping the prefix costs, USD per second.
    hits_per_s, seconds : float
        Mean rate of hits, >= 0, and the time after which the prefix is dropped.

    Returns
    -------
    float
        USD. Positive where the mean time to the next hit is shorter than
        :func:`tokenmill.serving.prefix_cache.keep_s`, whatever `seconds` is: a prefix is worth
        keeping for good or not at all, until more is known of its hits.
    """
    if hits_per_s <= 0.0:
        return -storage_usd_s * seconds if storage_usd_s > 0.0 else 0.0
    hit = -expm1(-hits_per_s * seconds)
    return hit * (computing_usd - storage_usd_s / hits_per_s)
