"""The ownership stack: chip -> server -> data centre -> cloud -> model -> app.

A layer that is owned is passed on at cost. A layer that is not owned is bought: at the quoted
market price when the inputs give one, else at the supplier's cost and margin (a cloud also charges
the hours it cannot sell). :func:`stack` walks the layers and returns the price at each of them.
"""

from __future__ import annotations

from typing import NamedTuple

from ..jit.kernel import kernel
from .chip import ChipBill, chip_bill, harvested_yield, yield_negative_binomial
from .gpu_hour import (
    cloud_price,
    cluster_capex,
    colocation_usd_per_hour,
    equipment_usd_per_hour,
    operations_usd_per_hour,
    owned_site_usd_per_hour,
    power_usd_per_hour,
    server_price,
)
from .margins import price_at_margin
from .token import research_usd_per_mtok, usd_per_mtok

_MM2_PER_CM2 = 100.0
_NAN = float("nan")


class StackInputs(NamedTuple):
    """What :func:`stack` needs, all float64; shares, margins and rates are fractions.

    ``owns_*`` are 1.0 for an owned layer and 0.0 for a bought one. A quote of 0 means that there is
    none, and the price is built from the supplier's cost. A quote for an owned layer is ignored.
    """

    owns_chip: float
    owns_server: float
    owns_site: float
    owns_cloud: float
    owns_model: float
    owns_app: float
    wafer_usd: float  # one processed wafer
    die_mm2: float
    dies_per_chip: float
    defects_per_cm2: float
    yield_alpha: float  # clustering of defects, negative binomial
    recovered_share: float  # of the bad dies, sold with units switched off
    hbm_gb: float
    hbm_usd_gb: float
    package_usd: float
    assembly_yield: float
    test_usd: float
    partner_margin: float  # design house on an owned chip
    design_usd: float  # one-time engineering
    chip_volume: float  # chips that share it
    chip_margin: float  # vendor on a bought chip
    chip_price_usd: float  # quote
    server_other_usd: float  # all server parts but the accelerator, per accelerator
    server_margin: float
    network_share: float  # of cluster capital
    spare_share: float
    it_life_years: float
    site_life_years: float
    wacc: float  # cost of capital per year
    residual_share: float  # of cluster capital, at the end of its life
    kw: float  # per accelerator at the wall, before PUE
    pue: float
    load: float  # mean power over `kw`
    power_usd_kwh: float
    site_usd_w: float  # building an owned site
    colo_usd_kw_month: float  # quote
    site_margin: float  # on a bought site without a colocation quote
    operations_share: float  # of cluster capital per year
    sold_share: float  # of the cloud's hours
    cloud_margin: float
    rent_usd_h: float  # quote
    utilisation: float  # busy share of the paid hours
    tokens_per_s: float  # output tokens of one busy accelerator
    research_usd: float
    research_mtok: float  # million output tokens that share it
    api_margin: float
    api_usd_mtok: float  # quote
    app_margin: float


class StackLevels(NamedTuple):
    """Prices on the way up. USD per chip, accelerator, accelerator-hour, million output tokens.

    What lies below a quoted price is somebody else's cost and not known: NaN.
    """

    die_yield: float
    good_dies_per_wafer: float
    logic_usd: float
    hbm_usd: float
    materials_usd: float
    chip_cost_usd: float
    chip_price_usd: float
    server_price_usd: float
    cluster_capex_usd: float
    equipment_usd_h: float
    site_usd_h: float
    power_usd_h: float
    operations_usd_h: float
    gpu_hour_cost_usd: float
    gpu_hour_price_usd: float
    serve_usd_mtok: float
    full_usd_mtok: float
    api_usd_mtok: float
    app_usd_mtok: float


class _Chip(NamedTuple):
    die_yield: float
    bill: ChipBill


class _Hour(NamedTuple):
    server_price_usd: float
    capex_usd: float
    equipment_usd: float
    site_usd: float
    power_usd: float
    operations_usd: float
    cost_usd: float
    price_usd: float


@kernel
def _chip_layer(x: StackInputs) -> _Chip:
    if x.owns_chip == 0.0 and x.chip_price_usd > 0.0:
        return _Chip(_NAN, ChipBill(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, x.chip_price_usd))
    sellable = harvested_yield(
        yield_negative_binomial(x.die_mm2 / _MM2_PER_CM2, x.defects_per_cm2, x.yield_alpha),
        x.recovered_share,
    )
    bill = chip_bill(
        x.wafer_usd,
        x.die_mm2,
        sellable,
        x.dies_per_chip,
        x.hbm_gb,
        x.hbm_usd_gb,
        x.package_usd,
        x.assembly_yield,
        x.test_usd,
        x.partner_margin * x.owns_chip,
        x.design_usd,
        x.chip_volume,
        x.chip_margin * (1.0 - x.owns_chip),
    )
    return _Chip(sellable, bill)


@kernel
def _site_usd_h(x: StackInputs) -> float:
    if x.owns_site == 0.0 and x.colo_usd_kw_month > 0.0:
        return colocation_usd_per_hour(x.kw, x.colo_usd_kw_month)
    cost = owned_site_usd_per_hour(x.kw, x.site_usd_w, x.wacc, x.site_life_years)
    return price_at_margin(cost, x.site_margin * (1.0 - x.owns_site))


@kernel
def _hour_layers(x: StackInputs, chip_usd: float) -> _Hour:
    server = server_price(chip_usd, x.server_other_usd, x.server_margin * (1.0 - x.owns_server))
    capex = cluster_capex(server, x.network_share, x.spare_share)
    equipment = equipment_usd_per_hour(capex, x.residual_share, x.wacc, x.it_life_years)
    site = _site_usd_h(x)
    power = power_usd_per_hour(x.kw, x.pue, x.load, x.power_usd_kwh)
    operations = operations_usd_per_hour(capex, x.operations_share)
    cost = equipment + site + power + operations
    price = cost if x.owns_cloud != 0.0 else cloud_price(cost, x.sold_share, x.cloud_margin)
    return _Hour(server, capex, equipment, site, power, operations, cost, price)


@kernel
def stack(x: StackInputs) -> StackLevels:
    """Return the price at every layer of the stack.

    Parameters
    ----------
    x : StackInputs
        All fields float64.

    Returns
    -------
    StackLevels
        ``gpu_hour_price_usd`` is what the player pays for an accelerator-hour, ``serve_usd_mtok``
        what it makes of it, ``full_usd_mtok`` with research, ``api_usd_mtok`` and ``app_usd_mtok``
        after the margins of layers it does not own.

    Notes
    -----
    Each bought layer i passes on ``(P_below * units + own cost) / (1 - margin)``, so the margins
    of a middleman's suppliers multiply. No allocation; five exponentials and logarithms.
    """
    buys_tokens = x.owns_model == 0.0 and x.api_usd_mtok > 0.0
    rents = not buys_tokens and x.owns_cloud == 0.0 and x.rent_usd_h > 0.0
    rent = x.rent_usd_h if rents else _NAN
    chip = _Chip(_NAN, ChipBill(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN))
    hour = _Hour(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, rent)
    serve = _NAN
    full = _NAN
    api = x.api_usd_mtok
    if not buys_tokens:
        if not rents:
            chip = _chip_layer(x)
            hour = _hour_layers(x, chip.bill.price)
        serve = usd_per_mtok(hour.price_usd, x.tokens_per_s, x.utilisation)
        full = serve + research_usd_per_mtok(x.research_usd, x.research_mtok)
        api = price_at_margin(full, x.api_margin * (1.0 - x.owns_model))
    app = price_at_margin(api, x.app_margin * (1.0 - x.owns_app))
    return StackLevels(
        chip.die_yield,
        chip.bill.good_dies,
        chip.bill.logic,
        chip.bill.memory,
        chip.bill.materials,
        chip.bill.cost,
        chip.bill.price,
        hour.server_price_usd,
        hour.capex_usd,
        hour.equipment_usd,
        hour.site_usd,
        hour.power_usd,
        hour.operations_usd,
        hour.cost_usd,
        hour.price_usd,
        serve,
        full,
        api,
        app,
    )
