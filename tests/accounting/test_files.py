"""Ledgers in files: what each format gives, its limits, and bounded memory."""

import gzip
import io
import json
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tokenmill.accounting.files import open_ledger, source
from tokenmill.accounting.files.prefetch import prefetched

ROWS = [
    {"model": "a", "input": 10, "cost": 1.5, "day": "2026-03-01"},
    {"model": "b", "input": 20, "cost": None, "day": "2026-03-02"},
]


def table(ledger, columns=None):  # type: ignore[no-untyped-def]
    return [row for batch in ledger.batches(columns) for row in batch.to_pylist()]


def written(tmp_path: Path, name: str, text: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def lines(rows) -> str:  # type: ignore[no-untyped-def]
    return "".join(json.dumps(row) + "\n" for row in rows)


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BLOCK", 64)
    monkeypatch.setattr(source, "HEAD", 32)


class Test_parquet:
    def write(self, tmp_path: Path, content, **options) -> Path:  # type: ignore[no-untyped-def]
        path = tmp_path / "ledger.parquet"
        pq.write_table(pa.table(content), path, **options)
        return path

    def test_needed_columns_come_with_their_codes(self, tmp_path: Path) -> None:
        content = {
            "model": ["a", "b"] * 3,
            "usage": [{"input": 1, "note": "x"}] * 6,
            "gen_ai.usage.output_tokens": range(6),
            "tags": [["x"]] * 6,
        }
        ledger = open_ledger(self.write(tmp_path, content, row_group_size=4))
        assert ledger.names == [
            "model",
            "usage.input",
            "usage.note",
            "gen_ai.usage.output_tokens",
        ]
        assert (ledger.format, ledger.rows) == ("parquet", 6) and ledger.bytes
        batches = list(ledger.batches(["model", "usage.input", "gen_ai.usage.output_tokens"]))
        assert pa.types.is_dictionary(batches[0].schema.field("model").type)
        found = pa.Table.from_batches(batches)
        assert found.column("model").to_pylist() == content["model"]
        assert found.column("usage").to_pylist() == [{"input": 1}] * 6
        assert found.column_names == ["model", "usage", "gen_ai.usage.output_tokens"]
        assert sum(batch.num_rows for batch in ledger) == 6

    def test_progress_counts_rows(self, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []
        path = self.write(tmp_path, {"input": range(10)}, row_group_size=3)
        list(open_ledger(path).batches(progress=lambda *at: seen.append(at)))
        assert seen[-1] == (10, 10) and seen == sorted(seen)

    def test_a_ledger_without_rows_shows_its_columns(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, {"input": pa.array([], pa.int64())})
        (batch,) = open_ledger(path)
        assert batch.num_rows == 0 and batch.schema.names == ["input"]

    def test_content_counts_where_the_name_says_nothing(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, {"input": [1]})
        assert open_ledger(path.rename(tmp_path / "ledger")).format == "parquet"


class Test_csv:
    def test_types_are_inferred_and_the_rest_is_text(self, tmp_path: Path) -> None:
        text = 'id,team,input,time,note\n1,007,5,2023-11-16 18:17:03.9799600,"a,\nb"\n2,NA,,x,\n'
        ledger = open_ledger(written(tmp_path, "l.csv", text), texts=["id"])
        assert {field.name: str(field.type) for field in ledger.schema} == {
            "id": "string",
            "team": "string",
            "input": "int64",
            "time": "string",
            "note": "string",
        }
        first, second = table(ledger)
        assert first == {
            "id": "1",
            "team": "007",
            "input": 5,
            "time": "2023-11-16 18:17:03.9799600",
            "note": "a,\nb",
        }
        assert second == {"id": "2", "team": "NA", "input": None, "time": "x", "note": None}
        assert table(ledger, ["input"]) == [{"input": 5}, {"input": None}]

    def test_a_bad_cell_leaves_its_batch_as_text(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tokenmill.accounting.files.csv_file.BLOCK", 64)
        monkeypatch.setattr("tokenmill.accounting.files.csv_file.HEAD", 32)
        monkeypatch.setattr(source, "HEAD", 32)
        cells = [str(n) for n in range(60)] + ["1.5"] + [str(n) for n in range(60)]
        path = written(tmp_path, "l.csv", "input\n" + "\n".join(cells))
        batches = list(open_ledger(path))
        assert [value for batch in batches for value in map(str, batch.to_pydict()["input"])] == (
            cells
        )
        kinds = [str(batch.schema.field("input").type) for batch in batches]
        assert kinds.count("string") == 1 and kinds.count("int64") > 1

    @pytest.mark.parametrize("packed", ["gz", "zst"])
    def test_packed_files_and_other_delimiters(self, tmp_path: Path, packed: str) -> None:
        text = "\ufeffmodel\tinput\r\n" + "a\t1\r\n" * 100_000
        codec = {"gz": "gzip", "zst": "zstd"}[packed]
        path = tmp_path / f"l.tsv.{packed}"
        with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), codec) as stream:
            stream.write(text.encode())
        seen: list[tuple[int, int]] = []
        ledger = open_ledger(path)
        assert ledger.format == "tsv"
        batches = list(ledger.batches(["input"], progress=lambda *at: seen.append(at)))
        assert sum(batch.num_rows for batch in batches) == 100_000
        assert seen[-1] == (path.stat().st_size,) * 2

    def test_a_header_without_rows(self, tmp_path: Path) -> None:
        (batch,) = open_ledger(written(tmp_path, "l.csv", "model,input\n"))
        assert batch.num_rows == 0 and batch.schema.names == ["model", "input"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "expected a line of column names, found none"),
            ("a,b\n1,2,3\n", "Expected 2 columns, got 3"),
            (b"a,b\n\xff,2\n", "expected UTF-8"),
            (b"a\0b,c\n", "expected comma-separated columns in UTF-8, found binary data"),
            ('{"a": 1}\n', "expected comma-separated columns, found JSON lines"),
            (b"PAR1\0\0", "expected comma-separated columns, found a Parquet file"),
        ],
    )
    def test_what_is_no_csv_is_refused(
        self, tmp_path: Path, text: str | bytes, message: str
    ) -> None:
        with pytest.raises(ValueError, match=f"l.csv: .*{message}"):
            list(open_ledger(written(tmp_path, "l.csv", text)))


class Test_json_lines:
    BODIES = [
        {"model": "a", "usage": {"in": 1, "details": None}, "hash_ids": [1, 2], "at": "2026-03-01"},
        {"model": "b", "usage": {"in": 2, "details": {"cached": 5}}, "extra": [{"x": 1}]},
        {"model": None, "usage": None},
    ]

    def test_objects_become_dotted_columns_and_lists_are_left_out(self, tmp_path: Path) -> None:
        ledger = open_ledger(written(tmp_path, "l.jsonl", "\ufeff\n" + lines(self.BODIES)))
        assert ledger.names == ["model", "usage.in", "at", "usage.details.cached"] or sorted(
            ledger.names
        ) == ["at", "model", "usage.details.cached", "usage.in"]
        found = table(ledger)
        assert [row["usage.in"] for row in found] == [1, 2, None]
        assert [row["usage.details.cached"] for row in found] == [None, 5, None]
        assert [row["at"] for row in found] == ["2026-03-01", None, None]
        assert table(ledger, ["model"]) == [{"model": "a"}, {"model": "b"}, {"model": None}]

    def test_a_field_that_comes_late_is_in_every_batch(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small_blocks(monkeypatch)
        rows = [{"n": n, "u": {"x": n}} for n in range(50)] + [{"n": 50, "u": {"y": 2.5}}]
        batches = list(open_ledger(written(tmp_path, "l.jsonl", lines(rows))))
        assert len(batches) > 5
        found = pa.Table.from_batches(batches)
        assert found.column("u.x").to_pylist() == [*range(50), None]
        assert found.column("u.y").to_pylist() == [None] * 50 + [2.5]

    def test_a_field_of_two_types_is_text(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small_blocks(monkeypatch)
        rows: list[dict[str, object]] = [{"n": n, "k": {"id": n}, "f": n} for n in range(20)]
        rows += [{"n": "x", "k": {"id": "7"}, "f": 0.5}, {"n": True, "k": None, "f": None}]
        ledger = open_ledger(written(tmp_path, "l.jsonl", lines(rows)))
        found = pa.Table.from_batches(list(ledger))
        assert found.column("n").to_pylist() == [*map(str, range(20)), "x", "true"]
        assert found.column("k.id").to_pylist() == [*map(str, range(20)), "7", None]
        assert found.column("f").to_pylist() == [*map(float, range(20)), 0.5, None]

    def test_numbers_beyond_64_bits_are_no_integers(self, tmp_path: Path) -> None:
        path = written(tmp_path, "l.jsonl", lines([{"n": 10**30, "m": "x"}, {"n": 1, "m": 1}]))
        assert table(open_ledger(path))[0] == {"n": str(10**30), "m": "x"}

    def test_an_empty_file_has_no_rows(self, tmp_path: Path) -> None:
        ledger = open_ledger(written(tmp_path, "l.jsonl", "\n\n"))
        assert list(ledger) == [] and ledger.names == []

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"a": 1}\n\n{"a": }\n', "line 3: expected a JSON object, found Expecting value"),
            ('{"a": 1}\n[1]\n', "line 2: expected a JSON object, found a list"),
            ('{"a": 1, "a": 2}\n', "line 1: expected a JSON object, found the name 'a' twice"),
            (b'{"a": "\xff"}\n', "line 1: expected a JSON object, found 'utf-8' codec"),
            ('{"u": {"x": 1}}\n{"u": "none"}\n', "line 2: expected an object in 'u', as elsewhere"),
            ("a,b\n", "expected JSON lines, found comma-separated columns"),
            ("[\n", "expected JSON lines, found comma-separated columns"),
        ],
    )
    def test_what_is_no_json_lines_is_refused(
        self, tmp_path: Path, text: str | bytes, message: str
    ) -> None:
        with pytest.raises(ValueError, match=f"l.jsonl: .*{message}"):
            list(open_ledger(written(tmp_path, "l.jsonl", text)))

    def test_an_endless_line_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small_blocks(monkeypatch)
        monkeypatch.setattr(source, "LONGEST_LINE", 1 << 20)
        path = written(tmp_path, "l.jsonl", '{"a": 1}\n{"a": "' + "x" * (1 << 21) + '"}')
        with pytest.raises(ValueError, match="lines of at most 1 MiB, found a longer one, line 2"):
            open_ledger(path)


class Test_stdin:
    def give(self, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    def test_both_text_formats(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.give(monkeypatch, b"model,input\na,1\n")
        ledger = open_ledger("-")
        assert (ledger.path, ledger.format, ledger.bytes) == ("stdin", "csv", None)
        assert table(ledger) == [{"model": "a", "input": 1}]
        with pytest.raises(ValueError, match="stdin: expected to be read once"):
            ledger.batches()
        self.give(monkeypatch, gzip.compress(b'{"a": {"b": 1}}\n'))
        assert table(open_ledger("-")) == [{"a.b": 1}]

    def test_a_field_that_comes_late_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small_blocks(monkeypatch)
        self.give(monkeypatch, lines([{"n": n} for n in range(50)] + [{"m": 1}]).encode())
        with pytest.raises(ValueError, match=r"stdin: expected the fields .* found 'm' from line"):
            table(open_ledger("-"), ["n"])

    def test_parquet_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.give(monkeypatch, b"PAR1\0\0\0\0")
        with pytest.raises(ValueError, match="expected CSV or JSON lines in a pipe"):
            open_ledger("-")


class Test_refusals:
    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        ledger = open_ledger(written(tmp_path, "l.csv", "model,input\na,1\n"))
        with pytest.raises(ValueError, match="found 'inptu'; did you mean 'input'"):
            ledger.batches(["inptu"])

    def test_no_file_a_folder_and_a_false_parquet(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            open_ledger(tmp_path / "none.csv")
        with pytest.raises(IsADirectoryError):
            open_ledger(tmp_path)
        with pytest.raises(ValueError, match="l.parquet: expected a Parquet file, found another"):
            open_ledger(written(tmp_path, "l.parquet", "model,input\n"))

    def test_without_pyarrow_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(ImportError, match=r"pip install 'tokenmill\[accounting\]'"):
            open_ledger("x.csv")


class Test_prefetch:
    def test_items_come_in_order_and_errors_where_they_happen(self) -> None:
        def items():  # type: ignore[no-untyped-def]
            yield from range(5)
            raise OSError("gone")

        found = []
        with pytest.raises(OSError, match="gone"):
            for item in prefetched(items()):
                found.append(item)
        assert found == list(range(5))

    def test_at_most_three_items_live_and_leaving_ends_the_thread(self) -> None:
        made: list[int] = []

        def items():  # type: ignore[no-untyped-def]
            for n in range(100):
                made.append(n)
                yield n

        before = threading.active_count()
        stream = prefetched(items())
        assert next(stream) == 0
        time.sleep(0.05)
        assert len(made) <= 3
        stream.close()
        assert threading.active_count() == before
