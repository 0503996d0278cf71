"""Ledgers charged by the kernel: the arrays it reads as structs of C, and the call."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .arrays import address
from .errors import check
from .threads import ranges, team

ROUNDINGS: dict[str, int] = {
    "half_even": lib.TM_ROUND_HALF_EVEN,
    "half_up": lib.TM_ROUND_HALF_UP,
    "up": lib.TM_ROUND_UP,
}

EXACT_ALWAYS: int = lib.TM_EXACT_ALWAYS
EXACT_FLAGGED: int = lib.TM_EXACT_FLAGGED
EXACT_DYNAMIC: int = lib.TM_EXACT_DYNAMIC
EXACT_ROUNDED: int = lib.TM_EXACT_ROUNDED

ROW_STATUSES: int = lib.TM_ROW_STATUSES
CELL_THRESHOLDS: int = lib.TM_CELL_THRESHOLDS

CELL = np.dtype(
    [
        ("first_row", np.int32),
        ("calendar", np.int32),
        ("tiers", np.int32),
        ("more", np.int32),
        ("above", np.int64, (CELL_THRESHOLDS,)),
    ]
)
"""A key in an epoch; see tm_cell."""

# Fewer rows than this are charged before a second thread has started.
_THREADED_ROWS = 1 << 15

# Threads take whole blocks.
_BLOCK = 256

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class DenseColumns:
    """How the columns of a ledger overlap; see tm_columns."""

    leaf: Array
    basis: Array
    within: Array
    nested: Array
    replaced: int
    replacing: tuple[int, int]
    overlap: dict[str, int | list[int]] | None
    home: Array


@dataclass(frozen=True, eq=False)
class DensePrices:
    """Compiled prices; see tm_prices."""

    key_of: Array
    starts: Array
    timed: Array
    cells: Array
    more_above: Array
    weeks: Array
    unchanged: Array
    weights: Array
    narrow_weights: Array
    fixed: Array
    exact_only: Array
    prices: Array
    divisors: Array
    slots: Array
    flags: Array
    first_step: Array
    step_slot: Array
    step_above: Array
    step_price: Array
    largest_weight: int
    rounding: int
    marginal: bool

    @cached_property
    def struct(self) -> Any:
        """The tm_prices that points to them, made once."""
        return _prices(self)


@dataclass(frozen=True, eq=False)
class LedgerArrays:
    """A batch of rows by column; None where there is no such column."""

    rows: int
    counts: list[Array]
    models: Array
    service_tiers: Array | None
    regions: Array | None
    times: Array | None
    bad: Array | None


def lanes(columns: int) -> int:
    """Return how many counts the sums of a group have room for: staged ones come in eights."""
    return -(-columns // 8) * 8 if 4 < columns <= 16 else columns


def _nothing() -> Array:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class RowOutputs:
    """Arrays to be filled; empty where that is not asked for."""

    cost: Array = field(default_factory=_nothing)
    wide_cost: Array = field(default_factory=_nothing)
    status: Array = field(default_factory=_nothing)
    price_row: Array = field(default_factory=_nothing)
    slot_cost: Array = field(default_factory=_nothing)


@dataclass(frozen=True, eq=False)
class GroupColumns:
    """Codes (rows,) >= -1 and strides: group = sum of (code + 1) x stride, below `groups`."""

    codes: list[Array]
    strides: list[int]
    groups: int


@dataclass(frozen=True, eq=False)
class GroupSums:
    """Sums in 128 bits: wide (threads, groups, 2, 2 + columns, 2); statuses (256,)."""

    wide: NDArray[np.int64]
    statuses: NDArray[np.int64]


def _point(struct: Any, field: str, kind: str, array: Array | None) -> None:
    if array is not None and array.size:
        setattr(struct, field, ffi.cast(kind, address(array)))


def _columns(columns: DenseColumns) -> tuple[Any, Any]:
    struct = ffi.new("tm_columns *")
    struct.columns, struct.lanes = len(columns.basis), lanes(len(columns.basis))
    struct.replaced, struct.replacing = columns.replaced, list(columns.replacing)
    for name in ("leaf", "basis", "within"):
        _point(struct, name, "int8_t *", getattr(columns, name))
    _point(struct, "nested", "uint8_t *", columns.nested)
    overlap = None
    if columns.overlap is not None:
        overlap = ffi.new("tm_overlap *", columns.overlap)
        _point(overlap, "home", "int8_t *", columns.home)
        struct.litellm, struct.overlap = 1, overlap
    return struct, overlap


_POINTERS = {
    "int32_t *": ("key_of", "first_step", "step_slot", "narrow_weights"),
    "int64_t *": (
        *("starts", "more_above", "weights", "fixed", "prices", "divisors"),
        *("step_above", "step_price"),
    ),
    "uint8_t *": ("timed", "weeks", "exact_only", "flags"),
    "int8_t *": ("slots",),
    "uint16_t *": ("unchanged",),
    "tm_cell *": ("cells",),
}

_NOTHING = np.zeros(8, np.int64)


def _prices(prices: DensePrices) -> Any:
    struct = ffi.new("tm_prices *")
    struct.epochs, struct.keys = prices.cells.shape
    struct.calendars = len(prices.weeks)
    struct.rows = len(prices.weights)
    _, struct.service_tiers, struct.regions = prices.key_of.shape
    struct.any_fixed, struct.any_timed = int(prices.fixed.any()), int(prices.timed.any())
    struct.any_thresholds = int((prices.cells["tiers"] > 1).any())
    struct.many_thresholds = int(prices.more_above.size > 0)
    struct.rounding, struct.marginal = prices.rounding, int(prices.marginal)
    struct.largest_weight = prices.largest_weight
    for kind, fields in _POINTERS.items():
        for name in fields:
            array = getattr(prices, name)
            _point(struct, name, kind, array if array.size else _NOTHING)
    if not prices.narrow_weights.size:
        struct.narrow_weights = ffi.NULL
    return struct


def _ledger(ledger: LedgerArrays) -> tuple[Any, Any]:
    struct = ffi.new("tm_ledger *")
    counts = ffi.new("void *[]", [ffi.cast("void *", address(x)) for x in ledger.counts])
    struct.wide = int(ledger.counts[0].dtype == np.int64)
    struct.counts = ffi.cast("const void *const *", counts)
    _point(struct, "models", "int32_t *", ledger.models)
    _point(struct, "service_tiers", "int32_t *", ledger.service_tiers)
    _point(struct, "regions", "int32_t *", ledger.regions)
    _point(struct, "times", "int64_t *", ledger.times)
    _point(struct, "bad", "uint8_t *", ledger.bad)
    return struct, counts


def _charged(outputs: RowOutputs) -> Any:
    struct = ffi.new("tm_charged *")
    for name in ("cost", "wide_cost", "slot_cost"):
        _point(struct, name, "int64_t *", getattr(outputs, name))
    _point(struct, "status", "uint8_t *", outputs.status)
    _point(struct, "price_row", "int32_t *", outputs.price_row)
    return struct


def charge(
    columns: DenseColumns,
    prices: DensePrices,
    ledger: LedgerArrays,
    outputs: RowOutputs,
    groups: GroupColumns | None,
    threads: int,
) -> GroupSums | None:
    """Charge the rows of a batch into `outputs`; with `groups`, return their sums.

    The rows are cut into one range per thread; sums are exact, so that the cut does not show.
    """
    if ledger.rows == 0:
        return None
    c_columns, keep_overlap = _columns(columns)
    c_prices, (c_ledger, keep_counts) = prices.struct, _ledger(ledger)
    c_charged = _charged(outputs)
    blocks = -(-ledger.rows // _BLOCK)
    parts = ranges(blocks, threads if ledger.rows >= _THREADED_ROWS else 1)
    sums = [_new_sums(groups, len(columns.basis)) for _ in parts]

    def work(part: int) -> None:
        low, high = parts[part][0] * _BLOCK, min(parts[part][1] * _BLOCK, ledger.rows)
        totals, _keep = _totals(groups, sums[part]) if groups else (ffi.NULL, None)
        check(lib.tm_charge(c_columns, c_prices, c_ledger, low, high - low, c_charged, totals))

    with team(len(parts)) as together:
        together(work)
    del keep_overlap, keep_counts
    if groups is None:
        return None
    wide = np.stack([wide[:, :, : 2 + len(columns.basis)] for _, wide, _ in sums])
    return GroupSums(wide, np.sum([statuses for _, _, statuses in sums], axis=0))


def _new_sums(groups: GroupColumns | None, columns: int) -> tuple[Array, Array, Array]:
    shape = (groups.groups if groups else 0, 2, 2 + lanes(columns))
    return np.zeros(shape, np.int64), np.zeros((*shape, 2), np.int64), np.zeros(256, np.int64)


def _totals(groups: GroupColumns, sums: tuple[Array, Array, Array]) -> tuple[Any, Any]:
    struct = ffi.new("tm_totals *")
    narrow, wide, statuses = sums
    codes = ffi.new("int32_t *[]", [ffi.cast("int32_t *", address(x)) for x in groups.codes])
    strides = ffi.new("int64_t []", groups.strides)
    struct.group_columns, struct.groups = len(groups.codes), groups.groups
    struct.group_codes = ffi.cast("const int32_t *const *", codes)
    struct.group_strides = strides
    for name, array in (("narrow", narrow), ("wide", wide), ("statuses", statuses)):
        _point(struct, name, "int64_t *", array)
    return struct, (codes, strides)
