"""What a compiled price list is made of: keys, their stretches of time, and rows of prices."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._native.accounting import EXACT_ALWAYS, EXACT_DYNAMIC, EXACT_FLAGGED, EXACT_ROUNDED
from .resolve import Case

LONG_AGO = -(2**63) + 1
"""Where a period without a start begins; the least 64-bit number stands for no time."""

COUNT_UNPRICED, COUNT_ORPHAN, COUNT_DYNAMIC, COUNT_ROUNDED = 1, 2, 4, 8


@dataclass(frozen=True)
class PriceRow:
    """One cell of a compiled price list, as the kernel reads it.

    Integers at the book's scale: `prices` by slot, each over its divisor, `weights` by column.
    `dynamic`: what each request costs is set per request, and requests are not counted; `rounded`:
    it had to be rounded.
    """

    case: Case
    fixed: int
    weights: tuple[int, ...]
    prices: tuple[int, ...]
    divisors: tuple[int, ...]
    slots: tuple[int, ...]
    flags: tuple[int, ...]
    steps: tuple[tuple[int, int, int], ...]
    dynamic: bool
    rounded: bool
    number: int

    @property
    def exact_only(self) -> int:
        """Return where the sum of weights does not say it all, as the kernel's bits."""
        if self.dynamic or self.rounded:
            return EXACT_ALWAYS | EXACT_DYNAMIC * self.dynamic | EXACT_ROUNDED * self.rounded
        if self.steps or any(divisor != 1 for divisor in self.divisors):
            return EXACT_ALWAYS
        return EXACT_FLAGGED if any(self.flags) else 0


@dataclass(frozen=True)
class Stretch:
    """One key between two changes: the rows of its windows and context tiers."""

    start: int
    first_row: int
    week: bytes | None = None
    above: tuple[int, ...] = ()


@dataclass
class Key:
    """A model at one service tier and region, through time."""

    stretches: list[Stretch] = field(default_factory=list)

    @property
    def timed(self) -> bool:
        """Whether a price depends on the time."""
        return len(self.stretches) > 1 or any(s.week is not None for s in self.stretches)
