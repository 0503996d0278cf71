"""What a file of usage is, and its batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing
from typing import Any, Protocol

from ..._native import resolve_threads
from ..extras import pyarrow
from ..nearest import listed_nearest
from .csv_file import CsvReader
from .json_lines import JsonLinesReader
from .parquet import ParquetReader
from .prefetch import prefetched
from .source import Batches, Source

_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_PACKED = (".gz", ".zst")
_WORDS = {
    "parquet": "a Parquet file",
    "csv": "comma-separated columns",
    "tsv": "tab-separated columns",
    "jsonl": "JSON lines",
}
_MAGIC = b"PAR1"
# Readers decode columns or blocks side by side; more of them would only hold more memory.
_MOST_THREADS = 8

Progress = Callable[[int, int], object]


class _Reader(Protocol):
    rows: int | None
    size: int | None
    again: bool

    @property
    def schema(self) -> Any: ...

    def batches(self, columns: Collection[str], threads: int) -> Batches: ...


class LedgerFile:
    """A ledger in a file, from `open_ledger`; iterating over it gives every column.

    Attributes
    ----------
    path : str
        ``"stdin"`` for ``-``.
    format : str
        ``"parquet"``, ``"csv"``, ``"tsv"`` or ``"jsonl"``.
    rows : int or None
        None where only reading tells.
    bytes : int or None
        Size of the file, None of a pipe.
    """

    def __init__(self, path: str, format: str, reader: _Reader, threads: int) -> None:
        self.path, self.format = path, format
        self.rows, self.bytes = reader.rows, reader.size
        self._reader, self._threads, self._read = reader, threads, False

    @property
    def schema(self) -> Any:
        """The pyarrow.Schema of its columns; those in structs have dotted names."""
        return self._reader.schema

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return list(self.schema.names)

    def __iter__(self) -> Iterator[Any]:
        return self.batches()

    def batches(
        self, columns: Collection[str] | None = None, *, progress: Progress | None = None
    ) -> Generator[Any, None, None]:
        """Yield record batches, the next of which a thread reads ahead.

        Memory is a few batches of some MiB, whatever the size of the file. A file without rows
        gives one batch without rows, so that its columns can be checked. Close the generator to
        leave it early.

        Parameters
        ----------
        columns : collection of str, optional
            The columns that are needed; others are not read where the format allows.
        progress : callable(done, total), optional
            Called after each batch, in rows of a Parquet file and in bytes of others; not for
            pipes, whose end nobody knows.

        Raises
        ------
        ValueError
            A column that is not there, a file that is not what its start promised, or a pipe that
            is read a second time.
        """
        names = self.names
        wanted = list(names if columns is None else columns)
        for name in wanted:
            if name not in names:
                raise ValueError(
                    f"columns: expected columns of {self.path}, found {name!r}"
                    + listed_nearest(name, names)
                )
        if self._read and not self._reader.again:
            raise ValueError(f"{self.path}: expected to be read once, found a second time")
        self._read = True
        return self._batches(set(wanted), progress)

    def _batches(self, wanted: set[str], progress: Progress | None) -> Generator[Any, None, None]:
        total = self.rows if self.format == "parquet" else self.bytes
        empty = True
        with closing(prefetched(self._reader.batches(wanted, self._threads))) as ahead:
            for batch, done in ahead:
                empty = False
                if progress and total is not None:
                    progress(min(done, total), total)
                yield batch
        if empty and self.names:
            fields = [field for field in self.schema if field.name in wanted]
            yield pyarrow().RecordBatch.from_pylist([], pyarrow().schema(fields))


def open_ledger(
    path: str | os.PathLike[str], *, texts: Collection[str] = (), threads: int | None = None
) -> LedgerFile:
    """Open a Parquet, CSV or JSON-lines ledger.

    The name decides what it is (``.parquet``, ``.pq``, ``.csv``, ``.tsv``, ``.jsonl``,
    ``.ndjson``, ``.json``; text formats also with ``.gz`` or ``.zst`` behind), and where it does
    not, the content: ``PAR1`` is Parquet, ``{`` is JSON lines, all else CSV.

    Parameters
    ----------
    path : path
        ``"-"`` reads CSV or JSON lines from stdin.
    texts : collection of str
        Columns of a CSV file that stay texts even where all cells are whole numbers, such as
        names of customers to group by.
    threads : int, optional
        Of pyarrow; by default as everywhere in tokenmill, and 8 at most.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    OSError
        The file cannot be read.
    ValueError
        It is not what its name says, or has no columns.
    """
    pyarrow()
    workers = min(resolve_threads(threads), _MOST_THREADS)
    name = os.fspath(path)
    named = _named(name)
    if named == "parquet":
        return LedgerFile(name, named, _parquet(name), workers)
    source = Source(name)
    found = _found(source.head)
    if found == "parquet" and named is None and source.again:
        return LedgerFile(name, found, _parquet(name), workers)
    if named is not None and found != named.replace("tsv", "csv") and source.head.strip():
        raise ValueError(f"{source.path}: expected {_WORDS[named]}, found {_WORDS[found]}")
    if found == "parquet":
        raise ValueError(f"{source.path}: expected CSV or JSON lines in a pipe, found Parquet")
    kind = named or found
    if kind == "jsonl":
        return LedgerFile(source.path, kind, JsonLinesReader(source, workers), workers)
    if b"\0" in source.head:
        raise ValueError(f"{source.path}: expected {_WORDS[kind]} in UTF-8, found binary data")
    delimiter = "\t" if kind == "tsv" else ","
    return LedgerFile(source.path, kind, CsvReader(source, delimiter, texts), workers)


def _named(name: str) -> str | None:
    """Return the format that a file's name promises."""
    stem, suffix = os.path.splitext(name.lower())
    if suffix in _PACKED:
        suffix = os.path.splitext(stem)[1]
    return _FORMATS.get(suffix)


def _found(head: bytes) -> str:
    """Return the format that the content looks like."""
    if head.startswith(_MAGIC):
        return "parquet"
    return "jsonl" if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"


def _parquet(name: str) -> ParquetReader:
    pa = pyarrow()
    try:
        return ParquetReader(name)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{name}: expected a Parquet file, found another: {reason}") from None
