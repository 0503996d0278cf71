"""From what a caller names to the records that kernels read: one way for every entry point."""

from __future__ import annotations

from typing import NamedTuple

from .accelerator import Accelerator
from .build import (
    layout_record,
    load_record,
    machine_record,
    pool_instances,
    pool_record,
    shape_record,
)
from .calibration import Calibration
from .catalogue import accelerator as accelerator_by_name
from .catalogue import model as model_by_name
from .deployment import Deployment, Workload
from .efficiency import Efficiency
from .efficiency_file import fitted
from .records import Layout, Load, Machine, Shape
from .shape import ModelShape


class Records(NamedTuple):
    """Everything that decides what a deployment reaches.

    Attributes
    ----------
    shape : Shape
    machine : Machine
    layout, pool : Layout
        Of a (decode) instance and of a prefill instance.
    load : Load
    efficiency : Efficiency
    instances : (float, float)
        Prefill and decode instances; 0 and 0 is the ratio at which neither waits.
    """

    shape: Shape
    machine: Machine
    layout: Layout
    pool: Layout
    load: Load
    efficiency: Efficiency
    instances: tuple[float, float]


def require(name: str, value: object, kind: type) -> None:
    """Raise TypeError, naming the argument, unless `value` is a `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"{name}: expected a {kind.__name__}, found {type(value).__name__}")


def calibration_of(efficiency: Calibration | Efficiency | None) -> Calibration:
    """Return a calibration: None is the fitted one, constants alone have no factors.

    Raises
    ------
    TypeError
        It is none of these.
    """
    if efficiency is None:
        return fitted()
    if isinstance(efficiency, Efficiency):
        return Calibration(Efficiency(*map(float, efficiency)))
    require("efficiency", efficiency, Calibration)
    return efficiency


def records_of(
    model: str | ModelShape,
    accelerator: str | Accelerator,
    deployment: Deployment,
    workload: Workload,
    efficiency: Calibration | Efficiency | None,
) -> Records:
    """Return the records of a deployment; arguments and errors are those of ``serve``."""
    shape, chip = model_by_name(model), accelerator_by_name(accelerator)
    require("deployment", deployment, Deployment)
    require("workload", workload, Workload)
    calibration = calibration_of(efficiency)
    return Records(
        shape_record(shape),
        machine_record(chip, deployment, calibration),
        layout_record(deployment),
        pool_record(deployment),
        load_record(deployment, workload),
        calibration.efficiency(deployment.engine),
        pool_instances(deployment.prefill, deployment.replicas),
    )
