"""Ledgers of one JSON object a line, such as logged API bodies, streamed.

Objects in objects become columns with dotted names; lists are left out, for no count is in one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from typing import Any

from ..extras import pyarrow
from .json_types import Leaf, Types, explicit_schema, flat, leaves, merged
from .json_values import rows_of
from .source import BLOCK, Batches, Source


class JsonLinesReader:
    """A file of JSON lines; see `LedgerFile` for what its attributes are.

    A file is read once for the names and types of all its fields, because fields of API bodies
    come and go; of stdin only the first block is looked at, and a name that comes later is an
    error. Texts stay texts, also those that look like dates.
    """

    rows: int | None = None

    def __init__(self, source: Source, threads: int) -> None:
        self._source, self._threads = source, threads
        self.again, self.size = source.again, source.size
        self._types: Types = {}
        self._blocks = source.blocks()
        self._first = None
        if self.again:
            with closing(self._blocks) as blocks:
                line = 1
                for block in blocks:
                    self._learn(block, line)
                    line += block.count(b"\n")
        else:
            self._first = next(self._blocks, b"")
            self._learn(self._first, 1)

    def _learn(self, block: bytes, line: int) -> None:
        if block:
            found = leaves(self._parsed(block, line, None).schema)
            self._types = merged(self._types, found)

    @property
    def schema(self) -> Any:
        """Every field with a value somewhere."""
        pa = pyarrow()
        return pa.schema([(".".join(path), kind) for path, kind in self._types.items()])

    def batches(self, columns: Collection[str], threads: int) -> Batches:
        """Yield batches and how many bytes were read."""
        wanted = {path: kind for path, kind in self._types.items() if ".".join(path) in columns}
        line = 1
        for block in self._all():
            # Of stdin every field is looked at, so that a new one does not go unseen.
            explicit = wanted if self.again else self._types
            table = self._parsed(block, line, explicit)
            if not self.again:
                self._refuse_new(leaves(table.schema), line)
            for batch in flat(table, wanted).to_batches():
                yield batch, self._source.done
            line += block.count(b"\n")

    def _all(self) -> Iterator[bytes]:
        if self.again:
            with closing(self._source.blocks()) as blocks:
                yield from blocks
        elif self._first:
            yield self._first
            self._first = None
            yield from self._blocks

    def _parsed(self, block: bytes, line: int, types: Types | None) -> Any:
        """Return a table of nested columns; rows that pyarrow does not take are read one by one."""
        pa, pj = pyarrow(), pyarrow("json")
        options = None
        if types is not None:
            options = pj.ParseOptions(
                explicit_schema=explicit_schema(types),
                unexpected_field_behavior="ignore" if self.again else "infer",
            )
        try:
            if not block.isascii():
                block.decode()  # pyarrow does not look
            return pj.read_json(
                pa.BufferReader(block),
                pj.ReadOptions(use_threads=self._threads > 1, block_size=BLOCK >> 1),
                options,
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return rows_of(block, line, self._source.path, types)

    def _refuse_new(self, found: dict[Leaf, Any], line: int) -> None:
        for path in found:
            if path not in self._types:
                raise ValueError(
                    f"stdin: expected the fields of its first {BLOCK >> 20} MiB, found "
                    f"{'.'.join(path)!r} from line {line} on; give the ledger as a file, which "
                    "is read twice"
                )
