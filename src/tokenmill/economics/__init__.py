"""Economics: the ownership stack, growth and survival, scenarios, and the race.

The formulas are scalar functions that numba compiles at their first call. Call them with floats,
from a model of your own, or hand one to :func:`tokenmill.sweep`. Money is USD, a rate is a fraction
per year, a token is one output token with its share of the prompt.
"""

from .board import RaceResult, RaceRow, Spread
from .capital import annuity, annuity_with_residual, discount_factor, irr, npv
from .chip import (
    bill_of_materials,
    breakeven_volume,
    chip_cost,
    dies_per_wafer,
    harvested_yield,
    logic_usd,
    yield_murphy,
    yield_negative_binomial,
    yield_poisson,
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
from .margins import margin_at_price, margin_from_markup, markup_from_margin, price_at_margin
from .ownership import StackInputs, StackLevels, stack
from .racing import race
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
    "RaceResult",
    "RaceRow",
    "Scenario",
    "ScenarioError",
    "Spread",
    "StackInputs",
    "StackLevels",
    "annuity",
    "annuity_with_residual",
    "bill_of_materials",
    "blended_tokens_per_s",
    "breakeven_utilisation",
    "breakeven_volume",
    "chip_cost",
    "cloud_price",
    "cluster_capex",
    "colocation_usd_per_hour",
    "combined_fall",
    "computed_inputs",
    "dies_per_wafer",
    "discount_factor",
    "equipment_usd_per_hour",
    "grown",
    "harvested_yield",
    "inference_share",
    "irr",
    "load_scenario",
    "logic_usd",
    "margin_after",
    "margin_at_price",
    "margin_from_markup",
    "markup_from_margin",
    "npv",
    "operations_usd_per_hour",
    "owned_site_usd_per_hour",
    "parse_scenario",
    "power_usd_per_hour",
    "price_at_margin",
    "race",
    "research_usd_per_mtok",
    "revenue_per_mtok",
    "server_price",
    "stack",
    "survival_years",
    "usd_per_mtok",
    "yield_murphy",
    "yield_negative_binomial",
    "yield_poisson",
]
