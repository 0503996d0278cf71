"""Compose the compiled model of a race: every player from one flat tuple of drawn values."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import numba
from numba.core import types
from numba.extending import intrinsic

from ..jit.kernel import kernel
from ..jit.records import Slot, gather_record
from .race_model import PlayerValues, Speed, Standing, WorldValues, evaluate_player

MEASURES = Standing._fields
CHEAPEST = "cheapest"
BEHIND = "behind"

# One function per player would cost seconds of compile time; inlined by numba they cost little.
_INLINE: dict[str, Any] = {"nogil": True, "error_model": "numpy", "inline": "always"}
_STRIDE = len(MEASURES)

_record: Any = namedtuple


def output_names(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs of the race of these players.

    The measures of each player, how many times the least cost each pays, then the position of
    the cheapest.
    """
    measures = [f"{key}_{measure}" for key in keys for measure in MEASURES]
    return (*measures, *(f"{key}_{BEHIND}" for key in keys), CHEAPEST)


def build_model(
    keys: Sequence[str],
    world: Sequence[Slot],
    players: Sequence[Sequence[Slot]],
    speeds: Sequence[Any],
    served: Sequence[int | None],
) -> Callable[..., Any]:
    """Return the model of a race, ``model(*values)``.

    Parameters
    ----------
    keys : sequence of str
        Keys of the players, identifiers.
    world, players : sequence of int or float; one such sequence per player
        Where the fields of WorldValues and of each player's PlayerValues come from: an int is a
        position in `values`, a float is the number itself.
    speeds : sequence of compiled functions
        ``speed(values)``, a :class:`.race_model.Speed` that the serving model computes.
    served : sequence of int or None, one per player
        Position of its speed in `speeds`; None for a player that states its speed.

    Returns
    -------
    function
        Returns a named tuple of :func:`output_names`; ``cheapest`` is the position of the player
        with the least finite cost, of the first of them on a tie, and the number of players where
        nobody has one.
    """
    fill_world = gather_record(WorldValues, world)
    evaluations = [
        _player(fill_world, gather_record(PlayerValues, slots), place)
        for slots, place in zip(players, served, strict=True)
    ]
    compute = _nested(speeds or [_no_speed])
    outputs = _record("RaceOutputs", output_names(keys))
    measures = _nested(evaluations)
    least = _least(len(keys))
    behind = _nested([_behind(index) for index in range(len(keys))])

    def race(*values):  # type: ignore[no-untyped-def]
        found = _flat(measures((values, _flat(compute(values)))))
        best, cost = least(found)
        return outputs(*_flat((found, behind((found, cost)), best)))

    return race


@kernel
def _no_speed(values: Any) -> float:
    """Stand in for the speeds of a race in which nobody's is computed."""
    return 0.0


def _player(fill_world: Any, fill_player: Any, place: int | None) -> Any:
    is_stated = place is None
    decode, prefill = (0, 0) if place is None else (2 * place, 2 * place + 1)

    @numba.njit(**_INLINE)
    def evaluate(values_and_speeds):  # type: ignore[no-untyped-def]
        values, speeds = values_and_speeds
        p = fill_player(values)
        if is_stated:
            speed = Speed(p.decode_tok_s, p.prefill_tok_s)
        else:
            speed = Speed(speeds[decode] * p.decode_ratio, speeds[prefill] * p.prefill_ratio)
        return evaluate_player(fill_world(values), p, speed)

    return evaluate


def _nested(functions: Sequence[Any]) -> Any:
    """Return one function with the results of all, as nested pairs: numba has no loop for it."""
    if len(functions) == 1:
        return functions[0]
    middle = len(functions) // 2
    first, second = _nested(functions[:middle]), _nested(functions[middle:])

    @numba.njit(**_INLINE)
    def both(values):  # type: ignore[no-untyped-def]
        return first(values), second(values)

    return both


@intrinsic
def _flat(typingctx: Any, nested: Any) -> Any:
    """Return the float64 leaves of nested tuples as one tuple, in order."""
    leaves = _leaves(nested)
    result = types.UniTuple(types.float64, len(leaves))

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        fields = [builder.extract_value(args[0], path) if path else args[0] for path in leaves]
        return context.make_tuple(builder, result, fields)

    return result(nested), codegen


def _leaves(kind: Any) -> list[tuple[int, ...]]:
    if not isinstance(kind, types.BaseTuple):
        return [()]
    return [(index, *path) for index, item in enumerate(kind) for path in _leaves(item)]


def _least(count: int) -> Any:
    @numba.njit(**_INLINE)
    def least(found):  # type: ignore[no-untyped-def]
        best = count
        lowest = float("inf")
        for index in range(count):
            cost = found[index * _STRIDE]
            if cost < lowest:
                best, lowest = index, cost
        return float(best), lowest

    return least


def _behind(index: int) -> Any:
    place = index * _STRIDE

    @numba.njit(**_INLINE)
    def behind(found_and_least):  # type: ignore[no-untyped-def]
        found, least = found_and_least
        return found[place] / least

    return behind
