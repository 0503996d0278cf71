"""What the linter of price books finds, and how it looks at a book."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .book import PriceBook
from .rates import ModelPrices, Period, Price
from .resolve import RateTable, with_fallbacks

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a book that is likely wrong, or worth a look.

    Attributes
    ----------
    severity : str
        ``"error"``: a bill would be wrong; ``"warning"``: it likely would; ``"note"``: it may
        surprise.
    rule : str
        Which rule of `lint` found it.
    provider, model, unit : str
        Where; ``""`` for all of them.
    where : str
        Period, service tier, context tier or window.
    what : str
        One sentence.
    expected, found : str
    """

    severity: str
    rule: str
    provider: str
    model: str
    unit: str
    where: str
    what: str
    expected: str
    found: str


@dataclass(frozen=True)
class Cell:
    """The prices of one period, service tier and context tier, outside of windows.

    Attributes
    ----------
    priced : dict of str to Price
        Units with a price of their own there, fallbacks included.
    """

    model: ModelPrices
    period: Period
    service_tier: str
    above: int
    priced: dict[str, Price]

    @property
    def where(self) -> str:
        """Where it is, in words."""
        parts = [] if self.period.start is None else [f"from {self.period.start}"]
        parts += [self.service_tier] if self.service_tier else []
        parts += [f"above {self.above}"] if self.above >= 0 else []
        return ", ".join(parts)

    def amount(self, unit: str) -> Fraction | None:
        """Return the price of a unit as a number, None where it has none of its own."""
        price = self.priced.get(unit)
        return price if isinstance(price, Fraction) else None

    def is_own(self, unit: str) -> bool:
        """Whether the service tier itself prices a unit, here or in another context tier."""
        return any(
            rate.unit == unit and rate.service_tier == self.service_tier
            for rate in self.period.rates
        )

    def finding(
        self, severity: str, rule: str, unit: str, what: str, expected: str, found: str
    ) -> Finding:
        """Return a finding about a unit here."""
        return Finding(
            severity,
            rule,
            self.model.provider,
            self.model.name,
            unit,
            self.where,
            what,
            expected,
            found,
        )


def cells_of(book: PriceBook, model: ModelPrices) -> list[Cell]:
    """Return the cells of a model: every period, service tier and context tier."""
    found = []
    for period in model.periods:
        table = RateTable(period.rates)
        for tier in sorted({"", *(rate.service_tier for rate in period.rates)}):
            for above in (-1, *table.thresholds(tier)):
                chosen = table.chosen(tier, "", above)
                priced = with_fallbacks(chosen, (*model.fallbacks, *book.rules.fallbacks))
                found.append(Cell(model, period, tier, above, priced))
    return found


def per_million(price: Fraction) -> str:
    """Return a price as text, for a million units."""
    return f"{float(price * 10**6):.6g} per million"
