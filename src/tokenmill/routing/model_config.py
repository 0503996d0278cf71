"""From a model's config.json to its RouterSpec, by the tables of `catalogue/routers`."""

from __future__ import annotations

import difflib
import functools
import json
import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from .spec import RouterSpec

Config = Mapping[str, Any]

# A config.json has kilobytes; what is larger is something else.
_MOST_BYTES = 1 << 20


class ModelRouter(NamedTuple):
    """What a config says about its router."""

    spec: RouterSpec
    rule: str
    output_scale: float  # multiplies the sum of the experts, behind the weights
    note: str


@functools.cache
def table(name: str) -> dict[str, Any]:
    """Return a table of `catalogue/routers`."""
    path = files("tokenmill.catalogue").joinpath("routers", f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def nearest(name: str, names: Any) -> str:
    """Return the names most like `name`, for a message."""
    close = difflib.get_close_matches(name, list(names), n=4, cutoff=0.4) or sorted(names)[:4]
    return ", ".join(repr(one) for one in close)


def read_config(source: Config | str | os.PathLike[str]) -> Config:
    """Return a config as a mapping; a path may also be that of the folder of a config.json.

    Raises
    ------
    TypeError
        Neither a mapping nor a path.
    ValueError
        The file is larger than 1 MiB, no JSON, or no object.
    OSError
        It cannot be read.
    """
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"config: expected a mapping or a path, found {type(source).__name__}")
    path = Path(source)
    path = path / "config.json" if path.is_dir() else path
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"config: expected at most {_MOST_BYTES} bytes in {path}, found more")
    try:
        config = json.loads(content)
    except ValueError as error:
        raise ValueError(f"config: expected JSON in {path}, found {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"config: expected an object in {path}, found {type(config).__name__}")
    return config


def router_of_config(source: Config | str | os.PathLike[str]) -> ModelRouter:
    """Return the router of a model; see :meth:`RouterSpec.from_hf_config`."""
    config = read_config(source)
    name, part = _router_part(_model_type(config), config)
    models = table("model_types")
    entry = dict(models["types"][name])
    note = entry.pop("note", "")
    variants = entry.pop("variants", None)
    if variants:
        entry |= _variant(variants, part)
    rule = entry.pop("rule")
    values = {field: _read(field, default, name, part) for field, default in entry.items()}
    output_scale = float(values.pop("output_scale", 1.0))
    spec = RouterSpec(**_fields(rule, values))
    if rule == "R1" and spec.norm is None:
        rule = "R2"
    return ModelRouter(spec, rule, output_scale, note)


def _model_type(config: Config) -> str:
    name = config.get("model_type")
    if not isinstance(name, str):
        raise ValueError(f"model_type: expected a string in the config, found {name!r}")
    return name


def _router_part(name: str, config: Config) -> tuple[str, Config]:
    """Follow the wrappers down to the part that names the experts."""
    models = table("model_types")
    while name in models["inside"]:
        key, name = models["inside"][name]
        config = config.get(key) or {}
        if not isinstance(config, Mapping):
            raise ValueError(f"{key}: expected an object, found {type(config).__name__}")
        name = config.get("model_type") or name
    if name not in models["types"]:
        known = models["types"].keys() | models["inside"].keys()
        raise ValueError(
            f"model_type: expected a known one, such as {nearest(name, known)}; found {name!r}"
        )
    return name, config


def _variant(key: str, config: Config) -> dict[str, Any]:
    choices = table("model_types")["variants"][key]
    chosen = config.get(key, choices["default"])
    if chosen == "default" or not isinstance(chosen, str) or chosen not in choices:
        expected = ", ".join(repr(name) for name in choices if name != "default")
        raise ValueError(f"{key}: expected one of {expected}, found {chosen!r}")
    return dict(choices[chosen])


def _read(field: str, default: Any, name: str, config: Config) -> Any:
    """Return the value of a field under any of its keys, or the class default."""
    keys = table("model_types")["keys"][field]
    found = {key: config[key] for key in keys if config.get(key) is not None}
    values = [_one_value(key, value) for key, value in found.items()]
    if any(value != values[0] for value in values):
        raise ValueError(f"{field}: expected keys that agree, found {found}")
    if not values and field == "norm_power" and any(key in config for key in keys):
        return None  # there an explicit null switches the norm off
    if not values and default == "required":
        raise ValueError(
            f"{keys[0]}: model_type {name!r} has no default; expected one of {', '.join(keys)}"
        )
    return values[0] if values else default


def _one_value(key: str, value: Any) -> Any:
    """Return the value of a key that may hold one per layer, where layers agree."""
    if not isinstance(value, list):
        return value
    if not value or any(one != value[0] for one in value):
        raise ValueError(f"{key}: expected one value for all layers, found {value}")
    return value[0]


def _fields(rule: str, values: dict[str, Any]) -> dict[str, Any]:
    """Join what the rule fixes with what the config says; switches turn parts of the rule off."""
    fields = dict(table("model_types")["rules"][rule])
    normalised = values.pop("norm", True) and values.get("norm_power", 1.0) is not None
    biased = values.pop("bias", True)
    fields |= values
    if not normalised:
        for field in ("norm", "norm_eps", "norm_power"):
            fields.pop(field, None)
    if not biased:
        fields.pop("bias", None)
    if fields.get("groups") == 1:
        fields["groups_kept"] = 1
    if fields.get("scale") == "1 / top_k":
        fields["scale"] = 1.0 / fields["top_k"]
    return fields
