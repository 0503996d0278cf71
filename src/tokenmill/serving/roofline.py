"""The roof that binds a part: compute, memory, network, or time that nothing shortens.

A part takes the longer of its FLOPs over the FLOP/s reached and its bytes over the bytes/s reached.
The FLOP/s that a GEMM of T tokens reaches grow as ``T / (T + half)``, so FLOPs over them are
proportional to ``T + half``: in this form an empty batch needs no case of its own.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit.kernel import block
from .efficiency import Efficiency
from .records import Layout, Machine

COMPUTE, MEMORY, NETWORK, FIXED = 0.0, 1.0, 2.0, 3.0
ROOFS = ("compute", "memory", "network", "fixed")


class Part(NamedTuple):
    """One part of a step.

    Attributes
    ----------
    seconds : float
    roof : float
        What binds it: COMPUTE, MEMORY, NETWORK or FIXED, a position in ROOFS.
    """

    seconds: float
    roof: float


@block
def longer(compute_s: float, memory_s: float) -> Part:
    """Return the part that takes the longer of both times."""
    if compute_s >= memory_s:
        return Part(compute_s, COMPUTE)
    return Part(memory_s, MEMORY)


@block
def memory_bytes_per_s(m: Machine, e: Efficiency) -> float:
    """Return the memory bandwidth reached, bytes/s."""
    return m.hbm_bytes_per_s * e.memory


@block
def gemm(
    params: float, tokens: float, weight_bytes: float, flops: float, m: Machine, e: Efficiency
) -> Part:
    """Return the time of GEMMs of `tokens` over `params` weights that are read once.

    Parameters
    ----------
    params : float
        Weights on one accelerator, elements.
    tokens : float
        Tokens in the step.
    weight_bytes : float
        Bytes per weight.
    flops : float
        Peak FLOP/s.
    """
    compute = 2.0 * params * (tokens + e.gemm_half) / (flops * m.gemm_scale * e.gemm)
    return longer(compute, params * weight_bytes / memory_bytes_per_s(m, e))


@block
def gemm_peak(m: Machine, e: Efficiency) -> float:
    """Return the peak FLOP/s of the projections, less what four bits lose."""
    return m.gemm_flops * e.fp4 if m.gemm_fp4 > 0.0 else m.gemm_flops


@block
def expert_peak(m: Machine, e: Efficiency) -> float:
    """Return the peak FLOP/s of the routed experts, less what four bits lose."""
    return m.expert_flops * e.fp4 if m.expert_fp4 > 0.0 else m.expert_flops


@block
def group_size(lay: Layout) -> float:
    """Return the accelerators that the experts lie on."""
    return lay.expert_parallel * lay.expert_tensor_parallel
