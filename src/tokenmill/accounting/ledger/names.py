"""Models and service tiers of a ledger, as codes that last through a stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._native.column import Column
from ..._native.texts import Texts
from .codes import Coder, Int32, text_codes

# Spellings in the answers of OpenAI, Anthropic and Gemini (its trafficType), without case.
_TIERS = {
    "default": "",
    "standard": "",
    "on_demand": "",
    "auto": "",
    "on_demand_priority": "priority",
}
_KNOWN = ("priority", "flex", "batch", "fast", "balanced", "ultrafast", "scale")


def service_tier(spelled: Any) -> Any:
    """Return a service tier as price books spell it, ``""`` for the standard one."""
    if spelled is None:
        return None
    lower = str(spelled).lower()
    return _TIERS.get(lower, lower if lower in _KNOWN else spelled)


class Models:
    """Pairs of provider and model so far.

    Attributes
    ----------
    values : list of (str or None, str or None)
    """

    def __init__(self) -> None:
        self._pairs = Coder()
        self.values: list[tuple[str | None, str | None]] = self._pairs.values

    def codes(self, provider: Column | None, model: Column) -> Int32:
        """Return the code of each row's pair, -1 where the model is null; O(n)."""
        codes, names = text_codes("model", model)
        if provider is None:
            return self._pairs.recoded(codes, [name and (None, name) for name in names])
        theirs, providers = text_codes("provider", provider)
        width = len(providers) + 1
        both = (codes.astype(np.int64) + 1) * width + (theirs.astype(np.int64) + 1)
        pair_codes, first_rows = Texts.of_items(both).codes()
        pairs: list[tuple[str | None, str] | None] = []
        for pair in both[first_rows].tolist():
            name_code, provider_code = divmod(pair, width)
            name = names[name_code - 1] if name_code else None
            pairs.append(name and ((providers[provider_code - 1] if provider_code else None), name))
        return self._pairs.recoded(pair_codes, pairs)


class ServiceTiers:
    """Service tiers so far, as price books spell them.

    Attributes
    ----------
    values : list of str
    """

    def __init__(self) -> None:
        self._tiers = Coder(service_tier)
        self.values: list[str] = self._tiers.values

    def codes(self, served: Column | None, requested: Column | None) -> Int32 | None:
        """Return the tier that served, else the one asked for, -1 where null; None of neither."""
        found = [
            self._tiers.recoded(*text_codes(name, column))
            for name, column in (("service_tier", served), ("requested_service_tier", requested))
            if column is not None
        ]
        if len(found) < 2:
            return found[0] if found else None
        return np.where(found[0] < 0, found[1], found[0])
