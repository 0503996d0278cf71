"""One record of a routing trace, its limits, and the checksum that both file forms share."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Limits of one record, so that a reader's memory is bounded whatever the file says.
MOST_CHOICES = 1 << 22
MOST_TOP_K = 8192
MOST_NAME = 64
NUMBERS = ("step", "layer", "rank")
NAMES = ("stage", "block")


@dataclass(frozen=True, eq=False)
class TraceRecord:
    """The choices of one step, block and layer on one rank.

    Attributes
    ----------
    step, layer, rank : int
        From 0, below 2**63.
    stage, block : str
        Where the choices were taken, such as "pre_dispatch" and "decoder": 1 to 64 printable
        characters.
    top_indices : ndarray, shape (num_tokens, topk), int32
        Expert ids, or -1 where a slot has none; at most 2**22.
    mtp_idx : int or None
        Which multi-token-prediction module; None for other blocks.

    Raises
    ------
    TypeError, ValueError
        A field is not what it should be: its name, what was expected, what was found.
    """

    step: int
    stage: str
    block: str
    layer: int
    rank: int
    top_indices: NDArray[np.int32]
    mtp_idx: int | None = None

    def __post_init__(self) -> None:
        """Check every field; ids become a C-contiguous int32 array."""
        for name in (*NUMBERS, "mtp_idx"):
            value = getattr(self, name)
            if value is not None or name != "mtp_idx":
                _check_number(name, value)
        for name in NAMES:
            _check_name(name, getattr(self, name))
        object.__setattr__(self, "top_indices", _ids(self.top_indices))

    @property
    def num_tokens(self) -> int:
        """Tokens of the record."""
        return len(self.top_indices)

    @property
    def topk(self) -> int:
        """Choices of a token."""
        return int(self.top_indices.shape[1])

    def header(self) -> dict[str, Any]:
        """Return all but the ids, in the order and under the names of the JSONL form."""
        fields: dict[str, Any] = {
            "step": self.step,
            "stage": self.stage,
            "block": self.block,
            "layer": self.layer,
            "rank": self.rank,
            "num_tokens": self.num_tokens,
            "topk": self.topk,
        }
        if self.mtp_idx is not None:
            fields["mtp_idx"] = self.mtp_idx
        return fields


class Checksum:
    """SHA-256 over records: a line of JSON and the ids as little-endian int32, one after another.

    It depends on what the records say, not on the file form.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.records = 0

    def add(self, record: TraceRecord) -> None:
        """Add one record."""
        line = json.dumps(record.header(), sort_keys=True, separators=(",", ":"))
        self._hash.update(line.encode() + b"\n")
        self._hash.update(record.top_indices.astype("<i4").tobytes())
        self.records += 1

    def text(self) -> str:
        """Return the checksum of the records so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()


def _check_number(name: str, value: object) -> None:
    if type(value) is not int:
        raise TypeError(f"{name}: expected an integer, found {shown(value)}")
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{name}: expected an integer in [0, 2**63), found {shown(value)}")


def _check_name(name: str, value: object) -> None:
    if type(value) is not str:
        raise TypeError(f"{name}: expected a text, found {shown(value)}")
    if not 1 <= len(value) <= MOST_NAME or not value.isprintable():
        raise ValueError(
            f"{name}: expected 1 to {MOST_NAME} printable characters, found {shown(value)}"
        )


def _ids(values: Any) -> NDArray[np.int32]:
    ids = np.asarray(values)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"top_indices: expected integers, found dtype {ids.dtype}")
    if ids.ndim != 2 or not 1 <= ids.shape[1] <= MOST_TOP_K or ids.size > MOST_CHOICES:
        raise ValueError(
            f"top_indices: expected shape (num_tokens, topk), topk from 1 to {MOST_TOP_K} and at "
            f"most {MOST_CHOICES} ids, found {ids.shape}"
        )
    if ids.size and (ids.min() < -1 or ids.max() > np.iinfo(np.int32).max):
        found = ids.min() if ids.min() < -1 else ids.max()
        raise ValueError(f"top_indices: expected ids in [-1, 2**31), found {found}")
    return np.ascontiguousarray(ids, dtype=np.int32)


def shown(value: object) -> str:
    """Return a value as messages show it: cut, so that a hostile file cannot flood a terminal."""
    if isinstance(value, int) and abs(value) >= 1 << 128:
        return "an integer of more than 128 bits"
    if isinstance(value, str):
        return repr(value if len(value) <= 50 else f"{value[:50]}...")
    text = repr(value[:50] if isinstance(value, list) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
