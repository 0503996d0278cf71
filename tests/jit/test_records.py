"""Named tuples filled inside compiled code."""

from typing import NamedTuple

import numba
import pytest
from numba.core.errors import TypingError

from tokenmill.jit.records import gather_record, gather_records


class Fleet(NamedTuple):
    count: float
    usd_per_hour: float


class Load(NamedTuple):
    batch: float
    in_len: float
    out_len: float


def test_fields_come_from_values_and_numbers_in_any_order():
    fill = gather_record(Load, (2, 0.5, 0))

    @numba.njit
    def read(*values):
        load = fill(values)
        return load.batch, load.in_len, load.out_len

    assert read(1.0, 2.0, 3.0) == (3.0, 0.5, 1.0)
    assert read(7, True, 8) == (8.0, 0.5, 7.0)  # any number becomes float64


def test_several_records_are_the_arguments_of_one_formula():
    fill = gather_records([(Fleet, (8.0, 1)), (Load, (0, 2.0, 0))])

    @numba.njit
    def formula(fleet, load):
        return fleet.count * fleet.usd_per_hour + load.batch * load.in_len - load.out_len

    @numba.njit
    def model(*values):
        return formula(*fill(values))

    assert model(3.0, 2.5) == 8.0 * 2.5 + 3.0 * 2.0 - 3.0


def test_a_record_of_numbers_alone_reads_nothing():
    fill = gather_record(Fleet, (8.0, 2.5))

    @numba.njit
    def model():
        return fill(()).count

    assert model() == 8.0


@pytest.mark.parametrize(
    ("record", "slots", "error", "words"),
    [
        (dict, (0,), TypeError, "record: expected a NamedTuple class, found <class 'dict'>"),
        (Fleet(1.0, 2.0), (0, 1), TypeError, "record: expected a NamedTuple class, found Fleet"),
        (Fleet, (0,), ValueError, "slots: expected 2, one per field of Fleet, found 1"),
        (Fleet, (0, "x"), TypeError, "Fleet.usd_per_hour must be a position .* found 'x'"),
        (Fleet, (True, 0), TypeError, "Fleet.count must be a position .* found True"),
        (Fleet, (0, -1), ValueError, "position of Fleet.usd_per_hour must be >= 0, found -1"),
    ],
)
def test_bad_slots_are_refused(record, slots, error, words):
    with pytest.raises(error, match=words):
        gather_record(record, slots)
    with pytest.raises(error, match=words):
        gather_records([(record, slots)])


def test_no_record_is_refused():
    with pytest.raises(ValueError, match="parts: expected one record or more, found none"):
        gather_records([])


def test_compiled_code_without_the_values_is_refused():
    fill = gather_record(Fleet, (0, 3))
    short = numba.njit(lambda: fill((1.0, 2.0)))
    number = numba.njit(lambda: fill(1.0))
    with pytest.raises(TypingError, match="values: expected 4 or more, found 2"):
        short()
    with pytest.raises(TypingError, match="values: expected a tuple of numbers, found"):
        number()
