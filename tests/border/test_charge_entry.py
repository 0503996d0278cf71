"""The entry of the charge kernel checks what it is given before it reads any of it."""

from typing import Any

import pytest

from tokenmill._native import _core

ffi, lib = _core.ffi, _core.lib
NULL, SIZE = lib.TM_E_NULL_POINTER, lib.TM_E_SIZE

REQUIRED = {
    "columns": ("leaf", "basis", "within", "nested", "overlap"),
    "ledger": ("counts", "models"),
    "totals": ("narrow", "wide", "group_codes"),
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
]


class Call:
    """Structs in which every pointer leads somewhere and every number is possible."""

    def __init__(self) -> None:
        self.room = ffi.new("int64_t[4096]")
        self.counts = ffi.new("void *[1]", [ffi.cast("void *", self.room)])
        self.structs = {name: self.filled(name) for name in REQUIRED}
        self.structs["ledger"].counts = ffi.cast("const void *const *", self.counts)
        self.structs["columns"].lanes = 8
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


def test_what_is_not_needed_may_be_missing() -> None:
    call = Call()
    columns, prices = call.structs["columns"], call.structs["prices"]
    columns.litellm, columns.overlap = 0, ffi.NULL
    prices.epochs, prices.starts = 1, ffi.NULL
    prices.calendars, prices.weeks, prices.unchanged = 0, ffi.NULL, ffi.NULL
    call.structs["totals"].group_columns, call.structs["totals"].group_codes = 0, ffi.NULL
    assert call.status() == lib.TM_OK


@pytest.mark.parametrize(("name", "field", "value"), IMPOSSIBLE)
def test_sizes_that_cannot_be(name: str, field: str, value: int) -> None:
    call = Call()
    setattr(call.structs[name], field, value)
    assert call.status() == SIZE
