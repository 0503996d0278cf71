"""Charges as rows of FOCUS, the FinOps Open Cost and Usage Specification.

Column names, value lists and the rule of products follow FOCUS 1.3 and its examples of AI billing
(FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, 2026-08).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from .extras import pyarrow
from .units import Unit

# Every decimal column has 38 digits, the widest that all readers of Parquet know, and at least
# these decimals, so that files of one book can be read together.
_DIGITS = 38
_DECIMALS = {
    "ListUnitPrice": 12,
    "ContractedUnitPrice": 12,
    "PricingQuantity": 6,
    "ConsumedQuantity": 0,
    "ListCost": 12,
    "ContractedCost": 12,
    "BilledCost": 12,
    "EffectiveCost": 12,
}
_TOKEN_TYPES = {"cache_read": "CacheRead", "cache_write": "CacheWrite"}


@dataclass(frozen=True, slots=True)
class SkuLine:
    """What was charged in one day for one unit at one price.

    Marginal tiers charge a unit at several prices; each is a line of its own.

    Attributes
    ----------
    day : date
        The charge period, a calendar day of the zone that `focus_table` is given.
    provider, model : str
    unit : Unit
    price_row : str
        Which rates: book, model, period, tiers, as `explain` names them.
    quantity : int
        Units counted, each once, >= 0.
    price, list_price : Fraction
        Currency per single unit, as contracted and as published; equal without a contract.
    service_tier : str
        ``""`` for the standard one.
    above : int
        The threshold of a marginal tier, -1 without.
    tags : tuple of (str, str)
        Further keys the charges were grouped by, such as the team.
    """

    day: date
    provider: str
    model: str
    unit: Unit
    price_row: str
    quantity: int
    price: Fraction
    list_price: Fraction
    service_tier: str = ""
    above: int = -1
    tags: tuple[tuple[str, str], ...] = ()

    def order(self) -> tuple[Any, ...]:
        """Return what rows are sorted by."""
        sku = (self.provider, self.model, self.unit.name, self.service_tier, self.above)
        return (self.day, *sku, self.price_row, self.tags, self.price)


def focus_table(lines: Iterable[SkuLine], *, currency: str = "USD", time_zone: str = "UTC") -> Any:
    """Return a pyarrow table of FOCUS rows, one for each line.

    In every row ListUnitPrice x PricingQuantity = ListCost and ContractedUnitPrice x
    PricingQuantity = ContractedCost hold exactly, as the specification demands; billed and
    effective cost are the contracted one. What a ledger does not know (billing account, invoice
    issuer, resource) has no column.

    Parameters
    ----------
    lines : iterable of SkuLine
        In any order; rows are sorted.
    currency : str
        ISO 4217.
    time_zone : str
        The zone of the lines' days, as IANA names it.

    Returns
    -------
    pyarrow.Table
        Prices, quantities and costs are decimal128 of 38 digits, dates are timestamps in UTC.

    Raises
    ------
    ValueError
        A line whose price or cost has no end as a decimal, more digits than 38, or a negative
        quantity or price.
    ImportError
        pyarrow is not installed.
    """
    pa = pyarrow()
    zone = ZoneInfo(time_zone)
    rows = [_row(line, currency, zone) for line in sorted(lines, key=SkuLine.order)]
    columns = {}
    for name, kind in _kinds(pa).items():
        values = [row[name] for row in rows]
        columns[name] = _decimals(pa, name, values) if kind is None else pa.array(values, kind)
    return pa.table(columns)


def _kinds(pa: Any) -> dict[str, Any]:
    """Return the type of every column; None for a decimal."""
    text, instant = pa.string(), pa.timestamp("us", "UTC")
    return {
        "BillingCurrency": text,
        "BillingPeriodStart": instant,
        "BillingPeriodEnd": instant,
        "ChargePeriodStart": instant,
        "ChargePeriodEnd": instant,
        "ChargeCategory": text,
        "ChargeClass": text,
        "ChargeDescription": text,
        "ChargeFrequency": text,
        "ServiceProviderName": text,
        "ServiceCategory": text,
        "ServiceSubcategory": text,
        "ServiceName": text,
        "SkuId": text,
        "SkuPriceId": text,
        "SkuMeter": text,
        "SkuPriceDetails": text,
        "PricingCategory": text,
        "ConsumedQuantity": None,
        "ConsumedUnit": text,
        "PricingQuantity": None,
        "PricingUnit": text,
        "ListUnitPrice": None,
        "ContractedUnitPrice": None,
        "ListCost": None,
        "ContractedCost": None,
        "BilledCost": None,
        "EffectiveCost": None,
        "Tags": text,
    }


def _row(line: SkuLine, currency: str, zone: ZoneInfo) -> dict[str, Any]:
    if line.quantity < 0 or line.price < 0 or line.list_price < 0:
        raise ValueError(f"{_place(line)}: expected a quantity and prices of 0 or more")
    # A price is quoted for `per` units unless a quantity in those has no end as a decimal.
    per = line.unit.per if _decimal_places(Fraction(1, line.unit.per)) is not None else 1
    counted = _counted(line.unit)
    cost = _exact(line, "its cost", line.price * line.quantity)
    meter = _meter(line.unit)
    first = line.day.replace(day=1)
    return {
        "BillingCurrency": currency,
        "BillingPeriodStart": _midnight(first, zone),
        "BillingPeriodEnd": _midnight((first + timedelta(days=31)).replace(day=1), zone),
        "ChargePeriodStart": _midnight(line.day, zone),
        "ChargePeriodEnd": _midnight(line.day + timedelta(days=1), zone),
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeDescription": f"{meter} of {line.model}",
        "ChargeFrequency": "Usage-Based",
        "ServiceProviderName": line.provider or None,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": line.model,
        "SkuId": "/".join(filter(None, (line.provider, line.model, line.unit.name))),
        "SkuPriceId": f"{line.price_row}/{line.unit.name}" + _beyond(line),
        "SkuMeter": meter,
        "SkuPriceDetails": json.dumps(_details(line), sort_keys=True),
        "PricingCategory": "Standard",
        "ConsumedQuantity": Decimal(line.quantity),
        "ConsumedUnit": counted,
        "PricingQuantity": _exact(line, "its quantity", Fraction(line.quantity, per)),
        "PricingUnit": f"{per} {counted}" if per > 1 else counted,
        "ListUnitPrice": _exact(line, "its list price", line.list_price * per),
        "ContractedUnitPrice": _exact(line, "its price", line.price * per),
        "ListCost": _exact(line, "its list cost", line.list_price * line.quantity),
        "ContractedCost": cost,
        "BilledCost": cost,
        "EffectiveCost": cost,
        "Tags": json.dumps(dict(line.tags), sort_keys=True),
    }


def _place(line: SkuLine) -> str:
    return f"{line.day} {line.provider}/{line.model} {line.unit.name}"


def _beyond(line: SkuLine) -> str:
    return f">{line.above}" if line.above >= 0 else ""


def _details(line: SkuLine) -> dict[str, str | int]:
    """Return what tells prices of one SKU apart; keys of our own start with ``x_``."""
    details: dict[str, str | int] = {"x_Model": line.model, "x_Unit": line.unit.name}
    if line.unit.is_token:
        details["TokenType"] = _token_type(line.unit)
    if line.service_tier:
        details["x_ServiceTier"] = line.service_tier
    if line.above >= 0:
        details["x_AboveTokens"] = line.above
    return details


def _token_type(unit: Unit) -> str:
    kind = dict(unit.properties).get("type", unit.direction)
    return _TOKEN_TYPES.get(kind, kind.capitalize())


def _counted(unit: Unit) -> str:
    """Return what is counted, as a plural with capitals."""
    return _title(dict(unit.properties)["kind"])


def _meter(unit: Unit) -> str:
    return f"{_title(unit.name)} Tokens" if unit.is_token else _title(unit.name)


def _title(name: str) -> str:
    words = name.split("_")
    return " ".join(word if word[:1].isdigit() else word.capitalize() for word in words)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _decimal_places(number: Fraction) -> int | None:
    """Return how many decimals a number has, None without end."""
    rest, places = number.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    return places if rest == 1 else None


def _exact(line: SkuLine, what: str, number: Fraction) -> Decimal:
    places = _decimal_places(number)
    if places is None:
        raise ValueError(f"{_place(line)}: {what} has no end as a decimal: {number}")
    digits = number.numerator * 10**places // number.denominator
    return _shifted(digits, places)


def _shifted(digits: int, places: int) -> Decimal:
    context = Context(prec=len(str(digits)) + places)
    context.traps[Inexact] = True
    return Decimal(digits).scaleb(-places, context)


def _decimals(pa: Any, name: str, values: list[Decimal]) -> Any:
    """Return a decimal column with as many decimals as its values need."""
    exponents = [int(value.as_tuple().exponent) for value in values]
    places = max([_DECIMALS[name], *(-exponent for exponent in exponents)])
    whole = max((len(str(abs(int(value)))) for value in values), default=1)
    if whole + places > _DIGITS:
        raise ValueError(
            f"{name}: expected at most {_DIGITS} digits, found {whole} before and {places} after "
            "the decimal point"
        )
    return pa.array(values, pa.decimal128(_DIGITS, places))
