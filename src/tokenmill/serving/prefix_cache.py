"""Keep a prefix in a cache, or compute it again when it is asked for."""

from __future__ import annotations

from ..jit.kernel import kernel


@kernel
def recompute_usd(tokens: float, prefill_tokens_per_s: float, usd_per_hour: float) -> float:
    """Return what reading `tokens` again costs, USD.

    Parameters
    ----------
    tokens : float
    prefill_tokens_per_s : float
        Prompt tokens per second of one accelerator.
    usd_per_hour : float
        Cost of one accelerator-hour.
    """
    return tokens / prefill_tokens_per_s * usd_per_hour / 3600.0


@kernel
def keep_s(computing_usd: float, cached_bytes: float, usd_per_gb_hour: float) -> float:
    """Return for how long keeping costs less than computing again, seconds.

    Parameters
    ----------
    computing_usd : float
        Cost of computing the prefix, as of :func:`recompute_usd`.
    cached_bytes : float
        Its KV cache, bytes.
    usd_per_gb_hour : float
        Cost of the store, USD per 1e9 bytes and hour; 0 keeps for ever (inf).
    """
    return computing_usd / (cached_bytes / 1e9 * usd_per_gb_hour / 3600.0)
