"""What a search computes of a configuration: one compiled function per serving mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba

from ..jit.records import gather_records
from . import modes
from .efficiency import Efficiency
from .modes import Estimate
from .records import Layout, Load, Machine, Shape

# The loop over configurations calls it once; inlined, records never pass through memory.
_INLINED: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": True}
_MTOK_PER_HOUR = 3600.0 / 1e6


class Price(NamedTuple):
    """USD of one accelerator-hour; NaN where none is given."""

    usd_per_hour: float


class Instances(NamedTuple):
    """Instances of a disaggregated deployment; 0 and 0 is the ratio at which neither waits."""

    prefill: float
    decode: float


class Scores(NamedTuple):
    """A configuration's figures. Infeasible: rate 0, the others inf, and the reason.

    Attributes
    ----------
    usd_per_mtok : float
        USD per million output tokens, prompts included, of busy accelerators.
    tokens_per_s_gpu : float
        Output tokens per second and accelerator.
    tpot_s, ttft_s : float
    reason : float
        A position in REASONS.
    """

    usd_per_mtok: float
    tokens_per_s_gpu: float
    tpot_s: float
    ttft_s: float
    reason: float


# Records of a mode's formula, in the order in which it takes them.
ALONE = {
    "shape": Shape,
    "machine": Machine,
    "layout": Layout,
    "load": Load,
    "efficiency": Efficiency,
    "price": Price,
}
IN_POOLS = {
    "shape": Shape,
    "machine": Machine,
    "layout": Layout,
    "pool": Layout,
    "load": Load,
    "efficiency": Efficiency,
    "instances": Instances,
    "price": Price,
}


@numba.njit(**_INLINED)
def scores(found: Estimate, price: Price) -> Scores:
    """Return the figures of an estimate."""
    return Scores(
        price.usd_per_hour / (found.tokens_per_s_gpu * _MTOK_PER_HOUR),
        found.tokens_per_s_gpu,
        found.tpot_s,
        found.ttft_s,
        found.reason,
    )


def _filled(records: dict[str, Any]) -> Any:
    """Return the intrinsic that cuts one flat tuple into the records."""
    parts, start = [], 0
    for kind in records.values():
        parts.append((kind, range(start, start + len(kind._fields))))
        start += len(kind._fields)
    return gather_records(parts)


_alone, _in_pools = _filled(ALONE), _filled(IN_POOLS)


@numba.njit(**_INLINED)
def aggregated(*values):  # type: ignore[no-untyped-def]
    """Score an aggregated deployment of the flat fields of the records of ALONE."""
    s, m, lay, load, e, price = _alone(values)
    return scores(modes.aggregated(s, m, lay, load, e), price)


@numba.njit(**_INLINED)
def chunked(*values):  # type: ignore[no-untyped-def]
    """Score a chunked deployment of the flat fields of the records of ALONE."""
    s, m, lay, load, e, price = _alone(values)
    return scores(modes.chunked(s, m, lay, load, e), price)


@numba.njit(**_INLINED)
def disaggregated(*values):  # type: ignore[no-untyped-def]
    """Score a disaggregated deployment of the flat fields of the records of IN_POOLS."""
    s, m, lay, pool, load, e, instances, price = _in_pools(values)
    found = modes.disaggregated(s, m, lay, pool, load, e, instances.prefill, instances.decode)
    return scores(found, price)


def model_of(mode: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the compiled function of a mode and the records it takes."""
    if mode == "disaggregated":
        return disaggregated, IN_POOLS
    return (chunked if mode == "chunked" else aggregated), ALONE
