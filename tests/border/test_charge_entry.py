"""The entry of the charge kernel checks what it is given before it reads any of it."""

from typing import Any

import pytest

from tokenmill._native import _core

ffi, lib = _core.ffi, _core.lib
NULL, SIZE = lib.TM_E_NULL_POINTER, lib.TM_E_SIZE

REQUIRED = {
    "columns": ("leaf", "basis", "within", "nested", "overlap"),
    "ledger": ("counts", "models"),
    "overlap": ("home",),
    "totals": ("narrow", "wide", "group_codes", "group_strides"),
    "prices": (
        *("key_of", "starts", "timed", "cells", "more_above", "weeks", "unchanged", "weights"),
        *("fixed", "exact_only", "prices", "divisors", "slots", "flags", "first_step"),
    ),
}
IMPOSSIBLE = [
    ("columns", "columns", 0),
    ("columns", "columns", -1),
    ("columns", "columns", lib.TM_COLUMNS_MAX + 1),
    ("columns", "lanes", 0),
    ("columns", "lanes", lib.TM_COLUMNS_MAX + 1),
    ("columns", "lanes", 9),
    ("columns", "replaced", -2),
    ("columns", "replaced", 1),
    ("columns", "replacing", [0, 1]),
    ("columns", "replacing", [-2, 0]),
    ("overlap", "input", 1),
    ("overlap", "input_text", -2),
    ("overlap", "cache_read", 1),
    ("overlap", "cache_write", 1),
    ("overlap", "cache_write_5m", 1),
    ("overlap", "cache_write_1h", 1),
    ("overlap", "parts", [0, 0, 1]),
    ("overlap", "cached", [0, 0, 0, -2]),
    ("overlap", "output", 1),
    ("overlap", "output_text", 1),
    ("overlap", "made", [0, 0, 0, 1]),
    ("prices", "keys", -1),
    ("prices", "epochs", 0),
    ("prices", "calendars", -1),
    ("prices", "rows", 0),
    ("prices", "service_tiers", 0),
    ("prices", "regions", 0),
    ("prices", "rounding", -1),
    ("prices", "rounding", lib.TM_ROUND_UP + 1),
    ("prices", "largest_weight", -1),
    ("totals", "groups", 0),
    ("totals", "group_columns", -1),
]


class Call:
    """Structs in which every pointer leads somewhere and every number is possible."""

    def __init__(self) -> None:
        self.room = ffi.new("int64_t[4096]")
        self.counts = ffi.new("void *[1]", [ffi.cast("void *", self.room)])
        self.structs = {name: self.filled(name) for name in REQUIRED}
        self.structs["ledger"].counts = ffi.cast("const void *const *", self.counts)
        self.codes = ffi.new("int32_t *[1]", [ffi.cast("int32_t *", self.room)])
        self.structs["totals"].group_codes = ffi.cast("const int32_t *const *", self.codes)
        columns, overlap = self.structs["columns"], self.structs["overlap"]
        columns.lanes, columns.replaced, columns.overlap = 8, 0, overlap
        for field in ("input", "input_text", "cache_read", "cache_write", "output", "output_text"):
            setattr(overlap, field, 0)
        overlap.cache_write_5m = overlap.cache_write_1h = -1
        self.structs["prices"].epochs = 2

    def filled(self, name: str) -> Any:
        struct = ffi.new(f"tm_{name} *")
        for field, kind in ffi.typeof(f"tm_{name}").fields:
            if kind.type.kind == "pointer":
                setattr(struct, field, ffi.cast(kind.type, self.room))
            elif kind.type.kind == "primitive":
                setattr(struct, field, 1)
        return struct

    def status(self, **instead: Any) -> int:
        given = self.structs | instead
        order = (given["columns"], given["prices"], given["ledger"], 0, 0, ffi.NULL)
        return int(lib.tm_charge(*order, given["totals"]))


def test_a_good_call_of_no_rows() -> None:
    assert Call().status() == lib.TM_OK
    assert Call().status(totals=ffi.NULL) == lib.TM_OK


@pytest.mark.parametrize("name", ["columns", "prices", "ledger"])
def test_structs_that_are_missing(name: str) -> None:
    assert Call().status(**{name: ffi.NULL}) == NULL


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, fields in REQUIRED.items() for field in fields]
)
def test_arrays_that_are_missing(name: str, field: str) -> None:
    call = Call()
    setattr(call.structs[name], field, ffi.NULL)
    assert call.status() == NULL


def test_a_column_that_is_missing() -> None:
    call = Call()
    call.counts[0] = ffi.NULL
    assert call.status() == NULL


def test_a_group_column_that_is_missing() -> None:
    call = Call()
    call.codes[0] = ffi.NULL
    assert call.status() == NULL


@pytest.mark.parametrize("field", ["step_slot", "step_above", "step_price"])
def test_steps_that_are_missing(field: str) -> None:
    call = Call()
    setattr(call.structs["prices"], field, ffi.NULL)
    assert call.status() == lib.TM_OK
    call.structs["prices"].first_step = call.steps = ffi.new("int32_t[2]", [0, 1])
    assert call.status() == NULL


@pytest.mark.parametrize("home", [-2, 1])
def test_a_home_that_is_no_column(home: int) -> None:
    call = Call()
    call.structs["overlap"].home = call.homes = ffi.new("int8_t[1]", [home])
    assert call.status() == SIZE


def test_what_is_not_needed_may_be_missing() -> None:
    call = Call()
    columns, prices = call.structs["columns"], call.structs["prices"]
    columns.litellm, columns.overlap = 0, ffi.NULL
    prices.epochs, prices.starts = 1, ffi.NULL
    prices.calendars, prices.weeks, prices.unchanged = 0, ffi.NULL, ffi.NULL
    totals = call.structs["totals"]
    totals.group_columns, totals.group_codes, totals.group_strides = 0, ffi.NULL, ffi.NULL
    assert call.status() == lib.TM_OK


@pytest.mark.parametrize(("name", "field", "value"), IMPOSSIBLE)
def test_sizes_that_cannot_be(name: str, field: str, value: Any) -> None:
    call = Call()
    setattr(call.structs[name], field, value)
    assert call.status() == SIZE
