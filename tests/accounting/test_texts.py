"""The codes of texts equal those of the twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenmill._native.texts import Texts
from tokenmill.reference.texts import text_codes, text_pack

# Lengths around the words of eight bytes, from few letters so that equal and nearly equal occur.
TEXTS = st.lists(st.none() | st.text("aà\0", max_size=20), max_size=60)


@given(texts=TEXTS)
def test_codes_are_those_of_the_twin(texts: list[str | None]) -> None:
    codes, first_rows = Texts.of_list(texts).codes()
    expected, expected_rows = text_codes([t if t is None else t.encode() for t in texts])
    np.testing.assert_array_equal(codes, expected)
    np.testing.assert_array_equal(first_rows, expected_rows)


@given(texts=TEXTS, width=st.integers(1, 24))
def test_packed_bytes_are_those_of_the_twin(texts: list[str | None], width: int) -> None:
    packed = Texts.of_list(texts).packed(width)
    encoded = [t if t is None else t.encode() for t in texts]
    np.testing.assert_array_equal(packed, text_pack(encoded, width))


@pytest.mark.parametrize("distinct", [4095, 4096, 4097, 30_000])
def test_more_distinct_texts_than_the_first_table_holds(distinct: int) -> None:
    texts = [f"request {row * 7919 % distinct}" for row in range(2 * distinct)]
    codes, first_rows = Texts.of_list(texts).codes()
    np.testing.assert_array_equal(codes, [row % distinct for row in range(2 * distinct)])
    np.testing.assert_array_equal(first_rows, np.arange(distinct))


def test_decoded_texts_come_back() -> None:
    texts = ["", "é", None, "a longer text"]
    assert Texts.of_list(texts).decoded() == texts


@pytest.mark.parametrize("strings", [["a", "", "bc"], ["é", "", "日本"], []])
def test_arrays_of_str_are_utf8(strings: list[str]) -> None:
    array = np.array(strings, str)
    assert Texts.of_strings(array).decoded() == strings
    assert Texts.of_strings(array[::-1]).decoded() == strings[::-1]


def test_items_of_arrays_are_coded_by_their_bytes() -> None:
    array = np.array([3, 5, 3, 9], np.int16)
    codes, first_rows = Texts.of_items(array, np.array([True, True, True, False])).codes()
    assert codes.tolist() == [0, 1, 0, -1] and first_rows.tolist() == [0, 1]
    strided = Texts.of_items(np.arange(8)[::4]).codes()[0]
    assert strided.tolist() == [0, 1]
