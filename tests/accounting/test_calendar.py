"""Days and months by the clock of a zone, against zoneinfo row by row."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenmill.accounting.calendar import (
    NULL_TIME,
    CalendarKey,
    calendar_key,
    day,
    day_codes,
    month,
    month_codes,
)
from tokenmill.accounting.clocks import changes_between, offset_at, zone
from tokenmill.accounting.weeks import clock_changes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Lord Howe moves by half an hour, St John's at one minute past midnight, Apia left out a day,
# Casablanca's summer time pauses, and Kathmandu is 5:45 ahead.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "+05:30",
    "-11:00",
]


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def expected(times: list[int], name: str, form: str) -> list[str | None]:
    tz = zone(name)
    return [
        None
        if time == NULL_TIME
        else (EPOCH + timedelta(microseconds=time)).astimezone(tz).strftime(form)
        for time in times
    ]


def looked_up(found: tuple[np.ndarray, list[str | None]]) -> list[str | None]:
    codes, labels = found
    assert codes.dtype == np.int32
    return [labels[code] for code in codes]


INSTANTS = st.integers(microseconds(datetime(1985, 1, 1, tzinfo=UTC)), 2**51) | st.just(NULL_TIME)


@pytest.mark.parametrize("name", ZONES)
@given(times=st.lists(INSTANTS, max_size=30))
def test_days_and_months_are_those_of_zoneinfo(name: str, times: list[int]) -> None:
    array = np.array(times, np.int64)
    assert looked_up(day_codes(array, name)) == expected(times, name, "%Y-%m-%d")
    assert looked_up(month_codes(array, name)) == expected(times, name, "%Y-%m")


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("year", [1987, 2006, 2011, 2026])
def test_every_half_hour_of_a_year(name: str, year: int) -> None:
    start = microseconds(datetime(year, 1, 1, tzinfo=UTC))
    times = [start + half * 1_800_000_000 - (half % 3) for half in range(366 * 48)]
    assert looked_up(day_codes(np.array(times), name)) == expected(times, name, "%Y-%m-%d")


def test_the_instants_around_changes_of_the_clock() -> None:
    # 2006-10-29 00:01 in St John's is 23:01 of the day before once more
    back = microseconds(datetime(2006, 10, 29, 2, 31, tzinfo=UTC))
    times = [back - 60_000_000, back - 1, back, back + 59 * 60_000_000 - 1, back + 59 * 60_000_000]
    found = looked_up(day_codes(np.array(times), "America/St_Johns"))
    assert found == ["2006-10-29", "2006-10-29", "2006-10-28", "2006-10-28", "2006-10-29"]


def test_labels_rise_and_null_comes_last() -> None:
    times = np.array([NULL_TIME, 86_400_000_000 * 40, 0, NULL_TIME])
    codes, labels = day_codes(times)
    assert labels == ["1970-01-01", "1970-02-10", None] and codes.tolist() == [2, 1, 0, 2]
    assert month_codes(times)[1] == ["1970-01", "1970-02", None]


def test_no_time_and_times_far_apart() -> None:
    codes, labels = day_codes(np.empty(0, np.int64), "Europe/Berlin")
    assert len(codes) == 0 and labels == []
    far = np.array([-62_135_596_800_000_000, 0, 253_402_300_799_999_999])
    found = looked_up(day_codes(far, "Europe/Berlin"))
    assert found == ["0001-01-01", "1970-01-01", "10000-01-01"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("day", CalendarKey("day")),
        ("month", month()),
        ("day:Europe/Berlin", day("", "Europe/Berlin")),
        ("month:+02:00", month("", "+02:00")),
        ("team", None),
        ("days", None),
    ],
)
def test_keys_as_text(text: str, key: CalendarKey | None) -> None:
    assert calendar_key(text) == key
    assert key is None or str(key) == text


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "+25:00", "../etc", "+2"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time_zone: expected an IANA name"):
        day("ts", name)


def test_a_zone_by_its_offset() -> None:
    assert zone("-03:30").utcoffset(None) == timedelta(hours=-3, minutes=-30)
    assert zone("Asia/Tokyo") == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("name", ZONES)
def test_weekly_tables_and_days_see_the_same_changes(name: str) -> None:
    """Looked at week by week, and hour by hour around each change that was found."""
    hour, tz = 3_600_000_000, zone(name)
    (_, offset), *changes = clock_changes(name)
    for at, minutes in changes:
        day_before = at - at % hour - 12 * hour
        assert list(changes_between(day_before, day_before + 24 * hour, hour, tz)) == [
            (at, minutes * 60_000_000)
        ]
        assert offset_at(at - 1, tz) == offset * 60_000_000
        offset = minutes
