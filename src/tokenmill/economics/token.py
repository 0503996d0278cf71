"""From an accelerator-hour to a million tokens.

The unit everywhere in :mod:`tokenmill.economics` is one million *output* tokens, each carrying its
share of the prompt: `in_out_ratio` input tokens, of which the share `cache_hit` is read from a
prefix cache.
"""

from __future__ import annotations

from ..jit.kernel import kernel
from .growth import mean_grown

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
def nodes_needed(
    tokens: float, seconds: float, tokens_per_s: float, utilisation: float = 1.0
) -> float:
    """Return how many accelerators or nodes serve a volume of tokens in a time.

    ``tokens / (seconds * tokens_per_s * utilisation)``, a mean and no whole number.

    Parameters
    ----------
    tokens, seconds : float
        The volume, and the time it comes in.
    tokens_per_s : float
        Of one of them while it is busy.
    utilisation : float
        Busy share of the time; 0 gives inf.
    """
    return tokens / (seconds * tokens_per_s * utilisation)


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
def billed_per_mtok(
    input_usd: float, cached_usd: float, output_usd: float, in_out_ratio: float, cache_hit: float
) -> float:
    """Return what a million output tokens and their input are billed at.

    ``output + ratio * ((1 - hit) * input + hit * cached)``.

    Parameters
    ----------
    input_usd, cached_usd, output_usd : float
        USD per million tokens: of input that is computed, read from a cache, and of output. An
        accounting price book has them: see :func:`~tokenmill.economics.list_price`.
    in_out_ratio, cache_hit : float
        The workload: input tokens per output token, and the cached share of them.
    """
    return output_usd + in_out_ratio * ((1.0 - cache_hit) * input_usd + cache_hit * cached_usd)


@kernel
def revenue_per_mtok(
    output_usd: float,
    input_ratio: float,
    cached_ratio: float,
    in_out_ratio: float,
    cache_hit: float,
) -> float:
    """Return what :func:`billed_per_mtok` does, by ratios of prices.

    Prices of a list fall together, so a scenario has one price and two ratios.

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
    return billed_per_mtok(input_usd, input_usd * cached_ratio, output_usd, in_out_ratio, cache_hit)


@kernel
def research_usd_per_mtok(research_usd: float, lifetime_mtok: float) -> float:
    """Return research and training spread over the million tokens it will ever serve."""
    return research_usd / lifetime_mtok


@kernel
def lifetime_mtok(mtok_per_year: float, growth: float, years: float) -> float:
    """Return the million output tokens that a model serves over its life.

    What :func:`research_usd_per_mtok` spreads research over; the rate grows without steps.

    Parameters
    ----------
    mtok_per_year : float
        Rate today, million tokens per year.
    growth : float
        Of that rate per year, > -1; a model that is overtaken shrinks.
    years : float
        Until it is switched off, >= 0.
    """
    return mean_grown(mtok_per_year, growth, years) * years
