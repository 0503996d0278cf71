"""The model behind :func:`tokenmill.economics.race`: every player in one scenario.

All players live in the same world and draw from the same streams, so the cheapest of them is known
scenario by scenario. One compiled function, :func:`evaluate_player`, serves every player; which
layers a player owns is data.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numba

from ..jit.kernel import kernel
from ..jit.records import Slot, gather_record
from .fields import LAYERS, PLAYER, WORLD
from .growth import combined_fall, survival_years
from .margins import margin_at_price
from .ownership import StackInputs, stack
from .token import blended_tokens_per_s, computed_inputs, revenue_per_mtok

OWNS = tuple(f"owns_{layer}" for layer in LAYERS)
MEASURES = ("cost", "margin", "tax", "survival")
CHEAPEST = "cheapest"

# One function per player would cost seconds of compile time; inlined by numba they cost little.
_INLINE: dict[str, Any] = {"nogil": True, "error_model": "numpy", "inline": "always"}

# Fields follow the vocabulary of scenario files, so they are known at run time only.
_record: Any = namedtuple
WorldValues = _record("WorldValues", tuple(WORLD))
PlayerValues = _record("PlayerValues", (*OWNS, *PLAYER))


class Standing(NamedTuple):
    """How one player stands in one scenario.

    Attributes
    ----------
    cost : float
        USD per million output tokens, delivered to the user.
    margin : float
        Gross margin of selling at the market price, a share of revenue.
    tax : float
        Compute tax: what the player pays for accelerators (rented or its own), or for an API, as a
        share of revenue at the market price.
    survival : float
        Years until the falling market price meets the cost; 0 when it already has, inf if never.
    """

    cost: float
    margin: float
    tax: float
    survival: float


@kernel
def stack_inputs(w: Any, p: Any, revenue: float) -> StackInputs:
    """Return the ownership stack's inputs of player `p` in world `w`."""
    speed = blended_tokens_per_s(
        p.decode_tok_s,
        p.prefill_tok_s,
        computed_inputs(w.in_out_ratio, w.cache_hit, w.cached_work),
    )
    return StackInputs(
        p.owns_chip,
        p.owns_server,
        p.owns_site,
        p.owns_cloud,
        p.owns_model,
        p.owns_app,
        w.wafer_usd * p.wafer_ratio,
        p.die_mm2,
        p.dies_per_chip,
        p.defects_per_cm2,
        w.yield_alpha,
        p.recovered_share,
        p.hbm_gb,
        w.hbm_usd_gb,
        p.package_usd,
        p.assembly_yield,
        p.test_usd,
        p.partner_margin,
        p.design_usd,
        p.chip_volume,
        p.chip_margin,
        p.chip_price_usd,
        p.server_other_usd,
        p.server_margin,
        p.network_share,
        p.spare_share,
        p.it_life_years,
        p.site_life_years,
        p.wacc,
        p.residual_share,
        p.kw,
        p.pue,
        p.load,
        p.power_usd_kwh,
        p.site_usd_w,
        p.colo_usd_kw_month,
        p.site_margin,
        p.operations_share,
        p.sold_share,
        p.cloud_margin,
        p.rent_usd_h,
        p.utilisation,
        speed,
        p.research_usd,
        p.research_mtok,
        p.api_margin,
        p.api_price_ratio * revenue,
        p.app_margin,
    )


@kernel
def cost_fall(w: Any, p: Any) -> float:
    """Return the yearly fall of a player's cost.

    An owner follows the hardware, a renter the rents, both gain by faster software; who buys an
    API follows the market price as far as it is passed on.
    """
    if p.owns_model == 0.0 and p.api_price_ratio > 0.0:
        fall = w.api_pass_through * w.price_fall
        return fall if fall < 1.0 else 1.0
    capacity = w.rent_fall if p.owns_cloud == 0.0 else w.hardware_fall
    return combined_fall(capacity, w.software_fall)


@numba.njit(nogil=True, error_model="numpy")
def evaluate_player(w: Any, p: Any) -> Standing:
    """Return how player `p` stands in world `w`.

    Parameters
    ----------
    w : WorldValues
    p : PlayerValues
        All fields float64. A parameter that plays no part holds its neutral value.
    """
    revenue = revenue_per_mtok(
        w.price_usd_mtok, w.input_price_ratio, w.cached_price_ratio, w.in_out_ratio, w.cache_hit
    )
    levels = stack(stack_inputs(w, p, revenue))
    compute = levels.api_usd_mtok if p.owns_model == 0.0 else levels.serve_usd_mtok
    cost = levels.app_usd_mtok
    return Standing(
        cost,
        margin_at_price(cost, revenue),
        compute / revenue,
        survival_years(revenue / cost, cost_fall(w, p), w.price_fall),
    )


def output_names(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs of the race of these players: the measures of each, then the cheapest."""
    return (*(f"{key}_{measure}" for key in keys for measure in MEASURES), CHEAPEST)


def build_model(keys: Sequence[str], slots: Sequence[Slot]) -> Callable[..., Any]:
    """Return the model of a race, ``model(*values)``.

    Parameters
    ----------
    keys : sequence of str
        Keys of the players, identifiers.
    slots : sequence of int or float
        Where the fields of WorldValues come from, then those of PlayerValues of each player: an
        int is a position in `values`, a float is the number itself.

    Returns
    -------
    function
        Returns a named tuple of :func:`output_names`; ``cheapest`` is the position of the player
        with the least finite cost, of the first of them on a tie, and the number of players where
        nobody has one.
    """
    width = len(PlayerValues._fields)
    world = gather_record(WorldValues, slots[: len(WORLD)])
    starts = range(len(WORLD), len(slots), width)
    players = [gather_record(PlayerValues, slots[start : start + width]) for start in starts]
    outputs = _record("RaceOutputs", output_names(keys))
    measures = _all_players(world, players)
    cheapest = _cheapest(len(players))

    def race(*values):  # type: ignore[no-untyped-def]
        found = measures(values)
        return outputs(*found, cheapest(found))

    return race


def _all_players(world: Any, players: Sequence[Any]) -> Any:
    """Compose the evaluation of all players: numba's tuples grow by concatenation only."""
    gather = players[-1]

    @numba.njit(**_INLINE)
    def last(values):  # type: ignore[no-untyped-def]
        standing = evaluate_player(world(values), gather(values))
        return standing.cost, standing.margin, standing.tax, standing.survival

    if len(players) == 1:
        return last
    before = _all_players(world, players[:-1])

    @numba.njit(**_INLINE)
    def all_of_them(values):  # type: ignore[no-untyped-def]
        return before(values) + last(values)

    return all_of_them


def _cheapest(count: int) -> Any:
    stride = len(MEASURES)

    @numba.njit(**_INLINE)
    def cheapest(found):  # type: ignore[no-untyped-def]
        best = count
        least = float("inf")
        for index in range(count):
            cost = found[index * stride]
            if cost < least:
                best, least = index, cost
        return float(best)

    return cheapest
