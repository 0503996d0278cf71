"""What a mixture of experts buys: a sparse and a dense model of equal quality, over the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Any

from .spread import Spread


@dataclass(frozen=True)
class Architecture:
    """A mixture of experts beside a dense model on the same accelerators.

    Attributes
    ----------
    moe_name, dense_name, accelerator : str
    judgement : str
        Why the two are taken to be of equal quality, and how surely.
    batches : tuple of float
        Sequences decoded together, per accelerator; where fewer fit, as many as do.
    moe, dense : tuple of Spread
        USD per million output tokens with their prompts, at each batch; inf where none fits.
    ratio : tuple of Spread
        Cost of the dense model over the other's in the same scenario: above 1 the experts pay.
    decode_ratio : tuple of Spread
        The same of decoding alone.
    """

    moe_name: str
    dense_name: str
    accelerator: str
    judgement: str
    batches: tuple[float, ...]
    moe: tuple[Spread, ...]
    dense: tuple[Spread, ...]
    ratio: tuple[Spread, ...]
    decode_ratio: tuple[Spread, ...]

    @property
    def crossings(self) -> tuple[float, ...]:
        """Batches at which the median cost of both is equal."""
        return crossings(self.batches, [spread.p50 for spread in self.ratio])

    @property
    def decode_crossings(self) -> tuple[float, ...]:
        """Batches at which the median cost of decoding alone is equal."""
        return crossings(self.batches, [spread.p50 for spread in self.decode_ratio])

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data that strict JSON can hold."""
        curves = ("moe", "dense", "ratio", "decode_ratio")
        return {
            "moe_name": self.moe_name,
            "dense_name": self.dense_name,
            "accelerator": self.accelerator,
            "judgement": self.judgement,
            "sequences_per_accelerator": list(self.batches),
            **{name: [spread.to_dict() for spread in getattr(self, name)] for name in curves},
            "crossings": list(self.crossings),
            "decode_crossings": list(self.decode_crossings),
        }


def crossings(batches: Sequence[float], ratios: Sequence[float]) -> tuple[float, ...]:
    """Return where a ratio passes 1, by lines between the logarithms; skip what is not finite.

    Parameters
    ----------
    batches : sequence of float
        > 0, ascending.
    ratios : sequence of float
        > 0, one per batch.
    """
    found = []
    points = [(b, r) for b, r in zip(batches, ratios, strict=True) if isfinite(r) and r > 0.0]
    for (b0, r0), (b1, r1) in zip(points, points[1:], strict=False):
        if (r0 < 1.0) != (r1 < 1.0):
            part = log(r0) / (log(r0) - log(r1))
            found.append(exp(log(b0) + part * (log(b1) - log(b0))))
    return tuple(found)
