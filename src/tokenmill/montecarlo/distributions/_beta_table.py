"""The quantile function of the beta distribution as a table of quintic polynomials.

Nodes are spaced by the bits of ``p = min(u, 1-u)``: 2^s cells in every octave from 2^-54 to 1/2,
so that a lookup needs no search. Each side is the lower tail of its own distribution, (alpha, beta)
below the median and (beta, alpha) above it. With ``w = log(x / (1-x))`` the function log I(w) is
concave whatever the parameters, so Newton's iteration started below the solution rises to it and
needs no bracket. Refinement is from within: the polynomials of one level predict the nodes of the
next, a Halley step or two correct them, and the correction is the measured error of the level,
since a quintic Hermite interpolant is worst in the middle of its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..._native import elementary
from ._hermite import OCTAVES, hermite
from ._incomplete_beta import Array, LowerTail, scalar

PARAMETER_LOW, PARAMETER_HIGH = 0.1, 1e5
_COARSEST, _FINEST = 4, 7

# Half of what is promised: 1e-12 in u, or 4 units in the last place of the value where those are
# more, and 1e-10 of the distance to the end of the support.
_U_ERROR = 0.5e-12
_X_ERROR = 0.5e-10
_ROUNDING = 2.0 * math.ldexp(1.0, -52)

# The step that follows squares what is left of log I (Newton) or cubes it (Halley).
_IS_NEAR = 0.1
_IS_SETTLED = 2e-6


@dataclass(frozen=True)
class _Nodes:
    """The quantile function x, y = 1 - x and the derivatives of x by p, at ascending p."""

    p: Array
    x: Array
    y: Array
    slope: Array
    curvature: Array


def _solve(tail: LowerTail, p: Array, odds: Array, *, is_near: bool) -> _Nodes:
    """Solve ``I_x = p`` from the odds ``x / (1-x)``, which lie below the solution or near it."""
    log_p = elementary("log", p)
    largest = math.inf
    while largest > _IS_SETTLED:
        x, y = odds / (1.0 + odds), 1.0 / (1.0 + odds)
        log_lower, ratio = tail.evaluate(x, y)
        residual = log_p - log_lower
        # ratio = dw / dlog I, and this its derivative by w
        growth = 1.0 - ratio * (tail.a * y - tail.b * x)
        step = residual * ratio
        if is_near:
            step /= 1.0 - 0.5 * residual * growth
        odds = odds * elementary("exp", step)
        largest = float(np.max(np.abs(residual)))
        is_near = is_near or largest < _IS_NEAR
    x, y = odds / (1.0 + odds), 1.0 / (1.0 + odds)
    slope = (ratio + growth * step) * x * y / p
    curvature = -slope * slope * ((tail.a - 1.0) / x - (tail.b - 1.0) / y)
    return _Nodes(p, x, y, slope, curvature)


def _first_nodes(tail: LowerTail) -> _Nodes:
    """Solve at the powers of two, from the bound ``I <= odds^a / (a B)``."""
    p = np.ldexp(1.0, np.arange(-OCTAVES - 1, 0))
    log_bound = scalar("log", tail.a) + tail.log_beta
    odds = elementary("exp", (elementary("log", p) + log_bound) / tail.a)
    return _solve(tail, p, odds, is_near=False)


def _rise(x0: Array, y0: Array, x1: Array, y1: Array) -> Array:
    """Return x1 - x0 from whichever of x and y has the digits."""
    return np.where(x0 < y0, x1 - x0, y0 - y1)


def _cells(nodes: _Nodes) -> Array:
    """Return the polynomials of the cells between nodes, shape (cells, 6)."""
    rise = _rise(nodes.x[:-1], nodes.y[:-1], nodes.x[1:], nodes.y[1:])
    return hermite(nodes.p, nodes.x, rise, nodes.slope, nodes.curvature)


def _middles(
    tail: LowerTail, nodes: _Nodes, cells: Array, *, stores_y: bool
) -> tuple[_Nodes, float]:
    """Solve in the middle of every cell; also return the worst error there over the tolerance."""
    x0, y0 = nodes.x[:-1], nodes.y[:-1]
    guess = cells[:, 5]
    for term in range(4, 0, -1):
        guess = 0.5 * guess + cells[:, term]
    guess = 0.5 * guess
    p = 0.5 * (nodes.p[:-1] + nodes.p[1:])
    middles = _solve(tail, p, (x0 + guess) / (y0 - guess), is_near=True)
    stored = middles.y if stores_y else middles.x
    in_u = _U_ERROR * middles.slope + _ROUNDING * stored
    tolerance = np.minimum(in_u, _X_ERROR * middles.x)
    error = np.abs(guess - _rise(x0, y0, middles.x, middles.y))
    return middles, float(np.max(error / tolerance))


def _interleave(nodes: _Nodes, middles: _Nodes) -> _Nodes:
    def merged(coarse: Array, new: Array) -> Array:
        both = np.empty(coarse.size + new.size)
        both[::2], both[1::2] = coarse, new
        return both

    return _Nodes(
        merged(nodes.p, middles.p),
        merged(nodes.x, middles.x),
        merged(nodes.y, middles.y),
        merged(nodes.slope, middles.slope),
        merged(nodes.curvature, middles.curvature),
    )


@lru_cache(maxsize=64)
def beta_table(alpha: float, beta: float) -> tuple[int, Array]:
    """Tabulate the quantile function of Beta(alpha, beta) on [0, 1].

    Parameters
    ----------
    alpha, beta : float in [0.1, 1e5]

    Returns
    -------
    s : int, 4 .. 7
        log2 of the cells per octave.
    table : ndarray, shape (2 * (53 * 2^s + 1) * 6,), float64, read-only
        Sides, cells, coefficients; the last cell of a side holds ``p = 1/2`` alone.

    Notes
    -----
    Errors: 1e-12 in u, or 4 units in the last place of x where those are more, and 1e-10 of x below
    the median, of 1 - x above it, before x is rounded. Time O(2^s sqrt(max(alpha, beta))), memory
    2^s * 5 KB.
    """
    tails = (LowerTail.of(alpha, beta), LowerTail.of(beta, alpha))
    sides = [_first_nodes(tail) for tail in tails]
    s = 0
    while True:
        cells = [_cells(side) for side in sides]
        if s == _FINEST:
            break
        solved = [
            _middles(tail, side, own, stores_y=tail is tails[1])
            for tail, side, own in zip(tails, sides, cells, strict=True)
        ]
        if s >= _COARSEST and max(error for _, error in solved) <= 1.0:
            break
        sides = [_interleave(side, new) for side, (new, _) in zip(sides, solved, strict=True)]
        s += 1
    table = np.zeros((2, sides[0].p.size, 6))
    table[0, :-1] = cells[0]
    table[1, :-1] = -cells[1]
    table[0, :, 0] = sides[0].x
    table[1, :, 0] = sides[1].y
    flat = table.reshape(-1)
    flat.flags.writeable = False
    return s, flat
