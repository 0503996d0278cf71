"""Parquet ledgers: row group by row group, only the columns that are needed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import Any

from ..extras import pyarrow
from .source import Batches

# Large enough that the work per batch does not show, small enough for the cache beside the codes.
_ROWS = 1 << 18
_BUFFER = 1 << 20


class ParquetReader:
    """A Parquet file; see `LedgerFile` for what its attributes are."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._pq = pyarrow("parquet")
        self._path = os.fspath(path)
        with self._opened([]) as file:
            self._leaves = dict(_leaves(file.schema_arrow, ""))
            self._top = set(file.schema_arrow.names)
            self.rows: int | None = file.metadata.num_rows
        self.size: int | None = os.stat(path).st_size
        self.again = True

    @property
    def schema(self) -> Any:
        """Columns of structs under dotted names, without lists."""
        pa = pyarrow()
        return pa.schema(list(self._leaves.items()))

    def batches(self, columns: Collection[str], threads: int) -> Batches:
        """Yield batches and how many rows were read."""
        wanted = [name for name in self._leaves if name in columns]
        # Repeated texts stay the codes that they are in the file; pyarrow cannot do so in structs.
        texts = [name for name in wanted if name in self._top and self._is_text(name)]
        done = 0
        with self._opened(texts) as file:
            for batch in file.iter_batches(
                batch_size=_ROWS, columns=wanted, use_threads=threads > 1
            ):
                done += batch.num_rows
                yield batch, done

    def _is_text(self, name: str) -> bool:
        types, kind = pyarrow("types"), self._leaves[name]
        return bool(types.is_string(kind) or types.is_large_string(kind))

    def _opened(self, texts: list[str]) -> Any:
        # Without buffering, a whole row group of a column would be in memory.
        return self._pq.ParquetFile(
            self._path, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER
        )


def _leaves(fields: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    pa = pyarrow()
    for field in fields:
        name = f"{prefix}{field.name}"
        if pa.types.is_struct(field.type):
            yield from _leaves(field.type, f"{name}.")
        elif not pa.types.is_nested(field.type):
            yield name, field.type
