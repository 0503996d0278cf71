"""What serving a model takes: accelerators, shapes of models, and the data behind both."""

from .accelerator import Accelerator
from .catalogue import (
    Catalogue,
    accelerator,
    accelerators,
    default_catalogue,
    load_overrides,
    model,
    models,
)
from .precision import PRECISION_BYTES, bytes_per_element
from .refusal import CatalogueError
from .shape import ModelShape
from .values import Evidence, Range, UnverifiedWarning

__all__ = [
    "PRECISION_BYTES",
    "Accelerator",
    "Catalogue",
    "CatalogueError",
    "Evidence",
    "ModelShape",
    "Range",
    "UnverifiedWarning",
    "accelerator",
    "accelerators",
    "bytes_per_element",
    "default_catalogue",
    "load_overrides",
    "model",
    "models",
]
