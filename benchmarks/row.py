"""One row of the table: a named workload, its baselines, and the limit it stands beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]
Build = Callable[[], Work]


@dataclass(frozen=True)
class Row:
    """A workload of `items` items; `ours` and each baseline build what is then timed.

    An item cannot take less time than the machine needs to read `bytes_read` bytes of it, or to
    multiply `products` pairs of 32-bit integers: the measured limit of the row. `target_ns` is what
    the design asks for on its own machine, `target_limits` what it asks for as a multiple of the
    limit on any machine.
    """

    name: str
    item: str
    items: int
    ours: Build
    baselines: Mapping[str, Build]
    target_ns: float | None = None
    target_limits: float | None = None
    bytes_read: float = 0.0
    products: float = 0.0

    def limit_ns(self, limits: Mapping[str, float]) -> float:
        """Return the least nanoseconds an item can take on the measured machine."""
        reads = self.bytes_read / limits["read_gb_s"]
        return max(reads, self.products / limits["multiply_32_g_s"])

    def target(self, limits: Mapping[str, float]) -> float | None:
        """Return the nanoseconds the design asks for, if it does."""
        if self.target_limits is None:
            return self.target_ns
        return self.target_limits * self.limit_ns(limits)
