"""Tables handed out by the Arrow C data interface, and that nothing of them is kept."""

import gc
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tokenmill._native import arrow_out
from tokenmill._native.arrow import read_stream
from tokenmill._native.arrow_abi import ARRAY, STREAM, arrow, opened
from tokenmill._native.arrow_out import ArrowTable
from tokenmill._native.out_column import dates, decimals, integers, texts, timestamps

VALID = np.array([True, False, True, True])
EXPECTED: dict[str, list[Any]] = {
    "rows": [0, 1, 2, 3],
    "status": [0, None, 2, 3],
    "team": ["a", None, "é", ""],
    "cost": [Decimal(10**25), Decimal("-0.000000000005"), None, Decimal(0)],
    "halves": [
        Decimal("-0.001"),
        Decimal(2**63),
        Decimal("0.003"),
        Decimal("-36893488147419103.232"),
    ],
    "time": [datetime(1970, 1, 1, 0, 0, 0, n, tzinfo=UTC) for n in range(4)],
    "day": [date(1970, 1, 1 + n) for n in range(4)],
}


def table() -> ArrowTable:
    halves = [-1, 2**63 * 1000, 3, -(2**65)]
    pairs = np.array([[n & (2**64 - 1), n >> 64 & (2**64 - 1)] for n in halves], np.uint64)
    return arrow_out.to_stream(
        {
            "rows": integers(np.arange(4)),
            "status": integers(np.arange(4, dtype=np.uint8), VALID),
            "team": texts(["a", None, "é", ""]),
            "cost": decimals([10**37, -5, None, 0], 12),
            "halves": decimals(pairs, 3),
            "time": timestamps(np.arange(4), "UTC"),
            "day": dates(np.arange(4, dtype=np.int32)),
        }
    )


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Any:
    gc.collect()
    before = (len(arrow_out._held), len(arrow_out._capsules))
    yield
    gc.collect()
    assert (len(arrow_out._held), len(arrow_out._capsules)) == before


def test_pyarrow_reads_it() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    found = pyarrow.table(table())
    found.validate(full=True)
    assert found.to_pydict() == EXPECTED
    assert str(found.schema.field("cost").type) == "decimal128(38, 12)"
    assert pyarrow.record_batch(table()).to_pydict() == EXPECTED
    assert pyarrow.schema(table()) == found.schema


def test_pyarrow_takes_a_stream_it_never_reads() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    reader = pyarrow.RecordBatchReader.from_stream(table())
    assert reader.schema.names == list(EXPECTED)


def test_a_column_outlives_its_table() -> None:
    """pyarrow moves children out of their parent, and releases each on its own."""
    pyarrow = pytest.importorskip("pyarrow")
    values = np.arange(1000)
    column = pyarrow.table(arrow_out.to_stream({"x": integers(values), "y": integers(values)}))["x"]
    gc.collect()
    assert column.to_pylist() == values.tolist()
    assert column.chunk(0).buffers()[1].address == values.__array_interface__["data"][0]


def test_polars_reads_it() -> None:
    polars = pytest.importorskip("polars")
    assert polars.DataFrame(table()).to_dict(as_series=False) == EXPECTED


def test_duckdb_sums_it() -> None:
    duckdb = pytest.importorskip("duckdb")
    pyarrow = pytest.importorskip("pyarrow")
    money = pyarrow.table(table())
    with duckdb.connect() as connection:
        relation = connection.from_arrow(money)
        total = Decimal("9999999999999999999999999.999999999995")
        assert relation.sum("cost").fetchall() == [(total,)]
    del relation, money


def test_pandas_reads_it() -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow", reason="pandas takes tables over by pyarrow")
    if not hasattr(pandas.DataFrame, "from_arrow"):
        pytest.skip("pandas before 3 takes no Arrow table over")
    found = pandas.DataFrame.from_arrow(table())
    assert found["rows"].tolist() == [0, 1, 2, 3] and found["cost"].iloc[0] == Decimal(10**25)


def test_what_comes_out_goes_in() -> None:
    (batch,) = read_stream(table())
    rows, status, team, cost = (batch.child(index) for index in range(4))
    assert rows.numbers().tolist() == [0, 1, 2, 3]
    valid = status.valid()
    assert valid is not None and valid.tolist() == VALID.tolist()
    assert team.texts().decoded() == ["a", None, "é", ""]
    assert cost.numbers()[1].tolist() == [2**64 - 5, 2**64 - 1]


def test_capsules_that_nobody_opens_release_themselves() -> None:
    table().__arrow_c_stream__()
    table().__arrow_c_array__()
    table().__arrow_c_schema__()


def test_a_capsule_may_die_while_an_exception_is_on_its_way() -> None:
    def raised() -> None:
        capsule = table().__arrow_c_stream__()
        opened(capsule, STREAM)
        opened(capsule, ARRAY)

    with pytest.raises(ValueError, match="incorrect name"):
        raised()


def test_a_child_that_was_moved_is_released_on_its_own() -> None:
    _schema, capsule = table().__arrow_c_array__()
    parent = opened(capsule, ARRAY)
    own = arrow.new("struct ArrowArray *")
    own[0] = parent.children[0][0]
    parent.children[0].release = arrow.NULL
    parent.release(parent)
    assert not parent.release and own.release
    own.release(own)
    assert not own.release


def test_an_empty_table() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    empty = {"n": integers(np.empty(0, np.int32)), "t": texts([]), "m": decimals([], 2)}
    found = pyarrow.table(arrow_out.to_stream(empty))
    found.validate(full=True)
    assert found.num_rows == 0 and found.column_names == ["n", "t", "m"]
    assert pyarrow.table(arrow_out.to_stream({})).num_columns == 0


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"columns: expected one length, found \[1, 2\]"):
        arrow_out.to_stream({"a": integers(np.arange(1)), "b": integers(np.arange(2))})


@pytest.mark.parametrize("number", [10**38, -(10**38)])
def test_more_than_38_digits_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="decimals: expected at most 38 digits"):
        decimals([number], 0)


@pytest.mark.parametrize("number", [10**38, -(10**38), 10**38 - 1, 1 - 10**38])
def test_halves_of_more_than_38_digits_are_refused(number: int) -> None:
    halves = np.array([[number & (2**64 - 1), number >> 64 & (2**64 - 1)]], np.uint64)
    if abs(number) < 10**38:
        assert decimals(halves, 0).length == 1
        return
    with pytest.raises(ValueError, match=f"at most 38 digits, found {number}"):
        decimals(halves, 0)


def test_other_numbers_than_integers_are_refused() -> None:
    with pytest.raises(TypeError, match="integers: expected integers, found dtype float64"):
        integers(np.ones(2))
