"""Paired timing: contestants take turns, and the ratio carries an interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import comb

Work = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Seconds per call of `ours`, and how many times longer the baseline took."""

    seconds: float
    ratio: float
    low: float
    high: float
    rounds: int


def seconds_per_call(work: Work, calls: int) -> float:
    """Time `calls` calls in a row."""
    began = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - began) / calls


def calls_for(work: Work, seconds: float) -> int:
    """Return how many calls take about `seconds`; also warms up."""
    once = min(seconds_per_call(work, 1) for _ in range(3))
    return max(1, int(seconds / max(once, 1e-9)))


def sign_test_interval(values: list[float], level: float = 0.95) -> tuple[float, float]:
    """Return the distribution-free interval of the median that holds it with `level`."""
    ordered = sorted(values)
    n = len(ordered)
    outside, skip = 0.0, 0
    while skip < n // 2 and outside + comb(n, skip) / 2 ** (n - 1) <= 1 - level:
        outside += comb(n, skip) / 2 ** (n - 1)
        skip += 1
    skip = max(skip - 1, 0)
    return ordered[skip], ordered[n - 1 - skip]


def median(values: list[float]) -> float:
    """Return the middle value."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def compare(ours: Work, baseline: Work, rounds: int = 11, seconds: float = 0.04) -> Comparison:
    """Time both in turn, A B A B ..., and return the median ratio baseline / ours."""
    calls, calls_baseline = calls_for(ours, seconds), calls_for(baseline, seconds)
    mine, ratios = [], []
    for _ in range(rounds):
        a = seconds_per_call(ours, calls)
        b = seconds_per_call(baseline, calls_baseline)
        mine.append(a)
        ratios.append(b / a)
    low, high = sign_test_interval(ratios)
    return Comparison(min(mine), median(ratios), low, high, rounds)


def best(work: Work, rounds: int = 11, seconds: float = 0.04) -> float:
    """Return the least seconds per call of several rounds."""
    calls = calls_for(work, seconds)
    return min(seconds_per_call(work, calls) for _ in range(rounds))
