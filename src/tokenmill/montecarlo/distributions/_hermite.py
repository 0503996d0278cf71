"""Quintic Hermite polynomials in the cells of the law TABULATED."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Of min(u, 1-u), from 2^-54 to 1/2.
OCTAVES = 53


def hermite(p: Array, x: Array, rise: Array, slope: Array, curvature: Array) -> Array:
    """Return the polynomials of the cells between nodes, shape (cells, 6), constant term first.

    Parameters
    ----------
    p, x, slope, curvature : ndarray, shape (cells + 1,), float64
        Ascending places of the nodes, the function there and its first two derivatives by `p`.
    rise : ndarray, shape (cells,), float64
        How far `x` rises from node to node; given apart, as the caller knows where its digits are.
    """
    h = p[1:] - p[:-1]
    slope0, slope1 = slope[:-1] * h, slope[1:] * h
    half0, half1 = 0.5 * curvature[:-1] * h * h, 0.5 * curvature[1:] * h * h
    # how the cell's end misses the parabola of its beginning, in value, slope and half curvature
    value = rise - slope0 - half0
    first = slope1 - slope0 - 2.0 * half0
    second = half1 - half0
    cells = np.empty((h.size, 6))
    cells[:, 0] = x[:-1]
    cells[:, 1] = slope0
    cells[:, 2] = half0
    cells[:, 3] = 10.0 * value - 4.0 * first + second
    cells[:, 4] = -15.0 * value + 7.0 * first - 2.0 * second
    cells[:, 5] = 6.0 * value - 3.0 * first + second
    return cells
