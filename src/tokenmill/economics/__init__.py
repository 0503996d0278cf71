"""Economics: the ownership stack, growth and survival, scenarios, and the race.

The formulas are scalar functions that numba compiles at their first call. Call them with floats,
from a model of your own, or hand one to :func:`tokenmill.sweep`. Money is USD, a rate is a fraction
per year, a token is one output token with its share of the prompt.
"""

from .board import RaceResult, RaceRow, race
from .capital import annuity, annuity_with_residual, discount_factor, irr, npv
from .chip import (
    ChipBill,
    bill_of_materials,
    breakeven_volume,
    breakeven_volume_served,
    chip_bill,
    chip_cost,
    dies_per_wafer,
    harvested_yield,
    logic_usd,
    yield_murphy,
    yield_negative_binomial,
    yield_poisson,
)
from .contracts import (
    ContractCosts,
    breakeven_drift,
    committed_rent,
    contract_costs,
    mean_rent,
    spot_usd_per_hour,
    used_hour_usd,
)
from .gpu_hour import (
    breakeven_utilisation,
    cloud_price,
    cluster_capex,
    colocation_usd_per_hour,
    equipment_usd_per_hour,
    operations_usd_per_hour,
    owned_site_usd_per_hour,
    power_usd_per_hour,
    server_price,
)
from .growth import combined_fall, grown, inference_share, margin_after, survival_years
from .integration import (
    LayerValues,
    layer_saving,
    layer_savings,
    margin_multipliers,
    volume_that_pays,
    with_layer,
)
from .margins import margin_at_price, margin_from_markup, markup_from_margin, price_at_margin
from .owned_hour import HourCost, fixed_usd_per_hour, owned_hour, staff_usd_per_hour
from .ownership import StackInputs, StackLevels, stack
from .refusal import ScenarioError
from .scenario import Scenario
from .scenario_file import load_scenario, parse_scenario
from .token import (
    blended_tokens_per_s,
    computed_inputs,
    research_usd_per_mtok,
    revenue_per_mtok,
    usd_per_mtok,
)

__all__ = [
    "ChipBill",
    "ContractCosts",
    "HourCost",
    "LayerValues",
    "RaceResult",
    "RaceRow",
    "Scenario",
    "ScenarioError",
    "StackInputs",
    "StackLevels",
    "annuity",
    "annuity_with_residual",
    "bill_of_materials",
    "blended_tokens_per_s",
    "breakeven_drift",
    "breakeven_utilisation",
    "breakeven_volume",
    "breakeven_volume_served",
    "chip_bill",
    "chip_cost",
    "cloud_price",
    "cluster_capex",
    "colocation_usd_per_hour",
    "combined_fall",
    "committed_rent",
    "computed_inputs",
    "contract_costs",
    "dies_per_wafer",
    "discount_factor",
    "equipment_usd_per_hour",
    "fixed_usd_per_hour",
    "grown",
    "harvested_yield",
    "inference_share",
    "irr",
    "layer_saving",
    "layer_savings",
    "load_scenario",
    "logic_usd",
    "margin_after",
    "margin_at_price",
    "margin_from_markup",
    "margin_multipliers",
    "markup_from_margin",
    "mean_rent",
    "npv",
    "operations_usd_per_hour",
    "owned_hour",
    "owned_site_usd_per_hour",
    "parse_scenario",
    "power_usd_per_hour",
    "price_at_margin",
    "race",
    "research_usd_per_mtok",
    "revenue_per_mtok",
    "server_price",
    "spot_usd_per_hour",
    "stack",
    "staff_usd_per_hour",
    "survival_years",
    "usd_per_mtok",
    "used_hour_usd",
    "volume_that_pays",
    "with_layer",
    "yield_murphy",
    "yield_negative_binomial",
    "yield_poisson",
]
