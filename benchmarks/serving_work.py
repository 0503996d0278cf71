"""The workload of the serving rows: DeepSeek-V3 on H200, prefill and decode apart, rented.

Decode on 128 accelerators, prefill on 32; 21 inputs are uncertain: rent, utilisation, the workload
and every efficiency that this deployment's cost depends on. All scenarios fit into memory, so none
is cut short. Ours gives seven outputs with exact statistics; NumPy the cost alone, with mean,
deviation and binned quantiles; the twin the cost alone, without statistics, on draws made before.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tokenmill.economics import serving_cost
from tokenmill.economics.record_inputs import record_inputs, record_model
from tokenmill.montecarlo import (
    PERT,
    Distribution,
    SplitLogNormal,
    Triangular,
    engine,
    sample,
)
from tokenmill.montecarlo.model import compile_driver
from tokenmill.montecarlo.plan import make_plan
from tokenmill.reference import serving_modes
from tokenmill.serving import Deployment, Pool, Workload
from tokenmill.serving.resolve import Records, records_of

from . import serving_numpy
from .row import Work

SCENARIOS = 1 << 15
NUMPY_BLOCK = 4096
SEED = 7
LEVELS = (0.05, 0.5, 0.95)

DEPLOYMENT = Deployment(
    mode="disaggregated", data_parallel=128, batch=32, prefill=Pool(data_parallel=32)
)
WORKLOAD = Workload(in_len=3600.0, out_len=500.0, cache_hit=0.56, imbalance=1.2)

UNCERTAIN: dict[str, Distribution] = {
    "usd_per_hour": SplitLogNormal.from_quantiles(1.6, 2.6, 4.2),
    "utilisation": PERT(0.15, 0.45, 0.85),
    "workload.in_len": PERT(500.0, 3600.0, 16000.0),
    "workload.out_len": PERT(100.0, 500.0, 6000.0),
    "workload.cache_hit": PERT(0.2, 0.56, 0.92),
    "workload.imbalance": SplitLogNormal.from_quantiles(1.05, 1.2, 2.0),
    "workload.batch": Triangular(16.0, 32.0, 64.0),
    "efficiency.gemm": PERT(0.5, 0.7, 0.8),
    "efficiency.expert": PERT(0.3, 0.55, 0.68),
    "efficiency.core": PERT(0.3, 0.5, 0.65),
    "efficiency.core_prefill": PERT(0.3, 0.5, 0.68),
    "efficiency.memory": PERT(0.6, 0.8, 0.9),
    "efficiency.network": PERT(0.6, 0.8, 0.95),
    "efficiency.overlap": PERT(0.0, 0.5, 0.9),
    "efficiency.overlap_prefill": PERT(0.6, 0.9, 1.0),
    "efficiency.disaggregated": PERT(0.85, 0.95, 1.0),
    "efficiency.layer_s": Triangular(5e-6, 15e-6, 30e-6),
    "efficiency.step_s": Triangular(2e-3, 4e-3, 6e-3),
    "efficiency.all_to_all_s": Triangular(10e-6, 20e-6, 40e-6),
    "efficiency.activation_scale": Triangular(0.5, 1.0, 2.0),
    "efficiency.prefill_imbalance": Triangular(1.0, 1.1, 1.4),
}
SKEW = {"workload.skew": Triangular(0.0, 0.5, 1.2)}


@cache
def setting() -> Records:
    """Return the records of the deployment, from the catalogue."""
    return records_of("deepseek_v3", "H200", DEPLOYMENT, WORKLOAD, None)


def swept(skewed: bool = False, threads: int = 1, scenarios: int = SCENARIOS) -> Work:
    """The sweep, compiled once before it is timed."""
    rent = serving_cost.Rent(2.6, 0.45)
    formula, records = serving_cost.formula_and_records(
        "deepseek_v3", "H200", DEPLOYMENT, WORKLOAD, None, rent
    )
    inputs = record_inputs(records) | UNCERTAIN | (SKEW if skewed else {})
    plan = make_plan(inputs, SEED)
    place = {item.name: index for index, item in enumerate(plan.drawn)}
    # what is certain is folded, so the constants are never read
    layout = tuple((name in place, place.get(name, 0)) for name in inputs)
    driver, outputs = compile_driver(record_model(formula, records, inputs), layout)
    limits = ((),) * len(outputs)
    fixed = np.zeros(1)
    return lambda: engine.run(plan, driver, fixed, limits, False, 0, scenarios, threads, None)


def twin() -> Work:
    """The readable twin, a scenario at a time, on draws made beforehand."""
    one = setting()
    columns = [sample(d, SCENARIOS, seed=SEED, input=name) for name, d in UNCERTAIN.items()]
    names = [name.split(".")[-1] for name in UNCERTAIN]
    loads = [n.split(".")[-1] for n in UNCERTAIN if n.startswith("workload.")]
    constants = [n.split(".")[-1] for n in UNCERTAIN if n.startswith("efficiency.")]

    def run() -> list[float]:
        costs = []
        for values in zip(*columns, strict=True):
            drawn = dict(zip(names, map(float, values), strict=True))
            load = one.load._replace(**{name: drawn[name] for name in loads})
            efficiency = one.efficiency._replace(**{name: drawn[name] for name in constants})
            found = serving_modes.disaggregated(
                one.shape,
                one.machine,
                one.layout,
                one.pool,
                load,
                efficiency,
                load.batch,
                0.0,
                0.0,
            )
            usd = drawn["usd_per_hour"] / drawn["utilisation"]
            costs.append(usd / found["rate"] / 3600.0 * 1e6)
        return costs

    return run


def numpy_draw(rng: np.random.Generator, law: Distribution, n: int) -> np.ndarray:
    """Draw as NumPy does."""
    if isinstance(law, Triangular):
        return rng.triangular(law.low, law.mode, law.high, n)
    if isinstance(law, PERT):
        width = law.high - law.low
        a = 1.0 + 4.0 * (law.mode - law.low) / width
        return law.low + width * rng.beta(a, 6.0 - a, n)
    z = rng.standard_normal(n)
    z *= np.where(z < 0.0, law.sigma_low, law.sigma_high)
    return law.median * np.exp(z, out=z)


def numpy_values(columns: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return what the NumPy model reads: the records' numbers, and these columns over them."""
    one = setting()
    values = one.load._asdict() | one.efficiency._asdict() | {"gemm_scale": one.machine.gemm_scale}
    return values | {name.split(".")[-1]: column for name, column in columns.items()}


def numpy_tuned() -> Work:
    """Vectorised NumPy in blocks that stay in cache, SFC64; cost alone, quantiles binned."""
    one = setting()

    def run() -> Any:
        rng = np.random.Generator(np.random.SFC64(SEED))
        total = square = 0.0
        counts = np.zeros(8192, dtype=np.int64)
        for _ in range(SCENARIOS // NUMPY_BLOCK):
            drawn = {name: numpy_draw(rng, law, NUMPY_BLOCK) for name, law in UNCERTAIN.items()}
            cost = serving_numpy.usd_per_mtok(
                one.shape, one.machine, one.layout, one.pool, numpy_values(drawn)
            )
            total += cost.sum()
            square += np.dot(cost, cost)
            counts += np.histogram(np.log(cost), 8192, (-9.0, 9.0))[0]
        return total, square, np.searchsorted(np.cumsum(counts), LEVELS)

    return run
