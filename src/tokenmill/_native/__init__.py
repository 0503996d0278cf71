"""The only door to C: array checks, status codes as exceptions, threads, configuration."""

from .arrays import as_float64, as_integer
from .configuration import available_cores, config, resolve_threads, select_isa, show_config
from .errors import TokenmillError
from .random import Law, LawKind, elementary, philox4x32, quantile, sample, stream_id

__all__ = [
    "Law",
    "LawKind",
    "TokenmillError",
    "as_float64",
    "as_integer",
    "available_cores",
    "config",
    "elementary",
    "philox4x32",
    "quantile",
    "resolve_threads",
    "sample",
    "select_isa",
    "show_config",
    "stream_id",
]
