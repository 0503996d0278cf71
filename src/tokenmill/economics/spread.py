"""How far something spreads over the scenarios of a sweep."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

LEVELS = (0.05, 0.5, 0.95)


class Spread(NamedTuple):
    """The 5 %, 50 % and 95 % quantiles of something over the scenarios."""

    p05: float
    p50: float
    p95: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the quantiles by name; one that is not finite is None."""
        return {name: finite(value) for name, value in self._asdict().items()}


def finite(value: float) -> float | None:
    """Return a number that strict JSON can hold, None for one that is not finite."""
    return value if isfinite(value) else None
