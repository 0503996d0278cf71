"""Price books from genai-prices' list (``data.json``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from .book import PriceBook
from .genai_match import read_match
from .genai_rates import read_prices
from .imported import Import, Notes, read_json, shorten
from .rates import ModelPrices
from .rules import PRICE_RULES

_MOST_MODELS = 100_000
# What says nothing about a price or a name, or only how usage is found in a response.
_PROVIDER_NOTES = (
    "name",
    "pricing_urls",
    "api_pattern",
    "price_comments",
    "extractors",
)
_MODEL_NOTES = ("name", "description", "context_window", "price_comments", "deprecated")


def from_genai_prices(
    source: str | Path | Sequence[object],
    *,
    repair: str = "15",
    name: str = "genai-prices",
    version: str = "",
) -> PriceBook:
    """Read genai-prices' list; see `read_genai_prices`, which also says what was left out."""
    return read_genai_prices(source, repair=repair, name=name, version=version).book


def read_genai_prices(
    source: str | Path | Sequence[object],
    *,
    repair: str = "15",
    name: str = "genai-prices",
    version: str = "",
) -> Import:
    """Read genai-prices' list, with a report.

    A provider's `id` and a model's `id` are its key. Match rules become aliases and wildcards,
    conditional prices become periods and daily windows. Units are called as genai-prices calls the
    counts, without ``_tokens`` and with `reasoning` and `citation` for output_reasoning and
    output_citation; seconds become milliseconds and document pages pages.

    Parameters
    ----------
    source : path or list
        The file, or its providers.
    repair : str
        ``"15"``: prices are rounded to 15 significant digits, which takes away what binary floats
        left in the file; ``"none"``: exactly the file's text.
    name, version : str
        Of the book.

    Raises
    ------
    ValueError
        The file is no JSON or too large, or a price or condition in it is malformed.

    Notes
    -----
    Where two models of a provider match one name, genai-prices takes the first; a book takes an
    alias before a wildcard and the longest wildcard. Complexity O(prices).
    """
    notes = Notes(repair)
    providers = read_json(source)
    if not isinstance(providers, (list, tuple)):
        raise ValueError(f"source: expected a list of providers, found {shorten(providers)}")
    models: list[ModelPrices] = []
    for provider in providers:
        models += _provider(notes, provider)
        if len(models) > _MOST_MODELS:
            raise ValueError(f"source: expected at most {_MOST_MODELS} models, found more")
    return notes.report(name, models, version=version, rules=PRICE_RULES["genai_prices"])


def _provider(notes: Notes, provider: object) -> list[ModelPrices]:
    """Return the models of one provider, each name with the first model that claims it."""
    if not isinstance(provider, Mapping) or not isinstance(provider.get("id"), str):
        raise ValueError(f"source: expected providers with an id, found {shorten(provider)}")
    models = provider.get("models", ())
    if not isinstance(models, (list, tuple)):
        raise ValueError(f"{provider['id']}: expected a list of models, found {shorten(models)}")
    for key in provider:
        if key not in ("id", "models", *_PROVIDER_NOTES):
            notes.ignore(provider["id"], str(key), "not read")
    for model in models:
        if not isinstance(model, Mapping) or not isinstance(model.get("id"), str):
            raise ValueError(
                f"{provider['id']}: expected models with an id, found {shorten(model)}"
            )
    taken = [str(model["id"]) for model in models]
    if len(set(taken)) < len(taken):
        raise ValueError(f"{provider['id']}: expected each model once, found one twice")
    claimed = set(taken)
    return [_model(notes, provider["id"], model, claimed) for model in models]


def _model(
    notes: Notes, provider: str, model: Mapping[str, object], claimed: set[str]
) -> ModelPrices:
    """Return one model; a name that is claimed is noted and left where it is."""
    key = str(model["id"])
    full = f"{provider}/{key}"
    names: list[str] = []
    for text in read_match(notes, full, model.get("match")):
        if text == key:
            continue
        if text in claimed:
            notes.ignore(full, "match", f"another model has the name {text}")
            continue
        claimed.add(text)
        names.append(text)
    for unread in model:
        if unread not in ("id", "match", "prices", *_MODEL_NOTES):
            notes.ignore(full, str(unread), "not read")
    periods, windows = read_prices(notes, full, model.get("prices"))
    return ModelPrices(
        provider,
        key,
        periods,
        tuple(text for text in names if "*" not in text),
        tuple(text for text in names if "*" in text),
        MappingProxyType(windows),
    )
