"""Published measurements in one form: a line of JSON each.

A point says what was measured (`metric`, `per`, `value`) and on what: model, accelerator, layout,
number formats, load. What a source does not state is null. The field names are those of a JSON
object on each line of a file; the embedded file is ``catalogue/serving/validation_points.jsonl``.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from importlib import resources
from math import isfinite
from typing import Any

from .refusal import FileError, describe, nearest, one_of, shown

METRICS = (
    "out_tok_s",
    "total_tok_s",
    "decode_tok_s",
    "prefill_tok_s",
    "tpot_s",
    "ttft_s",
    "usd_per_mtok_out",
    "usd_per_mtok_total",
    "tok_s_per_mw",
)
QUALITIES = ("ok", "metadata_incomplete", "production", "unverified")
EMBEDDED = "validation_points.jsonl"
LARGEST_FILE = 1 << 26
LONGEST_LINE = 1 << 16
_LONGEST_TEXT = 2000
_MOST = 1e15


class PointsError(FileError):
    """A file of points that cannot be used."""


@dataclass(frozen=True)
class PrefillPool:
    """The instances that read prompts beside decode instances; None is not known.

    Attributes
    ----------
    tp, dp, ep : int
        Accelerators of an attention replica, attention replicas, expert-parallel ranks.
    n : int
        Instances.
    """

    tp: int | None = None
    dp: int | None = None
    ep: int | None = None
    n: int | None = None


def _field(kind: str, *choices: str) -> Any:
    metadata = {"kind": kind, "choices": choices}
    return dataclasses.field(default=None, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One published figure and its conditions; None is what the source does not state.

    Attributes
    ----------
    id, source, date, note : str
    model_id, hw_id : str
        A model and an accelerator; any spelling the catalogue knows can be predicted.
    kind : str
        How the figure came about: "measured", "derived" (arithmetic on measured figures), or
        another word, such as "claimed-theoretical".
    family : str
        The publication or benchmark that it is from.
    dup_of : str
        Id of the point that says the same.
    quality : str
        "ok"; "metadata_incomplete": conditions that matter are not published; "production": a mean
        over real traffic; "unverified".
    metric, per : str
        See `METRICS`; rates are per "gpu", "node" (8 accelerators) or "system".
    value : float
        Tokens/s, seconds, USD per million tokens, or tokens/s per MW.
    phase : str
        "agg", "decode", "prefill" or "disagg".
    engine : str
    n_gpus : int
        Accelerators of the system.
    attn_tp, attn_dp, moe_tp, moe_ep, n_replicas : int
        Tensor and data parallelism of attention, cuts of an expert, expert-parallel ranks, (decode)
        instances.
    prefill_pool : PrefillPool
    w_attn, w_moe, kv_dtype, attn_math : str
        Formats of the weights (attention, dense and shared; routed experts), of the KV cache and of
        the attention core's arithmetic.
    batch : float
        Sequences in flight, per `batch_scope`: "gpu", "replica" (an instance), "system", or "max",
        the largest that fits.
    chunk_tokens : int
        Prompt tokens of one pass on one attention replica.
    in_len, out_len, ctx_len : float
        Prompt and answer; mean tokens cached in decode. Tokens.
    drafts, accept_len : float
        Draft tokens per step; tokens accepted per step.
    overlap, balanced : bool
        Whether the all-to-all runs beside computation; whether experts had equal load.
    cache_hit : float
        Share of the prompt that was cached.
    tpot_limit_s, interactivity_tok_s_user : float
        Speed that the figure holds at.
    usd_h : float
        Price of an accelerator-hour behind a cost.
    """

    id: str = _field("text")
    source: str | None = _field("text")
    date: str | None = _field("text")
    model_id: str | None = _field("text")
    hw_id: str | None = _field("text")
    kind: str | None = _field("text")
    family: str | None = _field("text")
    dup_of: str | None = _field("text")
    quality: str | None = _field("text", *QUALITIES)
    metric: str = _field("text", *METRICS)
    per: str | None = _field("text", "gpu", "node", "system")
    value: float = _field("positive")
    phase: str | None = _field("text", "agg", "decode", "prefill", "disagg")
    engine: str | None = _field("text")
    n_gpus: int | None = _field("count")
    attn_tp: int | None = _field("count")
    attn_dp: int | None = _field("count")
    moe_tp: int | None = _field("count")
    moe_ep: int | None = _field("count")
    n_replicas: int | None = _field("count")
    prefill_pool: PrefillPool | None = _field("pool")
    w_attn: str | None = _field("text")
    w_moe: str | None = _field("text")
    kv_dtype: str | None = _field("text")
    attn_math: str | None = _field("text")
    batch: float | None = _field("positive")
    batch_scope: str | None = _field("text", "gpu", "replica", "system", "max")
    chunk_tokens: int | None = _field("count")
    in_len: float | None = _field("number")
    out_len: float | None = _field("number")
    ctx_len: float | None = _field("number")
    drafts: float | None = _field("number")
    accept_len: float | None = _field("positive")
    overlap: bool | None = _field("flag")
    balanced: bool | None = _field("flag")
    cache_hit: float | None = _field("share")
    tpot_limit_s: float | None = _field("positive")
    interactivity_tok_s_user: float | None = _field("positive")
    usd_h: float | None = _field("positive")
    note: str | None = _field("text")


FIELDS = {field.name: field for field in dataclasses.fields(Point)}
_NEEDED = ("id", "metric", "value")
_EXPECTED = {
    "text": f"text of at most {_LONGEST_TEXT} characters",
    "number": f"a number from 0 to {_MOST:g}",
    "positive": f"a number above 0, at most {_MOST:g}",
    "share": "a number from 0 to 1",
    "count": "a whole number from 1 to 1000000",
    "flag": "true or false",
    "pool": "an object with tp, dp, ep and n",
}


def read_points(path: str | os.PathLike[str] | None = None) -> tuple[Point, ...]:
    """Return the points of a file.

    Parameters
    ----------
    path : str or path-like, optional
        JSON lines of at most 64 MiB, 64 KiB each; the embedded points by default. Empty lines do
        not count.

    Returns
    -------
    tuple of Point
        In the order of the file.

    Raises
    ------
    PointsError
        The file cannot be read, or a line is none of this form; the message names the line, the
        field, what was expected and what was found.
    TypeError
        `path` is something else.
    """
    if path is None:
        source = resources.files("tokenmill.catalogue").joinpath("serving", EMBEDDED)
        return parse_points(source.read_bytes(), EMBEDDED)
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected the path of a file, found {type(path).__name__}")
    name = os.fsdecode(path)
    file = name if name and name.isprintable() else shown(name)
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        known = isinstance(error, OSError) and error.strerror
        raise PointsError(file, "", "a readable file", str(known or error).lower()) from None
    return parse_points(content, file)


def parse_points(content: bytes, file: str = "points") -> tuple[Point, ...]:
    """Return the points of a file's content; `file` is its name in messages.

    Raises
    ------
    PointsError
    """
    if len(content) > LARGEST_FILE:
        raise PointsError(file, "", f"at most {LARGEST_FILE} bytes", "a larger file")
    points: dict[str, Point] = {}
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        point = _point(_table(line, file, where), file, where)
        if point.id in points:
            raise PointsError(file, f"{where}: id", "an id of its own", shown(point.id))
        points[point.id] = point
    return tuple(points.values())


def _table(line: bytes, file: str, where: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise PointsError(file, where, f"at most {LONGEST_LINE} bytes", "a longer line")
    try:
        found = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise PointsError(file, where, "text in UTF-8", f"byte {error.start + 1}") from None
    except RecursionError:
        raise PointsError(file, where, "a JSON object", "values nested too deeply") from None
    except ValueError as error:
        # JSONDecodeError, or int() that refuses thousands of digits.
        raise PointsError(file, where, "a JSON object", f"an error: {error}") from None
    if not isinstance(found, dict):
        raise PointsError(file, where, "a JSON object", describe(found))
    return found


def _point(table: dict[str, Any], file: str, where: str) -> Point:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in FIELDS:
            found = f"{shown(name)}{nearest(name, FIELDS)}"
            raise PointsError(file, where, "a field of a point", found)
        if value is not None:
            values[name] = _value(name, value, file, where)
    for name in _NEEDED:
        if name not in values:
            raise PointsError(file, f"{where}: {name}", _expected(name), "nothing")
    return Point(**values)


def _expected(name: str) -> str:
    metadata = FIELDS[name].metadata
    return one_of(metadata["choices"]) if metadata["choices"] else _EXPECTED[metadata["kind"]]


def _value(name: str, value: Any, file: str, where: str) -> Any:
    kind = FIELDS[name].metadata["kind"]
    if kind == "pool":
        return _pool(value, file, f"{where}: {name}")
    found = _read(kind, value)
    choices = FIELDS[name].metadata["choices"]
    if found is None or (choices and found not in choices):
        raise PointsError(file, f"{where}: {name}", _expected(name), _shown(value))
    return found


def _pool(value: Any, file: str, where: str) -> PrefillPool:
    if not isinstance(value, dict) or not set(value) <= {"tp", "dp", "ep", "n"}:
        raise PointsError(file, where, _EXPECTED["pool"], _shown(value))
    degrees: dict[str, int] = {}
    for name, degree in value.items():
        found = None if degree is None else _read("count", degree)
        if found is None and degree is not None:
            raise PointsError(file, f"{where}.{name}", _EXPECTED["count"], _shown(degree))
        if found is not None:
            degrees[name] = found
    return PrefillPool(**degrees)


def _read(kind: str, value: Any) -> Any:
    """Return a value as the point holds it, None if it is none of its kind."""
    if kind == "text":
        fine = isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_TEXT
        return value if fine and value else None
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not (isfinite(value) if isinstance(value, float) else abs(value) <= _MOST):
        return None
    if kind == "count":
        return int(value) if 1 <= value <= 1_000_000 and value == int(value) else None
    high = 1.0 if kind == "share" else _MOST
    if value > high or value < 0.0 or (kind == "positive" and value == 0.0):
        return None
    return float(value)


def _shown(value: Any) -> str:
    return "null" if value is None else describe(value)
