"""The margin of a price list: what a price book bills for a workload, against a cost.

Prices, tiers, windows and contracts are the accounting room's: :func:`list_price` charges one
request of the workload's size and reads its lines. Money is exact (Fraction) up to the billed
amount; the cost comes from a model in floating point, and the margin with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..accounting import Line, PriceBook, Status, describe, explain
from .margins import margin_at_price, markup_at_price

_MTOK = 10**6
Exact = int | str | Decimal | Fraction


@dataclass(frozen=True)
class ListPrice:
    """What a model's tokens cost in a price book, for requests of one size.

    Attributes
    ----------
    input_usd, cached_usd, output_usd : Fraction
        USD per million tokens, exact: input that is computed, input read from a cache, output. The
        mean over the request where a book's context tiers are marginal.
    request_usd : Fraction
        USD per request: the fee of the book, and the price of a request.
    output_tokens : int
        Of the request; they share `request_usd`.
    price_row : int
        As in :class:`~tokenmill.accounting.Charges`.
    described : str
        The price row in words.
    """

    input_usd: Fraction
    cached_usd: Fraction
    output_usd: Fraction
    request_usd: Fraction
    output_tokens: int
    price_row: int
    described: str

    def billed_usd_mtok(self, in_out_ratio: Exact, cache_hit: Exact) -> Fraction:
        """Return what a million output tokens and their input are billed at, exact.

        Parameters
        ----------
        in_out_ratio, cache_hit : int, str, Decimal or Fraction
            Input tokens per output token, >= 0, and the cached share of them, in [0, 1].

        Raises
        ------
        TypeError, ValueError
            One is a float, which is not exact, no number, or out of range.
        """
        ratio = _exact("in_out_ratio", in_out_ratio)
        hit = _exact("cache_hit", cache_hit)
        if hit > 1:
            raise ValueError(f"cache_hit: expected a share in [0, 1], found {cache_hit!r}")
        prompt = ratio * ((1 - hit) * self.input_usd + hit * self.cached_usd)
        return self.output_usd + self._request_usd_mtok + prompt

    def as_floats(self) -> tuple[float, float, float]:
        """Return the first three arguments of :func:`~tokenmill.economics.billed_per_mtok`.

        Here the model's floats begin. A price of requests is in the price of output.
        """
        output = self.output_usd + self._request_usd_mtok
        return float(self.input_usd), float(self.cached_usd), float(output)

    @property
    def _request_usd_mtok(self) -> Fraction:
        return self.request_usd * _MTOK / self.output_tokens


@dataclass(frozen=True)
class ListMargin:
    """What a seller at list price keeps.

    Attributes
    ----------
    billed_usd_mtok : Fraction
        Exact; for a million output tokens and their input.
    cost_usd_mtok : float
    margin : float
        Gross margin, a share of what is billed; -inf where nothing is billed for what costs.
    markup : float
        The same profit as a share of the cost; inf at no cost.
    """

    billed_usd_mtok: Fraction
    cost_usd_mtok: float
    margin: float
    markup: float


def list_price(
    book: PriceBook,
    model: str,
    *,
    input_tokens: int,
    cached_tokens: int,
    output_tokens: int,
    **fields: Any,
) -> ListPrice:
    """Return what a model's tokens cost in a price book, by charging one request.

    Parameters
    ----------
    book : PriceBook
        In USD.
    model : str
        As a ledger names it.
    input_tokens, cached_tokens, output_tokens : int
        The request: its whole prompt, the cached part of that, and the output, each >= 1 and some
        of the prompt not cached. Its size decides which context tier holds; the workload that is
        billed may have other ratios.
    **fields
        Other fields of a ledger's row: ``provider``, ``time``, ``service_tier``, ``region``.

    Raises
    ------
    TypeError
        A count is no integer, or `book` no price book.
    ValueError
        The counts are no such request, the book is not in USD, or it does not price the request;
        the message says why.
    """
    if not isinstance(book, PriceBook):
        raise TypeError(f"book: expected a PriceBook, found {type(book).__name__}")
    if book.currency != "USD":
        raise ValueError(f"book: expected prices in USD, found {book.currency}")
    counts = {"input": input_tokens, "cache_read": cached_tokens, "output": output_tokens}
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int):
            raise TypeError(f"{name} tokens: expected an integer, found {count!r}")
    if not 1 <= cached_tokens < input_tokens or output_tokens < 1:
        raise ValueError(
            "request: expected input > cached >= 1 and output >= 1 tokens, found "
            f"{input_tokens}, {cached_tokens} and {output_tokens}"
        )
    found = explain({"model": model, **fields, **counts}, book, convention="native")
    if found.status > Status.PRICED_ZERO:
        raise ValueError(
            f"model: expected a request that the book prices, found {model!r}, "
            f"{found.status.name}: {found.reason}"
        )
    computed = _mean_price(found.lines, "input", Fraction(0))
    return ListPrice(
        computed,
        _mean_price(found.lines, "cache_read", computed),
        _mean_price(found.lines, "output", Fraction(0)),
        sum((line.amount for line in found.lines if line.unit == "request"), Fraction(0)),
        output_tokens,
        found.price_row,
        describe(book, found.price_row),
    )


def list_margin(
    price: ListPrice, cost_usd_mtok: float, in_out_ratio: Exact, cache_hit: Exact
) -> ListMargin:
    """Return the margin of selling a workload at list price.

    Parameters
    ----------
    price : ListPrice
    cost_usd_mtok : float
        Cost of a million output tokens and their input, USD, >= 0: a model's, so a float.
    in_out_ratio, cache_hit : int, str, Decimal or Fraction
        As in :meth:`ListPrice.billed_usd_mtok`; the workload that the cost is for.

    Raises
    ------
    TypeError, ValueError
        As there; or the cost is negative or no number. An infinite cost has a margin of -inf.
    """
    if isinstance(cost_usd_mtok, bool) or not isinstance(cost_usd_mtok, int | float):
        raise TypeError(f"cost_usd_mtok: expected a number, found {cost_usd_mtok!r}")
    cost = float(cost_usd_mtok)
    if not cost >= 0.0:
        raise ValueError(f"cost_usd_mtok: expected a cost >= 0, found {cost_usd_mtok!r}")
    billed = price.billed_usd_mtok(in_out_ratio, cache_hit)
    revenue = float(billed)
    return ListMargin(
        billed,
        cost,
        margin_at_price(cost, revenue),
        markup_at_price(cost, revenue),
    )


def _mean_price(lines: tuple[Line, ...], unit: str, otherwise: Fraction) -> Fraction:
    """Return USD per million of a unit; `otherwise` where another unit's line has counted it."""
    own = [line for line in lines if line.unit == unit]
    count = sum(line.count for line in own)
    return sum(line.amount for line in own) / Fraction(count) * _MTOK if count else otherwise


def _exact(name: str, value: Exact) -> Fraction:
    if isinstance(value, bool | float) or not isinstance(value, int | str | Decimal | Fraction):
        raise TypeError(
            f"{name}: expected an exact number, as an int, text, Decimal or Fraction, "
            f"found {value!r}"
        )
    try:
        number = Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ValueError(f"{name}: expected a finite number, found {value!r}") from None
    if number < 0:
        raise ValueError(f"{name}: expected a number >= 0, found {value!r}")
    return number
