"""What serving a model takes, and what a deployment of it reaches, part by part.

:func:`serve` answers for one deployment; the scalar functions behind it, over the float records of
:mod:`tokenmill.serving.records`, are models for sweeps. Accelerators and shapes of models come from
the catalogue or from the user.
"""

from typing import TYPE_CHECKING, Any

from .accelerator import Accelerator
from .calibration import PUBLISHED, Calibration
from .catalogue import (
    Catalogue,
    accelerator,
    accelerators,
    default_catalogue,
    load_overrides,
    model,
    models,
)
from .deployment import Deployment, Pool, Workload
from .precision import PRECISION_BYTES, bytes_per_element
from .records import Efficiency
from .refusal import CatalogueError
from .shape import ModelShape
from .values import Evidence, Range, UnverifiedWarning

if TYPE_CHECKING:
    from .performance import Performance
    from .predict import serve

__all__ = [
    "PRECISION_BYTES",
    "PUBLISHED",
    "Accelerator",
    "Calibration",
    "Catalogue",
    "CatalogueError",
    "Deployment",
    "Efficiency",
    "Evidence",
    "ModelShape",
    "Performance",
    "Pool",
    "Range",
    "UnverifiedWarning",
    "Workload",
    "accelerator",
    "accelerators",
    "bytes_per_element",
    "default_catalogue",
    "load_overrides",
    "model",
    "models",
    "serve",
]

# They load numba, which the catalogue does without.
_COMPILED = {"Performance": "performance", "serve": "predict"}


def __getattr__(name: str) -> Any:
    if name in _COMPILED:
        from importlib import import_module

        return getattr(import_module(f".{_COMPILED[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
