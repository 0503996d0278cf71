"""What a token's cost is made of, layer by layer: parts that add up."""

from __future__ import annotations

from math import isfinite

from .ownership import StackLevels

# What a part is called where it is shown, in the order of the stack. A bought layer's margin is in
# the part of that layer; "rent" is the price of rented hours, or what a cloud puts on its own cost.
PARTS = {
    "chip": "chip",
    "server": "server and network",
    "site": "data centre",
    "power": "power",
    "operations": "staff and repair",
    "cloud": "rent",
    "model": "API or research",
    "app": "reseller",
}


def cost_parts(levels: StackLevels) -> dict[str, float]:
    """Return the parts of ``app_usd_mtok``, USD per million output tokens, by key of `PARTS`.

    Idle hours are in every part of the hour, as they are paid for. What lies below a quoted price
    is in the part of the layer that is quoted; a part that plays no role is 0. A cost that is not
    finite has no parts.
    """
    if not isfinite(levels.app_usd_mtok):
        return {}
    parts = dict.fromkeys(PARTS, 0.0)
    parts["app"] = levels.app_usd_mtok - levels.api_usd_mtok
    if levels.serve_usd_mtok != levels.serve_usd_mtok:  # NaN: tokens are bought
        parts["model"] = levels.api_usd_mtok
        return parts
    parts["model"] = levels.api_usd_mtok - levels.serve_usd_mtok
    per_hour = levels.serve_usd_mtok / levels.gpu_hour_price_usd
    if levels.gpu_hour_cost_usd != levels.gpu_hour_cost_usd:  # NaN: hours are rented
        parts["cloud"] = levels.serve_usd_mtok
        return parts
    chip = levels.equipment_usd_h * levels.chip_price_usd / levels.cluster_capex_usd
    hourly = {
        "chip": chip,
        "server": levels.equipment_usd_h - chip,
        "site": levels.site_usd_h,
        "power": levels.power_usd_h,
        "operations": levels.operations_usd_h,
        "cloud": levels.gpu_hour_price_usd - levels.gpu_hour_cost_usd,
    }
    return {**parts, **{key: usd * per_hour for key, usd in hourly.items()}}
