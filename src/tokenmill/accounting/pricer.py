"""A book, ready for the batches of one ledger: model names looked up, prices compiled on demand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import (
    DensePrices,
    GroupColumns,
    GroupSums,
    LedgerArrays,
    RowOutputs,
    charge,
)
from .book import PriceBook
from .columns import Columns
from .dense import dense_columns, dense_prices
from .ledger import Batch
from .scale import scale_of
from .status import Status
from .table import NOT_COMPILED, Compiler

# Rows of values that are bad show that instead, and may yet lack a time, which goes before.
_MAY_NOT_BE_COMPILED = (-NOT_COMPILED, Status.BAD_VALUE, Status.NEGATIVE_COUNT)


@dataclass
class _Codes:
    """What the codes of a batch stand for; position 0 of tiers and regions is null."""

    models: list[tuple[str | None, str | None]]
    service_tiers: list[str]
    regions: list[str]


def compiler_of(book: PriceBook, columns: Columns, time_zone: str) -> Compiler:
    """Return what compiles `book` for such columns; it is kept with the book, and what it has."""
    zone = time_zone if book.rules.date_zone == "timestamp" else ""
    kept: dict[object, Compiler] = vars(book).setdefault("_compilers", {})
    signature = (columns.units, columns.convention, zone)
    if signature not in kept:
        kept[signature] = Compiler(book, columns, scale_of(book), time_zone)
    return kept[signature]


class Pricer:
    """Charges batches of a ledger under one book."""

    def __init__(self, book: PriceBook, columns: Columns, time_zone: str) -> None:
        self.book = book
        self.columns = columns
        self.compiler = compiler_of(book, columns, time_zone)
        self.scale = self.compiler.scale
        self._dense = dense_columns(columns)
        self._found: list[int] = []
        self._key_of = np.full((0, 1, 1), NOT_COMPILED, np.int32)
        self._prices: DensePrices | None = None

    def charge(
        self,
        batch: Batch,
        arrays: LedgerArrays,
        outputs: RowOutputs,
        groups: GroupColumns | None,
        threads: int,
    ) -> GroupSums | None:
        """Charge one batch, whose columns are `arrays`, into `outputs`, which has statuses.

        What no batch before asked for is compiled when the kernel has met it.
        """
        codes = _Codes(batch.models, ["", *batch.service_tiers], ["", *batch.regions])
        if self._grow(codes):
            self._recall(codes)
        for _ in range(2):
            if self._prices is None:
                with self.compiler.lock:
                    self._prices = replace(dense_prices(self.compiler), key_of=self._keys())
            sums = charge(self._dense, self._prices, arrays, outputs, groups, threads)
            if not _may_be_missing(outputs, sums):
                break
            missing = (self._key_of == NOT_COMPILED) & _present(arrays, self._key_of.shape)
            if not missing.any():
                break
            self._compile(codes, missing)
        return sums

    def _recall(self, codes: _Codes) -> None:
        """Find the keys of what is compiled already."""
        tiers, regions = tuple(codes.service_tiers), tuple(codes.regions)
        with self.compiler.lock:
            for m, model in enumerate(self._found):
                self._key_of[m] = (
                    self.compiler.known(model, tiers, regions) if model >= 0 else model
                )
        self._prices = None

    def _compile(self, codes: _Codes, missing: NDArray[np.bool_]) -> None:
        """Compile what is missing, all of it of models of the book."""
        with self.compiler.lock:
            for m, s, r in np.argwhere(missing).tolist():
                asked = self._found[m], codes.service_tiers[s], codes.regions[r]
                self._key_of[m, s, r] = self.compiler.key_of(*asked)
        self._prices = None

    def _keys(self) -> NDArray[np.int32]:
        """Return the keys by code + 1: rows without a model first."""
        nobody = np.full((1, *self._key_of.shape[1:]), -Status.MISSING_FIELD, np.int32)
        return np.concatenate([nobody, self._key_of])

    def numbers(self, price_rows: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the numbers of compiled price rows, which do not depend on the ledger; -1 none."""
        known = np.array([row.number for row in self.compiler.rows] + [-1], np.int64)
        return known[price_rows]

    def _grow(self, codes: _Codes) -> bool:
        """Make room for codes that were not there before, and look their models up."""
        shape = (len(codes.models), len(codes.service_tiers), len(codes.regions))
        for provider, name in codes.models[len(self._found) :]:
            found = Status.MISSING_FIELD if name is None else self.book.lookup(provider, name)
            self._found.append(-int(found) if isinstance(found, Status) else found)
        if shape == self._key_of.shape:
            return False
        old = self._key_of
        self._key_of = np.full(shape, NOT_COMPILED, np.int32)
        self._key_of[tuple(slice(n) for n in old.shape)] = old
        return True


def _may_be_missing(outputs: RowOutputs, sums: GroupSums | None) -> bool:
    """Whether a row may have asked for what is not compiled; the sums have counted that already."""
    rows = np.bincount(outputs.status, minlength=256) if sums is None else sums.statuses
    return bool(rows[list(_MAY_NOT_BE_COMPILED)].any())


def _present(arrays: LedgerArrays, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which (model, service tier, region) occur in the batch."""
    seen = np.zeros((shape[0] + 1, shape[1], shape[2]), np.bool_)
    tiers = 0 if arrays.service_tiers is None else arrays.service_tiers + 1
    regions = 0 if arrays.regions is None else arrays.regions + 1
    seen[arrays.models, tiers, regions] = True
    return seen[:-1]
