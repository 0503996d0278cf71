"""Price books from LiteLLM's list (``model_prices_and_context_window.json``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from .book import PriceBook
from .imported import Fields, Import, Notes, read_json, shorten
from .litellm_batch import batch_cells
from .litellm_rates import TIERS, Entry, breakpoints, cells, read_rows
from .litellm_units import SEARCH_SIZES, other_rates, region_factors
from .litellm_windows import WINDOW, read_window
from .rate_cells import rates_of
from .rates import ModelPrices, Period, Rate, Window
from .rules import PRICE_RULES

_SAMPLE = "sample_spec"
_MOST_MODELS = 100_000
_MOST_KEYS = 1_000
# Of the other keys of an entry (context lengths, capabilities, sources) none says what it costs.
_MONEY = re.compile(r"cost|pric|multiplier|free_requests|billing_unit|provider_specific_entry")


def from_litellm(
    source: str | Path | Mapping[str, object],
    *,
    repair: str = "15",
    name: str = "litellm",
    version: str = "",
    search_size: str = "medium",
) -> PriceBook:
    """Read LiteLLM's price list; see `read_litellm`, which also says what was left out."""
    report = read_litellm(
        source, repair=repair, name=name, version=version, search_size=search_size
    )
    return report.book


def read_litellm(
    source: str | Path | Mapping[str, object],
    *,
    repair: str = "15",
    name: str = "litellm",
    version: str = "",
    search_size: str = "medium",
) -> Import:
    """Read LiteLLM's price list, with a report.

    Every entry becomes a model of its `litellm_provider` under its key, and under the part of it
    after the provider's name. Its rates are LiteLLM's own for every service tier, context tier and
    off-peak window: an absent price of input or output is 0, one of cached or written tokens is
    that of input, and ``fast`` is the priority tier unless the entry has a factor for it.
    Thresholds are passed, or reached where the provider is xAI or the entry says
    ``threshold_inclusive``. A negative price is dynamic. The batch tier is ``batch``; ``regional``
    is the region of every Vertex AI location but ``global``.

    Parameters
    ----------
    source : path or mapping
        The file, or its entries by model.
    repair : str
        ``"15"``: prices are rounded to 15 significant digits, which takes away what binary floats
        left in the file; ``"none"``: exactly the file's text.
    name, version : str
        Of the book.
    search_size : str
        Which price of `search_context_cost_per_query` a web search has: ``"low"``, ``"medium"`` or
        ``"high"``.

    Raises
    ------
    ValueError
        The file is no JSON or too large, or its top is not objects by model. What is malformed
        inside an entry is left out and listed in `Import.ignored`.

    Notes
    -----
    Rates by litellm 1.106.2. Complexity O(entries x tiers x thresholds). An entry that prices both
    characters and text tokens bills what the ledger counts of either; LiteLLM then leaves the
    tokens out.
    """
    if search_size not in SEARCH_SIZES:
        raise ValueError(
            f"search_size: expected one of {', '.join(SEARCH_SIZES)}, found {search_size!r}"
        )
    notes = Notes(repair)
    entries = read_json(source)
    if not isinstance(entries, Mapping):
        raise ValueError(f"source: expected entries by model, found {shorten(entries)}")
    if len(entries) > _MOST_MODELS:
        raise ValueError(f"source: expected at most {_MOST_MODELS} models, found {len(entries)}")
    models = []
    for key, keys in entries.items():
        if key == _SAMPLE:
            continue
        models.append(_model(Fields(notes, *_entry(key, keys)), search_size))
    named = _with_aliases(models, notes)
    return notes.report(name, named, version=version, rules=PRICE_RULES["litellm"])


def _entry(key: object, keys: object) -> tuple[str, Mapping[str, object]]:
    """Return one item of the file, refused where it is no object under a name."""
    if not isinstance(key, str) or not isinstance(keys, Mapping):
        raise ValueError(f"source: expected an object for {shorten(key)}, found {shorten(keys)}")
    if len(keys) > _MOST_KEYS or not all(isinstance(inner, str) for inner in keys):
        raise ValueError(
            f"{shorten(key)}: expected at most {_MOST_KEYS} keys of text, found {shorten(keys)}"
        )
    return key, keys


def _model(fields: Fields, search_size: str) -> ModelPrices:
    """Return the prices of one entry."""
    provider = fields.raw("litellm_provider")
    if provider is None or not isinstance(provider, str):
        provider = ""
    mode = fields.raw("mode")
    block, window = _off_peak(fields)
    inclusive = provider == "xai" or fields.raw("threshold_inclusive") is True
    entry = Entry(fields, provider, inclusive, read_rows(fields), block)
    multipliers = tuple(region_factors(fields))
    has_factor = ("service_tier", "fast") in {(axis, value) for axis, value, _ in multipliers}
    rates = _rates(entry, window is not None, has_factor)
    rates += other_rates(fields, mode if isinstance(mode, str) else "", search_size)
    for part in (fields, *(row.prices for row in entry.rows), *([block] if block else [])):
        for key in part.unread():
            if _MONEY.search(str(key)):
                part.ignore(key, "not read")
    return ModelPrices(
        provider,
        fields.model,
        (Period(None, rates, fields.model),),
        windows=MappingProxyType({} if window is None else {WINDOW: window}),
        multipliers=multipliers,
    )


def _off_peak(fields: Fields) -> tuple[Fields | None, Window | None]:
    """Return the off-peak prices and when they hold, or neither."""
    keys = fields.raw("off_peak_pricing")
    if keys is None:
        return None, None
    if not isinstance(keys, Mapping):
        fields.ignore("off_peak_pricing", "no object")
        return None, None
    block = Fields(fields.notes, fields.model, keys, "off_peak_pricing.")
    window = read_window(block)
    if window is None:
        fields.ignore("off_peak_pricing", "it is never open")
        return None, None
    return block, window


def _rates(entry: Entry, has_window: bool, has_factor: bool) -> tuple[Rate, ...]:
    """Return the token rates of every service tier, context tier and window."""
    points = breakpoints(entry)
    keys = " ".join(entry.fields.keys)
    tiers = [
        tier
        for tier, suffix in TIERS.items()
        if suffix in keys and not (tier == "fast" and has_factor)
    ]
    table = {}
    for window in ("", WINDOW) if has_window else ("",):
        for tier in tiers:
            table.update(cells(entry, tier, window, points))
        table.update(batch_cells(entry, window, points))
    return rates_of(table)


def _with_aliases(models: Iterable[ModelPrices], notes: Notes) -> tuple[ModelPrices, ...]:
    """Give each model the part of its key after the provider's name, where nobody else has it."""
    models = tuple(models)
    taken = Counter((model.provider, model.name) for model in models)
    short = {
        id(model): model.name.removeprefix(model.provider + "/")
        for model in models
        if model.name.startswith(model.provider + "/")
    }
    taken.update((model.provider, short[id(model)]) for model in models if id(model) in short)
    found = []
    for model in models:
        alias = short.get(id(model), "")
        if alias and taken[(model.provider, alias)] > 1:
            notes.ignore(model.name, "name", f"another model of its provider is called {alias}")
            alias = ""
        found.append(
            ModelPrices(
                model.provider,
                model.name,
                model.periods,
                (alias,) if alias else (),
                windows=model.windows,
                multipliers=model.multipliers,
            )
        )
    return tuple(found)
