"""Whole numbers at their limits: costs, counts, sums, scales, columns, tiers, epochs, calendars."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tokenmill.accounting import (
    UNITS,
    Hours,
    ModelPrices,
    Period,
    PriceBook,
    PriceRules,
    Rate,
    Status,
    UsageConvention,
    Window,
    charge,
    explain,
    total,
)

MOST = 2**63 - 1
ONE = Fraction(1)


def book(*rates: Rate, rounding: str = "refuse", **model: Any) -> PriceBook:
    periods = model.pop("periods", (Period(None, rates),))
    return PriceBook("b", (ModelPrices("p", "m", periods, **model),), rounding=rounding)


def ledger(**columns: Any) -> dict[str, Any]:
    rows = max(len(values) for values in columns.values())
    return {"model": ["m"] * rows, **columns}


def status(*found: Status) -> list[int]:
    return [int(s) for s in found]


def test_a_cost_at_the_limit_and_one_beyond() -> None:
    prices = book(Rate("input", Fraction(7)), Rate("output", ONE))
    usage = ledger(input=[MOST // 7, MOST // 7, 0], output=[MOST % 7, MOST % 7 + 1, MOST])
    found = charge(usage, prices, convention="native", by=[], per_class=True)
    assert found.scale == 0
    assert found.cost.tolist() == [MOST, 0, MOST]
    assert found.status.tolist() == status(Status.OK, Status.OVERFLOW, Status.OK)
    assert found.per_class is not None and found.totals is not None
    assert found.per_class["input"].tolist() == [MOST // 7 * 7, 0, 0]
    assert (found.totals.cost, found.totals.unpriced_rows) == ([2 * MOST], [1])
    assert found.total == 2 * MOST
    wide = charge(usage, prices, convention="native", cost_dtype="int128", per_class=True)
    assert wide.cost.tolist() == [MOST, MOST + 1, MOST]
    assert wide.status.tolist() == status(Status.OK, Status.OK, Status.OK)
    assert total(usage, prices, convention="native").cost == [3 * MOST + 1]


def test_costs_beyond_128_bits_overflow_too() -> None:
    prices = book(Rate("input", Fraction(2**66)), Rate("output", ONE))
    usage = ledger(input=[2**60, 2**61, 2**62], output=[1, 0, 0])
    found = charge(usage, prices, convention="native", cost_dtype="int128", per_class=True)
    assert found.cost.tolist() == [2**126 + 1, 0, 0]
    assert found.status.tolist() == status(Status.OK, Status.OVERFLOW, Status.OVERFLOW)
    assert total(usage, prices, convention="native").statuses == {Status.OK: 1, Status.OVERFLOW: 2}


@pytest.mark.parametrize("per_class", [False, True])
def test_parts_whose_sum_leaves_64_bits_exceed_their_total(per_class: bool) -> None:
    names = ("cache_read", "cache_write", "input_audio")
    prices = book(*(Rate(name, Fraction(0)) for name in ("input", *names)))
    parts = {name: [2**62 - 2, 2, 2**62 - 2] for name in names}
    usage = ledger(input=[2, 6, 0], **parts)
    found = charge(usage, prices, convention="native", per_class=per_class)
    exceeds = Status.SUBSET_EXCEEDS_TOTAL
    assert found.status.tolist() == status(exceeds, Status.PRICED_ZERO, exceeds)


@pytest.mark.parametrize("above", [2**31, 2**61, 2**62])
def test_a_basis_beyond_64_bits_is_above_every_threshold(above: int) -> None:
    prices = book(Rate("input", Fraction(0)), Rate("input", ONE, above=above))
    most = [2**62, 2**63 - 1, above // 2 + 1, above // 2]
    usage = ledger(input=most, cache_read=most)
    found = charge(usage, prices, convention="anthropic", cost_dtype="int128")
    assert found.cost.tolist() == [2**63, 2**64 - 2, 2 * (above // 2 + 1), 0]


def test_prices_of_up_to_thirty_decimals() -> None:
    prices = book(Rate("input", Fraction(1, 10**30)), Rate("output", Fraction(15, 10**6)))
    usage = ledger(input=[MOST, 1, 3], output=[1, MOST, 0])
    found = charge(usage, prices, convention="native", cost_dtype="int128")
    assert found.scale == 30
    assert found.cost.tolist() == [MOST + 15 * 10**24, 0, 3]
    assert found.status.tolist() == status(Status.OK, Status.OVERFLOW, Status.OK)
    narrow = charge(usage, prices, convention="native")
    assert narrow.status.tolist() == status(Status.OVERFLOW, Status.OVERFLOW, Status.OK)
    assert str(found.money(2)) == "3E-30"


def test_sums_go_beyond_64_bits() -> None:
    rows = 1000
    usage = ledger(input=np.full(rows, 2**62), output=np.full(rows, 2**62 - 1))
    usage["model"] = ["m", "n"] * (rows // 2)
    prices = book(Rate("input", ONE), Rate("output", Fraction(0)))
    found = total(usage, prices, convention="native", by=["model"])
    assert found.cost == [rows // 2 * 2**62, 0]
    assert found.tokens["output"] == [rows // 2 * (2**62 - 1), 0]
    assert found.unpriced_tokens["input"] == [0, rows // 2 * 2**62]
    assert found.unpriced_models == {
        (None, "n", Status.UNKNOWN_MODEL): (rows // 2, rows // 2 * (2**63 - 1))
    }


def test_narrow_sums_are_emptied_before_they_overflow() -> None:
    rows = 40_000
    large = 2**52
    usage = ledger(input=np.full(rows, large), output=np.arange(rows))
    found = total(
        usage, book(Rate("input", ONE), Rate("output", ONE)), convention="native", threads=1
    )
    assert found.tokens["input"] == [rows * large]
    assert found.cost == [rows * large + rows * (rows - 1) // 2]


@pytest.mark.parametrize("most", [2**31 - 1, 2**31, 10**6])
def test_columns_of_either_width_give_the_same(most: int) -> None:
    rng = np.random.default_rng(most)
    counts = {name: rng.integers(0, most, 700) for name in ("cache_read", "output")}
    counts["input"] = counts["cache_read"] + rng.integers(0, 9, 700)
    rates = [Rate(name, Fraction(3 + i, 10**7)) for i, name in enumerate(counts)]
    prices = book(*rates, Rate("input", Fraction(1, 10**6), above=most // 2))
    found = [charge(ledger(**counts), prices, convention="native", per_class=True)]
    if most < 2**31:
        small = {name: np.minimum(values, 2**31 - 1) for name, values in counts.items()}
        narrow = {name: values.astype(np.int32) for name, values in small.items()}
        mixed = narrow | {"output": small["output"]}
        found = [
            charge(ledger(**columns), prices, convention="native", per_class=True)
            for columns in (small, narrow, mixed)
        ]
    for other in found:
        assert other.cost.tolist() == found[0].cost.tolist()
        assert other.price_row.tolist() == found[0].price_row.tolist()
        counts_of = zip(*(values.tolist() for values in counts.values()), strict=True)
        if most >= 2**31:
            for cost, (cached, out, given) in zip(other.cost.tolist(), counts_of, strict=True):
                price = 10 if given > most // 2 else 5
                assert cost == 3 * cached + 4 * out + price * (given - cached)


@pytest.mark.parametrize("tiers", [2, 3, 4, 9])
@pytest.mark.parametrize("windows", [False, True])
def test_any_number_of_context_tiers(tiers: int, windows: bool) -> None:
    steps = [Rate("input", Fraction(n + 2), above=10**n) for n in range(tiers)]
    night = {"night": Window((Hours(((0, 60),)),))} if windows else {}
    own = [Rate("input", Fraction(100), window="night")] if windows else []
    prices = book(Rate("input", ONE), *steps, *own, windows=night)
    counts = [count for n in range(tiers) for count in (10**n, 10**n + 1)] + [0]
    usage = ledger(input=counts, time_us=[3_600_000_000] * len(counts))
    found = charge(usage, prices, convention="native")
    expected = [1 + sum(count > 10**n for n in range(tiers)) for count in counts]
    assert found.cost.tolist() == [c * p for c, p in zip(counts, expected, strict=True)]
    if windows:
        usage["time_us"] = [0, *usage["time_us"][1:]]
        assert charge(usage, prices, convention="native").cost[0] == 100


@pytest.mark.parametrize(
    ("dtype", "most"),
    [(np.int32, 1), (np.int32, 2**28), (np.int64, 1), (np.int64, 2**28), (np.int64, 2**61)],
)
def test_context_tiers_look_at_the_writes_that_are_charged(dtype: type, most: int) -> None:
    """60 written for 5 minutes and 1 hour are below 100, whatever all of them is said to be."""
    convention = UsageConvention("own", cache_in_input=False, writes="replace")
    prices = book(Rate("input", ONE), Rate("input", Fraction(2), above=100))
    counts = {
        "cache_write": [120, 120, 0, most],
        "cache_write_5m": [40, 0, 90, 0],
        "cache_write_1h": [20, 0, 11, 0],
    }
    usage = ledger(**{name: np.array(values, dtype) for name, values in counts.items()})
    usage["input"] = np.zeros(4, dtype)
    found = charge(usage, prices, convention=convention, cost_dtype="int128")
    assert found.cost.tolist() == [60, 240, 202, most * (1 + (most > 100))]
    row = {name: values[0] for name, values in counts.items()} | {"model": "m", "input": 0}
    told = dict(explain(row, prices, convention=convention).facts)
    assert told["context tier"] == "input = 60, not above 100"


@pytest.mark.parametrize("columns", [1, 2, 8, 9, 17, 33, 64])
def test_any_number_of_columns(columns: int) -> None:
    plain = [name for name, unit in UNITS.items() if len(unit.properties) <= 2]
    names = [*plain, *(name for name in UNITS if name not in plain)][:columns]
    rng = np.random.default_rng(columns)
    names = [name for name in names if not any(_overlap(name, other) for other in names)]
    counts = {name: rng.integers(0, 1000, 300) for name in names}
    prices = book(*(Rate(name, Fraction(i + 1)) for i, name in enumerate(names)))
    for dtype in (np.int32, np.int64):
        usage = ledger(**{name: values.astype(dtype) for name, values in counts.items()})
        found = charge(usage, prices, convention="native", per_class=True, by=[])
        assert found.cost.tolist() == sum((i + 1) * counts[n] for i, n in enumerate(names)).tolist()
        assert found.totals is not None and found.per_class is not None
        assert found.totals.tokens == {n: [int(v.sum())] for n, v in counts.items()}
        assert all((found.per_class[n] == (i + 1) * counts[n]).all() for i, n in enumerate(names))


def _overlap(one: str, other: str) -> bool:
    return UNITS[other].contains(UNITS[one])


def test_more_columns_than_the_kernel_takes() -> None:
    usage = ledger(**{name: [1] for name in list(UNITS)[:65]})
    with pytest.raises(ValueError, match="usage: expected at most 64 counts, found 65"):
        charge(usage, book(Rate("input", ONE)), convention="native")


def test_many_epochs_at_every_boundary() -> None:
    begin = datetime(1960, 1, 1, tzinfo=UTC)
    starts = [begin + timedelta(days=97 * n, microseconds=n) for n in range(300)]
    periods = tuple(
        Period(start, (Rate("input", Fraction(n + 1)),)) for n, start in enumerate(starts)
    )
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    at = [(start - epoch) // timedelta(microseconds=1) for start in starts]
    times = [time + shift for time in at for shift in (-1, 0, 1)]
    usage = ledger(input=[1] * len(times), time_us=times)
    found = charge(usage, book(periods=periods), convention="native")
    expected = [sum(start <= time for start in at) for time in times]
    assert found.cost.tolist() == expected
    assert found.status[0] == Status.BEFORE_FIRST_DATE
    assert len(set(found.price_row.tolist())) == 301


def test_more_calendars_than_a_block_shares() -> None:
    """Each model has a window of its own: 90 weeks that a block of rows cannot share."""
    models = tuple(
        ModelPrices(
            "p",
            f"m{n}",
            (Period(None, (Rate("input", ONE), Rate("input", Fraction(n + 2), window="w"))),),
            windows={"w": Window((Hours(((n * 10, n * 10 + 5),)),))},
        )
        for n in range(90)
    )
    minutes = [m for n in range(90) for m in (10 * n - 1, 10 * n, 10 * n + 4, 10 * n + 5)]
    expected = [cost for n in range(90) for cost in (1, n + 2, n + 2, 1)]
    for week in (0, 3000, -1500):
        times = [(week * 7 * 1440 + minute) * 60_000_000 for minute in minutes]
        usage = {
            "model": [f"m{i // 4}" for i in range(360)],
            "input": [1] * 360,
            "time_us": times,
        }
        found = charge(usage, PriceBook("b", models), convention="native")
        assert found.cost.tolist() == expected


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_a_window_at_its_edges(shift: int) -> None:
    """Monday to Wednesday 22:00 to 02:00 in Tokyo (UTC+9), whatever year."""
    window = Window((Hours(((22 * 60, 2 * 60),), frozenset({1, 2, 3})),), "+09:00")
    rates = (Rate("input", ONE), Rate("input", Fraction(2), window="w"))
    prices = book(*rates, windows={"w": window})
    local = timedelta(hours=9)
    for monday in (datetime(1969, 12, 29, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)):
        for day in range(7):
            for hour in (0, 2, 22, 24):
                at = monday + timedelta(days=day, hours=hour, microseconds=shift) - local
                clock = at + local
                is_open = clock.isoweekday() <= 3 and not 2 <= clock.hour < 22
                usage = ledger(input=[1], time=[at])
                assert charge(usage, prices, convention="native").cost[0] == 1 + is_open


def test_periods_by_the_zone_of_the_time_stamps() -> None:
    """Half past midnight in Kyiv is before midnight in UTC; two zones at once are refused."""
    periods = (
        Period(None, (Rate("input", ONE),)),
        Period(date(2026, 1, 1), (Rate("input", Fraction(2)),)),
    )
    model = ModelPrices("p", "m", periods)
    own, utc = (
        PriceBook("b", (model,), rules=PriceRules(date_zone=zone)) for zone in ("timestamp", "UTC")
    )
    texts = ["2026-01-01T00:30:00+02:00", "2026-01-01T00:30:00+01:00"]
    first, second = (ledger(input=[1], time=[text]) for text in texts)
    assert charge(first, own, convention="native").cost.tolist() == [2]
    assert charge(first, utc, convention="native").cost.tolist() == [1]
    both = ledger(input=[1, 1], time=texts)
    for several in (both, [first, second], [second, first]):
        assert charge(several, utc, convention="native").cost.tolist() == [1, 1]
        with pytest.raises(ValueError, match="time stamps of one time zone, .*'b' begin, found"):
            charge(several, own, convention="native")


def test_prices_beyond_what_a_scale_can_hold() -> None:
    prices = book(Rate("input", Fraction(10**10)), Rate("output", Fraction(1, 10**30)))
    message = r"book 'b': p/m: expected prices below 2\^120 x 10\^-30 USD, found 10000000000"
    with pytest.raises(ValueError, match=message):
        charge(ledger(input=[1]), prices, convention="native")
