"""What is likely wrong in a price book."""

from __future__ import annotations

from collections.abc import Iterator

from . import lint_names, lint_prices
from .book import PriceBook
from .findings import SEVERITIES, Finding, cells_of


def lint(book: PriceBook) -> tuple[Finding, ...]:
    """Look for errors in a price book.

    Rules, by severity. Errors: ``unit_error`` (a price per 1,000 tokens as one per token),
    ``missing_total`` (a part has a price, its whole has none), ``shut_window``,
    ``window_overlap``, and ``shadowed_pattern`` where two wildcards are equally long. Warnings:
    ``odd_ratio`` (cached reads, writes, writes of an hour and output beside input, batch beside
    standard), ``free_cache_write``, ``moving_window`` (its zone has summer time), ``twin_names``.
    Notes: ``missing_join``, ``idle_period``, ``inexact_price``, ``shadowed_pattern``.

    Returns
    -------
    tuple of Finding
        Errors first, then by rule, provider and model.

    Notes
    -----
    Complexity O(rates + wildcards of a provider squared).
    """
    return tuple(
        sorted(_findings(book), key=lambda one: (SEVERITIES.index(one.severity), *_place(one)))
    )


def _place(one: Finding) -> tuple[str, ...]:
    return one.rule, one.provider, one.model, one.unit, one.where, one.found


def _findings(book: PriceBook) -> Iterator[Finding]:
    cells = {place: cells_of(book, model) for place, model in enumerate(book.models)}
    yield from lint_prices.unit_errors(cell for own in cells.values() for cell in own)
    for place, model in enumerate(book.models):
        own = cells[place]
        yield from lint_prices.odd_ratios(own)
        yield from lint_prices.free_writes(own)
        yield from lint_prices.inexact_prices(own)
        yield from lint_prices.missing_joins(own, book.units)
        yield from lint_prices.missing_totals(own, book.units)
        yield from lint_names.windows(model)
        yield from lint_names.idle_periods(model)
    yield from lint_names.shadowed_patterns(book)
    yield from lint_names.twin_names(book)
