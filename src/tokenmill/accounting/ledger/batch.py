"""A piece of a ledger, as codes and whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .counts import Bad, Counts

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Keys:
    """A column to group by.

    Attributes
    ----------
    codes : ndarray, shape (rows,), int32
        From 0 up; null has one too.
    values : list
        The value of each code, None for null. It grows over the stream; codes never change.
    """

    codes: Int32
    values: list[Any]


@dataclass(frozen=True)
class Batch:
    """Rows of a ledger.

    Attributes
    ----------
    rows : int
        At most 2^20.
    models : list of (str or None, str or None)
        Provider and model of each code. As `service_tiers` and `regions` it grows over the stream;
        codes never change.
    model_codes : ndarray, shape (rows,), int32
        -1 where the model is null.
    service_tiers : list of str
        ``""`` is the standard tier.
    service_codes : ndarray, shape (rows,), int32, or None
        The tier that served, else the one that was asked for; -1 where null, None without either
        column.
    regions : list of str
    region_codes : ndarray, shape (rows,), int32, or None
        -1 where null, None without the column.
    times : ndarray, shape (rows,), int64, or None
        Microseconds since 1970 in UTC, -2^63 where null or bad; None without the column.
    time_zone : str
        The time stamps' own zone, ``"UTC"`` if naive, ``""`` if they name several.
    counts : dict of str to ndarray, shape (rows,), int32 or int64
        By unit; null is 0.
    bad : ndarray, shape (rows,), bool, or None
        Rows with a count or a time that cannot be read.
    keys : dict of str to Keys
        What `by` asked for.
    """

    rows: int
    models: list[tuple[str | None, str | None]]
    model_codes: Int32
    service_tiers: list[str]
    service_codes: Int32 | None
    regions: list[str]
    region_codes: Int32 | None
    times: NDArray[np.int64] | None
    time_zone: str
    counts: dict[str, Counts]
    bad: Bad
    keys: dict[str, Keys]
