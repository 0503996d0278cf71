"""Published models' routers by name."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from .model_config import nearest, router_of_config, table
from .spec import RouterSpec


@dataclass(frozen=True)
class Preset:
    """A published model's router.

    Attributes
    ----------
    name : str
        The Hugging Face ``model_type``, with a suffix where one type has several sizes.
    model : str
    rule : str
        Its number in docs/routing.md.
    spec : RouterSpec
    output_scale : float
        What the model multiplies the sum of its experts by; the weights do not hold it.
    source : str
        Where the sizes come from.
    note : str
        What else the model does, or nothing.
    """

    name: str
    model: str
    rule: str
    spec: RouterSpec
    output_scale: float
    source: str
    note: str


def preset(name: str) -> RouterSpec:
    """Return the router of a published model.

    Parameters
    ----------
    name : str
        One of those that :func:`presets` lists.

    Returns
    -------
    RouterSpec

    Raises
    ------
    ValueError
        There is none of that name; the message has the nearest.
    """
    if name not in table("presets")["presets"]:
        close = nearest(str(name), table("presets")["presets"])
        raise ValueError(f"name: expected a preset, such as {close}; found {name!r}")
    return _preset(name).spec


def presets() -> tuple[Preset, ...]:
    """Return every preset, by name."""
    return tuple(_preset(name) for name in sorted(table("presets")["presets"]))


def _preset(name: str) -> Preset:
    content = table("presets")
    entry = content["presets"][name]
    config = {"model_type": _model_type(name)} | copy.deepcopy(entry.get("config", {}))
    router = router_of_config(config)
    source = content["sources"][entry["source"]]
    return Preset(
        name, entry["model"], router.rule, router.spec, router.output_scale, source, router.note
    )


def _model_type(name: str) -> str:
    """Return the longest model_type that a preset's name begins with."""
    models = table("model_types")
    known: list[str] = [
        one for one in models["types"].keys() | models["inside"].keys() if _fits(name, one)
    ]
    return max(known, key=len)


def _fits(name: str, model_type: str) -> bool:
    return name == model_type or name.startswith(model_type + "_")
