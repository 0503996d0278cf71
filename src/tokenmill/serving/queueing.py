"""How long a request waits, and how busy servers may be.

Sakasegawa's approximation of G/G/c, which is exact for M/M/1 and M/G/1:
``W = s rho^(sqrt(2 (c + 1)) - 1) / (c (1 - rho)) * (Ca^2 + Cs^2) / 2``.
"""

from __future__ import annotations

from ..jit import pow, sqrt
from ..jit.kernel import block

_INFINITY = float("inf")
_HALVINGS = 60


@block
def wait_s(
    service_s: float, servers: float, busy: float, arrivals: float, services: float
) -> float:
    """Return the mean wait before service, seconds.

    Parameters
    ----------
    service_s : float
        Mean service time.
    servers : float
        Servers, c >= 1.
    busy : float
        Share of the time that a server is busy; 1 or more gives inf, 0 gives 0.
    arrivals, services : float
        Squared coefficients of variation of arrivals and of service; 1 is Poisson, exponential.
    """
    if busy <= 0.0 or service_s <= 0.0:
        return 0.0
    if busy >= 1.0:
        return _INFINITY
    crowd = pow(busy, sqrt(2.0 * (servers + 1.0)) - 1.0)
    return service_s * crowd / (servers * (1.0 - busy)) * (arrivals + services) / 2.0


@block
def max_busy(
    service_s: float, servers: float, limit_s: float, arrivals: float, services: float
) -> float:
    """Return how busy servers may be so that the mean wait is at most `limit_s`, by bisection.

    Parameters
    ----------
    limit_s : float
        Longest mean wait; negative gives 0.

    Returns
    -------
    float
        In [0, 1], the largest found that keeps the limit; 1 only where nothing ever waits.
    """
    if limit_s < 0.0:
        return 0.0
    if service_s <= 0.0 or arrivals + services <= 0.0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if wait_s(service_s, servers, middle, arrivals, services) <= limit_s:
            low = middle
        else:
            high = middle
    return low
