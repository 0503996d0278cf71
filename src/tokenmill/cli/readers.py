"""How numbers on the command line are read, and refused."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from math import inf, isfinite

_MOST_SCENARIOS = 10**15
_MOST_THREADS = 4096
_MOST_EXPERTS = 4096
_MOST_ACCELERATORS = 1 << 20


def count(text: str) -> int:
    """Read a number of scenarios: digits with or without ``_``, or ``1e6``."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 1 <= value <= _MOST_SCENARIOS or value != value.to_integral():
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 1e15, found {text!r}")
    return int(value)


def seed(text: str) -> int:
    """Read a seed."""
    return _integer(text, 0, (1 << 64) - 1, "an integer in [0, 2**64)")


def size(text: str) -> int:
    """Read a number of experts."""
    return _from_to(text, 1, _MOST_EXPERTS)


def threads(text: str) -> int:
    """Read a number of threads."""
    return _from_to(text, 1, _MOST_THREADS)


def degree(text: str) -> int:
    """Read a number of accelerators, sequences or tokens."""
    return _from_to(text, 1, _MOST_ACCELERATORS)


def whole(text: str) -> int:
    """Read a number that may be 0."""
    return _from_to(text, 0, _MOST_ACCELERATORS)


def number(text: str) -> float:
    """Read a number >= 0."""
    return _float(text, inf, "a number >= 0")


def share(text: str) -> float:
    """Read a share."""
    return _float(text, 1.0, "a share from 0 to 1")


def busy(text: str) -> float:
    """Read a share that is not 0: what is never busy makes no token."""
    value = share(text)
    if value == 0.0:
        raise argparse.ArgumentTypeError(f"expected a share above 0, found {text!r}")
    return value


def _from_to(text: str, low: int, high: int) -> int:
    return _integer(text, low, high, f"an integer from {low} to {high}")


def _integer(text: str, low: int, high: int, expected: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"expected {expected}, found {text!r}")
    return value


def _float(text: str, high: float, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (0.0 <= value <= high and isfinite(value)):
        raise argparse.ArgumentTypeError(f"expected {expected}, found {text!r}")
    return value
