"""Probability distributions of inputs: checked when made, drawn by inversion."""

from ._base import Distribution
from .bounded import Constant, LogUniform, Triangular, Uniform
from .discrete import Bernoulli, Discrete, Empirical
from .gaussian import LogNormal, Normal, TruncatedNormal
from .split import SplitLogNormal
from .tabulated import PERT, Beta
from .unbounded import Exponential, Logistic, Pareto, Weibull

__all__ = [
    "PERT",
    "Bernoulli",
    "Beta",
    "Constant",
    "Discrete",
    "Distribution",
    "Empirical",
    "Exponential",
    "LogNormal",
    "LogUniform",
    "Logistic",
    "Normal",
    "Pareto",
    "SplitLogNormal",
    "Triangular",
    "TruncatedNormal",
    "Uniform",
    "Weibull",
]
