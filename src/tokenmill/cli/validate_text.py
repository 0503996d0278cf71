"""A validation in words: a line per point, then the summaries; and the same as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..serving.validation import (
    SETS,
    Scored,
    Summary,
    Validation,
    in_fitted_half,
    set_of,
)

_ID_WIDTH = 46
_FIELDS = ("family", "hw_id", "metric")
_TITLES = {"family": "family", "hw_id": "accelerator", "metric": "metric"}
_LEGEND = (
    "Error is predicted over measured, less 1; median and p90 are of its size, bias is its median.",
    "Constants are fitted on half of the embedded points, by the hash of their ids; no point of",
    "any other file was seen. Repetitions and points whose conditions are not known do not count.",
    "Time to first token is predicted without waiting, since no source states its arrivals.",
)


def tables(found: Validation) -> list[str]:
    """Return the lines to print."""
    lines = [f"{'point':<{_ID_WIDTH}}  {'metric':<18} {'measured':>10} {'predicted':>10}   error"]
    lines += [_row(scored) for scored in found.scored]
    lines += ["", *_sets(found)]
    for field in _FIELDS:
        for name in ("throughput", "tpot"):
            rows = found.by(field, name)
            if rows:
                lines += ["", _heading(f"{name} by {_TITLES[field]}")]
                lines += [_summary_row(value, summary) for value, summary in rows.items()]
    reasons = found.reasons()
    if reasons:
        lines += ["", "no prediction:"]
        lines += [f"  {count:>4}  {reason}" for reason, count in reasons.items()]
    return [*lines, "", *_LEGEND]


def to_dict(found: Validation) -> dict[str, Any]:
    """Return the validation as plain data."""
    return {
        "points": [_point(scored) for scored in found.scored],
        "sets": {name: _halves(found, name) for name in SETS},
        "by": {
            field: {
                name: {value: asdict(s) for value, s in found.by(field, name).items()}
                for name in SETS
            }
            for field in _FIELDS
        },
        "count": len(found.scored),
        "expressed": sum(not scored.excluded for scored in found.scored),
        "expressed_share_of_quality_ok": found.expressed_ok(),
        "excluded": found.reasons(),
    }


def _halves(found: Validation, name: str) -> dict[str, Any]:
    return {
        "all": asdict(found.of_set(name)),
        "fitted_half": asdict(found.of_set(name, in_fitted_half)),
        "other_half": asdict(found.of_set(name, lambda point: not in_fitted_half(point))),
    }


def _point(scored: Scored) -> dict[str, Any]:
    point = scored.point
    return {
        "id": point.id,
        "metric": point.metric,
        "per": point.per,
        "set": set_of(point),
        "fitted_half": in_fitted_half(point),
        "measured": point.value,
        "predicted": scored.predicted,
        "error": scored.error,
        "excluded": scored.excluded or None,
        "unscored": scored.unscored or None,
    }


def _row(scored: Scored) -> str:
    point = scored.point
    name = point.id if len(point.id) <= _ID_WIDTH else f"{point.id[: _ID_WIDTH - 3]}..."
    start = f"{name:<{_ID_WIDTH}}  {point.metric:<18} {_figure(point.value):>10}"
    if scored.predicted is None or scored.error is None:
        return f"{start} {'-':>10}  {scored.excluded}"
    note = f"  ({scored.unscored})" if scored.unscored else ""
    return f"{start} {_figure(scored.predicted):>10} {scored.error:>+7.1%}{note}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.4g}"


def _sets(found: Validation) -> list[str]:
    lines = [_heading("set")]
    for name in SETS:
        everything = found.of_set(name)
        if not everything.count:
            continue
        lines.append(_summary_row(name, everything))
        if name in ("throughput", "tpot"):
            lines.append(_summary_row("  fitted half", found.of_set(name, in_fitted_half)))
            other = found.of_set(name, lambda point: not in_fitted_half(point))
            lines.append(_summary_row("  other half", other))
    expressed = sum(not scored.excluded for scored in found.scored)
    share = f"{found.expressed_ok():.1%} of quality ok"
    return [*lines, f"{expressed} of {len(found.scored)} points expressed, {share}"]


def _heading(title: str) -> str:
    return f"{title:<30}{'points':>7}{'with':>6}{'median':>9}{'p90':>9}{'bias':>9}"


def _summary_row(name: str, summary: Summary) -> str:
    start = f"{name:<30}{summary.count:>7}{summary.expressed:>6}"
    if summary.median is None or summary.p90 is None or summary.bias is None:
        return f"{start}{'-':>9}{'-':>9}{'-':>9}"
    return f"{start}{summary.median:>9.1%}{summary.p90:>9.1%}{summary.bias:>+9.1%}"
