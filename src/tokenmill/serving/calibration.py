"""A set of calibrated constants: the universal ones, and the factors of hardware and engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .efficiency import PUBLISHED as PUBLISHED_CONSTANTS
from .efficiency import Efficiency


@dataclass(frozen=True)
class Calibration:
    """Constants and what they are multiplied by on some hardware or under some engine.

    Attributes
    ----------
    constants : Efficiency
        The constants of every deployment.
    gemm_scale, core_scale : mapping of str to float
        Factor on the efficiency of GEMMs and of the attention core, by name or generation of an
        accelerator; the name goes first. Without an entry: the accelerator's own ``gemm_scale``,
        and 1 for the core.
    fixed_scale : mapping of str to float
        Factor on the fixed times, by serving engine; 1 without an entry.
    """

    constants: Efficiency = PUBLISHED_CONSTANTS
    gemm_scale: Mapping[str, float] = field(default_factory=dict)
    core_scale: Mapping[str, float] = field(default_factory=dict)
    fixed_scale: Mapping[str, float] = field(default_factory=dict)

    def efficiency(self, engine: str | None) -> Efficiency:
        """Return the constants under an engine; None is an average engine."""
        factor = self.fixed_scale.get(engine, 1.0) if engine is not None else 1.0
        return self.constants._replace(fixed_scale=self.constants.fixed_scale * factor)


PUBLISHED = Calibration()
"""The published constants, with the accelerators' own scales."""
