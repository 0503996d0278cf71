"""Routing traces: which experts a model chose, written and read record by record.

A trace is a file of records, one for each step, block and layer on a rank, in the form of its
suffix: ``.jsonl`` as Megatron-LM's ``--moe-routing-trace-path`` has it, or ``.npz``, a tenth of
the size. The checksum is over what the records say, so it is equal for both forms.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .trace_jsonl import read_jsonl, write_jsonl
from .trace_npz import read_npz, write_npz
from .trace_record import Checksum, TraceRecord

_READERS = {".jsonl": read_jsonl, ".npz": read_npz}
_WRITERS = {".jsonl": write_jsonl, ".npz": write_npz}
SUFFIXES = tuple(_WRITERS)


def write_trace(path: str | os.PathLike[str], records: Iterable[TraceRecord]) -> str:
    """Write a trace, whole or not at all.

    Parameters
    ----------
    path : path-like
        Ends in ``.jsonl`` or ``.npz``.
    records : iterable of TraceRecord
        Taken one at a time; an npz holds at most 2**20.

    Returns
    -------
    str
        The checksum, 64 hexadecimal digits.

    Raises
    ------
    TypeError, ValueError
        Another suffix, or something that is no record.
    OSError
        The operating system refuses. In every case a file of that name is left as it was.
    """
    target = Path(path)
    writer = _WRITERS[_suffix(target)]
    with _replacing(target) as stream:
        return writer(stream, _checked(records))


def read_trace(path: str | os.PathLike[str]) -> Iterator[TraceRecord]:
    """Read a trace, one record in memory at a time.

    Parameters
    ----------
    path : path-like
        Ends in ``.jsonl`` or ``.npz``. Fields of a JSONL record that have no place in
        :class:`TraceRecord` are passed over, such as those of Megatron-LM's sidecar files.

    Yields
    ------
    TraceRecord

    Raises
    ------
    ValueError
        Another suffix, at the call; or, at the record where it shows, the file, the line or
        member, what was expected and what was found. A checksum that does not fit shows at the
        end: call :func:`trace_checksum` first where records must not be used before.
    OSError
        The operating system refuses.

    Notes
    -----
    A line has at most 2**26 bytes, a record 2**22 ids. An npz is read member by member, nothing
    in it is unpickled; its tables take 600 bytes a record.
    """
    source = Path(path)
    return _READERS[_suffix(source)](source)


def trace_checksum(path: str | os.PathLike[str]) -> str:
    """Read a whole trace and return its checksum, equal for both forms of the same records.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.

    Raises
    ------
    ValueError, OSError
        As :func:`read_trace`.
    """
    checksum = Checksum()
    for record in read_trace(path):
        checksum.add(record)
    return checksum.text()


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        expected = " or ".join(SUFFIXES)
        raise ValueError(f"path: expected a name that ends in {expected}, found {str(path)!r}")
    return suffix


def _checked(records: Iterable[TraceRecord]) -> Iterator[TraceRecord]:
    for record in records:
        if not isinstance(record, TraceRecord):
            raise TypeError(f"records: expected TraceRecord, found {type(record).__name__}")
        yield record


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a stream to a temporary file beside `path` that takes its name at the end, or goes."""
    temporary = path.parent / f".tokenmill-{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
