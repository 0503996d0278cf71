"""Saved results: JSON of plain data, read with limits, nothing unpickled or evaluated."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._native.random import Law, LawKind
from .._native.sweep import BUCKETS, STREAM_VERSION, RawMoments
from .plan import Input, Plan
from .tally import Tally

if TYPE_CHECKING:
    from .result import SweepResult

FORMAT = "tokenmill sweep result 1"
MAX_FILE_BYTES = 1 << 28

_FLOATS = ("minimum", "maximum")


def _moments_content(moments: RawMoments) -> dict[str, Any]:
    values = moments._asdict()
    return {name: value.hex() if name in _FLOATS else hex(value) for name, value in values.items()}


def _tally_content(tally: Tally) -> dict[str, Any]:
    return {
        "moments": _moments_content(tally.moments),
        "buckets": tally.buckets.tolist(),
        "counts": tally.counts.tolist(),
        "below": list(tally.below),
        "products": [[hex(total), skipped] for total, skipped in tally.products],
    }


def result_content(result: SweepResult) -> dict[str, Any]:
    """Return everything a result holds as JSON-ready data; floats as hexadecimal text."""
    return {
        "format": FORMAT,
        "stream_version": STREAM_VERSION,
        "seed": result.seed,
        "laws": [
            {
                "name": item.name,
                "stream": item.stream,
                "kind": item.law.kind.name,
                "parameters": [value.hex() for value in item.law.parameters],
                "table": base64.b64encode(item.law.table.astype("<f8").tobytes()).decode(),
            }
            for item in result.plan.inputs
        ],
        "outputs": list(result.outputs),
        "thresholds": [[value.hex() for value in values] for values in result.thresholds],
        "ranges": [list(pair) for pair in result.ranges],
        "tallies": [_tally_content(tally) for tally in result.tallies],
        "input_moments": [_moments_content(moments) for moments in result.input_moments],
        "model_fingerprint": result.model_fingerprint,
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` to `path` atomically: a stop half way leaves the old file or none."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


class _Reader:
    """Typed access to parsed JSON; what does not fit is refused with file, key, expected, found."""

    def __init__(self, path: Path, content: Any, key: str = "") -> None:
        self._path, self._content, self._key = path, content, key

    def refuse(self, expected: str) -> ValueError:
        found = repr(self._content)
        shown = found if len(found) <= 60 else found[:57] + "..."
        where = f"key {self._key!r}" if self._key else "the file"
        return ValueError(f"{self._path}: {where}: expected {expected}, found {shown}")

    def __getitem__(self, name: str) -> _Reader:
        if not isinstance(self._content, dict):
            raise self.refuse("an object")
        key = f"{self._key}.{name}" if self._key else name
        if name not in self._content:
            raise ValueError(f"{self._path}: key {key!r} is missing")
        return _Reader(self._path, self._content[name], key)

    def items(self) -> list[_Reader]:
        if not isinstance(self._content, list):
            raise self.refuse("a list")
        return [
            _Reader(self._path, one, f"{self._key}[{i}]") for i, one in enumerate(self._content)
        ]

    def text(self) -> str:
        if not isinstance(self._content, str):
            raise self.refuse("text")
        return self._content

    def integer(self, low: int = 0, high: int = 1 << 64) -> int:
        value = self._content
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < high:
            raise self.refuse(f"an integer in [{low}, {high})")
        return value

    def big(self) -> int:
        try:
            return int(self.text(), 16)
        except ValueError:
            raise self.refuse("a hexadecimal integer") from None

    def number(self) -> float:
        try:
            return float.fromhex(self.text())
        except (ValueError, OverflowError):
            raise self.refuse("a hexadecimal number") from None

    def integers(self, high: int) -> NDArray[np.int64]:
        values = [one.integer(0, high) for one in self.items()]
        return np.array(values, dtype=np.int64)


def _read_moments(reader: _Reader) -> RawMoments:
    values: dict[str, Any] = {
        name: reader[name].number() if name in _FLOATS else reader[name].big()
        for name in RawMoments._fields
    }
    return RawMoments(**values)


def _read_tally(reader: _Reader) -> Tally:
    buckets = reader["buckets"].integers(BUCKETS)
    counts = reader["counts"].integers(1 << 62)
    if len(buckets) != len(counts) or bool(np.any(np.diff(buckets) <= 0)):
        raise reader["buckets"].refuse("ascending buckets, one per count")
    products = []
    for pair in reader["products"].items():
        total, skipped = pair.items()
        products.append((total.big(), skipped.integer()))
    below = tuple(one.integer() for one in reader["below"].items())
    return Tally(_read_moments(reader["moments"]), buckets, counts, below, tuple(products))


def _read_input(reader: _Reader) -> Input:
    kind = reader["kind"].text()
    if kind not in LawKind.__members__:
        raise reader["kind"].refuse(f"one of {', '.join(LawKind.__members__)}")
    try:
        table = np.frombuffer(base64.b64decode(reader["table"].text(), validate=True), dtype="<f8")
    except ValueError:
        raise reader["table"].refuse("base64 of doubles") from None
    parameters = tuple(one.number() for one in reader["parameters"].items())
    law = Law(LawKind[kind], parameters, table.astype(np.float64))
    return Input(reader["name"].text(), law, reader["stream"].text())


def read_result(path: Path) -> tuple[dict[str, Any], str]:
    """Return the fields of a saved result and the digest it was saved with.

    Raises
    ------
    ValueError
        The file is too large, no JSON, or a key does not hold what it should.
    """
    with open(path, "rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"{path}: expected at most {MAX_FILE_BYTES} bytes, found more")
    try:
        reader = _Reader(path, json.loads(data))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: expected JSON, found {error}") from None
    if reader["format"].text() != FORMAT:
        raise reader["format"].refuse(repr(FORMAT))
    if reader["stream_version"].integer() != STREAM_VERSION:
        raise reader["stream_version"].refuse(str(STREAM_VERSION))
    ranges = [
        tuple(end.integer(0, 1 << 62) for end in one.items()) for one in reader["ranges"].items()
    ]
    fields = {
        "plan": Plan(
            tuple(_read_input(one) for one in reader["laws"].items()), reader["seed"].integer()
        ),
        "outputs": tuple(one.text() for one in reader["outputs"].items()),
        "thresholds": tuple(
            tuple(value.number() for value in one.items()) for one in reader["thresholds"].items()
        ),
        "ranges": tuple(ranges),
        "tallies": tuple(_read_tally(one) for one in reader["tallies"].items()),
        "input_moments": tuple(_read_moments(one) for one in reader["input_moments"].items()),
        "model_fingerprint": reader["model_fingerprint"].text(),
    }
    return fields, reader["digest"].text()
