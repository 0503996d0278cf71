"""What a player serves, on what and how: the choices that its computed speed follows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from ..serving import accelerator, fitted, model
from ..serving.build import layout_record, load_record, machine_record, pool_record, shape_record
from ..serving.deployment import Deployment, Pool, Workload
from ..serving.records import Layout, Load, Machine, Shape
from .quantity import Quantity

# The keys of a player's table that name choices instead of quantities.
CHOICES = ("model", "accelerator", "deployment", "machine")
# Pools are sized so that neither waits, and no fitted constant is an engine's own.
_DEPLOYMENT = {item.name for item in fields(Deployment)} - {"replicas", "engine"}
_POOL = {item.name for item in fields(Pool)} - {"replicas"}
# In chunks, prompts and answers share a step, and there is no speed of either alone.
_MODES = ("aggregated", "disaggregated")


@dataclass(frozen=True)
class Service:
    """A model on accelerators.

    Attributes
    ----------
    model, accelerator : str
        As the serving catalogue knows them.
    deployment : mapping
        Keyword arguments of :class:`tokenmill.serving.Deployment`, ``prefill`` those of its pool;
        not in chunks, and without replicas and engine.
    tpot_limit_s : float or None
        The batch is the largest that keeps this time per output token with every input at its
        median; None where the player states its ``batch``.
    machine : mapping of str to Quantity
        Fields of the accelerator's record that the scenario overrides.
    drafts : float
        Draft tokens per decode step.
    """

    model: str
    accelerator: str
    deployment: Mapping[str, Any]
    tpot_limit_s: float | None = None
    machine: Mapping[str, Quantity] = field(default_factory=dict)
    drafts: float = 0.0


class ServiceRecords(NamedTuple):
    """The serving model's records of a service, as the catalogue and the deployment give them."""

    shape: Shape
    machine: Machine
    decode: Layout
    prefill: Layout
    load: Load
    is_disaggregated: bool


def service_records(service: Service) -> ServiceRecords:
    """Return the records of a service; lengths, hits and imbalance of its load are the world's.

    Warns
    -----
    UnverifiedWarning
        The model or the accelerator has a field of grade D.

    Raises
    ------
    TypeError, ValueError
        A name that the catalogue does not know, or no deployment; the message names the argument.
    """
    machine = accelerator(service.accelerator)
    shape = model(service.model)
    arguments = dict(service.deployment)
    pool = arguments.pop("prefill", None)
    unknown = [*(set(arguments) - _DEPLOYMENT), *(set(pool or ()) - _POOL)]
    if unknown:
        raise ValueError(f"expected keys of a deployment, found {sorted(unknown)[0]!r}")
    deployment = Deployment(**arguments, prefill=None if pool is None else Pool(**pool))
    if deployment.mode not in _MODES:
        raise ValueError(f"mode: expected one of {', '.join(_MODES)}, found {deployment.mode!r}")
    return ServiceRecords(
        shape_record(shape),
        machine_record(machine, deployment, fitted()),
        layout_record(deployment),
        pool_record(deployment),
        load_record(deployment, Workload(drafts=service.drafts)),
        deployment.mode == "disaggregated",
    )
