"""What every row of a ledger costs: what `charge` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.arrow_out import ArrowTable
from .book import PriceBook
from .exact import money
from .price_rows import PriceRow
from .totals import Totals
from .totals_out import charges_table


@dataclass(frozen=True, eq=False)
class Charges:
    """What every row of a ledger costs.

    Attributes
    ----------
    cost : int64 (rows,), or object (rows,) of int where int128 was asked for
        Whole numbers of 10**-scale `currency`; 0 for rows that were not charged.
    status : uint8 (rows,)
        A `Status`, and the bit `ROUNDED`.
    price_row : int64 (rows,)
        The number of the price that held, -1 for none; it depends on the book alone.
    per_class : dict of str to array (rows,), or None
        The parts of `cost` by the unit whose price they were charged at; ``"request"`` is what
        each request costs.
    totals : Totals or None
        Where `by` was given.
    price_rows : mapping of int to PriceRow
        The compiled prices by number; `describe` says what a number is.
    list_cost, list_status : as `cost` and `status`, or None
        Under ``book.public`` where the book is a contract: whole numbers of 10**-list_scale.
    """

    book: PriceBook
    scale: int
    currency: str
    cost: NDArray[Any]
    status: NDArray[np.uint8]
    price_row: NDArray[np.int64]
    per_class: dict[str, NDArray[Any]] | None = None
    totals: Totals | None = None
    price_rows: Mapping[int, PriceRow] = field(default_factory=dict)
    list_scale: int = 0
    list_cost: NDArray[Any] | None = None
    list_status: NDArray[np.uint8] | None = None

    def money(self, row: int) -> Decimal:
        """Return the cost of a row in the currency, exact."""
        return money(int(self.cost[row]), self.scale)

    @property
    def total(self) -> Decimal:
        """The cost of every charged row, exact."""
        high, low = self.cost >> 32, self.cost & 0xFFFFFFFF
        return money((int(high.sum()) << 32) + int(low.sum()), self.scale)

    def to_arrow(self) -> ArrowTable:
        """Return a table that pandas, Polars, DuckDB and pyarrow take over in place.

        Columns: ``cost`` as decimal128(38, scale) in the currency, ``status`` (uint8) and
        ``price_row`` (int64); ``cost_`` each unit where `per_class` was asked for; ``list_cost``
        and ``list_status`` under a contract.

        Raises
        ------
        ValueError
            A cost has more than 38 digits.
        """
        costs = {"cost": (self.cost, self.scale)}
        codes: dict[str, NDArray[Any]] = {"status": self.status, "price_row": self.price_row}
        for unit, part in (self.per_class or {}).items():
            costs[f"cost_{unit}"] = (part, self.scale)
        if self.list_cost is not None and self.list_status is not None:
            costs["list_cost"] = (self.list_cost, self.list_scale)
            codes["list_status"] = self.list_status
        return charges_table(costs, codes)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return `to_arrow` as a stream in a capsule."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return len(self.cost)
