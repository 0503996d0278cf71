"""tokenmill: native-speed kernels for inference economics.

What an LLM token costs to make, what it is billed at, and what is left over, under uncertainty.
numba is imported at the first sweep, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._native import TokenmillError, config, show_config
from ._version import __version__

if TYPE_CHECKING:
    from .montecarlo import ModelError, SweepCancelled, SweepResult, evaluate, sweep

__all__ = [
    "ModelError",
    "SweepCancelled",
    "SweepResult",
    "TokenmillError",
    "__version__",
    "config",
    "evaluate",
    "show_config",
    "sweep",
]

_FROM_MONTECARLO = {"ModelError", "SweepCancelled", "SweepResult", "evaluate", "sweep"}


def __getattr__(name: str) -> Any:
    if name in _FROM_MONTECARLO:
        from . import montecarlo

        return getattr(montecarlo, name)
    raise AttributeError(f"module 'tokenmill' has no attribute {name!r}")
