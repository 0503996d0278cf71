"""Fit the constants of the model to published measurements.

``python -m tokenmill.serving.fit [FILE] [--out efficiency.toml]``

A few constants, each within bounds that its meaning sets (no efficiency above 1), are moved from
their published values to lessen a robust loss, soft L1 of the log of predicted over measured, with
a weak pull back to the prior. Only the points of the fitted half count
(:func:`~tokenmill.serving.validation.in_fitted_half`); the others, and each family left out in
turn, say how far the constants carry. The result depends on the points alone.
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .calibration import Calibration
from .cases import Case, Excluded
from .efficiency import PUBLISHED
from .points import Point, PointsError, read_points
from .predicted import predict
from .validation import Validation, cases, in_fitted_half, quantile, set_of, validate

_PULL = 0.15
_LOSS_SCALE = 0.08
_MOST_EVALUATIONS = 60
_STEP = 1e-3
_DIGITS = 4
# What a case without prediction counts: as far off as a factor of e.
_MISSING = 1.0
DATE = "2026-11"


@dataclass(frozen=True)
class Constant:
    """A constant that is fitted.

    Attributes
    ----------
    name : str
        A field of Efficiency, or ``gemm_scale.NAME`` with an accelerator or a generation.
    prior, low, high : float
    also : tuple of str
        Others that have the same value.
    """

    name: str
    prior: float
    low: float
    high: float
    also: tuple[str, ...] = ()


FITTED = (
    Constant("expert", 0.62, 0.35, 0.80),
    Constant("memory", 0.80, 0.65, 0.95),
    Constant("layer_s", 15e-6, 5e-6, 40e-6),
    Constant("activation_scale", 1.0, 0.5, 3.0),
    Constant("all_reduce_s", 8e-6, 3e-6, 20e-6),
    Constant("dense", 0.90, 0.60, 1.0),
    Constant("experts_parallel", 0.58, 0.40, 1.0),
    Constant("prefill_imbalance", 1.20, 1.0, 2.0),
    Constant("prefill_interference", 0.60, 0.2, 1.0),
    Constant("gemm_scale.H20", 1.25, 1.0, 1.40, ("core_scale.H20",)),
    Constant("gemm_scale.blackwell", 0.80, 0.5, 1.0),
)
# Read otherwise than the priors: room for the whole answer, an all-reduce of flat latency.
FIXED = {"admission": 1.0, "all_reduce_hop_s": 0.0}


def calibration(values: Sequence[float], constants: Sequence[Constant] = FITTED) -> Calibration:
    """Return the calibration in which `constants` have `values`."""
    plain: dict[str, float] = dict(FIXED)
    scales: dict[str, dict[str, float]] = {"gemm_scale": {}, "core_scale": {}}
    for constant, value in zip(constants, values, strict=True):
        for name in (constant.name, *constant.also):
            section, _, key = name.rpartition(".")
            target = scales[section] if section else plain
            target[key] = value
    return Calibration(PUBLISHED._replace(**plain), **scales)


def fit(points: Iterable[Case], constants: Sequence[Constant] = FITTED) -> list[float]:
    """Return the values of `constants` that suit the cases best, to four digits.

    Parameters
    ----------
    points : iterable of Case
        Of throughput or time per token.
    constants : sequence of Constant

    Raises
    ------
    ImportError
        SciPy is not installed.
    """
    import numpy as np
    from scipy.optimize import least_squares  # type: ignore[import-untyped, unused-ignore]

    listed = tuple(points)

    def residuals(x: Any) -> Any:
        values = [c.prior * math.exp(v) for c, v in zip(constants, x, strict=True)]
        found = calibration(values, constants)
        return np.array([*(_residual(case, found) for case in listed), *(_PULL * x)])

    low = [math.log(c.low / c.prior) for c in constants]
    high = [math.log(c.high / c.prior) for c in constants]
    solved = least_squares(
        residuals,
        np.zeros(len(constants)),
        bounds=(low, high),
        loss="soft_l1",
        f_scale=_LOSS_SCALE,
        diff_step=_STEP,
        max_nfev=_MOST_EVALUATIONS,
    )
    found = [c.prior * math.exp(v) for c, v in zip(constants, solved.x, strict=True)]
    return [float(f"{value:.{_DIGITS}g}") for value in found]


def _residual(case: Case, constants: Calibration) -> float:
    try:
        return math.log(predict(case, constants) / case.point.value)
    except Excluded:
        return _MISSING


def leave_family_out(points: Sequence[Point]) -> dict[str, list[float]]:
    """Return the throughput errors of each family, fitted on all the others."""
    known = cases(points)
    errors: dict[str, list[float]] = {}
    for family in sorted({str(case.point.family) for case in known}):
        rest = [case for case in known if str(case.point.family) != family]
        constants = calibration(fit(rest))
        for case in known:
            if str(case.point.family) == family and set_of(case.point) == "throughput":
                error = predict(case, constants) / case.point.value - 1.0
                errors.setdefault(family, []).append(error)
    return errors


def toml(values: Sequence[float], constants: Sequence[Constant] = FITTED) -> str:
    """Return the file of a fit."""
    lines = [
        "# Constants of the serving model, written by `python -m tokenmill.serving.fit`.",
        "# value: fitted on half of validation_points.jsonl, by hash of the id; prior: where a fit",
        "# starts and is pulled to, serving/fit.py. Grade B: several measurements, one model.",
        "",
        "format = 1",
    ]
    grade = f'grade = "B"\ndate = "{DATE}"'
    for constant, value in zip(constants, values, strict=True):
        for name in (constant.name, *constant.also):
            section = name if "." in name else f"constants.{name}"
            lines += ["", f"[{section}]", f"value = {value!r}", f"prior = {constant.prior!r}"]
            lines += [f"low = {constant.low!r}", f"high = {constant.high!r}", grade]
    for name, value in FIXED.items():
        prior = getattr(PUBLISHED, name)
        lines += ["", f"[constants.{name}]", f"value = {value!r}", f"prior = {prior!r}"]
        lines += [f'grade = "C"\ndate = "{DATE}"']
    return "\n".join(lines) + "\n"


def _in_half(half: bool | None, point: Point) -> bool:
    return half is None or in_fitted_half(point) == half


def report(found: Validation) -> list[str]:
    """Return the accuracy of the fitted half, the other half, and both, line by line."""
    lines = []
    halves = (("fitted", True), ("other", False), ("all", None))
    for name in ("throughput", "tpot"):
        for label, half in halves:
            s = found.of_set(name, functools.partial(_in_half, half))
            if s.median is None or s.p90 is None or s.bias is None:
                continue
            figures = f"median {s.median:6.1%}  p90 {s.p90:6.1%}  bias {s.bias:+6.1%}"
            lines.append(f"{name:<12}{label:<8}{s.expressed:>4}  {figures}")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, report, and write the file where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tokenmill.serving.fit", description=__doc__)
    parser.add_argument("file", nargs="?", help="points (default: the embedded ones)")
    parser.add_argument("--out", help="write the constants to this file")
    arguments = parser.parse_args(argv)
    try:
        points = read_points(arguments.file)
        values = fit(case for case in cases(points) if in_fitted_half(case.point))
    except (PointsError, ImportError) as error:
        print(f"fit: {error}", file=sys.stderr)
        return 2
    for constant, value in zip(FITTED, values, strict=True):
        print(f"{constant.name:<24}{value:>12g}  prior {constant.prior:g}")
    print("\n".join(report(validate(points, efficiency=calibration(values)))))
    left = leave_family_out(points)
    for family, errors in left.items():
        print(f"without {family:<24}{len(errors):>4}  {_median(errors):6.1%}")
    print(f"leave one family out: {_median([e for each in left.values() for e in each]):.1%}")
    if arguments.out:
        Path(arguments.out).write_text(toml(values), encoding="utf-8")
    return 0


def _median(errors: Iterable[float]) -> float:
    return quantile(map(abs, errors), 0.5) or 0.0


if __name__ == "__main__":
    sys.exit(main())
