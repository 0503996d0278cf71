"""The rows of random numbers, statistics and the fused sweep."""

from __future__ import annotations

import numpy as np

from tokenmill.montecarlo import Distribution, LogNormal, Normal, Uniform

from . import montecarlo_work as work
from .row import Row

# Philox4x32-10 multiplies twice in each of 10 rounds for 128 bits, and a uniform takes 64.
PRODUCTS_PER_UNIFORM = 10.0
INPUTS = len(work.SIX_INPUTS)


def draw(name: str, distribution: Distribution, numpy: str, mkl: str, target_ns: float) -> Row:
    """Return the row of one distribution; its parameters go to the generators that take any."""
    arguments = (0.0, 1.0) if numpy == "lognormal" else ()
    return Row(
        f"{name} double",
        "value",
        work.VALUES,
        lambda: work.fill(distribution),
        {
            "numpy PCG64": lambda: work.numpy_fill(numpy, np.random.PCG64(7), *arguments),
            "numpy SFC64": lambda: work.numpy_fill(numpy, np.random.SFC64(7), *arguments),
            "mkl_random SFMT": lambda: work.mkl_fill(mkl, *arguments),
        },
        target_ns,
        products=PRODUCTS_PER_UNIFORM,
    )


def rows() -> list[Row]:
    """Return the rows that run on every instruction set."""
    return [
        draw("uniform", Uniform(0.0, 1.0), "random", "random_sample", 1.35),
        draw("normal", Normal(0.0, 1.0), "standard_normal", "standard_normal", 3.0),
        draw("lognormal", LogNormal(0.0, 1.0), "lognormal", "lognormal", 4.3),
        Row(
            "exact sum and sum of squares",
            "value",
            work.VALUES,
            work.exact_sums,
            {"math.fsum twice": work.fsum, "numpy, rounded": work.numpy_sums},
            0.8,
            bytes_read=8.0,
        ),
        Row(
            "log-histogram add",
            "value",
            work.VALUES,
            work.histogram_add,
            {
                "boost-histogram log axis": work.boost_histogram,
                "np.histogram": work.numpy_histogram,
            },
            0.9,
            bytes_read=8.0,
        ),
        Row(
            "fused 6-input sweep",
            "scenario",
            work.SCENARIOS,
            lambda: work.fused(correlations=False),
            {
                "numpy tuned": work.numpy_tuned,
                "numpy whole arrays": work.numpy_whole,
                "naive numba": work.numba_naive,
                "JAX float64": work.jax_whole,
            },
            22.0,
            products=INPUTS * PRODUCTS_PER_UNIFORM,
        ),
        Row(
            "fused 6-input sweep with correlations",
            "scenario",
            work.SCENARIOS,
            lambda: work.fused(correlations=True),
            {"numpy tuned, without": work.numpy_tuned},
            products=INPUTS * PRODUCTS_PER_UNIFORM,
        ),
    ]
