"""CSV ledgers, streamed; a cell is a text unless its column holds whole numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from contextlib import closing, suppress
from typing import Any

from ..extras import pyarrow
from .source import BLOCK, HEAD, Batches, Source

# As they are written back: "007" is no number, and keeps its zeros.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")


class CsvReader:
    """A CSV file; see `LedgerFile` for what its attributes are.

    Types are inferred from the start of the file and held, but for one thing: a batch in which a
    column of whole numbers has another cell keeps that column as text, for the row to be refused
    and not the file. Empty cells are null; nothing else is.
    """

    rows: int | None = None

    def __init__(self, source: Source, delimiter: str, texts: Collection[str]) -> None:
        self._source, self._delimiter = source, delimiter
        self.again, self.size = source.again, source.size
        self._names, sample = self._sample()
        columns = list(zip(*sample, strict=True)) if sample else [() for _ in self._names]
        self._numbers = {
            name
            for name, cells in zip(self._names, columns, strict=True)
            if name not in texts and _are_whole(cells)
        }

    @property
    def schema(self) -> Any:
        """Columns by the header."""
        pa = pyarrow()
        kinds = [pa.int64() if name in self._numbers else pa.string() for name in self._names]
        return pa.schema(list(zip(self._names, kinds, strict=True)))

    def batches(self, columns: Collection[str], threads: int) -> Batches:
        """Yield batches and how many bytes were read."""
        pa = pyarrow()
        wanted = [name for name in self._names if name in columns]
        try:
            with (
                closing(self._source.stream()) as stream,
                self._reader(pa.PythonFile(stream, "r"), wanted, threads) as reader,
            ):
                for batch in reader:
                    yield self._numbered(batch), self._source.done
        except pa.ArrowInvalid as error:
            raise ValueError(f"{self._source.path}: {_first_line(error)}") from None
        except KeyError as error:
            raise ValueError(f"{self._source.path}: {error.args[0]}") from None

    def _reader(self, file: Any, wanted: list[str], threads: int) -> Any:
        pa, pc = pyarrow(), pyarrow("csv")
        return pc.open_csv(
            file,
            pc.ReadOptions(use_threads=threads > 1, block_size=BLOCK),
            pc.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            pc.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )

    def _numbered(self, batch: Any) -> Any:
        """Turn the texts of whole numbers into numbers, where all of them are."""
        pa, compute = pyarrow(), pyarrow("compute")
        arrays = []
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            if name in self._numbers:
                try:
                    array = compute.cast(array, pa.int64())
                except pa.ArrowInvalid:
                    pass  # its texts say which row it is
            arrays.append(array)
        return pa.record_batch(arrays, names=batch.schema.names)

    def _sample(self) -> tuple[list[str], list[list[str]]]:
        """Return the header, and the rows behind it that the start of the file holds."""
        head, path = self._source.head, self._source.path
        if len(head) == HEAD:  # its last line may be cut
            head = head[: head.rfind(b"\n") + 1]
        try:
            text = io.StringIO(head.decode("utf-8-sig"), newline="")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: expected UTF-8, found other bytes: {error}") from None
        rows: list[list[str]] = []
        with suppress(csv.Error):  # a cell longer than Python's reader takes ends the sample
            rows.extend(row for row in csv.reader(text, delimiter=self._delimiter) if row)
        if not rows:
            raise ValueError(f"{path}: expected a line of column names, found none")
        return rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]


def _are_whole(cells: tuple[str, ...]) -> bool:
    """Whether there are cells, and all that are not empty are whole numbers."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(map(_WHOLE.fullmatch, filled))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
