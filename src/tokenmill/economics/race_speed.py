"""How fast a player's accelerators are: as the scenario states or the serving model computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba

from ..jit.kernel import block, kernel
from ..jit.records import Part, gather_records
from ..serving.efficiency import Efficiency
from ..serving.memory import max_batch
from ..serving.modes import Estimate, aggregated, disaggregated
from ..serving.records import Layout, Load, Machine, Shape
from .race_model import Speed


@kernel
def within_memory(s: Shape, m: Machine, lay: Layout, load: Load, e: Efficiency) -> Load:
    """Return the load with a batch that fits where at least one sequence does."""
    most = max_batch(s, m, lay, load, e)
    batch = most if 1.0 <= most < load.batch else load.batch
    return Load(*((batch,) + load[1:]))


@block
def serve_together(
    s: Shape, m: Machine, lay: Layout, pool: Layout, load: Load, e: Efficiency
) -> Estimate:
    """Return what an instance reaches that reads prompts between decode steps.

    Parameters
    ----------
    s, m, lay, load, e : records of :mod:`tokenmill.serving.records`
        A batch that does not fit becomes the largest that does.
    pool : Layout
        Plays no part; the arguments are those of :func:`serve_apart`.
    """
    return aggregated(s, m, lay, within_memory(s, m, lay, load, e), e)


@block
def serve_apart(
    s: Shape, m: Machine, lay: Layout, pool: Layout, load: Load, e: Efficiency
) -> Estimate:
    """Return what a decode pool of layout `lay` and a prefill pool of layout `pool` reach.

    Parameters
    ----------
    s, m, lay, pool, load, e : records of :mod:`tokenmill.serving.records`
        A batch that does not fit becomes the largest that does.
    """
    return disaggregated(s, m, lay, pool, within_memory(s, m, lay, load, e), e, 0.0, 0.0)


def computed_speed(parts: Sequence[Part], serve: Any) -> Any:
    """Return the compiled function of a computed speed, ``speed(values)``.

    Parameters
    ----------
    parts : sequence of (record, slots)
        The six records of :func:`serve_apart`, as :func:`tokenmill.jit.records.gather_records`
        takes them.
    serve : compiled function
        :func:`serve_apart` or :func:`serve_together`.
    """
    fill = gather_records(parts)

    @numba.njit(nogil=True, error_model="numpy", inline="always")
    def speed(values):  # type: ignore[no-untyped-def]
        s, m, lay, pool, load, e = fill(values)
        found = serve(s, m, lay, pool, load, e)
        return Speed(found.decode_tokens_per_s_gpu, found.prefill_tokens_per_s_gpu)

    return speed
