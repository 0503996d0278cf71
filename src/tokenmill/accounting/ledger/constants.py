"""Fields that have one value in a whole ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..nearest import listed_nearest
from ..units import UnitSet
from .arrays import ArrayColumn
from .counts import read_counts
from .fields import TEXT_FIELDS, field_names
from .times import instant


def constant_column(rows: int, value: Any) -> ArrayColumn:
    """Return a column of one value."""
    return ArrayColumn(np.zeros(rows, np.int32), None, [value])


def check_constants(constants: Mapping[str, Any], units: UnitSet) -> None:
    """Refuse a field that does not exist, or a value that it cannot have.

    Raises
    ------
    TypeError, ValueError
    """
    for field, value in constants.items():
        if field in TEXT_FIELDS:
            if not isinstance(value, str):
                raise TypeError(f"constants: expected a text for {field!r}, found {value!r}")
        elif field == "time":
            instant(value)
        elif field not in units:
            raise ValueError(
                f"constants: expected a field, found {field!r}"
                + listed_nearest(field, [*field_names(units), "time"])
            )
        elif read_counts(field, constant_column(1, value))[1] is not None:
            raise ValueError(f"constants: expected a whole number for {field!r}, found {value!r}")
