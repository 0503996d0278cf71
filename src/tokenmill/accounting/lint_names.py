"""Rules on periods, windows and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import combinations

from .book import PriceBook
from .clocks import microseconds
from .findings import Finding
from .lookup import matches
from .rates import ModelPrices, Rate, Window
from .weeks import clock_changes, week_of, zones_of

_THIS_YEAR = microseconds(datetime(2026, 1, 1, tzinfo=UTC))
_SAME = re.compile(r"[^a-z0-9]+")


def windows(model: ModelPrices) -> Iterator[Finding]:
    """Yield windows that never open, share minutes, or move with the clocks of their zone."""

    def finding(severity: str, rule: str, name: str, what: str, expected: str) -> Finding:
        return Finding(severity, rule, model.provider, model.name, "", name, what, expected, name)

    for name, window in model.windows.items():
        if not any(_week(window)):
            yield finding("error", "shut_window", name, "the window never opens", "some minutes")
        zone = next((zone for zone in zones_of(window) if len(clock_changes(zone)) > 1), "")
        if zone:
            what = f"{zone} changes its clocks, and the window moves with them"
            yield finding("warning", "moving_window", name, what, "a zone without summer time")
    for (name, one), (other, two) in combinations(model.windows.items(), 2):
        if any(a and b for a, b in zip(_week(one), _week(two), strict=True)):
            what = f"{name} and {other} are open at once, and the first of them counts"
            yield finding("error", "window_overlap", other, what, "windows that share no minute")


@cache
def _week(window: Window) -> bytes:
    return week_of({"": window}, _THIS_YEAR)


def idle_periods(model: ModelPrices) -> Iterator[Finding]:
    """Yield periods that change nothing."""
    last: frozenset[Rate] | None = None
    for period in model.periods:
        rates = frozenset(period.rates)
        if rates == last:
            yield Finding(
                "note",
                "idle_period",
                model.provider,
                model.name,
                "",
                f"from {period.start}",
                "the period has the prices of the one before",
                "another price",
                "the same",
            )
        last = rates


def shadowed_patterns(book: PriceBook) -> Iterator[Finding]:
    """Yield wildcards whose every name another model's longer or equal one takes.

    Complexity: O(wildcards of a provider squared).
    """
    by_provider: dict[str, list[tuple[str, ModelPrices]]] = {}
    for model in book.models:
        rows = by_provider.setdefault(model.provider, [])
        rows += [(pattern, model) for pattern in model.patterns]
    for rows in by_provider.values():
        for (wide, owner), (narrow, model) in combinations(sorted(rows, key=_length), 2):
            # A star stands for anything, so that a wildcard inside another matches as a name would.
            if owner is model or not matches(narrow, wide.split("*")):
                continue
            equal = len(narrow) == len(wide)
            yield Finding(
                "error" if equal else "note",
                "shadowed_pattern",
                owner.provider,
                owner.name,
                "",
                wide,
                f"{narrow} of {model.name} matches some of the same names"
                + (" and is as long" if equal else " and is longer, so it wins"),
                "wildcards of different names",
                narrow,
            )


def _length(row: tuple[str, ModelPrices]) -> tuple[int, str]:
    return len(row[0]), row[0]


def twin_names(book: PriceBook) -> Iterator[Finding]:
    """Yield names of a provider that differ in capitals and signs alone, with different prices."""
    seen: dict[tuple[str, str], tuple[str, ModelPrices]] = {}
    for model in book.models:
        for name in (model.name, *model.aliases):
            key = model.provider, _SAME.sub("", name.lower())
            other, twin = seen.setdefault(key, (name, model))
            if twin is not model and _rates(twin) != _rates(model):
                yield Finding(
                    "warning",
                    "twin_names",
                    model.provider,
                    model.name,
                    "",
                    name,
                    f"{other} of {twin.name} differs in signs alone, and costs something else",
                    "one price",
                    other,
                )


def _rates(model: ModelPrices) -> list[frozenset[Rate]]:
    return [frozenset(period.rates) for period in model.periods]
