"""What can be read in a ledger's cells, what is bad, and what is refused."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.test_ledger import batches, looked_up, only
from tokenmill.accounting.calendar import day
from tokenmill.accounting.ledger import Batch
from tokenmill.accounting.units import UnitSet, own_unit

NAN = float("nan")


def counted(values: Any) -> Batch:
    return only({"model": ["m"] * len(values), "input": values})


def bad_rows(batch: Batch) -> list[int]:
    return [] if batch.bad is None else np.flatnonzero(batch.bad).tolist()


@pytest.mark.parametrize(
    ("values", "expected", "bad"),
    [
        (np.array([1, -2], np.int8), [1, -2], []),
        (np.array([1, 2**32 - 1], np.uint32), [1, 2**32 - 1], []),
        (np.array([1, 2**63, 2**63 - 1], np.uint64), [1, 0, 2**63 - 1], [1]),
        (np.array([-(2**63), -(2**63) + 1]), [0, -(2**63) + 1], [0]),
        (np.array([2.0, NAN, -0.0, 2.5, np.inf, 2.0**63]), [2, 0, 0, 0, 0, 0], [3, 4, 5]),
        (np.array([1, 2], ">i4"), [1, 2], []),
        (np.arange(6)[::-2], [5, 3, 1], []),
        (
            [1, None, 2**63, "7", " 8 ", "8.0", "8.5", "x", "", True],
            [1, 0, 0, 7, 8, 8] + [0] * 4,
            [2, 6, 7, 9],
        ),
        ([Decimal(3), Decimal("3.5"), Decimal("NaN"), 4.0], [3, 0, 0, 4], [1, 2]),
        (["12", "x"], [12, 0], [1]),
        ([[1], {}], [0, 0], [0, 1]),
        ([None, None], [0, 0], []),
    ],
    ids=str,
)
def test_counts(values: Any, expected: list[int], bad: list[int]) -> None:
    batch = counted(values)
    assert batch.counts["input"].tolist() == expected and bad_rows(batch) == bad
    assert batch.counts["input"].dtype in (np.int32, np.int64)


def test_counts_of_duckdb_sums() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    values = [Decimal(5), None, Decimal(-7), Decimal(2**63), Decimal(2**63 - 1), Decimal(-(2**63))]
    sums = pyarrow.array(values, pyarrow.decimal128(38, 0))
    batch = only(pyarrow.table({"model": ["m"] * 6, "input": sums}))
    assert batch.counts["input"].tolist() == [5, 0, -7, 0, 2**63 - 1, 0]
    assert bad_rows(batch) == [3, 5]


@pytest.mark.parametrize("kind", ["decimal", "list", "boolean", "timestamp"])
def test_columns_that_hold_no_count_are_refused_where_used(kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    columns = {
        "decimal": pyarrow.array([Decimal("1.5")]),
        "list": pyarrow.array([[1]]),
        "boolean": pyarrow.array([True]),
        "timestamp": pyarrow.array([datetime(2026, 1, 1)]),
    }
    table = pyarrow.table({"model": ["m"], "input": columns[kind], "output": [1]})
    with pytest.raises(TypeError, match="usage: column 'input': expected whole numbers, found"):
        batches(table)
    assert only(table, columns={"input": None}).counts["output"].tolist() == [1]


def test_constants_fill_in_fields() -> None:
    constants = {
        "model": "gpt-5",
        "time": "2026-01-01T00:00Z",
        "service_tier": "Flex",
        "requests": 1,
    }
    batch = only({"input": [1, 2]}, constants=constants, by=["model", "month"])
    assert looked_up(batch.model_codes, batch.models) == [(None, "gpt-5")] * 2
    assert batch.times is not None and set(batch.times.tolist()) == {1_767_225_600_000_000}
    assert batch.counts["requests"].tolist() == [1, 1] and batch.service_tiers == ["flex"]
    assert batch.keys["month"].values == ["2026-01"]


@pytest.mark.parametrize(
    ("constants", "error", "words"),
    [
        ({"modle": "m"}, ValueError, "found 'modle'; did you mean 'model'"),
        ({"model": 5}, TypeError, "expected a text for 'model', found 5"),
        ({"model": "m", "time": "soon"}, ValueError, "found 'soon'"),
        ({"model": "m", "requests": 1.5}, ValueError, "whole number for 'requests', found 1.5"),
        ({"model": "m", "input": 5}, ValueError, "found 'input', which is its column 'input'"),
    ],
)
def test_constants_that_are_refused(constants: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        batches({"input": [1]}, constants=constants)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"promt": "input"},
            "columns: expected columns of the ledger, found 'promt'; did you mean 'prompt'",
        ),
        ({"prompt": "inptu"}, "expected a field for 'prompt', found 'inptu'; did you mean 'input'"),
        ({"prompt": "output"}, "expected one column for output|found"),
    ],
)
def test_columns_that_are_refused(columns: dict[str, str], words: str) -> None:
    usage = {"model": ["m"], "prompt": [1], "out": [1]}
    with pytest.raises(ValueError, match=words):
        batches(usage, columns=columns | {"out": "output"})


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        ({"input": [1], "name": ["m"]}, "expected a column model, .*found 'input', 'name'"),
        (
            {"model": ["m"], "tokens": [1]},
            "expected a count, such as 'input', 'output', found 'model'",
        ),
        (
            {"model": ["m"], "input": [1, 2]},
            "expected columns of one length, found 1 rows of 'model'",
        ),
    ],
)
def test_ledgers_without_what_is_needed(usage: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        batches(usage)


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (7, "usage: expected an Arrow table or stream, .*found int"),
        ("usage.csv", "found str"),
        ([1, 2], "expected an iterable of tables, found int in it"),
        (
            {"model": "m", "input": [1]},
            "column 'model': expected an array of one axis .*found str 'm'",
        ),
        ({"model": ["m"], "input": 1}, "column 'input': .*found int 1"),
        ({"model": ["m"], "input": np.ones((1, 1))}, r"found shape \(1, 1\)"),
        ({"model": ["m"], "input": np.array([1j])}, "found dtype complex128"),
        ({"model": [3], "input": [1]}, "column 'model': expected texts, found int64"),
        ({"model": ["m", 3], "input": [1, 1]}, "column 'model': expected texts, found 3"),
        ({3: [1]}, "expected names of columns, found 3"),
    ],
)
def test_what_is_no_ledger(usage: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        batches(usage)


def test_a_lazy_frame_is_to_be_collected() -> None:
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="found LazyFrame; collect it first"):
        batches(polars.LazyFrame({"model": ["m"], "input": [1]}))


def test_the_tier_that_served_goes_before_the_one_asked_for() -> None:
    usage = {
        "model": ["m"] * 4,
        "input": [1] * 4,
        "service_tier": ["default", None, "", None],
        "requested_service_tier": ["priority", "Priority", "auto", None],
    }
    batch = only(usage)
    assert batch.service_codes is not None
    assert looked_up(batch.service_codes, batch.service_tiers) == ["", "priority", "", None]


@pytest.mark.parametrize(
    ("spelled", "tier"),
    [
        ("DEFAULT", ""),
        ("ON_DEMAND", ""),
        ("On_Demand_Priority", "priority"),
        ("BATCH", "batch"),
        ("fast", "fast"),
        ("MyTier", "MyTier"),
    ],
)
def test_spellings_of_service_tiers(spelled: str, tier: str) -> None:
    assert only({"model": ["m"], "input": [1], "service_tier": [spelled]}).service_tiers == [tier]


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(rows: int) -> None:
    usage = {"model": np.array(["m"] * rows, str), "input": np.ones(rows, np.int64)}
    assert sum(batch.rows for batch in batches(usage, by=["model"])) == rows


def test_no_table_at_all() -> None:
    assert batches([]) == [] and batches(iter([])) == []


def test_large_tables_are_cut_in_place() -> None:
    n = 2**20 + 5
    values = np.arange(n)
    usage = {"model": np.array(["a", "b"])[values % 2], "input": values}
    first, last = batches(usage)
    assert (first.rows, last.rows) == (2**20, 5)
    assert np.shares_memory(last.counts["input"], values) and last.counts["input"][0] == 2**20
    assert first.models is last.models and last.models == [(None, "a"), (None, "b")]


def test_codes_never_change_over_a_stream() -> None:
    parts = [{"model": [name], "input": [1], "team": [name]} for name in "abcab"]
    found = batches(iter(parts), by=["team"])
    assert [batch.model_codes[0] for batch in found] == [0, 1, 2, 0, 1]
    assert [batch.keys["team"].codes[0] for batch in found] == [0, 1, 2, 0, 1]
    assert found[0].keys["team"].values == ["a", "b", "c"]


def test_tables_of_other_fields_are_refused() -> None:
    parts = [{"model": ["m"], "input": [1]}, {"model": ["m"], "output": [1]}]
    with pytest.raises(ValueError, match="expected the fields of the first table"):
        batches(iter(parts))
    parts = [{"model": ["m"], "input": [1], "team": ["t"]}, {"model": ["m"], "input": [1]}]
    with pytest.raises(ValueError, match=r"without \['team'\]"):
        batches(iter(parts), by=["team"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, None, 3], [3, None, 3]),
        (np.array([1.0, NAN, 2.0]), [1, None, 2]),
        ([True, False, None], [True, False, None]),
        (
            np.array(["2026-01-02", "NaT", "2026-01-03"], "M8[D]"),
            ["2026-01-02", None, "2026-01-03"],
        ),
        ([None, None, None], [None, None, None]),
        ([1, "1", True], [1, "1", True]),
        (["", "x", None], ["", "x", None]),
    ],
    ids=str,
)
def test_columns_to_group_by(values: Any, expected: list[Any]) -> None:
    keys = only({"model": ["m"] * 3, "input": [1] * 3, "key": values}, by=["key"]).keys["key"]
    found = looked_up(keys.codes, keys.values)
    assert found == expected and list(map(type, found)) == list(map(type, expected))


@pytest.mark.parametrize(
    ("by", "error", "words"),
    [
        (
            ["tema"],
            ValueError,
            "by: expected a field or column .*found 'tema'; did you mean 'team'",
        ),
        (["team", "team"], ValueError, "found 'team' twice"),
        (["day"], ValueError, "expected a ledger with the field time for 'day'"),
        ([day("tss")], ValueError, "found 'tss'; did you mean 'ts'"),
        ([3], TypeError, "by: expected names or calendar keys, found 3"),
        (["ts"], TypeError, r'group by day\("ts"\)'),
        (["share"], ValueError, "expected whole numbers in 'share', found fractions"),
    ],
)
def test_keys_that_are_refused(by: Any, error: type[Exception], words: str) -> None:
    usage = {
        "model": ["m"],
        "input": [1],
        "team": ["t"],
        "ts": np.array([0], "M8[s]"),
        "share": [0.5],
    }
    with pytest.raises(error, match=words):
        batches(usage, by=by)


def test_keys_of_the_charge_are_left_to_it() -> None:
    usage = {"model": ["m"], "input": [1]}
    assert only(usage, by=["status", "price_row", "model"]).keys.keys() == {"model"}


def test_a_units_own_of_a_book() -> None:
    units = UnitSet((own_unit("x"),))
    assert only({"model": ["m"], "x": [2]}, units=units).counts["x"].tolist() == [2]


def test_ignored_columns_are_listed() -> None:
    from tokenmill.accounting.ledger import Ledger

    usage = {"model": ["m"], "input": [1], "team": ["t"], "note": [object()]}
    ledger = Ledger(usage, "native", by=["team"])
    assert ledger.ignored == ("note",)
    assert ledger.fields == {"model": "model", "input": "input"}


def test_texts_that_are_not_utf8_are_refused() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    broken = pyarrow.array([b"\xff\xfe"]).cast(pyarrow.binary()).view(pyarrow.string())
    table = pyarrow.table({"model": broken, "input": [1]})
    with pytest.raises(ValueError, match="usage: column 'model': expected UTF-8"):
        batches(table)


CELLS = (
    st.none()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.booleans()
    | st.binary(max_size=3)
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8))
def test_garbage_is_read_or_refused_by_name(cells: list[tuple[Any, Any, Any]]) -> None:
    model, count, time = (list(column) for column in zip(*cells, strict=True))
    usage = {"model": model, "input": count, "time": time}
    try:
        found = batches(usage, by=["input", "day"])
    except (TypeError, ValueError) as error:
        assert "usage: column" in str(error) or "by: expected" in str(error)
        return
    assert sum(batch.rows for batch in found) == len(cells)
