"""Twin of the routing statistics that set serving cost: distinct experts and imbalance.

Sources: Plackett-Luce without replacement drawn by Gumbel top-k; the expected maximum of G normal
variables by Blom (1958). Plain Python, one formula per function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

EXACT_RANKS = 2
# Gauss-Legendre with six points on [0, 1].
NODES = (
    0.03376524289842403,
    0.16939530676686776,
    0.38069040695840156,
    0.6193095930415985,
    0.8306046932331322,
    0.9662347571015759,
)
WEIGHTS = (
    0.08566224618958514,
    0.18038078652406936,
    0.23395696728634552,
    0.23395696728634552,
    0.18038078652406936,
    0.08566224618958514,
)


def distinct_uniform(experts: float, top_k: float, tokens: float) -> float:
    """Return ``E (1 - (1 - k/E)^B)``, the experts that B tokens hit under uniform routing."""
    if tokens <= 0.0:
        return 0.0
    if top_k >= experts:
        return experts
    return -experts * math.expm1(tokens * math.log1p(-top_k / experts))


def zipf(experts: int, skew: float) -> list[float]:
    """Return expert popularities proportional to ``rank ** -skew``."""
    raw = [rank**-skew for rank in range(1, experts + 1)]
    return [value / math.fsum(raw) for value in raw]


def inclusion_probabilities(popularity: Sequence[float], top_k: float) -> list[float]:
    """Return ``1 - exp(-lam p_e)`` with `lam` such that they sum to `top_k`, by bisection."""
    low, high = 0.0, top_k
    while math.fsum(-math.expm1(-high * p) for p in popularity) < top_k:
        high *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if math.fsum(-math.expm1(-middle * p) for p in popularity) < top_k:
            low = middle
        else:
            high = middle
    return [-math.expm1(-0.5 * (low + high) * p) for p in popularity]


def distinct_skewed(probabilities: Sequence[float], tokens: float) -> float:
    """Return ``sum_e 1 - (1 - pi_e)^B``."""
    return math.fsum(
        1.0 if pi >= 1.0 else -math.expm1(tokens * math.log1p(-pi)) for pi in probabilities
    )


def zipf_classes(experts: float, skew: float) -> list[tuple[float, float]]:
    """Return (experts, relative popularity) of eight classes that stand for a Zipf law.

    The first two ranks are classes of their own, and hold all experts where there are no more. The
    sum over the others is an integral over the log of the rank, from half a rank before them to
    half a rank after the last.
    """
    exact = [
        (min(max(experts - rank + 1.0, 0.0), 1.0), rank**-skew)
        for rank in range(1, EXACT_RANKS + 1)
    ]
    if experts <= EXACT_RANKS:
        return exact
    start = math.log(EXACT_RANKS + 0.5)
    width = math.log(experts + 0.5) - start
    ranks = [math.exp(start + node * width) for node in NODES]
    total = sum(w * rank for w, rank in zip(WEIGHTS, ranks, strict=True))
    others = experts - EXACT_RANKS
    return exact + [
        (w * rank / total * others, rank**-skew) for w, rank in zip(WEIGHTS, ranks, strict=True)
    ]


def popularity_scale(classes: Sequence[tuple[float, float]], top_k: float) -> float:
    """Return lam with ``sum n (1 - exp(-lam p)) = k``: one step of Halley from the series."""
    first = sum(n * p for n, p in classes)
    second = sum(n * p * p for n, p in classes)
    lam = top_k / first * (1.0 + 0.5 * top_k * second / (first * first))
    gap = sum(-n * math.expm1(-lam * p) for n, p in classes) - top_k
    slope = sum(n * p * math.exp(-lam * p) for n, p in classes)
    bend = -sum(n * p * p * math.exp(-lam * p) for n, p in classes)
    return lam - 2.0 * gap * slope / (2.0 * slope * slope - gap * bend)


def distinct_experts(experts: float, top_k: float, tokens: float, skew: float) -> float:
    """Return the experts that `tokens` hit when popularity is a Zipf law of exponent `skew`."""
    if skew == 0.0 or top_k >= experts or tokens <= 0.0:
        return distinct_uniform(experts, top_k, tokens)
    classes = zipf_classes(experts, skew)
    scale = popularity_scale(classes, top_k) * tokens
    hit = sum(-n * math.expm1(-scale * p) for n, p in classes)
    return min(hit, experts)


def uniform_imbalance(experts: float, top_k: float, tokens: float, ranks: float) -> float:
    """Return the busiest rank's load over the mean, uniform routing, normal approximation."""
    if tokens <= 0.0 or ranks <= 1.0:
        return 1.0
    mean = tokens * top_k / ranks
    variance = tokens * (experts / ranks) * (top_k / experts) * (1.0 - min(top_k / experts, 1.0))
    z = NormalDist().inv_cdf((ranks - 0.375) / (ranks + 0.25))
    return 1.0 + z * math.sqrt(variance) / mean


def placed_imbalance(
    experts: float, top_k: float, ranks: float, redundant: float, skew: float
) -> float:
    """Return the expected load of the busiest rank over the mean after placing Zipf experts.

    The hottest expert sits with the coldest ones, as many on every rank; `redundant` replicas are
    spread over the hottest experts so that the hottest replica is as cool as can be.
    """
    if skew == 0.0 or top_k >= experts or ranks <= 1.0:
        return 1.0
    classes = zipf_classes(experts, skew)
    scale = popularity_scale(classes, top_k)
    load = held = hottest = 0.0
    for n, p in classes:
        load += -n * math.expm1(-scale * p)
        held += n
        hottest = max(hottest, load / (held + redundant))
    coldest = -math.expm1(-scale * experts**-skew)
    others = max((experts + redundant) / ranks - 1.0, 0.0)
    return max((hottest + others * coldest) * ranks / top_k, 1.0)


def expert_imbalance(
    experts: float, top_k: float, tokens: float, ranks: float, redundant: float, skew: float
) -> float:
    """Return the imbalance of skewed experts after placement, times the noise of finite batches."""
    noise = uniform_imbalance(experts, top_k, tokens, ranks)
    return noise * placed_imbalance(experts, top_k, ranks, redundant, skew)
