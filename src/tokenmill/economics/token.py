"""From an accelerator-hour to a million tokens.

The unit everywhere in :mod:`tokenmill.economics` is one million *output* tokens, each carrying its
share of the prompt: `in_out_ratio` input tokens, of which the share `cache_hit` is read from a
prefix cache.
"""

from __future__ import annotations

from ..jit.kernel import kernel

SECONDS_PER_HOUR = 3600.0


@kernel
def usd_per_mtok(usd_per_hour: float, tokens_per_s: float, utilisation: float) -> float:
    """Return ``usd_per_hour / (3600 * tokens_per_s * utilisation) * 1e6``.

    Parameters
    ----------
    usd_per_hour : float
        Cost of one accelerator-hour.
    tokens_per_s : float
        Output tokens per second of one accelerator while it is busy.
    utilisation : float
        Busy share of the paid hours; 0 gives inf.

    Returns
    -------
    float
        USD per million output tokens.
    """
    return usd_per_hour / (SECONDS_PER_HOUR * tokens_per_s * utilisation) * 1e6


@kernel
def computed_inputs(in_out_ratio: float, cache_hit: float, cached_work: float) -> float:
    """Return the input tokens computed per output token; a cached one counts `cached_work`."""
    return in_out_ratio * ((1.0 - cache_hit) + cache_hit * cached_work)


@kernel
def blended_tokens_per_s(decode: float, prefill: float, inputs_per_output: float) -> float:
    """Return output tokens per second of one accelerator, its prompt work included.

    Time per output token is ``1/decode + inputs_per_output/prefill``: an accelerator of a fleet
    whose prefill and decode pools are sized for the workload.

    Parameters
    ----------
    decode, prefill : float
        Tokens per second of one accelerator that only decodes, and that only reads prompts.
    inputs_per_output : float
        Computed input tokens per output token, see :func:`computed_inputs`.
    """
    return 1.0 / (1.0 / decode + inputs_per_output / prefill)


@kernel
def revenue_per_mtok(
    output_usd: float,
    input_ratio: float,
    cached_ratio: float,
    in_out_ratio: float,
    cache_hit: float,
) -> float:
    """Return what a million output tokens and their input are billed at list price.

    Parameters
    ----------
    output_usd : float
        USD per million output tokens.
    input_ratio : float
        Price of an input token over that of an output token.
    cached_ratio : float
        Price of a cached input token over that of an input token.
    in_out_ratio, cache_hit : float
        The workload: input tokens per output token, and the cached share of them.
    """
    input_usd = output_usd * input_ratio
    return output_usd + in_out_ratio * input_usd * ((1.0 - cache_hit) + cache_hit * cached_ratio)


@kernel
def research_usd_per_mtok(research_usd: float, lifetime_mtok: float) -> float:
    """Return research and training spread over the million tokens it will ever serve."""
    return research_usd / lifetime_mtok
