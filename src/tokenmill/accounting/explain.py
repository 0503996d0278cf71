"""Why a row costs what it costs: what decided the price, and the arithmetic, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .book import PriceBook
from .exact import money, number_text
from .explain_facts import facts_of
from .explain_lines import Line, lines_of
from .explain_reasons import reason_of
from .explain_row import Listed, explained_row
from .rules import UsageConvention
from .status import Status


@dataclass(frozen=True)
class Explanation:
    """What `explain` found; ``str()`` of it is a text of some lines.

    Attributes
    ----------
    status : Status
    reason : str
        What is missing where the row was not charged, else ``""``.
    facts : tuple of (str, str)
        What decided the price, in order: model, time, price row, period, service tier, region,
        factors, window, context tier; less where it does not matter.
    lines : tuple of Line
        The products that the cost is the sum of; none where the row was not charged.
    rounding : Fraction
        What the book's rounding adds to that sum.
    cost : int
        A whole number of 10**-scale `currency`, as `charge` has it.
    price_row : int
        As in `Charges.price_row`, -1 for none.
    listed : Listed or None
        Cost, scale and status at list prices, where the book is a contract.
    """

    status: Status
    reason: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    rounding: Fraction
    cost: int
    scale: int
    currency: str
    price_row: int
    listed: Listed | None = None

    @property
    def money(self) -> Decimal:
        """The cost in the currency, exact."""
        return money(self.cost, self.scale)

    @property
    def list_money(self) -> Decimal | None:
        """The cost at list prices, exact; None without a contract, or without a list price."""
        listed = self.listed
        if listed is None or listed.status > Status.PRICED_ZERO:
            return None
        return money(listed.cost, listed.scale)

    def __str__(self) -> str:
        rows = list(self.facts)
        rows += [(line.unit, text) for line, text in zip(self.lines, self._products(), strict=True)]
        if self.rounding:
            rows.append(("rounding", number_text(self.rounding)))
        if self.status <= Status.PRICED_ZERO:
            exact = number_text(Fraction(self.cost, 10**self.scale))
            rows.append(("cost", f"{exact} {self.currency}"))
        if self.listed is not None:
            rows.append(("list cost", self._list_cost(self.listed)))
        told = f"{self.status.name}: {self.reason}" if self.reason else self.status.name
        rows.append(("status", told))
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    def _list_cost(self, listed: Listed) -> str:
        if listed.status > Status.PRICED_ZERO:
            return f"none: {listed.status.name}"
        return f"{number_text(Fraction(listed.cost, 10**listed.scale))} {self.currency}"

    def _products(self) -> list[str]:
        """Return each line as count x price = amount, aligned, and where the price is from."""
        cells = [
            (
                f"{line.count:,}",
                number_text(line.price * line.per) + (f" per {line.per:,}" if line.per > 1 else ""),
                number_text(line.amount),
            )
            for line in self.lines
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return [
            f"{count:>{widths[0]}} x {price:<{widths[1]}} = {amount:<{widths[2]}}  {line.source}"
            for line, (count, price, amount) in zip(self.lines, cells, strict=True)
        ]


def explain(
    usage_row: Any,
    book: PriceBook,
    *,
    convention: str | UsageConvention,
    columns: Mapping[str, str | None] | None = None,
    constants: Mapping[str, Any] | None = None,
) -> Explanation:
    """Say why one row costs what it costs.

    Parameters
    ----------
    usage_row : mapping or table
        Fields and their values, or anything that `charge` takes, of one row.
    book, convention, columns, constants
        As in `charge`.

    Returns
    -------
    Explanation
        Cost, status and price row are those of `charge` with ``cost_dtype="int128"``; the lines
        and the rounding add up to the cost exactly.

    Raises
    ------
    TypeError, ValueError
        Not one row, or as `charge`.
    """
    found = explained_row(usage_row, book, convention, columns, constants)
    charged = found.status <= Status.PRICED_ZERO and found.row is not None
    lines = lines_of(found, found.row) if charged and found.row is not None else ()
    amount = sum((line.amount for line in lines), Fraction(0))
    return Explanation(
        found.status,
        reason_of(found),
        tuple(facts_of(found)),
        lines,
        Fraction(found.cost, 10**found.scale) - amount,
        found.cost,
        found.scale,
        book.currency,
        -1 if found.row is None else found.row.number,
        found.listed,
    )
