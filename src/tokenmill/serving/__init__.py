"""Serving: what one deployment of a model reaches, part by part, and which limit binds."""

from .accelerator import Accelerator
from .catalogue import (
    Catalogue,
    accelerator,
    accelerators,
    api_prices,
    default_catalogue,
    load_overrides,
    model,
    models,
    priors,
    regions,
    workloads,
)
from .entries import (
    ApiPrice,
    ChipBill,
    ChipFigure,
    DraftAcceptance,
    ExpertCommunication,
    Region,
    RequestLengths,
)
from .precision import PRECISION_BYTES, bytes_per_element
from .prior import Prior
from .refusal import CatalogueError
from .shape import ModelShape
from .values import Evidence, Range, UnverifiedWarning

__all__ = [
    "PRECISION_BYTES",
    "Accelerator",
    "ApiPrice",
    "Catalogue",
    "CatalogueError",
    "ChipBill",
    "ChipFigure",
    "DraftAcceptance",
    "Evidence",
    "ExpertCommunication",
    "ModelShape",
    "Prior",
    "Range",
    "Region",
    "RequestLengths",
    "UnverifiedWarning",
    "accelerator",
    "accelerators",
    "api_prices",
    "bytes_per_element",
    "default_catalogue",
    "load_overrides",
    "model",
    "models",
    "priors",
    "regions",
    "workloads",
]
