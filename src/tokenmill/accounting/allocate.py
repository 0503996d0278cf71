"""An invoice shared out so that the parts add up to it exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from math import lcm
from operator import index
from typing import Any

_MOST_DECIMALS = 1000


def allocate(
    amount: int | Decimal,
    weights: Iterable[int | Fraction | Decimal],
    *,
    scale: int = 2,
    keys: Iterable[Any] | None = None,
) -> list[int] | list[Decimal]:
    """Share an amount out in proportion to weights, by largest remainder.

    Each part is its exact share ``amount * weight / sum(weights)`` rounded towards zero to whole
    units; the units left over go one each to the largest remainders, ties to the smaller key. So
    no part is a unit or more away from its share, a weight of zero gets nothing, and the parts add
    up to the amount (Hamilton's method; Balinski and Young, Fair Representation, 1982).

    Parameters
    ----------
    amount : int or Decimal
        A Decimal is shared out in units of ``10**-scale``; an int counts units itself, whatever
        `scale` is. Negative for a credit, whose parts are those of the charge with their signs
        turned.
    weights : iterable of int, Fraction or Decimal, shape (n,)
        Costs, tokens or seats, >= 0 and of any size.
    scale : int
        Decimals of the parts of a Decimal amount: 2 for cents.
    keys : iterable, shape (n,), optional
        What breaks ties, distinct and in an order of their own, such as the names of teams; by
        default the position. With keys the parts do not depend on the order of the weights.

    Returns
    -------
    list of int or list of Decimal, shape (n,)
        The parts, of the type of `amount`.

    Raises
    ------
    TypeError
        A float or another type without exact value; keys that cannot be compared.
    ValueError
        A negative weight, weights that are all zero, an amount with more decimals than `scale`,
        keys that repeat or are not as many.

    Notes
    -----
    O(n log n) operations on integers.
    """
    units = _units(amount, scale)
    shares = _integers(weights)
    order = _order(keys, len(shares))
    parts = _parts(abs(units), shares, order)
    if units < 0:
        parts = [-part for part in parts]
    if not isinstance(amount, Decimal):
        return parts
    return [_decimal(part, scale) for part in parts]


def _units(amount: int | Decimal, scale: int) -> int:
    """Return the amount in units that are not divided."""
    if isinstance(scale, bool) or not isinstance(scale, int):
        raise TypeError(f"scale: expected an int, found {type(scale).__name__}")
    if not 0 <= scale <= _MOST_DECIMALS:
        raise ValueError(f"scale: expected 0 to {_MOST_DECIMALS} decimals, found {scale}")
    if not isinstance(amount, Decimal):
        return _whole(amount, "amount")
    if not amount.is_finite():
        raise ValueError(f"amount: expected a finite amount, found {amount}")
    units: Fraction = Fraction(amount) * 10**scale
    if units.denominator != 1:
        raise ValueError(f"amount: expected at most {scale} decimals, found {amount}")
    return units.numerator


def _whole(value: Any, name: str) -> int:
    """Return a whole number of any integer type."""
    if not isinstance(value, bool):
        try:
            return int(index(value))
        except TypeError:
            pass
    raise TypeError(f"{name}: expected an int or an exact number, found {type(value).__name__}")


def _integers(weights: Iterable[Any]) -> list[int]:
    """Return integers in the proportion of the weights."""
    exact = [_weight(value, place) for place, value in enumerate(weights)]
    common = lcm(*(weight.denominator for weight in exact))
    return [weight.numerator * (common // weight.denominator) for weight in exact]


def _weight(value: Any, place: int) -> Fraction:
    name = f"weights[{place}]"
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{name}: expected a finite weight, found {value}")
    exact = Fraction(value if isinstance(value, Fraction | Decimal) else _whole(value, name))
    if exact < 0:
        raise ValueError(f"{name}: expected at least 0, found {value}")
    return exact


def _order(keys: Iterable[Any] | None, n: int) -> Sequence[int]:
    """Return the rank of each weight among ties."""
    if keys is None:
        return range(n)
    listed = list(keys)
    if len(listed) != n:
        raise ValueError(f"keys: expected {n}, one for each weight, found {len(listed)}")
    try:
        ranked = sorted(range(n), key=listed.__getitem__)
    except TypeError as error:
        raise TypeError(f"keys: expected keys that can be ordered: {error}") from None
    ranks = [0] * n
    for rank, place in enumerate(ranked):
        if rank and listed[place] == listed[ranked[rank - 1]]:
            raise ValueError(f"keys: expected distinct keys, found {listed[place]!r} twice")
        ranks[place] = rank
    return ranks


def _parts(units: int, shares: list[int], order: Sequence[int]) -> list[int]:
    """Return parts >= 0 that add up to `units`."""
    whole = sum(shares)
    if not whole:
        if shares or units:
            raise ValueError("weights: expected one above 0, found none to share the amount by")
        return []
    parts, remainders = [], []
    for share in shares:
        part, remainder = divmod(units * share, whole)
        parts.append(part)
        remainders.append(remainder)
    # Fewer units are left than there are remainders above 0, so a weight of 0 never gets one.
    left = units - sum(parts)
    ranked = sorted(range(len(shares)), key=lambda place: (-remainders[place], order[place]))
    for place in ranked[:left]:
        parts[place] += 1
    return parts


def _decimal(units: int, scale: int) -> Decimal:
    """Return units of ``10**-scale`` as a Decimal with all its decimals."""
    digits = Decimal(units)
    context = Context(prec=max(len(digits.as_tuple().digits), 1) + scale)
    context.traps[Inexact] = context.traps[InvalidOperation] = True
    return digits.scaleb(-scale, context)
