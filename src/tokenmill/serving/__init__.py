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
    api_prices,
    default_catalogue,
    load_overrides,
    model,
    models,
    priors,
    regions,
    workloads,
)
from .deployment import Deployment, Pool, Workload
from .efficiency import Efficiency
from .efficiency_file import fitted, load_calibration
from .entries import (
    ApiPrice,
    ChipBill,
    ChipFigure,
    DraftAcceptance,
    ExpertCommunication,
    Region,
    RequestLengths,
)
from .points import Point, read_points
from .precision import PRECISION_BYTES, bytes_per_element
from .prior import Prior
from .refusal import CatalogueError
from .shape import ModelShape
from .values import Evidence, Range, UnverifiedWarning

if TYPE_CHECKING:
    from .performance import Performance
    from .predict import serve
    from .search_run import Candidate, SearchResult
    from .searching import pareto, search
    from .validation import Validation, validate

__all__ = [
    "PRECISION_BYTES",
    "PUBLISHED",
    "Accelerator",
    "ApiPrice",
    "Calibration",
    "Candidate",
    "Catalogue",
    "CatalogueError",
    "ChipBill",
    "ChipFigure",
    "Deployment",
    "DraftAcceptance",
    "Efficiency",
    "Evidence",
    "ExpertCommunication",
    "ModelShape",
    "Performance",
    "Point",
    "Pool",
    "Prior",
    "Range",
    "Region",
    "RequestLengths",
    "SearchResult",
    "UnverifiedWarning",
    "Validation",
    "Workload",
    "accelerator",
    "accelerators",
    "api_prices",
    "bytes_per_element",
    "default_catalogue",
    "fitted",
    "load_calibration",
    "load_overrides",
    "model",
    "models",
    "priors",
    "regions",
    "serve",
    "pareto",
    "read_points",
    "search",
    "validate",
    "workloads",
]

# They load numba, which the catalogue does without.
_COMPILED = {
    "Candidate": "search_run",
    "Performance": "performance",
    "SearchResult": "search_run",
    "Validation": "validation",
    "pareto": "searching",
    "search": "searching",
    "serve": "predict",
    "validate": "validation",
}


def __getattr__(name: str) -> Any:
    if name in _COMPILED:
        from importlib import import_module

        return getattr(import_module(f".{_COMPILED[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
