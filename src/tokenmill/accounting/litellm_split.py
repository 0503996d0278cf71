"""How LiteLLM's generic path splits usage: the counts that it knows, and where the others belong.

Source: LiteLLM 1.106.2; the arithmetic is in `tokenmill.reference.charge`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .resolve import owner
from .rules import UsageConvention
from .units import INPUT, OUTPUT, Unit

if TYPE_CHECKING:
    from .columns import Columns

_MODALITIES = ("audio", "image", "video")
_SINGLE = ("input", "input_text", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h")
_SEVERAL = {
    "parts": tuple(f"input_{kind}" for kind in _MODALITIES),
    "cached": tuple(f"cache_{kind}_read" for kind in (*_MODALITIES, "text")),
    "made": ("output_audio", "reasoning", "output_image", "output_video"),
}
_KNOWN = frozenset((*_SINGLE, "output", "output_text", *sum(_SEVERAL.values(), ())))

SUBTRACTED = _KNOWN - {INPUT, OUTPUT, "input_text", "output_text", *_SEVERAL["cached"]}
"""What is subtracted from input or output whatever else is counted."""


def overlap_columns(columns: Columns) -> dict[str, int | list[int]]:
    """Return the columns that LiteLLM's cut looks at, by the names of `tm_overlap`."""
    found: dict[str, int | list[int]] = {
        name: columns.index(name) for name in (*_SINGLE, "output", "output_text")
    }
    for field, names in _SEVERAL.items():
        found[field] = [columns.index(name) for name in names]
    return found


def homes(columns: Columns) -> NDArray[np.int8]:
    """Return, by column that LiteLLM does not know, the one it counts that in; -1 for none."""
    known = [unit for unit in columns.units if unit.name in _KNOWN]

    def home(unit: Unit) -> int:
        found = None if unit in known or _is_citation(unit) else owner(unit, known)
        return -1 if found is None else columns.units.index(found)

    return np.array([home(unit) for unit in columns.units], np.int8)


def holding(unit: Unit, priced: Iterable[Unit], convention: UsageConvention) -> list[Unit]:
    """Return the priced units that may be what `unit` is a part of.

    LiteLLM bills citations beside the output, where they have a price.
    """
    beside = convention.overlap == "litellm" and _is_citation(unit)
    return [other for other in priced if not beside or _is_citation(other)]


def _is_citation(unit: Unit) -> bool:
    return ("type", "citation") in unit.properties
