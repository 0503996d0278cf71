"""How many experts a batch touches and how unevenly: the routing statistics that set cost.

Distinct experts, uniform routing: ``E (1 - (1 - k/E)^B)``. Skewed: an expert of popularity p is in
a token's top-k with probability ``1 - exp(-lam p)``, lam such that these sum to k (Plackett-Luce
without replacement, drawn by Gumbel top-k), so B tokens hit ``sum_e 1 - exp(-B lam p_e)`` of them.
For a Zipf law the sum runs over eight classes: the first two ranks, and six Gauss-Legendre points
over the log of the others. Against the exact sum the share of experts hit is off by less than 1e-3
up to skew 1.2, which holds what has been measured, and by less than 2e-3 up to 1.5 (8 to 512
experts, at most half of them chosen; a test holds it).
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit import exp, expm1, log, log1p, norm_ppf, sqrt
from ..jit.kernel import block

Eight = tuple[float, float, float, float, float, float, float, float]

_LN2 = 0.6931471805599453
_LN2_5 = 0.9162907318741551
_CLASSES = 8


class Popularity(NamedTuple):
    """Experts of a Zipf law as classes.

    Attributes
    ----------
    counts : tuple of 8 float
        Experts of a class.
    rates : tuple of 8 float
        ``lam p`` of a class: a token misses one of its experts with probability ``exp(-rate)``.
    scale : float
        ``lam``, the rate of the most popular expert.
    """

    counts: Eight
    rates: Eight
    scale: float


@block
def distinct_uniform(experts: float, top_k: float, tokens: float) -> float:
    """Return how many experts `tokens` hit when every expert is as likely.

    Parameters
    ----------
    experts, top_k : float
        Experts of a layer and of a token.
    tokens : float
        Tokens routed together; an expected number need not be whole. One token hits `top_k`.
    """
    if tokens <= 0.0:
        return 0.0
    if top_k >= experts:
        return experts
    return -experts * expm1(tokens * log1p(-top_k / experts))


@block
def zipf_counts(experts: float) -> tuple[Eight, Eight]:
    """Return the experts and the log of the rank of the eight classes."""
    width = log(experts + 0.5) - _LN2_5
    y0 = _LN2_5 + 0.03376524289842403 * width
    y1 = _LN2_5 + 0.16939530676686776 * width
    y2 = _LN2_5 + 0.38069040695840156 * width
    y3 = _LN2_5 + 0.6193095930415985 * width
    y4 = _LN2_5 + 0.8306046932331322 * width
    y5 = _LN2_5 + 0.9662347571015759 * width
    w0 = 0.08566224618958514 * exp(y0)
    w1 = 0.18038078652406936 * exp(y1)
    w2 = 0.23395696728634552 * exp(y2)
    w3 = 0.23395696728634552 * exp(y3)
    w4 = 0.18038078652406936 * exp(y4)
    w5 = 0.08566224618958514 * exp(y5)
    unit = max(experts - 2.0, 0.0) / (w0 + w1 + w2 + w3 + w4 + w5)
    first = min(max(experts, 0.0), 1.0)
    second = min(max(experts - 1.0, 0.0), 1.0)
    counts = (first, second, w0 * unit, w1 * unit, w2 * unit, w3 * unit, w4 * unit, w5 * unit)
    return counts, (0.0, _LN2, y0, y1, y2, y3, y4, y5)


@block
def scaled(values: Eight, factor: float) -> Eight:
    """Return eight values times `factor`."""
    a, b, c, d, e, f, g, h = values
    return (
        a * factor,
        b * factor,
        c * factor,
        d * factor,
        e * factor,
        f * factor,
        g * factor,
        h * factor,
    )


@block
def exponentials(values: Eight) -> Eight:
    """Return exp of eight values."""
    a, b, c, d, e, f, g, h = values
    return exp(a), exp(b), exp(c), exp(d), exp(e), exp(f), exp(g), exp(h)


@block
def popularity(experts: float, top_k: float, skew: float) -> Popularity:
    """Return the classes of a Zipf law of exponent `skew`, their rates solved for `top_k`.

    One step of Halley's method from the second-order series of the root. Meant for
    ``0 < top_k < experts``, and exact enough while ``top_k <= experts / 2``.
    """
    counts, logs = zipf_counts(experts)
    shares = exponentials(scaled(logs, -skew))
    first, second = 0.0, 0.0
    for i in range(_CLASSES):
        first += counts[i] * shares[i]
        second += counts[i] * shares[i] * shares[i]
    scale = top_k / first * (1.0 + 0.5 * top_k * second / (first * first))
    gap, slope, bend = -top_k, 0.0, 0.0
    for i in range(_CLASSES):
        missed = exp(-scale * shares[i])
        gap += counts[i] * (1.0 - missed)
        slope += counts[i] * shares[i] * missed
        bend -= counts[i] * shares[i] * shares[i] * missed
    scale -= 2.0 * gap * slope / (2.0 * slope * slope - gap * bend)
    return Popularity(counts, scaled(shares, scale), scale)


@block
def distinct_zipf(known: Popularity, experts: float, tokens: float) -> float:
    """Return how many experts `tokens` hit."""
    hit = 0.0
    for i in range(_CLASSES):
        hit -= known.counts[i] * expm1(-tokens * known.rates[i])
    return min(hit, experts)


@block
def known_popularity(experts: float, top_k: float, skew: float) -> Popularity:
    """Return :func:`popularity`, or classes without meaning where routing is uniform."""
    if skew == 0.0 or top_k >= experts:
        none = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        return Popularity(none, none, 0.0)
    return popularity(experts, top_k, skew)


@block
def distinct_known(
    known: Popularity, experts: float, top_k: float, tokens: float, skew: float
) -> float:
    """Return how many experts `tokens` hit, by the :func:`known_popularity` of the same `skew`."""
    if skew == 0.0 or top_k >= experts or tokens <= 0.0:
        return distinct_uniform(experts, top_k, tokens)
    return distinct_zipf(known, experts, tokens)


@block
def distinct_experts(experts: float, top_k: float, tokens: float, skew: float) -> float:
    """Return how many experts `tokens` hit when popularity is a Zipf law of exponent `skew`.

    Parameters
    ----------
    experts, top_k, tokens : float
        As in :func:`distinct_uniform`.
    skew : float
        Exponent; 0 is uniform. Measured routers lie between 0.5 and 1.2.
    """
    known = known_popularity(experts, top_k, skew)
    return distinct_known(known, experts, top_k, tokens, skew)


@block
def uniform_imbalance(experts: float, top_k: float, tokens: float, ranks: float) -> float:
    """Return the busiest rank's load over the mean under uniform routing.

    The loads of `ranks` ranks are taken as normal with the mean and variance of sums of expert
    hits, and the largest of them at Blom's plotting position ``(G - 3/8) / (G + 1/4)``. A rank's
    variance is ``B (E/G) (k/E) (1 - k/E)``. One rank, or top_k equal to experts, gives 1.
    """
    if tokens * top_k <= 0.0 or ranks <= 1.0 or top_k >= experts:
        return 1.0
    spread = sqrt((1.0 - top_k / experts) * ranks / (tokens * top_k))
    return 1.0 + norm_ppf((ranks - 0.375) / (ranks + 0.25)) * spread


@block
def placed_known(
    known: Popularity, experts: float, top_k: float, ranks: float, redundant: float, skew: float
) -> float:
    """Return the busiest rank's expected load over the mean, Zipf experts placed well.

    Every rank holds as many experts; the hottest replica sits with the coldest experts, and
    `redundant` replicas are spread over the hottest experts so that the hottest replica is as cool
    as can be: ``max_j (sum of the j hottest) / (j + redundant)``. With eight experts on a rank and
    one hot expert, placement alone does not help; replicas do.
    """
    if skew == 0.0 or top_k >= experts or ranks <= 1.0:
        return 1.0
    load, held, hottest = 0.0, 0.0, 0.0
    for i in range(_CLASSES):
        load -= known.counts[i] * expm1(-known.rates[i])
        held += known.counts[i]
        hottest = max(hottest, load / (held + redundant))
    coldest = -expm1(-known.scale * exp(-skew * log(experts)))
    others = max((experts + redundant) / ranks - 1.0, 0.0)
    return max((hottest + others * coldest) * ranks / top_k, 1.0)


@block
def expert_imbalance(
    experts: float, top_k: float, tokens: float, ranks: float, redundant: float, skew: float
) -> float:
    """Return the imbalance of skewed experts after placement, times the noise of `tokens`.

    Parameters
    ----------
    experts, top_k, tokens : float
        As in :func:`distinct_uniform`.
    ranks : float
        Expert-parallel ranks; 1 gives 1.
    redundant : float
        Replicas of hot experts, beyond the experts themselves.
    skew : float
        Exponent of the Zipf law; 0 is uniform.
    """
    known = known_popularity(experts, top_k, skew)
    placed = placed_known(known, experts, top_k, ranks, redundant, skew)
    return uniform_imbalance(experts, top_k, tokens, ranks) * placed
