"""The fitted constants: ``catalogue/serving/efficiency.toml``, which ``serving.fit`` writes."""

from __future__ import annotations

import functools
import os
from importlib import resources
from typing import Any

from .calibration import Calibration
from .efficiency import PUBLISHED, Efficiency
from .refusal import FileError, describe, nearest, shown
from .toml_file import parse_toml, read_bounded

EMBEDDED = "efficiency.toml"
FORMAT = 1
_SCALES = ("gemm_scale", "core_scale", "fixed_scale")
_LARGEST = 1e12
_EXPECTED = f"a value from 0 to {_LARGEST:g}"


class EfficiencyError(FileError):
    """A file of constants that cannot be used."""


@functools.cache
def fitted() -> Calibration:
    """Return the constants fitted on half of the embedded points."""
    source = resources.files("tokenmill.catalogue").joinpath("serving", EMBEDDED)
    return parse_calibration(source.read_bytes(), EMBEDDED)


def load_calibration(path: str | os.PathLike[str]) -> Calibration:
    """Return the constants of a file of the form of the embedded one.

    Parameters
    ----------
    path : str or path-like
        TOML of at most 1 MiB; a constant that it does not name has its published value.

    Raises
    ------
    EfficiencyError
        It cannot be read, or holds something that is not understood; the message names the key.
    """
    file, content = read_bounded(path, EfficiencyError)
    return parse_calibration(content, file)


def parse_calibration(content: bytes, file: str = EMBEDDED) -> Calibration:
    """Return the constants of a file's content; `file` is its name in messages."""
    table = parse_toml(content, file, EfficiencyError)
    if table.pop("format", None) != FORMAT:
        raise EfficiencyError(file, "format", str(FORMAT), "another format")
    table.pop("about", None)
    known = ("constants", *_SCALES)
    for section in table:
        if section not in known:
            found = f"{shown(section)}{nearest(section, known)}"
            raise EfficiencyError(file, section, ", ".join(known), found)
    constants = _values(table.get("constants", {}), file, "constants")
    for name in constants:
        if name not in Efficiency._fields:
            found = f"{shown(name)}{nearest(name, Efficiency._fields)}"
            raise EfficiencyError(file, f"constants.{name}", "a constant", found)
    scales = {name: _values(table.get(name, {}), file, name) for name in _SCALES}
    return Calibration(PUBLISHED._replace(**constants), **scales)


def _values(section: Any, file: str, path: str) -> dict[str, float]:
    if not isinstance(section, dict):
        raise EfficiencyError(file, path, "a table", describe(section))
    found: dict[str, float] = {}
    for name, entry in section.items():
        value = entry.get("value") if isinstance(entry, dict) else entry
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise EfficiencyError(file, f"{path}.{name}", _EXPECTED, describe(entry))
        if not 0.0 <= value <= _LARGEST:
            raise EfficiencyError(file, f"{path}.{name}", _EXPECTED, describe(value))
        found[name] = float(value)
    return found
