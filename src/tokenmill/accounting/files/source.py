"""Bytes of a text ledger, unpacked, with the place in the file."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Generator
from contextlib import closing
from typing import Any

from ..extras import pyarrow

# Batches, and how many rows or bytes of the file were read.
Batches = Generator[tuple[Any, int], None, None]

HEAD = 1 << 18
BLOCK = 1 << 23
LONGEST_LINE = 1 << 24

_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_BOM = b"\xef\xbb\xbf"


class _Counting:
    """A binary stream that knows how much was read; with what pyarrow asks of a Python file."""

    closed = False

    def __init__(self, stream: Any, start: bytes = b"") -> None:
        self.done = 0
        self._stream, self._start = stream, start

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end: pyarrow takes a short read for one."""
        found, self._start = self._start[:size], self._start[size:]
        while len(found) < size and (piece := self._stream.read(size - len(found))):
            found += bytes(piece)
        self.done += len(found)
        return found

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._stream.close()


class Source:
    """A file or stdin (``-``), which gzip or zstd may have packed.

    Attributes
    ----------
    path : str
        In words, for messages.
    again : bool
        Whether it can be read more than once.
    size : int or None
        Its bytes, None where only reading tells.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        name = os.fspath(path)
        self._name = name
        self.path = "stdin" if name == "-" else name
        self.again, self.size = False, None
        if name != "-":
            found = os.stat(name)
            if stat.S_ISDIR(found.st_mode):
                raise IsADirectoryError(21, "expected a file, found a folder", name)
            self.again = stat.S_ISREG(found.st_mode)
            self.size = found.st_size if self.again else None
        self._raw, stream = self._open()
        self.head = stream.read(HEAD)
        self._stream = None if self.again else _Counting(stream, self.head)
        if self.again:
            stream.close()

    @property
    def done(self) -> int:
        """Bytes of the file read so far, before unpacking."""
        return self._raw.done

    def stream(self) -> Any:
        """Return a stream of everything, from the start; it is to be closed."""
        if self._stream is not None:
            return self._stream
        self._raw, stream = self._open()
        return stream

    def blocks(self) -> Generator[bytes, None, None]:
        """Yield whole lines, in pieces of about `BLOCK` bytes.

        Raises
        ------
        ValueError
            A line longer than `LONGEST_LINE` bytes.
        """
        with closing(self.stream()) as stream:
            rest, lines = stream.read(len(self.head)).removeprefix(_BOM), 0
            while piece := stream.read(BLOCK):
                rest += piece
                cut = rest.rfind(b"\n") + 1
                if cut < len(rest) - LONGEST_LINE:
                    lines += rest.count(b"\n", 0, cut)
                    raise ValueError(
                        f"{self.path}: expected lines of at most {LONGEST_LINE >> 20} MiB, found "
                        f"a longer one, line {lines + 1}"
                    )
                if cut >= BLOCK:
                    block, rest = rest[:cut], rest[cut:]
                    lines += block.count(b"\n")
                    yield block
            if rest.strip():
                yield rest

    def _open(self) -> tuple[_Counting, Any]:
        raw = sys.stdin.buffer if self._name == "-" else open(self._name, "rb")
        magic = raw.read(4)
        counting = _Counting(raw, magic)
        for start, codec in _PACKED.items():
            if magic.startswith(start):
                pa = pyarrow()
                unpacked = pa.CompressedInputStream(pa.PythonFile(counting, "r"), codec)
                return counting, _Counting(unpacked)
        return counting, counting
