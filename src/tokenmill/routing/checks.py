"""Checks that several routers share: options, seeds, finite numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._native import as_float64, as_integer

Floats = NDArray[np.float64]


def check_option(name: str, found: str, options: tuple[str, ...]) -> None:
    """Raise ValueError unless `found` is one of the options."""
    if found not in options:
        expected = ", ".join(map(repr, options))
        raise ValueError(f"{name}: expected one of {expected}, found {found!r}")


def check_seed(seed: int) -> None:
    """Raise TypeError or ValueError unless the seed is an integer in [0, 2**64)."""
    as_integer("seed", seed, 0, 1 << 64)


def check_finite(name: str, values: Floats) -> None:
    """Raise ValueError with the place of the first value that is NaN or infinite."""
    finite = np.isfinite(values)
    if not finite.all():
        place = tuple(np.argwhere(~finite)[0].tolist())
        at = place[0] if len(place) == 1 else place
        raise ValueError(f"{name}: expected finite numbers, found {values[place]} at {at}")


def per_expert(name: str, values: ArrayLike, experts: int) -> Floats:
    """Return finite values of shape (experts,) as float64."""
    array = as_float64(name, values)
    if array.shape != (experts,):
        raise ValueError(f"{name}: expected shape ({experts},), found {array.shape}")
    check_finite(name, array)
    return array


def as_divisor(name: str, value: object, whole: int, of: str) -> int:
    """Return an integer that divides `whole`, the number of what is named by `of`."""
    divisor = as_integer(name, value, 1, whole + 1)
    if whole % divisor:
        raise ValueError(f"{name}: expected a divisor of {whole} {of}, found {divisor}")
    return divisor
