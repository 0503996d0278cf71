"""What decided a row's price, in words: model, period, tiers, region, window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from .book import PriceBook
from .clocks import zone
from .exact import number_text
from .explain_row import ExplainedRow
from .lookup import matches
from .numbering import case_of
from .price_rows import PriceRow
from .rates import ModelPrices, Window
from .resolve import Case, RateTable, factor_of
from .rules import PriceRules
from .window_forms import window_table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def describe(book: PriceBook, number: int) -> str:
    """Return in words which cell of a price list a price row is.

    Parameters
    ----------
    book : PriceBook
    number : int
        Of `Charges.price_row`, or of the groups of ``by=["price_row"]``; -1 is no price row.

    Returns
    -------
    str
        Model, period, and where they matter service tier, region, window and context tier:
        ``acme/sage, from 2026-03-01, service tier batch, input above 200,000``.

    Raises
    ------
    TypeError, ValueError
        The book has no such price row.
    """
    if number == -1:
        return "no price row"
    case = case_of(book, number)
    words = [
        model_name(case.model),
        _period(case),
        f"service tier {case.service_tier}" if case.service_tier else "",
        f"region {case.region}" if case.region else "",
        f"window {case.window}" if case.window else "",
        f"{basis_name(book.rules)} above {case.crossed:,}" if case.crossed >= 0 else "",
    ]
    return ", ".join(filter(None, words))


def facts_of(found: ExplainedRow) -> Iterator[tuple[str, str]]:
    """Yield what decided the price, each with its name; less where no price row was found."""
    if found.model is None:
        yield "model", "/".join(filter(None, found.asked)) or "none"
    else:
        yield "model", _found_by(found.model, *found.asked)
    if found.time is not None:
        yield "time", _clock(found.time, "UTC")
    if found.row is None:
        if found.service_tier:
            yield "service tier", f"{found.service_tier} asked for"
        return
    case = found.row.case
    yield "price row", str(found.row.number)
    yield "period", _period(case)
    yield "service tier", _service_tier(found, case)
    if found.region:
        yield "region", found.region if case.region else f"{found.region}, which has no factor"
    factors = ", ".join(_factors(found.book, case))
    if factors:
        yield "factors", f"{factors}: together {number_text(factor_of(found.book, case))}"
    if case.model.windows:
        yield "window", _window(found, case)
    tier = _context_tier(found, found.row)
    if tier:
        yield "context tier", tier


def model_name(model: ModelPrices) -> str:
    """Return provider and name of a model."""
    return "/".join(filter(None, (model.provider, model.name)))


def basis_name(rules: PriceRules) -> str:
    """Return what context tiers look at, in words."""
    return {"uncached": "input that is not cached", "unit": "a unit's own count"}.get(
        rules.tier_basis, rules.tier_basis
    )


def fitting(book: PriceBook, name: str) -> list[str]:
    """Return the models that a name fits."""
    return [model_name(model) for model in book.models if _fit(model, name)]


def _fit(model: ModelPrices, name: str) -> str:
    """Return how a name fits a model, in the order of look-ups; ``""`` where it does not."""
    if name == model.name:
        return "by its name"
    if name in model.aliases:
        return f"by its alias {name}"
    fits = [pattern for pattern in model.patterns if matches(name, pattern.split("*"))]
    return f"{name} by the pattern {max(fits, key=len)}" if fits else ""


def _found_by(model: ModelPrices, provider: str | None, name: str | None) -> str:
    given = "" if provider or not model.provider else ", provider not given"
    return f"{model_name(model)}, {_fit(model, name or '')}{given}"


def _period(case: Case) -> str:
    start = "from the beginning" if case.period.start is None else f"from {case.period.start}"
    later = [p.start for p in case.model.periods[case.model.periods.index(case.period) + 1 :]]
    until = f" until {later[0]}" if later else ""
    return start + until + (f" ({case.period.name})" if case.period.name else "")


def _service_tier(found: ExplainedRow, case: Case) -> str:
    used = case.service_tier or "standard"
    asked = found.service_tier or "standard"
    return used if used == asked else f"{asked} asked for, priced as {used}"


def _factors(book: PriceBook, case: Case) -> Iterator[str]:
    for axis, value, by in case.model.multipliers:
        if value == (case.region if axis == "region" else case.service_tier):
            yield f"{axis.replace('_', ' ')} {value} x {number_text(by)}"
    for provider, by in book.discounts:
        if provider in ("", case.model.provider) and by != Fraction(1):
            yield f"{provider or 'all providers'} x {number_text(by)}"


def _window(found: ExplainedRow, case: Case) -> str:
    def at(window: Window) -> str:
        if found.time is None:
            return "no time"
        local = _clock(found.time, window.time_zone, "%A %H:%M:%S")
        days = window.weekday_time_zone
        if days in ("", window.time_zone):
            return local
        return f"{local}, {_clock(found.time, days, '%A')} for its weekdays"

    if case.window:
        window = case.model.windows[case.window]
        return f"{case.window} is open ({_hours(window)}) at {at(window)}"
    closed = [
        f"{name} ({_hours(window)}) at {at(window)}" for name, window in case.model.windows.items()
    ]
    return "none is open: " + "; ".join(closed)


def _hours(window: Window) -> str:
    """Return the hours of a window as the book format writes them."""
    source = window_table(window)
    rules = source.get("rules", [source])
    return ", ".join(
        " ".join(rule["hours"])
        + (f" on weekdays {' '.join(map(str, rule['weekdays']))}" if "weekdays" in rule else "")
        for rule in rules
    )


def _clock(time: int, zone_name: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    local = (_EPOCH + timedelta(microseconds=time)).astimezone(zone(zone_name))
    return f"{local.strftime(form)} {zone_name}"


def _context_tier(found: ExplainedRow, row: PriceRow) -> str:
    case, rules = row.case, found.book.rules
    if rules.by_unit:
        reach = "for what is beyond" if rules.tier_reach == "marginal" else "for all of it"
        return f"by each unit's own count, {reach}" if row.steps else ""
    thresholds = RateTable(case.period.rates).thresholds(case.service_tier)
    if not thresholds:
        return ""
    crossed = f"above {case.crossed:,}" if case.crossed >= 0 else f"not above {thresholds[0]:,}"
    listed = ", ".join(f"{above:,}" for above in thresholds)
    more = f" (thresholds {listed})" if len(thresholds) > 1 else ""
    return f"{basis_name(rules)} = {found.basis:,}, {crossed}{more}"
