"""Time stamps of a ledger: texts, numbers, objects and arrays, and those that are none."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.test_ledger import only
from tests.accounting.test_ledger_values import NAN, bad_rows
from tokenmill.accounting.calendar import NULL_TIME
from tokenmill.accounting.ledger import Batch


def timed(values: Any, **options: Any) -> Batch:
    return only({"model": ["m"] * len(values), "input": [1] * len(values), "t": values}, **options)


MOMENT = 1_774_746_000_123_456
TEXT = "2026-03-29T01:00:00.123456"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{TEXT}Z", MOMENT),
        (TEXT, MOMENT),
        (f"{TEXT}789Z", MOMENT),
        ("2026-03-29 03:00:00.123456+02:00", MOMENT),
        ("2026-03-29T03:00:00,123456 +0200", MOMENT),
        ("2026-03-28T19:30:00.123456-05:30", MOMENT),
        ("2026-03-28T20:00:00.123456-05", MOMENT),
        ("2026-03-29T01:00:00.1Z", MOMENT - 23_456),
        ("2026-03-29T01:00:00", MOMENT - 123_456),
        ("2026-03-29T01:00Z", MOMENT - 123_456),
        ("2026-03-29", MOMENT - 123_456 - 3_600_000_000),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("0001-01-01", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("2024-02-29", 1_709_164_800_000_000),
    ],
)
def test_texts_of_times(text: str, expected: int) -> None:
    batch = timed([text, None, ""], columns={"t": "time"})
    assert batch.times is not None and batch.bad is None
    assert batch.times.tolist() == [expected, NULL_TIME, NULL_TIME]
    alone = timed(np.array([text]), columns={"t": "time"})
    assert alone.times is not None and alone.times.tolist() == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2100-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "0000-01-01",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+02:60",
        "2026-01-01T00",
        "20260101T000000Z",
        "2026-01-01T00:00:00Zulu",
        "yesterday",
        "٢٠٢٦-01-01",
        "x" * 60,
        "0001-01-01T00:00+01:00",
    ],
)
def test_texts_that_are_no_time_are_bad(text: str) -> None:
    batch = timed([text, "2026-01-01"], columns={"t": "time"})
    assert batch.times is not None and bad_rows(batch) == [0]
    assert batch.times.tolist() == [NULL_TIME, 1_767_225_600_000_000]


@given(
    moment=st.datetimes(timezones=st.just(UTC)),
    minutes=st.integers(-1439, 1439),
    spec=st.sampled_from(["auto", "seconds", "milliseconds", "microseconds"]),
)
def test_times_are_those_of_datetime(moment: datetime, minutes: int, spec: str) -> None:
    zone = timezone(timedelta(minutes=minutes))
    if not datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC):
        moment = moment.replace(year=2024, day=1)
    text = moment.astimezone(zone).isoformat(timespec=spec)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = (datetime.fromisoformat(text) - epoch) // timedelta(microseconds=1)
    batch = timed([text], columns={"t": "time"})
    assert batch.times is not None and batch.times.tolist() == [expected]


def test_the_zone_of_texts() -> None:
    assert timed(["2026-01-01T00:00+02:00"] * 2, columns={"t": "time"}).time_zone == "+02:00"
    assert timed(["2026-01-01T00:00-03:30"], columns={"t": "time"}).time_zone == "-03:30"
    assert timed(["2026-01-01T00:00Z", "2026-01-02"], columns={"t": "time"}).time_zone == "UTC"
    several = timed(["2026-01-01T00:00Z", "2026-01-01T00:00+01:00"], columns={"t": "time"})
    assert several.time_zone == ""


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        ("time_s", [1, -1, None], [10**6, -(10**6), NULL_TIME]),
        ("time_s", [1.25, NAN], [1_250_000, NULL_TIME]),
        ("time_ms", np.array([1, 2], np.int32), [1000, 2000]),
        ("time_us", np.array([1, 2], np.uint64), [1, 2]),
        ("time_ns", [1999, -1], [1, -1]),
    ],
)
def test_numbers_as_times(field: str, values: Any, expected: list[int]) -> None:
    batch = timed(values, columns={"t": field})
    assert batch.times is not None and batch.times.tolist() == expected and batch.bad is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_s", 2**62), ("time_us", 2**63), ("time_us", -(2**63)), ("time_s", float("inf"))],
)
def test_numbers_beyond_the_years_are_bad(field: str, value: Any) -> None:
    values = np.array([value, 1], np.uint64 if value == 2**63 else None)
    batch = timed(values, columns={"t": field})
    assert batch.times is not None
    assert bad_rows(batch) == [0] and batch.times[0] == NULL_TIME


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("s", 10**6), ("ms", 1000), ("us", 1), ("m", 60 * 10**6), ("D", 864 * 10**8)],
)
def test_numpy_times_of_any_unit(unit: str, factor: int) -> None:
    batch = timed(np.array([3, "NaT"], f"M8[{unit}]"), columns={"t": "time"})
    assert batch.times is not None and batch.times.tolist() == [3 * factor, NULL_TIME]


def test_objects_as_times() -> None:
    zone = timezone(timedelta(hours=2))
    values = [
        datetime(1970, 1, 1, 2, tzinfo=zone),
        date(1970, 1, 2),
        None,
        7,
        "1970-01-01T00:00:01",
    ]
    batch = timed(values, columns={"t": "time"})
    assert batch.times is not None and bad_rows(batch) == [3]
    assert batch.times.tolist() == [0, 86_400_000_000, NULL_TIME, NULL_TIME, 1_000_000]


def test_numbers_without_a_unit_are_refused() -> None:
    with pytest.raises(
        TypeError, match=r"found int64; state the unit .*columns=\{'t': \"time_ms\"\}"
    ):
        timed([1], columns={"t": "time"})
