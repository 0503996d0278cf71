"""The Arrow C data interface: what comes in, and when it is released."""

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.arrow_producer import Producer, Streamer, integers, views
from tokenmill._native.arrow import read_stream
from tokenmill._native.arrow_column import ArrowColumn

INTEGERS = dict(c="i1", C="u1", s="i2", S="u2", i="i4", I="u4", l="i8", L="u8")


def column(producer: Any) -> ArrowColumn:
    (found,) = read_stream(producer)
    return found


def texts(*values: bytes) -> list[Any]:
    offsets = np.cumsum([0, *map(len, values)]).astype(np.int32)
    return [None, offsets, np.frombuffer(b"".join(values) or b"\0", np.uint8)]


@pytest.mark.parametrize(
    ("form", "dtype"),
    [*INTEGERS.items(), ("e", "f2"), ("f", "f4"), ("g", "f8")],
)
def test_numbers_of_any_width_are_views(form: str, dtype: str) -> None:
    values = np.arange(7).astype(dtype)
    found = column(Producer(form, 5, [None, values], offset=2))
    assert np.shares_memory(found.numbers(), values)
    np.testing.assert_array_equal(found.numbers(), values[2:])
    np.testing.assert_array_equal(found.slice(1, 3).numbers(), values[3:5])
    assert found.valid() is None and not found.numbers().flags.writeable


@given(bits=st.lists(st.booleans(), min_size=1, max_size=70), data=st.data())
def test_bits_come_least_significant_first(bits: list[bool], data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(bits) - 1))
    packed = np.packbits(bits, bitorder="little")
    count = len(bits) - offset
    found = column(Producer("b", count, [packed, packed], offset=offset, null_count=-1))
    assert found.numbers().tolist() == bits[offset:]
    valid = found.valid()
    assert ([True] * count if valid is None else valid.tolist()) == bits[offset:]


def test_a_null_count_of_zero_needs_no_bitmap() -> None:
    wrong = np.zeros(1, np.uint8)
    assert column(Producer("l", 3, [wrong, np.arange(3)])).valid() is None
    with pytest.raises(ValueError, match="'x': expected a validity bitmap, found"):
        column(Producer("l", 3, [None, np.arange(3)], null_count=1)).valid()


@pytest.mark.parametrize("form", ["u", "U"])
def test_texts_with_an_offset_and_nulls(form: str) -> None:
    offsets = np.array([0, 1, 1, 4, 9], np.int32 if form == "u" else np.int64)
    data = np.frombuffer(b"abcdefghi", np.uint8)
    valid = np.array([0b1011], np.uint8)
    found = column(Producer(form, 3, [valid, offsets, data], offset=1, null_count=1))
    assert found.texts().decoded() == ["", None, "efghi"]
    assert found.slice(2, 3).texts().decoded() == ["efghi"]


def test_texts_by_views() -> None:
    values = [b"short", b"exactly 12 b", b"a text beyond twelve bytes", b"", b"another long text"]
    data = b"a text beyond twelve bytesanother long text"
    buffers = [None, views(values, data), np.frombuffer(data, np.uint8), np.array([len(data)])]
    found = column(Producer("vu", 5, buffers))
    assert found.texts().decoded() == [value.decode() for value in values]
    assert found.slice(1, 3).texts().decoded() == [value.decode() for value in values[1:3]]


@pytest.mark.parametrize("size", [0, 10, 42])
def test_views_beyond_their_buffer_are_refused(size: int) -> None:
    values = [b"a text beyond twelve bytes", b"another long text"]
    data = b"".join(values)
    buffers = [None, views(values, data), np.frombuffer(data, np.uint8), np.array([size])]
    with pytest.raises(ValueError, match="expected views into its buffers"):
        column(Producer("vu", 2, buffers)).texts()


@pytest.mark.parametrize(("form", "dtype"), INTEGERS.items())
def test_codes_of_any_width(form: str, dtype: str) -> None:
    producer = Producer(form, 4, [np.array([0b0111], np.uint8), np.array([1, 0, 1, 99], dtype)])
    producer.array.null_count = 1
    producer.set_dictionary("u", 2, texts(b"zero", b"one"))
    codes, values = column(producer).coded()
    assert codes[:3].tolist() == [1, 0, 1] and values == ["zero", "one"]


@pytest.mark.parametrize("code", [2, -1])
def test_codes_beyond_the_dictionary_are_refused(code: int) -> None:
    producer = Producer("c", 2, [None, np.array([0, code], np.int8)])
    producer.set_dictionary("u", 2, texts(b"zero", b"one"))
    with pytest.raises(ValueError, match=r"expected codes in \[0, 2\)"):
        column(producer).coded()


def test_the_offset_of_a_struct_adds_to_its_childrens() -> None:
    table = Producer("+s", 3, [None], offset=2, name="")
    one, two = integers(list(range(9)), name="one", offset=1), integers(list(range(5)), name="two")
    one.array.length = 8
    table.set_children([one, two])
    found = column(table)
    assert found.child(0).numbers().tolist() == [3, 4, 5]
    assert found.slice(1, 3).child(1).numbers().tolist() == [3, 4]


def test_a_null_struct_makes_its_children_null() -> None:
    table = Producer("+s", 3, [np.array([0b101], np.uint8)], null_count=1)
    table.set_children([integers([1, 2, 3])])
    valid = column(table).child(0).valid()
    assert valid is not None and valid.tolist() == [True, False, True]


@pytest.mark.parametrize(
    "fields",
    [{"length": -1}, {"offset": -1}, {"n_buffers": 1}, {"n_buffers": 0}],
    ids=str,
)
def test_counts_that_contradict_the_type_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="usage: column 'x': expected .* found an Arrow array"):
        producer = integers([1, 2, 3])
        for name, value in fields.items():
            setattr(producer.array, name, value)
        column(producer)


def test_a_child_shorter_than_its_struct_is_refused() -> None:
    table = Producer("+s", 3, [None], offset=1)
    table.set_children([integers([1, 2, 3])])
    with pytest.raises(
        ValueError, match="'x': expected 4 values, found an Arrow array of length 3"
    ):
        column(table).child(0)


def test_a_struct_without_its_children_is_refused() -> None:
    table = Producer("+s", 3, [None])
    table.set_children([integers([1, 2, 3])])
    table.array.n_children = 0
    with pytest.raises(ValueError, match="expected 1 children"):
        column(table)


@pytest.mark.parametrize("offsets", [[0, 3, 2], [-1, 1, 2]])
def test_offsets_that_fall_are_refused(offsets: list[int]) -> None:
    buffers = [None, np.array(offsets, np.int32), np.zeros(9, np.uint8)]
    with pytest.raises(ValueError, match="expected offsets that do not fall"):
        column(Producer("u", 2, buffers)).texts()


def test_a_missing_buffer_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a buffer 1"):
        column(Producer("l", 2, [None, None])).numbers()
    assert len(column(Producer("l", 0, [None, None])).numbers()) == 0
    assert column(Producer("u", 0, [None, None, None])).texts().decoded() == []


def test_an_array_is_released_once_when_its_last_view_goes() -> None:
    producer = integers([1, 2, 3])
    view = column(producer).numbers()[1:]
    gc.collect()
    assert producer.schema_released == 0 and producer.released == 0
    assert view.tolist() == [2, 3]
    del view
    gc.collect()
    assert producer.released == 1


def test_batches_outlive_their_stream() -> None:
    first, second = integers([1, 2]), integers([3])
    streamer = Streamer([first, second])
    kept = [found.numbers() for found in read_stream(streamer)]
    gc.collect()
    assert streamer.released == 1 and first.released == second.released == 0
    assert np.concatenate(kept).tolist() == [1, 2, 3]
    del kept
    gc.collect()
    assert first.released == second.released == 1


def test_a_stream_left_halfway_is_released() -> None:
    first, second = integers([1, 2]), integers([3])
    streamer = Streamer([first, second])
    stream = iter(read_stream(streamer))
    next(stream)
    del stream
    gc.collect()
    assert (streamer.released, first.released, second.released) == (1, 1, 0)


@pytest.mark.parametrize(
    ("message", "words"), [(b"disk on fire", "disk on fire"), (None, "Input/output error")]
)
def test_the_error_of_a_stream_has_its_message(message: bytes | None, words: str) -> None:
    stream = read_stream(Streamer([integers([1])], code=5, message=message))
    with pytest.raises(OSError, match=f"usage: the stream failed: {words}") as caught:
        list(stream)
    assert caught.value.errno == 5


def test_what_was_consumed_before_is_refused() -> None:
    streamer = Streamer([integers([1])])
    list(read_stream(streamer))
    with pytest.raises(ValueError, match="expected a fresh arrow_array_stream"):
        read_stream(streamer)


@pytest.mark.parametrize(
    ("form", "kind", "name"),
    [
        ("d:38,0", "decimal", "decimal128(38, 0)"),
        ("d:18,0,64", "integer", "decimal64(18, 0)"),
        ("d:18,2,64", "other", "decimal64(18, 2)"),
        ("d:50,0,256", "other", "decimal256(50, 0)"),
        ("tsu:Europe/Berlin", "timestamp", "timestamp[us, Europe/Berlin]"),
        ("tdD", "date", "date32"),
        ("+l", "other", "Arrow format '+l'"),
        ("z", "other", "Arrow format 'z'"),
        ("n", "null", "null"),
    ],
)
def test_kinds(form: str, kind: str, name: str) -> None:
    found = column(Producer(form, 0, [None, None, None]))
    assert (found.kind, found.type_name) == (kind, name)


def test_decimals_of_128_bits_are_halves() -> None:
    halves = np.array([[5, 0], [2**64 - 1, 2**64 - 1]], np.uint64)
    np.testing.assert_array_equal(column(Producer("d:38,0", 2, [None, halves])).numbers(), halves)
