"""The ledgers of the accounting benchmarks, and whether every baseline prices them exactly."""

import datetime
import importlib.util
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import accounting_baselines as arrays
from benchmarks import accounting_polars as polars
from benchmarks import accounting_work
from benchmarks.accounting import BY_NAME, BY_RANGE, COSTS, REALISTIC, SIMPLE, checked, rows
from benchmarks.accounting_calculators import CALCULATORS, MODEL, exact_cost
from benchmarks.accounting_file import duckdb_file, write
from benchmarks.accounting_prices import (
    CLASSES,
    DAY,
    LEDGER_START,
    MINUTE,
    PARENT,
    SERVICE_TIERS,
    PriceRow,
    Window,
    model_names,
    open_minutes,
)
from benchmarks.accounting_work import BLOCK, Case, Contestant, Totals, ledger, team_names
from benchmarks.child import in_child

ROWS = 2000
CASES = [
    Case("simple", ROWS),
    Case("simple", ROWS, "int64", "any"),
    Case("realistic", ROWS),
    Case("realistic", ROWS, "int64", "any"),
]
CONTESTANTS = [
    pytest.param(case, make, id=f"{case.kind} {case.count_type} {case.order}: {name}")
    for case in CASES
    for name, make in (SIMPLE | BY_NAME if case.kind == "simple" else REALISTIC | BY_RANGE).items()
]
NEEDS = {"DuckDB": ["duckdb", "pyarrow"], "Polars": ["polars"], "pandas": ["pandas"]}


def need(*modules: str) -> None:
    """Skip where an extra of the benchmarks is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


def needs(name: str) -> list[str]:
    """Return the modules a contestant of that name needs."""
    return [module for library in NEEDS for module in NEEDS[library] if library in name]


def lacking(case: Case, threads: int) -> Contestant:
    """Fail as a contestant does whose library is not installed."""
    raise ImportError("no_such_library")


def is_open(window: Window, ts: int) -> bool:
    """Say whether a time stamp lies in a window, by the calendar of the standard library."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=ts)
    if when.isoweekday() not in window["weekdays"]:
        return False
    minute = when.hour * 60 + when.minute
    start, end = window["start"], window["end"]
    return start <= minute < end if start < end else minute >= start or minute < end


def cost(row: dict[str, int], classes: tuple[str, ...], prices: dict[str, int]) -> int:
    """Return the exact cost: parts at their own price, the rest of the whole at its own."""
    rest = {whole: row[whole] for whole in ("input", "output")}
    for part in classes:
        if part in PARENT:
            rest[PARENT[part]] -= row[part]
    return sum(rest.get(name, row[name]) * prices[name] for name in classes)


def one_by_one(case: Case, group: Callable[[dict[str, int]], Any]) -> Totals:
    """Return the totals row by row, in Python integers, from the price list as it is."""
    lists: dict[tuple[str, str], list[PriceRow]] = defaultdict(list)
    for price in case.prices():
        lists[price["model"], price["service_tier"]].append(price)
    columns = {name: array.tolist() for name, array in case.columns().items()}
    names = model_names()
    found: dict[Any, list[int]] = {}
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        service, ts = SERVICE_TIERS[row.get("service_tier", 0)], row.get("ts", DAY * 30_000)
        valid = [
            price
            for price in lists[names[row["model"]], service]
            if price["valid_from"] <= ts and (not price["window"] or is_open(price["window"], ts))
        ]
        latest = max(valid, key=lambda price: (price["valid_from"], price["window"] is not None))
        tier = sum(row["input"] > limit for limit in latest["thresholds"])
        money = cost(row, case.classes, latest["prices"][tier])
        total = found.setdefault(group(row), [0] * (len(case.classes) + 1))
        for index, value in enumerate([*(row[name] for name in case.classes), money]):
            total[index] += value
    return {key: tuple(values) for key, values in found.items()}


@lru_cache
def by_team(case: Case) -> Totals:
    """Return the totals by team code."""
    return one_by_one(case, lambda row: row["team"])


def edges() -> dict[str, NDArray[Any]]:
    """Return rows on, just before and just after every edge that a rule has.

    Each of 40 models meets its thresholds around its dates and around the edges of its windows.
    """
    rows = []
    for price in Case("realistic", 1).prices():
        code = model_names().index(price["model"])
        if code >= 40:
            continue
        times = [price["valid_from"]] if price["valid_from"] >= LEDGER_START else []
        if window := price["window"]:
            days = [LEDGER_START + day * DAY for day in range(7)]
            times += [day + window[edge] * MINUTE for day in days for edge in ("start", "end")]
        for time in times:
            for ts in (time - 1, time, time + MINUTE):
                for limit in price["thresholds"]:
                    service = SERVICE_TIERS.index(price["service_tier"])
                    rows += [(code, service, ts, tokens) for tokens in (limit, limit + 1)]
    model, service, ts, tokens = np.array(rows).T
    counts = {name: np.arange(len(rows)) % 7 for name in CLASSES}
    counts |= {"input": tokens, "output": np.full(len(rows), 100)}
    return {
        "model": model.astype(np.int16),
        "team": (np.arange(len(rows)) % 11).astype(np.int16),
        "service_tier": service.astype(np.int8),
        "ts": ts,
    } | {name: count.astype(np.int32) for name, count in counts.items()}


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Polars run here, which is quicker than a process each."""
    monkeypatch.setattr(polars, "in_child", lambda build, case, threads, _: build(case, threads))


@pytest.mark.parametrize(("case", "make"), CONTESTANTS)
@pytest.mark.usefixtures("one_process")
def test_every_contestant_finds_the_exact_totals(
    case: Case, make: Any, request: pytest.FixtureRequest
) -> None:
    need(*needs(request.node.name))
    checked(make(case, 1), by_team(case))


@pytest.mark.parametrize("name", REALISTIC | BY_RANGE)
@pytest.mark.usefixtures("one_process")
def test_every_contestant_is_exact_on_the_edges(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need(*needs(name))
    columns = edges()
    monkeypatch.setattr(accounting_work, "ledger", lambda case: columns)
    case = Case("realistic", len(columns["ts"]))
    make = (REALISTIC | BY_RANGE)[name]
    checked(make(case, 1), one_by_one(case, lambda row: row["team"]))


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.usefixtures("one_process")
def test_every_contestant_finds_the_cost_of_each_row(name: str) -> None:
    need(*needs(name))
    index = iter(range(ROWS))
    one_each = one_by_one(CASES[2], lambda row: next(index))
    costs = tuple(total[-1] for total in one_each.values())
    checked(COSTS[name](CASES[2], 1), {"cost of each row": costs})


def test_a_process_of_its_own_gives_the_same() -> None:
    need("polars")
    checked(polars.gather(CASES[0], 1), by_team(CASES[0]))


def test_what_a_process_lacks_is_an_import_error_here() -> None:
    with pytest.raises(ImportError, match="no_such_library"):
        in_child(lacking, CASES[0], 1, {})


@pytest.mark.parametrize("make", [arrays.numpy_gather, arrays.numba_loop])
def test_chunks_and_threads_add_up(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "CHUNK", 700)
    checked(make(CASES[2], 3), by_team(CASES[2]))


def test_a_wrong_total_is_refused() -> None:
    totals = dict(by_team(CASES[2]))
    totals[0] = (*totals[0][:-1], totals[0][-1] + 1)
    with pytest.raises(ValueError, match="1 other groups"):
        checked(arrays.numpy_gather(CASES[2]), totals)


def test_a_file_gives_the_totals_by_team_and_day(tmp_path: Path) -> None:
    need("duckdb", "pyarrow")
    path, teams = tmp_path / "ledger.parquet", team_names()
    write(CASES[2], path)
    totals = one_by_one(CASES[2], lambda row: (teams[row["team"]], row["ts"] // DAY))
    checked(duckdb_file(CASES[2], path), totals)


@pytest.mark.parametrize("name", CALCULATORS)
@pytest.mark.filterwarnings("ignore")
def test_the_calculators_agree_on_their_model(name: str) -> None:
    need(name.lower().replace("-", "_"))
    checked(CALCULATORS[name](), {MODEL: (exact_cost(),)})


def test_rules_are_met_by_rows_on_both_sides() -> None:
    # a rule that no row meets would compare nothing
    case = Case("realistic", ROWS)
    columns, prices = case.columns(), arrays.dense(case.prices(), case.classes)
    key = arrays.Keys(prices).of(columns)
    assert set(key % 3) == {0, 1, 2}
    assert set(key // 3 % 2) == {0, 1}
    assert set(key // 6 % 4) == set(key // 24 % 4) == {0, 1, 2, 3}


def test_a_ledger_does_not_depend_on_its_order_and_parts_fit_their_whole() -> None:
    sorted_rows, shuffled = Case("realistic", ROWS).columns(), CASES[3].columns()
    for name, column in sorted_rows.items():
        assert np.array_equal(np.sort(column), np.sort(shuffled[name]))
        assert not column.flags.writeable
    for whole in ("input", "output"):
        parts = [sorted_rows[part] for part, of in PARENT.items() if of == whole]
        assert (np.sum(parts, axis=0) <= sorted_rows[whole]).all()
        assert all(part.any() and (part >= 0).all() for part in parts)


def test_blocks_are_the_ledger() -> None:
    case = Case("simple", BLOCK + 5)
    blocks = list(case.blocks())
    assert [len(block["team"]) for block in blocks] == [BLOCK, 5]
    assert np.array_equal(ledger(case)["input"][BLOCK:], blocks[1]["input"])


def test_the_weights_of_the_rows() -> None:
    assert Case("simple", ROWS).bytes_per_row == 16
    assert Case("realistic", ROWS).bytes_per_row == 45
    assert Case("realistic", ROWS, "int64").bytes_per_row == 77
    assert len({row.name for row in rows(ROWS)}) == len(rows(ROWS))


def test_a_window_opens_where_the_calendar_says() -> None:
    window: Window = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": 1410, "end": 15}
    for held in (window, window | {"weekdays": [6], "start": 60, "end": 120}, {**window, "end": 0}):
        monday = 4 * DAY  # 1970-01-05
        expected = [is_open(held, monday + minute * 60_000_000) for minute in range(7 * 1440)]
        assert open_minutes(held).tolist() == expected
