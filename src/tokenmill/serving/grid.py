"""The configurations of a search: a grid of choices, numbered, and their fields by number.

A *plan* is an accelerator, a precision and the parallel degrees; a configuration is a plan and a
batch, ``serial = plan * batches + batch``. What cannot be laid out is left out of the plans and
counted. Plans are in the order of the arguments, the first varies slowest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .accelerator import Accelerator
from .build import (
    layout_record,
    load_record,
    machine_record,
    math_precision,
    pool_instances,
    pool_record,
    shape_record,
)
from .calibration import Calibration
from .deployment import Deployment, Workload
from .search_model import Instances, model_of
from .shape import ModelShape

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

NO_CUT = "expert-parallel ranks do not divide the accelerators of an instance"
TOO_MANY_RANKS = "more expert-parallel ranks than experts and their replicas"
SAME_LAYOUT = "the same layout as another choice of expert-parallel ranks"
NO_FORMAT = "the accelerator computes in no format that the weights could be widened to"


@dataclass(frozen=True)
class Axes:
    """The choices, each in the order in which ties are decided.

    Attributes
    ----------
    accelerators : tuple of Accelerator
    usd_per_hour : tuple of float
        Of each accelerator; NaN where no price is given.
    precisions : tuple of (str, str, str)
        Formats of attention weights, expert weights and KV cache.
    tensor_parallel, data_parallel : tuple of int
    expert_parallel : tuple of int or None
    batches : tuple of int
    """

    accelerators: tuple[Accelerator, ...]
    usd_per_hour: tuple[float, ...]
    precisions: tuple[tuple[str, str, str], ...]
    tensor_parallel: tuple[int, ...]
    data_parallel: tuple[int, ...]
    expert_parallel: tuple[int | None, ...]
    batches: tuple[int, ...]


class Grid:
    """Every configuration of the axes, as columns for a compiled loop.

    Attributes
    ----------
    count : int
        Configurations that can be laid out.
    rejected : Counter
        Reason to number of configurations that cannot.
    layout : tuple of (is_column, index)
        Where the loop finds each field: a column or a constant.
    constants : ndarray of float64
    columns : int
    """

    def __init__(
        self,
        model: ModelShape,
        axes: Axes,
        deployment: Deployment,
        workload: Workload,
        calibration: Calibration,
    ) -> None:
        self._axes = axes
        self._plans: list[tuple[int, Deployment]] = []
        self._batches = np.array(axes.batches, dtype=np.float64)
        self.rejected: Counter[str] = Counter()
        choices = self._choices(model, deployment)
        machines, layouts = self._rows(choices, deployment, calibration)
        self.count = len(self._plans) * len(axes.batches)
        # (fields, plans): one gather per block fills all columns of a plan
        self._table = np.concatenate((machines, layouts), axis=1).T.copy()
        self.columns = len(self._table) + 1
        self._bind(model, deployment, workload, calibration)

    def _choices(
        self, model: ModelShape, deployment: Deployment
    ) -> dict[tuple[str, str, str], list[Deployment]]:
        """Return the deployments of each precision whose degrees fit together."""
        axes = self._axes
        everywhere = len(axes.batches) * len(axes.accelerators) * len(axes.precisions)
        degrees: dict[tuple[int, int, int], None] = {}  # in order, each once
        for tensor in axes.tensor_parallel:
            for data in axes.data_parallel:
                for given in axes.expert_parallel:
                    ranks = tensor * data if given is None else given
                    reason = _misfit(model, deployment, tensor * data, ranks)
                    if not reason and (tensor, data, ranks) in degrees:
                        reason = SAME_LAYOUT
                    if reason:
                        self.rejected[reason] += everywhere
                    else:
                        degrees[tensor, data, ranks] = None
        return {
            precision: [_deployment(deployment, precision, *chosen) for chosen in degrees]
            for precision in axes.precisions
        }

    def _rows(
        self,
        choices: Mapping[tuple[str, str, str], Sequence[Deployment]],
        deployment: Deployment,
        calibration: Calibration,
    ) -> tuple[Array, Array]:
        """List the plans; return the fields of their machines with the price, and layouts."""
        axes = self._axes
        pooled = deployment.mode == "disaggregated"
        laid_out = {
            precision: [
                layout_record(one) + (pool_record(one) if pooled else ()) for one in deployments
            ]
            for precision, deployments in choices.items()
        }
        machines, layouts = [], []
        for place, accelerator in enumerate(axes.accelerators):
            for precision, deployments in choices.items():
                if not deployments:
                    continue
                if not _computes(accelerator, deployments[0]):
                    self.rejected[NO_FORMAT] += len(deployments) * len(axes.batches)
                    continue
                machine = machine_record(accelerator, deployments[0], calibration)
                row = (*machine, axes.usd_per_hour[place])
                machines += [row] * len(deployments)
                layouts += laid_out[precision]
                self._plans += [(place, one) for one in deployments]
        return _matrix(machines), _matrix(layouts)

    def _bind(
        self,
        model: ModelShape,
        deployment: Deployment,
        workload: Workload,
        calibration: Calibration,
    ) -> None:
        """Say where the loop finds the fields of each record."""
        prefill, decode = pool_instances(deployment.prefill, deployment.replicas)
        fixed = {
            "shape": shape_record(model),
            "load": load_record(deployment, workload),
            "efficiency": calibration.efficiency(deployment.engine),
            "instances": Instances(prefill, decode),
        }
        _, records = model_of(deployment.mode)
        start: dict[str, int] = {}
        width = 0
        for name in ("machine", "price", "layout", "pool"):
            if name in records:
                start[name] = width
                width += len(records[name]._fields)
        layout: list[tuple[bool, int]] = []
        constants: list[float] = []
        for name, kind in records.items():
            for index, field in enumerate(kind._fields):
                if name in start:
                    layout.append((True, start[name] + index))
                elif (name, field) == ("load", "batch"):
                    layout.append((True, width))
                else:
                    layout.append((False, len(constants)))
                    constants.append(getattr(fixed[name], field))
        self.layout = tuple(layout)
        self.constants = np.array(constants)

    def fill(self, columns: Array, serials: Indices) -> None:
        """Write the fields of the configurations to the beginning of `columns`."""
        plans, batches = np.divmod(serials, len(self._batches))
        count = len(serials)
        columns[:-1, :count] = self._table[:, plans]
        columns[-1, :count] = self._batches[batches]

    def configuration(self, serial: int) -> tuple[Accelerator, Deployment]:
        """Return the accelerator and the deployment of a number."""
        plan, batch = divmod(serial, len(self._batches))
        place, deployment = self._plans[plan]
        return self._axes.accelerators[place], replace(deployment, batch=self._axes.batches[batch])


def _matrix(rows: Sequence[Sequence[float]]) -> Array:
    width = len(rows[0]) if rows else 0
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _misfit(model: ModelShape, deployment: Deployment, accelerators: int, ranks: int) -> str:
    """Return why experts cannot lie on this many ranks, "" where they can."""
    if accelerators % ranks:
        return NO_CUT
    if model.experts and ranks > model.experts + deployment.redundant_experts:
        return TOO_MANY_RANKS
    return ""


def _deployment(
    deployment: Deployment,
    precision: tuple[str, str, str],
    tensor: int,
    data: int,
    ranks: int,
) -> Deployment:
    attention, expert, kv = precision
    changes: dict[str, Any] = {
        "tensor_parallel": tensor,
        "data_parallel": data,
        "expert_parallel": ranks,
        "expert_tensor_parallel": None,
        "attention_precision": attention,
        "expert_precision": expert,
        "kv_precision": kv,
        "batch": None,
    }
    return replace(deployment, **changes)


def _computes(accelerator: Accelerator, deployment: Deployment) -> bool:
    """Return whether the accelerator computes in the formats of a deployment, or wider ones."""
    try:
        for name in ("attention", "expert", "core"):
            math_precision(accelerator, getattr(deployment, f"{name}_precision"))
    except ValueError:
        return False
    return True
