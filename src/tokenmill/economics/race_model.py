"""The model behind :func:`tokenmill.economics.race`: one player in one scenario.

All players live in the same world and draw from the same streams. One compiled function,
:func:`evaluate_player`, serves every player; which layers a player owns is data.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

from ..jit.kernel import block, kernel
from .fields import LAYERS, PLAYER, WORLD
from .growth import combined_fall, survival_years
from .margins import margin_at_price
from .ownership import StackInputs, StackLevels, stack
from .token import blended_tokens_per_s, computed_inputs, revenue_per_mtok

OWNS = tuple(f"owns_{layer}" for layer in LAYERS)
SWITCHES = tuple(f"switch_{layer}" for layer in LAYERS)
AS_IT_IS = -1.0

# Fields follow the vocabulary of scenario files, so they are known at run time only.
_record: Any = namedtuple
WorldValues = _record("WorldValues", tuple(WORLD))
PlayerValues = _record("PlayerValues", (*OWNS, *SWITCHES, *PLAYER))


class Speed(NamedTuple):
    """Tokens per second of one accelerator that only decodes, and that only reads prompts."""

    decode: float
    prefill: float


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
    decode, prefill : float
        Speed of one accelerator, tokens/s.
    saves_chip, saves_server, saves_site, saves_cloud, saves_model, saves_app : float
        Share of the cost that owning the layer takes off in this scenario, against buying it; 0
        where the layer cannot be switched.
    """

    cost: float
    margin: float
    tax: float
    survival: float
    decode: float
    prefill: float
    saves_chip: float
    saves_server: float
    saves_site: float
    saves_cloud: float
    saves_model: float
    saves_app: float


class _Cost(NamedTuple):
    compute: float
    delivered: float


@kernel
def inputs_per_output(w: Any) -> float:
    """Return the prompt tokens per output token of a world that gives lengths or their ratio."""
    ratio: float = w.in_len / w.out_len if w.out_len > 0.0 else w.in_out_ratio
    return ratio


@kernel
def revenue(w: Any) -> float:
    """Return what a million output tokens and their prompts are billed at the market price."""
    return revenue_per_mtok(
        w.price_usd_mtok,
        w.input_price_ratio,
        w.cached_price_ratio,
        inputs_per_output(w),
        w.cache_hit,
    )


@kernel
def _owned(owns: float, quote: float, is_switched: bool) -> float:
    """Return whether a layer is owned; one with a quote stays bought, at the owner's cost."""
    return owns if not is_switched or (owns == 0.0 and quote > 0.0) else 1.0 - owns


@kernel
def _quoted(quote: float, margin: float, is_switched: bool) -> float:
    """Return a quoted price, without the seller's margin where its layer is switched."""
    return quote * (1.0 - margin) if is_switched else quote


@kernel
def stack_inputs(w: Any, p: Any, speed: Speed, market_usd: float, switched: float) -> StackInputs:
    """Return the ownership stack's inputs of player `p` in world `w`.

    Parameters
    ----------
    w : WorldValues
    p : PlayerValues
    speed : Speed
    market_usd : float
        Revenue per million output tokens at the market price.
    switched : float
        Position in `LAYERS` of a layer whose ownership is the other way round; `AS_IT_IS` for none.
    """
    work = computed_inputs(inputs_per_output(w), w.cache_hit, w.cached_work)
    api_usd = p.api_price_ratio * market_usd
    return StackInputs(
        _owned(p.owns_chip, p.chip_price_usd, switched == 0.0),
        _owned(p.owns_server, 0.0, switched == 1.0),
        _owned(p.owns_site, p.colo_usd_kw_month, switched == 2.0),
        _owned(p.owns_cloud, p.rent_usd_h, switched == 3.0),
        _owned(p.owns_model, api_usd, switched == 4.0),
        _owned(p.owns_app, 0.0, switched == 5.0),
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
        _quoted(p.chip_price_usd, p.chip_margin, switched == 0.0),
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
        _quoted(p.colo_usd_kw_month, p.site_margin, switched == 2.0),
        p.site_margin,
        p.operations_share,
        p.sold_share,
        p.cloud_margin,
        _quoted(p.rent_usd_h, p.cloud_margin, switched == 3.0),
        p.utilisation,
        blended_tokens_per_s(speed.decode, speed.prefill, work),
        p.research_usd,
        p.research_mtok,
        p.api_margin,
        _quoted(api_usd, p.api_margin, switched == 4.0),
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


@block
def player_levels(w: Any, p: Any, speed: Speed, market_usd: float, switched: float) -> StackLevels:
    """Return the price at every layer of player `p`; arguments as of :func:`stack_inputs`."""
    return stack(stack_inputs(w, p, speed, market_usd, switched))


@kernel
def _cost(w: Any, p: Any, speed: Speed, market_usd: float, switched: float) -> _Cost:
    levels = player_levels(w, p, speed, market_usd, switched)
    compute = levels.api_usd_mtok if p.owns_model == 0.0 else levels.serve_usd_mtok
    return _Cost(compute, levels.app_usd_mtok)


@kernel
def _saving(owns: float, cost: float, switched_cost: float) -> float:
    """Return the share of the cost that owning a layer takes off, against buying it."""
    return 1.0 - (cost / switched_cost if owns != 0.0 else switched_cost / cost)


@block
def evaluate_player(w: Any, p: Any, speed: Speed) -> Standing:
    """Return how player `p` stands in world `w`.

    Parameters
    ----------
    w : WorldValues
    p : PlayerValues
        All fields float64. A parameter that plays no part holds its neutral value.
    speed : Speed
        Tokens/s of one of its accelerators; any for a player that buys an API.
    """
    market = revenue(w)
    owns = (p.owns_chip, p.owns_server, p.owns_site, p.owns_cloud, p.owns_model, p.owns_app)
    switches = (
        p.switch_chip,
        p.switch_server,
        p.switch_site,
        p.switch_cloud,
        p.switch_model,
        p.switch_app,
    )
    cost = compute = chip = server = site = cloud = model = app = 0.0
    # One call in a loop: LLVM would inline each of seven, ten seconds of compile time.
    for layer in range(-1, len(switches)):
        if layer >= 0 and switches[layer] == 0.0:
            continue
        found = _cost(w, p, speed, market, float(layer))
        if layer < 0:
            cost, compute = found.delivered, found.compute
            continue
        saved = _saving(owns[layer], cost, found.delivered)
        if layer == 0:
            chip = saved
        elif layer == 1:
            server = saved
        elif layer == 2:
            site = saved
        elif layer == 3:
            cloud = saved
        elif layer == 4:
            model = saved
        else:
            app = saved
    return Standing(
        cost,
        margin_at_price(cost, market),
        compute / market,
        survival_years(market / cost, cost_fall(w, p), w.price_fall),
        speed.decode,
        speed.prefill,
        chip,
        server,
        site,
        cloud,
        model,
        app,
    )
