"""Predicted beside measured: the error of every point, and summaries of them.

The error is ``predicted / measured - 1``. A point is scored once: not where it repeats another, is
no measurement, or lacks conditions that matter; it is predicted all the same, and shown. Batch-1
latency and time to first token are apart, since the one is the engine's and the other the queue's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .calibration import Calibration
from .cases import Case, Excluded, case_of
from .efficiency_file import fitted
from .points import Point
from .predicted import predict

RATES = ("out_tok_s", "total_tok_s", "decode_tok_s", "prefill_tok_s", "tok_s_per_mw")
COSTS = ("usd_per_mtok_out", "usd_per_mtok_total")
SETS = ("throughput", "tpot", "batch-1 tpot", "ttft", "cost")
_MEASURED = (None, "measured", "derived")


@dataclass(frozen=True)
class Scored:
    """A point and what the model says of it.

    Attributes
    ----------
    point : Point
    predicted : float or None
        In the unit of the point; None where it is excluded.
    error : float or None
        ``predicted / measured - 1``.
    excluded : str
        Why there is no prediction; "" where there is one.
    unscored : str
        Why a prediction is in no summary; "" where it is.
    """

    point: Point
    predicted: float | None
    error: float | None
    excluded: str
    unscored: str


@dataclass(frozen=True)
class Summary:
    """What the errors of some points come to; None without any.

    Attributes
    ----------
    count, expressed : int
        Points that are asked for, and those with a prediction.
    median, p90 : float or None
        Of the absolute error; quantiles are interpolated.
    bias : float or None
        Median error.
    """

    count: int
    expressed: int
    median: float | None
    p90: float | None
    bias: float | None


@dataclass(frozen=True)
class Validation:
    """Every point's result, in the order of the points."""

    scored: tuple[Scored, ...]

    def summary(self, which: Callable[[Point], bool] | None = None) -> Summary:
        """Return the summary of the scored points for which `which` is true, all by default."""
        asked = [s for s in self.scored if not s.unscored and (which is None or which(s.point))]
        return _summary(asked)

    def of_set(self, name: str, which: Callable[[Point], bool] | None = None) -> Summary:
        """Return the summary of a set, one of `SETS`."""
        return self.summary(lambda p: set_of(p) == name and (which is None or which(p)))

    def by(self, field: str, name: str = "throughput") -> dict[str, Summary]:
        """Return the summaries of a set by family, hw_id, model_id, metric, engine or phase."""
        values = sorted({str(getattr(s.point, field)) for s in self.scored if not s.unscored})
        found = {value: self.of_set(name, _with(field, value)) for value in values}
        return {value: summary for value, summary in found.items() if summary.count}

    def reasons(self) -> dict[str, int]:
        """Return how many points have no prediction, by reason, most frequent first."""
        counts: dict[str, int] = {}
        for scored in self.scored:
            if scored.excluded:
                counts[scored.excluded] = counts.get(scored.excluded, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def expressed_ok(self) -> float:
        """Return the share of the points of quality ok that have a prediction; 1 without any."""
        fine = [s for s in self.scored if s.point.quality == "ok"]
        return sum(not s.excluded for s in fine) / len(fine) if fine else 1.0


def _with(field: str, value: str) -> Callable[[Point], bool]:
    return lambda point: str(getattr(point, field)) == value


def set_of(point: Point) -> str:
    """Return the set that a point belongs to, one of `SETS`."""
    if point.metric in RATES:
        return "throughput"
    if point.metric in COSTS:
        return "cost"
    if point.metric == "ttft_s":
        return "ttft"
    return "batch-1 tpot" if point.batch == 1.0 else "tpot"


def in_fitted_half(point: Point) -> bool:
    """Return whether constants are fitted on a point: the SHA-256 of its id begins evenly."""
    return hashlib.sha256(point.id.encode()).digest()[0] % 2 == 0


def unscored(point: Point, known: Iterable[str] = ()) -> str:
    """Return why a point is in no summary, "" where it is in one.

    Parameters
    ----------
    point : Point
    known : iterable of str
        Ids of the points at hand: a repetition of one that is not there is scored itself.
    """
    if point.dup_of is not None and point.dup_of in known:
        return f"the same as {point.dup_of}"
    if point.kind not in _MEASURED:
        return f"{point.kind}, not measured"
    if point.quality not in (None, "ok"):
        return str(point.quality).replace("_", " ")
    return ""


def validate(points: Iterable[Point], *, efficiency: Calibration | None = None) -> Validation:
    """Return predicted beside measured for points.

    Parameters
    ----------
    points : iterable of Point
    efficiency : Calibration, optional
        The constants; by default those fitted on half of the embedded points.

    Returns
    -------
    Validation
    """
    constants = fitted() if efficiency is None else efficiency
    listed = tuple(points)
    known = {point.id for point in listed}
    return Validation(tuple(_score(point, constants, known) for point in listed))


def _score(point: Point, constants: Calibration, known: set[str]) -> Scored:
    why = unscored(point, known)
    try:
        predicted = predict(case_of(point), constants)
    except Excluded as reason:
        return Scored(point, None, None, str(reason), why)
    return Scored(point, predicted, predicted / point.value - 1.0, "", why)


def cases(points: Iterable[Point]) -> list[Case]:
    """Return the cases of the points whose rate or time per token the targets are set for."""
    listed = tuple(points)
    known = {point.id for point in listed}
    found = []
    for point in listed:
        if set_of(point) in ("throughput", "tpot") and not unscored(point, known):
            try:
                found.append(case_of(point))
            except Excluded:
                continue
    return found


def _summary(asked: list[Scored]) -> Summary:
    errors = [s.error for s in asked if s.error is not None]
    sizes = [abs(error) for error in errors]
    return Summary(
        len(asked), len(errors), quantile(sizes, 0.5), quantile(sizes, 0.9), quantile(errors, 0.5)
    )


def quantile(values: Iterable[float], share: float) -> float | None:
    """Return a quantile, linear between order statistics; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
