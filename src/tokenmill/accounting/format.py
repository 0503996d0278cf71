"""The format of price books, TOML and JSON of one shape: a table read, and written back.

Unknown keys are refused, and every level is known, so nesting is bounded. `docs/price_book.md`
describes it for people and `catalogue/schemas/price_book.schema.json` for programs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .exact import exact, number_text
from .fields import integer, items, join, required, table, text, texts
from .price_forms import prices_table, read_prices
from .rates import ModelPrices, Period, Rate
from .refusal import refusal
from .rules import PRICE_RULES, PriceRules
from .units import Unit, UnitSet, own_unit
from .window_forms import read_window, window_table

if TYPE_CHECKING:
    from .book import PriceBook

FORMAT = 1
MOST_MODELS = 100_000
MOST_RATES = 1_000_000
"""The rates that all periods of a book may have together."""

LIST_KEYS = (
    "format", "name", "version", "currency", "rules", "rounding", "fee", "discounts", "units",
    "models",
)  # fmt: skip
BOOK_KEYS = (*LIST_KEYS, "public")
UNIT_KEYS = ("name", "direction", "per", "properties")
MODEL_KEYS = (
    "provider", "name", "aliases", "patterns", "windows", "regions", "service_tiers", "fallbacks",
    "prices", "window_prices", "periods",
)  # fmt: skip
PERIOD_KEYS = ("start", "name", "prices", "window_prices")
FALLBACK_KEYS = ("unit", "source", "factor")
RULE_KEYS = tuple(field.name for field in fields(PriceRules))
_AXES = {"regions": "region", "service_tiers": "service_tier"}


def read_table(source: object, path: str = "") -> dict[str, Any]:
    """Return the values of a `PriceBook` but for its list book, whose own `path` is given.

    Raises
    ------
    ValueError
        Something is unknown or wrong; the message has its path.
    """
    found = table(source, path, LIST_KEYS if path else BOOK_KEYS)
    version = found.get("format", FORMAT)
    if integer(version, join(path, "format")) != FORMAT:
        raise refusal(join(path, "format"), str(FORMAT), version)
    values: dict[str, Any] = {"name": text(found.get("name", ""), join(path, "name"))}
    for key in ("version", "currency", "rounding"):
        if key in found:
            values[key] = text(found[key], join(path, key))
    if "fee" in found:
        values["fee"] = exact(found["fee"], join(path, "fee"))
    if "rules" in found:
        values["rules"] = _read_rules(found["rules"], join(path, "rules"))
    factors = table(found.get("discounts", {}), join(path, "discounts"))
    values["discounts"] = tuple(
        (key, exact(factor, join(path, f"discounts.{key}"))) for key, factor in factors.items()
    )
    own = items(found.get("units", []), join(path, "units"))
    values["own_units"] = tuple(_read_unit(unit, at) for at, unit in own)
    values["models"] = _read_models(found, path, UnitSet(values["own_units"]))
    return values


def _read_models(found: Mapping[str, Any], path: str, units: UnitSet) -> tuple[ModelPrices, ...]:
    """Return the models, counting as it goes."""
    place = join(path, "models")
    sources = items(found.get("models", []), place)
    if len(sources) > MOST_MODELS:
        raise refusal(place, f"at most {MOST_MODELS} models", len(sources))
    models, rates = [], 0
    for at, source in sources:
        models.append(_read_model(source, at, units))
        rates += sum(len(period.rates) for period in models[-1].periods)
        if rates > MOST_RATES:
            raise refusal(at, f"at most {MOST_RATES} rates in a book", "more")
    return tuple(models)


def _read_model(source: object, path: str, units: UnitSet) -> ModelPrices:
    found = table(source, path, MODEL_KEYS)
    name = text(required(found, "name", path), join(path, "name"))
    provider = text(found.get("provider", ""), join(path, "provider"))
    path = f"{path} ({provider}/{name})"
    if "periods" in found:
        for key in ("prices", "window_prices"):
            if key in found:
                raise refusal(join(path, key), "no such key beside periods", key)
        sources = items(found["periods"], join(path, "periods"))
        periods = tuple(_read_period(table(p, at, PERIOD_KEYS), at, units) for at, p in sources)
    else:
        periods = (_read_period(found, path, units, flat=True),)
    windows = table(found.get("windows", {}), join(path, "windows"))
    return ModelPrices(
        provider,
        name,
        periods,
        texts(found.get("aliases", []), join(path, "aliases")),
        texts(found.get("patterns", []), join(path, "patterns")),
        {key: read_window(w, join(path, f"windows.{key}")) for key, w in windows.items()},
        tuple(
            (axis, value, exact(factor, join(path, f"{key}.{value}")))
            for key, axis in _AXES.items()
            for value, factor in table(found.get(key, {}), join(path, key)).items()
        ),
        _read_fallbacks(found.get("fallbacks", []), join(path, "fallbacks")),
    )


def _read_period(
    found: Mapping[str, Any], path: str, units: UnitSet, *, flat: bool = False
) -> Period:
    """Return a period; `flat` reads the prices of a model that has only one."""
    rates = list(read_prices(found.get("prices", {}), join(path, "prices"), units))
    place = join(path, "window_prices")
    for window, prices in table(found.get("window_prices", {}), place).items():
        if not window:
            raise refusal(place, "the name of a window", window)
        rates += read_prices(prices, join(place, window), units, window)
    if flat:
        return Period(None, tuple(rates))
    start = _read_start(found.get("start"), join(path, "start"))
    return Period(start, tuple(rates), text(found.get("name", ""), join(path, "name")))


def _read_start(value: object, path: str) -> date | datetime | None:
    """Return a date or an instant, given as one or as ISO 8601 text."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str):
        kind = date if len(value) <= len("2026-01-01") else datetime
        try:
            return kind.fromisoformat(value)
        except ValueError:
            raise refusal(path, "a date or an instant of ISO 8601", value) from None
    raise refusal(path, "a date or an instant of ISO 8601", value)


def _read_fallbacks(value: object, path: str) -> tuple[tuple[str, str, Fraction], ...]:
    found = []
    for at, item in items(value, path):
        source = table(item, at, FALLBACK_KEYS)
        unit, other = (text(required(source, k, at), join(at, k)) for k in ("unit", "source"))
        found.append((unit, other, exact(source.get("factor", 1), join(at, "factor"))))
    return tuple(found)


def _read_unit(value: object, path: str) -> Unit:
    source = table(value, path, UNIT_KEYS)
    unit = own_unit(
        text(required(source, "name", path), join(path, "name")),
        text(source.get("direction", "input"), join(path, "direction")),
        integer(source.get("per", 10**6), join(path, "per")),
    )
    if "properties" not in source:
        return unit
    place = join(path, "properties")
    properties = table(source["properties"], place).items()
    pairs = frozenset((axis, text(value, join(place, axis))) for axis, value in properties)
    return Unit(unit.name, unit.direction, pairs, unit.per)


def _read_rules(value: object, path: str) -> PriceRules:
    """Return rules by the name of a preset, or by their fields on top of the native ones."""
    if isinstance(value, str):
        if value not in PRICE_RULES:
            raise refusal(path, "the name of rules", value, PRICE_RULES)
        return PRICE_RULES[value]
    source = dict(table(value, path, RULE_KEYS))
    fallbacks = _read_fallbacks(source.pop("fallbacks", []), join(path, "fallbacks"))
    words = {key: text(word, join(path, key)) for key, word in source.items()}
    try:
        return PriceRules(**words, fallbacks=fallbacks)
    except ValueError as error:
        raise ValueError(f"{path}.{error}") from None


def book_table(book: PriceBook) -> dict[str, Any]:
    """Return the table that `read_table` reads as this book, its list book left out.

    What has its default is left out, and a price is written for the count of its unit, so the
    table is the same for equal books.
    """
    found: dict[str, Any] = {"format": FORMAT, "name": book.name, "currency": book.currency}
    named = PRICE_RULES.get(book.rules.name) == book.rules
    given = {
        "version": book.version,
        "rules": book.rules.name if named else _rules_table(book.rules),
        "rounding": book.rounding,
        "fee": number_text(book.fee) if book.fee else "",
        "discounts": {provider: number_text(factor) for provider, factor in book.discounts},
        "units": [_unit_table(unit) for unit in book.own_units],
    }
    found |= {key: value for key, value in given.items() if value}
    found["models"] = [_model_table(model, book.units) for model in book.models]
    return found


def _rules_table(rules: PriceRules) -> dict[str, Any]:
    native = PriceRules()
    found = {
        key: getattr(rules, key)
        for key in RULE_KEYS
        if key != "fallbacks" and getattr(rules, key) != getattr(native, key)
    }
    if rules.fallbacks:
        found["fallbacks"] = _fallback_tables(rules.fallbacks)
    return found


def _fallback_tables(fallbacks: tuple[tuple[str, str, Fraction], ...]) -> list[dict[str, str]]:
    return [
        {"unit": unit, "source": source, "factor": number_text(factor)}
        for unit, source, factor in fallbacks
    ]


def _unit_table(unit: Unit) -> dict[str, Any]:
    found: dict[str, Any] = {"name": unit.name, "direction": unit.direction, "per": unit.per}
    if unit != own_unit(unit.name, unit.direction, unit.per):
        found["properties"] = dict(sorted(unit.properties))
    return found


def _model_table(model: ModelPrices, units: UnitSet) -> dict[str, Any]:
    found: dict[str, Any] = {"provider": model.provider, "name": model.name}
    given: dict[str, Any] = {"aliases": list(model.aliases), "patterns": list(model.patterns)}
    given["windows"] = {key: window_table(w) for key, w in sorted(model.windows.items())}
    for key, axis in _AXES.items():
        given[key] = {v: number_text(f) for a, v, f in model.multipliers if a == axis}
    given["fallbacks"] = _fallback_tables(model.fallbacks)
    found |= {key: value for key, value in given.items() if value}
    periods = [_period_table(period, units) for period in model.periods]
    if len(periods) == 1 and not periods[0].keys() & {"start", "name"}:
        return found | periods[0]
    return found | {"periods": periods}


def _period_table(period: Period, units: UnitSet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if period.start is not None:
        start = period.start
        start = start.astimezone(UTC) if isinstance(start, datetime) else start
        found["start"] = start.isoformat()
    if period.name:
        found["name"] = period.name
    by_window: dict[str, list[Rate]] = {"": []}
    for rate in period.rates:
        by_window.setdefault(rate.window, []).append(rate)
    tables = {window: prices_table(rates, units) for window, rates in by_window.items()}
    found["prices"] = tables.pop("")
    return found | ({"window_prices": tables} if tables else {})


def digest(source: Mapping[str, Any]) -> str:
    """Return the BLAKE2b of a table, 32 hexadecimal digits; the order of keys does not count."""
    content = json.dumps(source, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(content.encode("ascii"), digest_size=16).hexdigest()
