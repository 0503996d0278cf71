"""Groups of a batch: codes by column, and the labels that codes stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native.accounting import GroupColumns

# Sums of more groups than these are kept for those groups alone that a batch has.
_DENSE_SUMS = 1 << 18


@dataclass(frozen=True, eq=False)
class Coded:
    """One grouping column of a batch: codes (rows,) >= -1 (null) and what they stand for."""

    codes: NDArray[np.int32]
    labels: Sequence[Any]


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of a batch as the kernel takes them, and the labels of each group."""

    columns: GroupColumns
    coded: tuple[Coded, ...]
    present: NDArray[np.int64] | None

    def labels(self, group: int) -> tuple[Any, ...]:
        """Return the label of a group in each column; None for null."""
        if self.present is not None:
            group = int(self.present[group])
        found = []
        for column in reversed(self.coded):
            group, code = divmod(group, len(column.labels) + 1)
            found.append(None if code == 0 else column.labels[code - 1])
        return tuple(reversed(found))


def group(coded: Sequence[Coded], width: int) -> Grouping:
    """Return the groups of columns of codes; `width` sums are kept for each.

    Complexity: O(1), or O(rows log rows) where there are far more groups than a batch can have.
    """
    strides, groups = [], 1
    for column in reversed(coded):
        strides.insert(0, groups)
        groups *= len(column.labels) + 1
    codes = [np.ascontiguousarray(column.codes, np.int32) for column in coded]
    if not coded or groups * width <= _DENSE_SUMS:
        return Grouping(GroupColumns(codes, strides, groups), tuple(coded), None)
    combined = np.zeros(len(codes[0]), np.int64)
    for own, stride in zip(codes, strides, strict=True):
        combined += (own.astype(np.int64) + 1) * stride
    present, inverse = np.unique(combined, return_inverse=True)
    dense = inverse.astype(np.int32).ravel() - 1
    return Grouping(GroupColumns([dense], [1], max(1, len(present))), tuple(coded), present)


def every(values: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return every combination of labels, in order."""
    return list(product(*values))
