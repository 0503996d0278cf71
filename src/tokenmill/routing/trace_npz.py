"""The npz form of a trace: a member of ids for every record, and three that describe them.

    00000000.npy ...  int32 (num_tokens, topk)   the ids of record 0 and on
    numbers.npy       int64 (records, 6)         step, layer, rank, num_tokens, topk, mtp_idx or -1
    names.npy         text of 64 (records, 2)    stage, block
    sha256.npy        text of 64, no axis        the checksum

``numpy.load`` opens it too. Here every member's npy header must be, byte for byte, the one that
the description demands, so that nothing a file says is parsed, and no more is read than expected.
"""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .trace_record import MOST_CHOICES, MOST_NAME, MOST_TOP_K, Checksum, TraceRecord, shown

MOST_RECORDS = 1 << 20
_TABLES = ("numbers", "names", "sha256")
_TEXT = np.dtype(f"<U{MOST_NAME}")
# What zipfile and zlib raise on files that are damaged or made to look so.
_DAMAGE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def write_npz(stream: BinaryIO, records: Iterable[TraceRecord]) -> str:
    """Write every record and the tables; return the checksum. Equal records give equal bytes."""
    checksum = Checksum()
    numbers: list[tuple[int, ...]] = []
    names: list[tuple[str, str]] = []
    with zipfile.ZipFile(stream, "w") as archive:
        for record in records:
            if len(numbers) == MOST_RECORDS:
                raise ValueError(f"records: expected at most {MOST_RECORDS} in an npz, found more")
            _write(archive, f"{len(numbers):08d}", record.top_indices.astype("<i4"))
            checksum.add(record)
            mtp = -1 if record.mtp_idx is None else record.mtp_idx
            sizes = (record.num_tokens, record.topk)
            numbers.append((record.step, record.layer, record.rank, *sizes, mtp))
            names.append((record.stage, record.block))
        _write(archive, "numbers", np.array(numbers, dtype="<i8").reshape(-1, 6))
        _write(archive, "names", np.array(names, dtype=_TEXT).reshape(-1, 2))
        _write(archive, "sha256", np.array(checksum.text(), dtype=_TEXT))
    return checksum.text()


def _write(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, _header(array.dtype, array.shape) + array.tobytes(), compresslevel=1)


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the head of an npy file, version 1.0, as NumPy writes it."""
    buffer = BytesIO()
    described = np.lib.format.dtype_to_descr(dtype)
    fields = {"descr": described, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


def read_npz(path: Path) -> Iterator[TraceRecord]:
    """Yield record after record; the tables and one member are in memory at a time.

    Raises
    ------
    ValueError
        File, member, what was expected and what was found.
    """
    with _damage_named(f"{path}: expected a zip archive"):
        archive = zipfile.ZipFile(path)
    with archive:
        count = len(archive.namelist()) - len(_TABLES)
        members = {*(f"{index:08d}.npy" for index in range(count)), *(f"{t}.npy" for t in _TABLES)}
        if not 0 <= count <= MOST_RECORDS or set(archive.namelist()) != members:
            raise ValueError(
                f"{path}: expected a member of ids for each of at most {MOST_RECORDS} records, "
                f"numbers, names and sha256, found {shown(sorted(archive.namelist()))}"
            )
        numbers = _read(archive, path, "numbers", np.dtype("<i8"), (count, 6))
        names = _read(archive, path, "names", _TEXT, (count, 2))
        stated = _read(archive, path, "sha256", _TEXT, ())
        checksum = Checksum()
        for index in range(count):
            record = _record(archive, path, index, numbers[index].tolist(), names[index].tolist())
            checksum.add(record)
            yield record
    if str(stated) != checksum.text():
        raise ValueError(
            f"{path}, member sha256: expected {checksum.text()}, the checksum of the records, "
            f"found {shown(str(stated))}"
        )


def _record(
    archive: zipfile.ZipFile, path: Path, index: int, numbers: list[int], names: list[str]
) -> TraceRecord:
    step, layer, rank, tokens, topk, mtp = numbers
    stage, block = names
    if not 0 <= tokens <= MOST_CHOICES or not 1 <= topk <= MOST_TOP_K:
        raise ValueError(
            f"{path}, member numbers: expected num_tokens from 0 to {MOST_CHOICES} and topk from 1 "
            f"to {MOST_TOP_K}, found {tokens} and {topk} in record {index}"
        )
    if tokens * topk > MOST_CHOICES:
        raise ValueError(
            f"{path}, member numbers: expected at most {MOST_CHOICES} ids in record {index}, "
            f"found {tokens * topk}"
        )
    ids = _read(archive, path, f"{index:08d}", np.dtype("<i4"), (tokens, topk))
    try:
        return TraceRecord(step, stage, block, layer, rank, ids, None if mtp == -1 else mtp)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}, record {index}: {error}") from None


def _read(
    archive: zipfile.ZipFile, path: Path, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    """Read a member that must be an array of this dtype and shape."""
    head = _header(dtype, shape)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    with (
        _damage_named(f"{path}, member {name}: expected readable data"),
        archive.open(f"{name}.npy") as stream,
    ):
        found, data = stream.read(len(head)), stream.read(size)
        longer = stream.read(1)
    if found != head or len(data) != size or longer:
        other = found[10:90].decode("latin-1").strip() if found != head else "another length"
        raise ValueError(
            f"{path}, member {name}: expected an npy array of {dtype} and shape {shape}, "
            f"found {other!r}"
        )
    return np.frombuffer(data, dtype=dtype).reshape(shape)


@contextmanager
def _damage_named(expected: str) -> Iterator[None]:
    """Turn what a damaged archive raises into a ValueError; a failing disk is left as it is."""
    try:
        yield
    except (*_DAMAGE, ValueError, OSError) as error:
        # a seek to an offset that no file can have
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        reason = str(error).strip("'") or type(error).__name__
        raise ValueError(f"{expected}, found {reason}") from None
