"""The JSONL form of a trace: a record a line, as Megatron-LM writes them, and a line that seals it.

The last line, ``{"records": n, "sha256": "..."}``, is ours: a file without it is read all the
same, as Megatron-LM's own end without one; where it stands it must be true.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .trace_record import MOST_CHOICES, MOST_TOP_K, Checksum, TraceRecord, shown

MOST_LINE_BYTES = 1 << 26
_FIELDS = ("step", "stage", "block", "layer", "rank", "num_tokens", "topk", "top_indices")
_SEAL = ("records", "sha256")


def write_jsonl(stream: BinaryIO, records: Iterable[TraceRecord]) -> str:
    """Write every record and the seal; return the checksum."""
    checksum = Checksum()
    for record in records:
        checksum.add(record)
        _write_line(stream, record.header() | {"top_indices": record.top_indices.tolist()})
    _write_line(stream, {"records": checksum.records, "sha256": checksum.text()})
    return checksum.text()


def _write_line(stream: BinaryIO, content: dict[str, Any]) -> None:
    stream.write(json.dumps(content, separators=(",", ":")).encode() + b"\n")


def read_jsonl(path: Path) -> Iterator[TraceRecord]:
    """Yield record after record; one line is in memory at a time.

    Raises
    ------
    ValueError
        File, line, what was expected and what was found.
    """
    checksum, seal = Checksum(), False
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MOST_LINE_BYTES + 1):
            number += 1
            try:
                if seal:
                    raise ValueError("expected the end of the file after its checksum, found more")
                content = _content(line)
                seal = set(content) == set(_SEAL)
                if seal:
                    _check_seal(content, checksum)
                    continue
                record = _record(content)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
            checksum.add(record)
            yield record


def _content(line: bytes) -> dict[str, Any]:
    if len(line) > MOST_LINE_BYTES:
        raise ValueError(f"expected a line of at most {MOST_LINE_BYTES} bytes, found more")
    try:
        content = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8, found byte {line[error.start]:#04x}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"expected a JSON object, found {shown(line[:60].decode())}") from None
    if not isinstance(content, dict):
        raise ValueError(f"expected a JSON object, found {shown(content)}")
    return content


def _record(content: dict[str, Any]) -> TraceRecord:
    for name in _FIELDS:
        if name not in content:
            raise ValueError(f"{name}: expected a value, found none")
    fields = {name: content[name] for name in ("step", "stage", "block", "layer", "rank")}
    ids = _top_indices(content["num_tokens"], content["topk"], content["top_indices"])
    return TraceRecord(**fields, top_indices=ids, mtp_idx=content.get("mtp_idx"))


def _top_indices(tokens: Any, topk: Any, rows: Any) -> NDArray[Any]:
    for name, value, low in (("num_tokens", tokens, 0), ("topk", topk, 1)):
        high = MOST_TOP_K if name == "topk" else MOST_CHOICES
        if type(value) is not int or not low <= value <= high:
            expected = f"an integer from {low} to {high}"
            raise ValueError(f"{name}: expected {expected}, found {shown(value)}")
    if type(rows) is not list or len(rows) != tokens:
        found = f"{len(rows)}" if type(rows) is list else shown(rows)
        raise ValueError(f"top_indices: expected {tokens} lists as num_tokens says, found {found}")
    for row in rows:
        if type(row) is not list or len(row) != topk:
            raise ValueError(
                f"top_indices: expected lists of {topk} ids as topk says, found {shown(row)}"
            )
    for kind in set(map(type, chain.from_iterable(rows))) - {int}:
        raise TypeError(f"top_indices: expected integers, found a {kind.__name__}")
    try:
        return np.array(rows, dtype=np.int64).reshape(tokens, topk)
    except OverflowError:
        raise ValueError("top_indices: expected ids in [-1, 2**31), found more bits") from None


def _check_seal(content: dict[str, Any], checksum: Checksum) -> None:
    if content["records"] != checksum.records:
        raise ValueError(
            f"records: expected {checksum.records} as in the file, "
            f"found {shown(content['records'])}"
        )
    if content["sha256"] != checksum.text():
        raise ValueError(
            f"sha256: expected {checksum.text()}, the checksum of the records, "
            f"found {shown(content['sha256'])}"
        )
