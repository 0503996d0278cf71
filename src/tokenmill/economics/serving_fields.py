"""The serving model's records as parameters of a scenario: every field with its meaning."""

from __future__ import annotations

from ..serving.efficiency import Efficiency
from ..serving.records import Machine
from .fields import Domain, Field

# What the report calls a field; the others go by the name of the field. Units and meanings are
# those of :mod:`tokenmill.serving.records`.
_EFFICIENCY = {
    "gemm": "GEMM efficiency",
    "expert": "grouped GEMM efficiency",
    "core": "attention efficiency at decode",
    "core_prefill": "attention efficiency at prefill",
    "memory": "memory efficiency",
    "network": "network efficiency",
    "overlap": "overlap at decode",
    "overlap_prefill": "overlap at prefill",
    "disaggregated": "serving efficiency, disaggregated",
    "dense": "serving efficiency, dense",
    "experts_parallel": "serving efficiency, experts",
    "prefill_imbalance": "imbalance at prefill",
    "layer_s": "fixed time per layer",
    "step_s": "fixed time per step",
}
_MACHINE = {
    "gemm_scale": "GEMM software of the accelerator",
    "core_scale": "attention software of the accelerator",
    "hbm_bytes": "memory of the accelerator",
    "hbm_bytes_per_s": "memory bandwidth of the accelerator",
    "scale_out_bytes_per_s": "network of the accelerator",
}


def _fields(record: type, names: dict[str, str], what: str) -> dict[str, Field]:
    keys: tuple[str, ...] = getattr(record, "_fields", ())
    return {
        key: Field(key, "", Domain.NONNEGATIVE, names.get(key, f"{key} of the {what}"))
        for key in keys
    }


EFFICIENCY = _fields(Efficiency, _EFFICIENCY, "serving model")
MACHINE = _fields(Machine, _MACHINE, "accelerator")
