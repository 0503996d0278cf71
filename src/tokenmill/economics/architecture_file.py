"""Read the comparison of two model architectures from a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .fields import Domain, Field
from .quantity import Quantity, parse_quantity
from .refusal import ScenarioError, describe, join, nearest
from .service import Service
from .service_file import check_service

_KEYS = ("accelerator", "rent_usd_h", "utilisation", "judgement", "confidence", "moe", "dense")
_SIDE = ("model", "deployments")
_GRADES = ("A", "B", "C")
_RENT = Field("rent_usd_h", "USD/h", Domain.POSITIVE, "rent of an accelerator")
_BUSY = Field("utilisation", "share", Domain.BUSY_SHARE, "busy share of the paid hours")


@dataclass(frozen=True)
class ArchitectureChoice:
    """A mixture of experts and a dense model that a scenario sets side by side.

    Attributes
    ----------
    accelerator : str
    rent_usd_h, utilisation : Quantity
        The same for both.
    judgement, confidence : str
        Why both are taken to be of equal quality, and its grade.
    moe, dense : tuple of Service
        Each in one or more deployments; the cheapest counts at every batch.
    """

    accelerator: str
    rent_usd_h: Quantity
    utilisation: Quantity
    judgement: str
    confidence: str
    moe: tuple[Service, ...]
    dense: tuple[Service, ...]


def read_architecture(
    file: str, table: object, sources: Mapping[str, str], notes: list[str]
) -> ArchitectureChoice | None:
    """Return the comparison, None where the file has none.

    Raises
    ------
    ScenarioError
    """
    if table is None:
        return None
    path = "architecture"
    values = _table(file, path, table, _KEYS)
    text = {key: _line(file, f"{path}.{key}", values[key]) for key in ("judgement", "confidence")}
    if text["confidence"] not in _GRADES:
        expected = f"one of {', '.join(_GRADES)}"
        raise ScenarioError(file, f"{path}.confidence", expected, describe(text["confidence"]))
    return ArchitectureChoice(
        _line(file, f"{path}.accelerator", values["accelerator"]),
        parse_quantity(file, f"{path}.rent_usd_h", values["rent_usd_h"], _RENT, sources),
        parse_quantity(file, f"{path}.utilisation", values["utilisation"], _BUSY, sources),
        text["judgement"],
        text["confidence"],
        _side(file, f"{path}.moe", values["moe"], values["accelerator"], notes),
        _side(file, f"{path}.dense", values["dense"], values["accelerator"], notes),
    )


def _table(file: str, path: str, table: object, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a table that has exactly these keys."""
    if not isinstance(table, dict):
        raise ScenarioError(file, path, "a table", describe(table))
    for key in table:
        if key not in keys:
            found = f"the unknown key {key!r}{nearest(key, keys)}"
            raise ScenarioError(file, join(path, key), f"one of {', '.join(keys)}", found)
    for key in keys:
        if key not in table:
            raise ScenarioError(file, f"{path}.{key}", "a value", "no such key")
    return table


def _line(file: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.replace("\n", "").isprintable():
        raise ScenarioError(file, key, "printable text", describe(value))
    return " ".join(value.split())


def _side(
    file: str, path: str, table: object, accelerator: str, notes: list[str]
) -> tuple[Service, ...]:
    values = _table(file, path, table, _SIDE)
    deployments = values["deployments"]
    if not isinstance(deployments, list) or not deployments:
        raise ScenarioError(
            file, f"{path}.deployments", "an array of tables", describe(deployments)
        )
    services = []
    for index, deployment in enumerate(deployments):
        key = f"{path}.deployments[{index}]"
        if not isinstance(deployment, dict):
            raise ScenarioError(file, key, "a table", describe(deployment))
        service = Service(values["model"], accelerator, deployment)
        services.append(check_service(file, key, service, notes))
    return tuple(services)
