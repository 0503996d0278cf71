"""The named workloads and what they are compared with; deterministic, nothing timed here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tokenmill._native._core import ffi, lib
from tokenmill._native.arrays import doubles
from tokenmill._native.random import c_laws, stream_id
from tokenmill._native.sweep import BUCKETS
from tokenmill.montecarlo import Distribution, LogNormal, Normal, Triangular, Uniform

from .row import Work

# Long enough to hide a call, short enough to stay in the second-level cache.
VALUES = 1 << 14
SCENARIOS = 1 << 20
CACHE_BLOCK = 1 << 13

SIX_INPUTS: dict[str, Distribution] = {
    "q": LogNormal(0.0, 1.0),
    "a": Normal(1000.0, 200.0),
    "b": Normal(300.0, 50.0),
    "p": Triangular(0.8, 1.0, 1.5),
    "h": Uniform(0.0, 1.0),
    "d": LogNormal(-1.0, 0.3),
}
LEVELS = (0.05, 0.5, 0.95)


def cost(q: Any, a: Any, b: Any, p: Any, h: Any, d: Any) -> Any:
    """Return the six-input cost of the fused benchmark."""
    return q * (a * (1.0 - 0.5 * h) * 2.5e-6 + b * 1e-5) * p + d


def fill(distribution: Distribution) -> Work:
    """Draw VALUES values into one array that is used again."""
    out = np.empty(VALUES)
    law = distribution.law()
    native = c_laws([law], [stream_id("x")])
    pointer = doubles(out)
    return lambda: lib.tm_sample(native, 7, 0, VALUES, pointer)


def numpy_fill(method: str, bits: Any, *arguments: float) -> Work:
    """Draw the same with a NumPy generator; with `out` where NumPy has it."""
    generator = np.random.Generator(bits)
    draw = getattr(generator, method)
    if method in ("random", "standard_normal"):
        out = np.empty(VALUES)
        return lambda: draw(out=out)
    return lambda: draw(*arguments, size=VALUES)


def mkl_fill(method: str, *arguments: float) -> Work:
    """Draw the same with mkl_random, SFMT19937."""
    import mkl_random

    state = mkl_random.MKLRandomState(7, brng="SFMT19937")
    draw = getattr(state, method)
    return lambda: draw(*arguments, size=VALUES)


def lognormal_values() -> np.ndarray:
    """Return the values that the statistics rows sum and count."""
    return np.exp(np.random.default_rng(1).normal(size=VALUES))


def exact_sums() -> Work:
    """Exact sum and sum of squares, with extremes and their index."""
    values = lognormal_values()
    moments = ffi.new("tm_moments *")
    lib.tm_moments_init(moments)
    pointer = doubles(values)
    return lambda: lib.tm_moments_add(VALUES, pointer, 0, moments)


def histogram_add() -> Work:
    """Count values in the log-histogram."""
    values = lognormal_values()
    table = np.zeros(BUCKETS, dtype=np.uint32)
    pointer = doubles(values)
    target = ffi.from_buffer("uint32_t[]", table)
    return lambda: lib.tm_histogram_add(VALUES, pointer, target)


def fsum() -> Work:
    """math.fsum of values and of squares; the squares are rounded, so less than ours."""
    values = lognormal_values().tolist()
    squares = [value * value for value in values]
    return lambda: (math.fsum(values), math.fsum(squares))


def numpy_sums() -> Work:
    """np.sum of values and squares: rounded, order-dependent."""
    values = lognormal_values()
    return lambda: (np.sum(values), np.square(values).sum(), values.min(), values.max())


def boost_histogram() -> Work:
    """boost-histogram with a log axis of comparable resolution."""
    import boost_histogram

    values = lognormal_values()
    axis = boost_histogram.axis.Regular(
        4096, 1e-3, 1e3, transform=boost_histogram.axis.transform.log
    )
    histogram = boost_histogram.Histogram(axis)
    return lambda: histogram.fill(values)


def numpy_histogram() -> Work:
    """np.histogram with 4096 equal bins."""
    values = lognormal_values()
    return lambda: np.histogram(values, bins=4096, range=(0.0, 1e3))


def fused(correlations: bool, threads: int = 1, scenarios: int = SCENARIOS) -> Work:
    """The six-input sweep, compiled once before it is timed."""
    from tokenmill.montecarlo import engine
    from tokenmill.montecarlo.model import compile_driver
    from tokenmill.montecarlo.plan import make_plan

    plan = make_plan(SIX_INPUTS, 7)
    driver, _ = compile_driver(cost, tuple((True, index) for index in range(6)))
    none = np.zeros(1)
    return lambda: engine.run(plan, driver, none, ((),), correlations, 0, scenarios, threads, None)


def numpy_whole() -> Work:
    """The six-input model as users write it: whole arrays, default_rng."""

    def run() -> Any:
        rng = np.random.default_rng(7)
        n = SCENARIOS
        y = cost(
            rng.lognormal(0.0, 1.0, n),
            rng.normal(1000.0, 200.0, n),
            rng.normal(300.0, 50.0, n),
            rng.triangular(0.8, 1.0, 1.5, n),
            rng.random(n),
            rng.lognormal(-1.0, 0.3, n),
        )
        return y.mean(), y.std(), np.quantile(y, LEVELS)

    return run


def numpy_tuned() -> Work:
    """The same in blocks that stay in cache, SFC64, `out=` where NumPy has it, quantiles binned."""
    edges = np.geomspace(1e-2, 1e2, 8193)

    def run() -> Any:
        rng = np.random.Generator(np.random.SFC64(7))
        buffers = [np.empty(CACHE_BLOCK) for _ in range(5)]
        total = square = 0.0
        counts = np.zeros(8192, dtype=np.int64)
        for _ in range(SCENARIOS // CACHE_BLOCK):
            q, a, b, h, d = buffers
            for buffer in (q, a, b, d):
                rng.standard_normal(out=buffer)
            rng.random(out=h)
            p = rng.triangular(0.8, 1.0, 1.5, CACHE_BLOCK)
            np.exp(q, out=q)
            np.exp(d * 0.3 - 1.0, out=d)
            y = cost(q, a * 200.0 + 1000.0, b * 50.0 + 300.0, p, h, d)
            total += y.sum()
            square += np.dot(y, y)
            counts += np.histogram(np.log(y), 8192, (-4.605, 4.605))[0]
        return total, square, np.searchsorted(np.cumsum(counts), LEVELS), edges

    return run


def numba_naive() -> Work:
    """The same as a plain numba loop with numba's own generator; the outputs are then sorted."""
    import numba

    @numba.njit
    def simulate(n: int, y: np.ndarray) -> None:
        for i in range(n):
            q = np.random.lognormal(0.0, 1.0)
            a = np.random.normal(1000.0, 200.0)
            b = np.random.normal(300.0, 50.0)
            p = np.random.triangular(0.8, 1.0, 1.5)
            h = np.random.random()
            d = np.random.lognormal(-1.0, 0.3)
            y[i] = q * (a * (1.0 - 0.5 * h) * 2.5e-6 + b * 1e-5) * p + d

    y = np.empty(SCENARIOS)
    simulate(10, y)

    def run() -> Any:
        simulate(SCENARIOS, y)
        return y.mean(), y.std(), np.quantile(y, LEVELS)

    return run


def jax_whole() -> Work:
    """The same compiled by JAX in float64, quantiles by sorting."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def simulate(key: Any) -> Any:
        keys = jax.random.split(key, 6)
        n = (SCENARIOS,)
        z = [jax.random.normal(keys[i], n) for i in range(4)]
        u = jax.random.uniform(keys[4], n)
        h = jax.random.uniform(keys[5], n)
        left = 0.8 + jnp.sqrt(u * 0.7 * 0.2)
        right = 1.5 - jnp.sqrt((1.0 - u) * 0.7 * 0.5)
        p = jnp.where(u < 0.2 / 0.7, left, right)
        q, d = jnp.exp(z[0]), jnp.exp(z[1] * 0.3 - 1.0)
        y = cost(q, z[2] * 200.0 + 1000.0, z[3] * 50.0 + 300.0, p, h, d)
        return y.mean(), y.std(), jnp.quantile(y, jnp.array(LEVELS))

    key = jax.random.PRNGKey(7)
    return lambda: jax.block_until_ready(simulate(key))
