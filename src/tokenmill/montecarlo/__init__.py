"""Monte Carlo: distributions, sweeps over 10^8 to 10^11 scenarios, exact statistics."""

from .._native import philox4x32
from .chunks import SweepCancelled
from .distributions import (
    PERT,
    Bernoulli,
    Beta,
    Constant,
    Discrete,
    Distribution,
    Empirical,
    Exponential,
    Logistic,
    LogNormal,
    LogUniform,
    Normal,
    Pareto,
    SplitLogNormal,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
)
from .evaluating import evaluate
from .model import ModelError
from .result import Scenario, SweepResult
from .statistics import OutputStatistics, describe
from .sweeping import sample, sweep

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
    "ModelError",
    "Normal",
    "OutputStatistics",
    "Pareto",
    "Scenario",
    "SplitLogNormal",
    "SweepCancelled",
    "SweepResult",
    "Triangular",
    "TruncatedNormal",
    "Uniform",
    "Weibull",
    "describe",
    "evaluate",
    "philox4x32",
    "sample",
    "sweep",
]
