"""Economics: the ownership stack, growth and survival, scenarios, and the race.

The formulas are scalar functions that numba compiles at their first call. Call them with floats,
from a model of your own, or hand one to :func:`tokenmill.sweep`. Money is USD, a rate is a fraction
per year, a token is one output token with its share of the prompt.
"""

from .architecture import Architecture
from .board import RaceResult, RaceRow
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
from .compute_tax import compute_over_research, compute_over_revenue, research_share_of_compute
from .contracts import (
    ContractCosts,
    breakeven_drift,
    committed_rent,
    contract_costs,
    spot_usd_per_hour,
    used_hour_usd,
)
from .fleet import FleetValue, fleet_cash, fleet_value, payback_years, sold_in_year
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
from .growth import (
    Demand,
    combined_fall,
    compute_demand,
    fall_from_factor,
    grown,
    inference_share,
    margin_after,
    mean_grown,
    survival_years,
    years_to_share,
)
from .integration import (
    LayerValues,
    layer_saving,
    layer_savings,
    margin_multipliers,
    volume_that_pays,
    with_layer,
)
from .margins import (
    margin_at_price,
    margin_from_markup,
    markup_at_price,
    markup_from_margin,
    price_at_margin,
)
from .owned_hour import HourCost, fixed_usd_per_hour, owned_hour, staff_usd_per_hour
from .ownership import StackInputs, StackLevels, stack
from .prefix_keep import keep_saving_usd, keep_seconds, recompute_usd, storage_usd_per_second
from .price_list import ListMargin, ListPrice, list_margin, list_price
from .racing import race
from .refusal import ScenarioError
from .regions import Offer, Place, RegionCost, compare_regions
from .scenario import Scenario
from .scenario_file import load_scenario, parse_scenario
from .serving_cost import ServingCost, cost_sweep
from .spread import Spread
from .token import (
    billed_per_mtok,
    blended_tokens_per_s,
    computed_inputs,
    lifetime_mtok,
    nodes_needed,
    research_usd_per_mtok,
    revenue_per_mtok,
    usd_per_mtok,
)

__all__ = [
    "Architecture",
    "ChipBill",
    "ContractCosts",
    "Demand",
    "FleetValue",
    "HourCost",
    "LayerValues",
    "ListMargin",
    "ListPrice",
    "Offer",
    "Place",
    "RaceResult",
    "RaceRow",
    "RegionCost",
    "Scenario",
    "ScenarioError",
    "Spread",
    "ServingCost",
    "StackInputs",
    "StackLevels",
    "annuity",
    "annuity_with_residual",
    "bill_of_materials",
    "billed_per_mtok",
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
    "compare_regions",
    "compute_demand",
    "compute_over_research",
    "compute_over_revenue",
    "computed_inputs",
    "contract_costs",
    "cost_sweep",
    "dies_per_wafer",
    "discount_factor",
    "equipment_usd_per_hour",
    "fall_from_factor",
    "fixed_usd_per_hour",
    "fleet_cash",
    "fleet_value",
    "grown",
    "harvested_yield",
    "inference_share",
    "irr",
    "keep_saving_usd",
    "keep_seconds",
    "layer_saving",
    "layer_savings",
    "lifetime_mtok",
    "list_margin",
    "list_price",
    "load_scenario",
    "logic_usd",
    "margin_after",
    "margin_at_price",
    "margin_from_markup",
    "margin_multipliers",
    "markup_at_price",
    "markup_from_margin",
    "mean_grown",
    "nodes_needed",
    "npv",
    "operations_usd_per_hour",
    "owned_hour",
    "owned_site_usd_per_hour",
    "parse_scenario",
    "payback_years",
    "power_usd_per_hour",
    "price_at_margin",
    "race",
    "recompute_usd",
    "research_share_of_compute",
    "research_usd_per_mtok",
    "revenue_per_mtok",
    "server_price",
    "sold_in_year",
    "spot_usd_per_hour",
    "stack",
    "staff_usd_per_hour",
    "storage_usd_per_second",
    "survival_years",
    "usd_per_mtok",
    "used_hour_usd",
    "volume_that_pays",
    "with_layer",
    "years_to_share",
    "yield_murphy",
    "yield_negative_binomial",
    "yield_poisson",
]
