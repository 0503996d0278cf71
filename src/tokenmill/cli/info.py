"""``tokenmill info``: this installation, or a part of the catalogue."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .. import config, show_config
from ..serving.catalogue import KINDS, Catalogue, default_catalogue, load_overrides
from ..serving.refusal import CatalogueError
from ..serving.shape import ModelShape
from ..serving.values import Entry, Evidence, Range
from .failure import CommandError
from .info_text import accelerator_lines, counts, model_lines, price_lines

_SECTIONS = {"accelerators": "accelerators", "models": "models", "prices": "api_prices"}


def run_info(arguments: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    CommandError
        The file of overrides is refused.
    """
    catalogue = _catalogue(arguments.catalogue)
    if arguments.json:
        content = _content(catalogue, arguments.topic)
        print(json.dumps(content, indent=2, allow_nan=False))
    elif arguments.topic is None:
        show_config()
        print(f"{'data':<16}{counts(catalogue)}")
    else:
        print("\n".join(_lines(catalogue, arguments.topic)))


def _catalogue(path: str | None) -> Catalogue:
    if path is None:
        return default_catalogue()
    try:
        return load_overrides(path)
    except CatalogueError as error:
        raise CommandError(str(error)) from None


def _lines(catalogue: Catalogue, topic: str) -> list[str]:
    if topic == "accelerators":
        return accelerator_lines(catalogue.accelerators)
    if topic == "models":
        return model_lines(catalogue.models)
    return price_lines(catalogue.api_prices)


def _content(catalogue: Catalogue, topic: str | None) -> dict[str, Any]:
    if topic is None:
        sizes = {section: len(getattr(catalogue, section)) for section in KINDS}
        return {**config(), "data": sizes}
    entries: Mapping[str, Entry] = getattr(catalogue, _SECTIONS[topic])
    return {name: _entry(entry) for name, entry in entries.items()}


def _entry(entry: Entry) -> dict[str, Any]:
    """Return every field of an entry; prices keep their digits as text."""
    fields = {
        one.name: _plain(getattr(entry, one.name))
        for one in dataclasses.fields(entry)
        if one.name not in ("name", "exceptions")
    }
    fields["exceptions"] = {name: _plain(evidence) for name, evidence in entry.exceptions}
    if isinstance(entry, ModelShape):
        fields["total_parameters"] = entry.total_parameters
        fields["active_parameters"] = entry.active_parameters
        fields["kv_bytes_per_token_bf16"] = entry.kv_bytes_per_token("bf16")
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Range):
        return value._asdict()
    if isinstance(value, Evidence):
        return dataclasses.asdict(value)
    return value
