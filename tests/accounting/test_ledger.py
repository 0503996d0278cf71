"""Ledgers of every kind give the same batches."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tokenmill.accounting.calendar import day
from tokenmill.accounting.ledger import Batch, Ledger

INSTANT = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
COLUMNS: dict[str, list[Any]] = {
    "provider": ["x", None, "x", "y", "x"],
    "model": ["a", "b", None, "a", "b with a name beyond twelve bytes"],
    "service_tier": ["default", "FLEX", None, "on_demand_priority", "priority"],
    "region": ["eu", "us", "eu", None, "eu"],
    "time": [INSTANT, INSTANT, None, INSTANT, INSTANT],
    "input": [1, 2, None, 4, 5],
    "output": [9, 8, 7, 6, 5],
    "team": ["t1", "t2", "t1", None, "a team with a name beyond twelve bytes"],
}
BY = ["team", "day:Europe/Berlin", "model", "service_tier"]


def batches(usage: Any, convention: str = "native", **options: Any) -> list[Batch]:
    return list(Ledger(usage, convention, **options))


def only(usage: Any, convention: str = "native", **options: Any) -> Batch:
    (batch,) = batches(usage, convention, **options)
    return batch


def looked_up(codes: Any, values: list[Any]) -> list[Any]:
    return [None if code < 0 else values[code] for code in codes]


def rows(found: list[Batch]) -> list[tuple[Any, ...]]:
    """Every row of the batches, by value."""
    return [row for batch in found for row in _rows(batch)]


def _rows(batch: Batch) -> Iterator[tuple[Any, ...]]:
    assert batch.times is not None and batch.service_codes is not None
    assert batch.region_codes is not None and batch.bad is None
    return zip(
        looked_up(batch.model_codes, batch.models),
        looked_up(batch.service_codes, batch.service_tiers),
        looked_up(batch.region_codes, batch.regions),
        batch.times.tolist(),
        *(batch.counts[unit].tolist() for unit in ("input", "output")),
        *(looked_up(keys.codes, keys.values) for keys in batch.keys.values()),
        strict=True,
    )


def pandas_frame() -> Any:
    pytest.importorskip("pyarrow", reason="pandas hands its tables over by pyarrow")
    return pytest.importorskip("pandas").DataFrame(COLUMNS)


def pandas_categories() -> Any:
    texts = ("provider", "model", "service_tier", "region", "team")
    return pandas_frame().astype({name: "category" for name in texts})


def polars_frame() -> Any:
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def polars_categories() -> Any:
    polars = pytest.importorskip("polars")
    texts = ("provider", "model", "service_tier", "region", "team")
    return polars_frame().with_columns(polars.col(*texts).cast(polars.Categorical))


def duckdb_relation() -> Any:
    duckdb = pytest.importorskip("duckdb")
    table = arrow_table()
    connection = duckdb.connect()
    return connection.from_arrow(table)


def arrow_table() -> Any:
    return pytest.importorskip("pyarrow").table(COLUMNS)


def arrow_reader() -> Any:
    return arrow_table().to_reader(max_chunksize=2)


def arrow_batch() -> Any:
    return arrow_table().to_batches()[0]


def mixed_mapping() -> Any:
    """Columns in pieces that are cut at different rows."""
    pyarrow = pytest.importorskip("pyarrow")
    model = pyarrow.chunked_array([COLUMNS["model"][:2], [], COLUMNS["model"][2:]])
    team = pyarrow.chunked_array([COLUMNS["team"][:1], COLUMNS["team"][1:4], COLUMNS["team"][4:]])
    return COLUMNS | {"model": model, "team": team}


def arrays() -> Any:
    times = [None if time is None else time.replace(tzinfo=None) for time in COLUMNS["time"]]
    return COLUMNS | {
        "input": np.array([1.0, 2.0, np.nan, 4.0, 5.0]),
        "output": np.array(COLUMNS["output"], np.int16),
        "time": np.array(times, "M8[ns]"),
        "team": np.array(COLUMNS["team"], object),
    }


def several_tables() -> Any:
    head = {name: values[:2] for name, values in COLUMNS.items()}
    tail = {name: values[2:] for name, values in COLUMNS.items()}
    return iter([head, tail])


FRAMES: list[Callable[[], Any]] = [
    pandas_frame,
    pandas_categories,
    polars_frame,
    polars_categories,
    duckdb_relation,
    arrow_table,
    arrow_reader,
    arrow_batch,
    mixed_mapping,
    arrays,
    several_tables,
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__name__)
def test_any_frame_gives_the_rows_of_the_mapping(frame: Callable[[], Any]) -> None:
    assert rows(batches(frame(), by=BY)) == rows(batches(COLUMNS, by=BY))


@pytest.mark.parametrize("frame", [pandas_frame, polars_frame, arrow_table])
@pytest.mark.parametrize(("low", "high"), [(1, 4), (3, 5), (2, 2)])
def test_a_slice_gives_its_rows(frame: Callable[[], Any], low: int, high: int) -> None:
    table = frame()
    part = table.iloc[low:high] if hasattr(table, "iloc") else table.slice(low, high - low)
    assert rows(batches(part, by=BY)) == rows(batches(COLUMNS, by=BY))[low:high]


def test_what_the_rows_of_the_mapping_are() -> None:
    found = rows(batches(COLUMNS, by=BY))
    instant = 1_774_740_600_000_000
    assert found[0] == (("x", "a"), "", "eu", instant, 1, 9, "t1", "2026-03-29", "a", "")
    assert found[2] == (None, None, "eu", -(2**63), 0, 7, "t1", None, None, None)
    assert [row[1] for row in found] == ["", "flex", None, "priority", "priority"]


def test_integers_are_read_in_place() -> None:
    input_tokens, output = np.arange(4, dtype=np.int32), np.arange(4)
    batch = only({"model": ["m"] * 4, "input": input_tokens, "output": output})
    assert np.shares_memory(batch.counts["input"], input_tokens)
    assert np.shares_memory(batch.counts["output"], output)


def test_arrow_integers_are_read_in_place() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    values = pyarrow.array(np.arange(9, dtype=np.int32))
    batch = only(pyarrow.table({"model": ["m"] * 9, "input": values}).slice(2))
    assert batch.counts["input"].__array_interface__["data"][0] == values.buffers()[1].address + 8


def test_a_day_of_another_column() -> None:
    usage = {"model": ["m"], "input": [1], "paid": ["2026-01-31T23:30-01:00"]}
    batch = only(usage, by=[day("paid", "Asia/Tokyo")])
    (keys,) = batch.keys.values()
    assert looked_up(keys.codes, keys.values) == ["2026-02-01"]
