"""Why a row was not charged, and what is missing."""

from __future__ import annotations

from .explain_facts import fitting, model_name
from .explain_row import ExplainedRow
from .nearest import listed_nearest
from .numbering import tiers_of
from .price_rows import COUNT_DYNAMIC, COUNT_ORPHAN, COUNT_UNPRICED, PriceRow
from .rates import ModelPrices
from .resolve import RateTable, prices_of
from .status import Status
from .table import STANDARD_TIERS


def reason_of(found: ExplainedRow) -> str:
    """Return what kept a row from being charged, ``""`` where it was."""
    if found.status <= Status.PRICED_ZERO:
        return ""
    if found.row is not None:
        return _of_counts(found, found.row)
    if found.model is None:
        return _of_name(found)
    return _of_model(found, found.model)


def _of_name(found: ExplainedRow) -> str:
    provider, name = found.asked
    if name is None:
        return "no model"
    if found.status is Status.AMBIGUOUS_MODEL:
        return f"{name!r} fits {', '.join(fitting(found.book, name))}: give the provider"
    of = f" of provider {provider!r}" if provider else ""
    names = [m.name for m in found.book.models if not provider or m.provider == provider]
    return f"no model {name!r}{of} in book {found.book.name!r}{listed_nearest(name, names)}"


def _of_model(found: ExplainedRow, model: ModelPrices) -> str:
    if found.status is Status.BAD_VALUE:
        if found.unreadable:
            return f"cannot be read: {', '.join(found.unreadable)}"
        known = STANDARD_TIERS.union(*(tiers_of(one) for one in found.book.models)) - {""}
        return (
            f"no service tier {found.service_tier!r} in book {found.book.name!r}"
            + listed_nearest(found.service_tier, known)
        )
    if found.status is Status.NEGATIVE_COUNT:
        below = [
            f"{name} {count:,}"
            for name, count in zip(found.columns.names, found.counts, strict=True)
            if count < 0
        ]
        return f"below 0: {', '.join(below)}"
    if found.status is Status.BEFORE_FIRST_DATE:
        return f"the first price is from {model.periods[0].start}"
    if found.status is Status.NO_PRICE:
        return f"{model_name(model)} has no prices"
    unread = f"; cannot be read: {', '.join(found.unreadable)}" if found.unreadable else ""
    return f"no time, and the prices depend on it{unread}"


def _of_counts(found: ExplainedRow, row: PriceRow) -> str:
    names = found.columns.names

    def flagged(flag: int) -> list[int]:
        return [c for c, flags in enumerate(row.flags) if flags & flag and found.counts[c] > 0]

    if found.status is Status.MISSING_FIELD:
        parts = ", ".join(names[c] for c in flagged(COUNT_ORPHAN))
        return f"counted: {parts}; not counted: {_missing_totals(found, row)}"
    if found.status is Status.DYNAMIC_PRICE:
        priced = [names[c] for c in flagged(COUNT_DYNAMIC)] + ["requests"] * row.dynamic
        return f"the provider sets the price per request: {', '.join(priced)}"
    if found.status is Status.SUBSET_EXCEEDS_TOTAL:
        below = [f"{name} {leaf:,}" for name, leaf in zip(names, found.leaves, strict=True)
                 if leaf < 0]  # fmt: skip
        return f"less their parts there are left: {', '.join(below)}"
    if found.status is Status.NO_PRICE:
        listed = ", ".join(
            f"{names[c]} {found.leaves[c]:,}"
            for c in flagged(COUNT_UNPRICED)
            if found.leaves[c] > 0
        )
        return f"neither it nor what contains it has a price: {listed}"
    return "the cost has more than 127 bits"


def _missing_totals(found: ExplainedRow, row: PriceRow) -> str:
    prices = prices_of(found.book, row.case, RateTable(row.case.period.rates))
    counted = [found.columns.units[c] for c, n in enumerate(found.counts) if n > 0]
    names = found.columns.names
    totals = [name for name in prices if name not in names
              and any(found.book.units[name].contains(unit) for unit in counted)]  # fmt: skip
    return ", ".join(sorted(totals))
