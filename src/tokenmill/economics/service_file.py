"""Read what a player serves, on what and how, from its table of a scenario file."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import inf
from typing import Any

from ..serving import UnverifiedWarning
from .quantity import Quantity, parse_quantity
from .refusal import ScenarioError, describe, join, nearest
from .service import Service, service_records
from .serving_fields import MACHINE

# What a scenario says of a deployment beside the arguments of Deployment.
TPOT_LIMIT = "tpot_limit_s"
DRAFTS = "drafts"


def read_service(
    file: str,
    path: str,
    table: Mapping[str, Any],
    defaults: Mapping[str, Any],
    sources: Mapping[str, str],
    notes: list[str],
) -> Service | None:
    """Return the service of a player, None where it names no accelerator.

    Parameters
    ----------
    file, path : str
        For messages: the file and the dotted path of the player.
    table, defaults : mapping
        The player's own table, and the defaults of all players.
    sources : mapping of str to str
        Citations by short name.
    notes : list of str
        Gets what is unverified (grade D).

    Raises
    ------
    ScenarioError
    """
    if "accelerator" not in table:
        return None
    deployment = _deployment(file, path, table, defaults)
    limit = _number(file, f"{path}.deployment.{TPOT_LIMIT}", deployment.pop(TPOT_LIMIT, None))
    drafts = _number(file, f"{path}.deployment.{DRAFTS}", deployment.pop(DRAFTS, None))
    name = table.get("model", defaults.get("model"))
    machine = _machine(file, f"{path}.machine", table.get("machine", {}), sources)
    service = Service(name, table["accelerator"], deployment, limit, machine, drafts or 0.0)
    return check_service(file, path, service, notes)


def _number(file: str, key: str, value: object) -> float | None:
    """Return a number > 0, None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < inf:
        raise ScenarioError(file, key, "a number > 0", describe(value))
    return float(value)


def check_service(file: str, key: str, service: Service, notes: list[str]) -> Service:
    """Return a service after its records have been built.

    Parameters
    ----------
    file, key : str
        For messages.
    service : Service
    notes : list of str
        Gets what is unverified (grade D).

    Raises
    ------
    ScenarioError
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnverifiedWarning)
        try:
            service_records(service)
        except (TypeError, ValueError) as error:
            expected = "a model on accelerators of the serving catalogue, and a deployment"
            raise ScenarioError(file, key, expected, str(error)) from None
    notes += [f"{key}: {warning.message}" for warning in caught]
    return service


def _machine(
    file: str, path: str, table: object, sources: Mapping[str, str]
) -> dict[str, Quantity]:
    """Return the fields of the accelerator that the scenario overrides."""
    machine = {}
    for key, value in _table(file, path, table).items():
        if key not in MACHINE:
            found = f"the unknown key {key!r}{nearest(key, MACHINE)}"
            raise ScenarioError(file, join(path, key), "a field of Machine", found)
        machine[key] = parse_quantity(file, f"{path}.{key}", value, MACHINE[key], sources)
    return machine


def _table(file: str, key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ScenarioError(file, key, "a table", describe(value))
    return value


def _deployment(
    file: str, path: str, table: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a deployment: the player's own before the defaults."""
    merged: dict[str, Any] = {}
    for place, source in (("defaults", defaults), (path, table)):
        own = dict(_table(file, f"{place}.deployment", source.get("deployment", {})))
        if "prefill" in own:
            pool = _table(file, f"{place}.deployment.prefill", own["prefill"])
            own["prefill"] = {**merged.get("prefill", {}), **pool}
        merged |= own
    return merged
