"""The vocabulary of a scenario: every parameter with its unit, its domain and its meaning.

This table drives the parser, the compiled model, the report and the refusals, so a parameter is
described in one place only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

LAYERS = ("chip", "server", "site", "cloud", "model", "app")


class Domain(Enum):
    """The values a parameter may take: bounds, and whether each bound itself is allowed."""

    POSITIVE = (0.0, inf, False, False)
    NONNEGATIVE = (0.0, inf, True, False)
    SHARE = (0.0, 1.0, True, True)
    BUSY_SHARE = (0.0, 1.0, False, True)
    BELOW_ONE = (0.0, 1.0, True, False)
    MARGIN = (-1.0, 1.0, True, False)
    AT_LEAST_ONE = (1.0, inf, True, False)
    RATIO = (0.0, 10.0, True, True)
    # A wafer of 300 mm holds no die of 10,804 mm2 or more, see chip.dies_per_wafer.
    DIE = (0.0, 10_000.0, False, True)

    @property
    def low(self) -> float:
        """Lower bound."""
        return self.value[0]

    @property
    def high(self) -> float:
        """Upper bound."""
        return self.value[1]

    def __str__(self) -> str:
        low, high, has_low, has_high = self.value
        left, right = "[" if has_low else "(", "]" if has_high else ")"
        return f"{left}{low:g}, {high:g}{right}"

    def holds(self, low: float, high: float, *, attained: bool) -> bool:
        """Say whether values from `low` to `high` are in the domain.

        `attained` is False for a distribution that comes as near as it likes to `low` and `high`
        without taking them, so that an open bound is no obstacle.
        """
        least, most, has_least, has_most = self.value
        low_fits = low > least or (low == least and (has_least or not attained))
        high_fits = high < most or (high == most and (has_most or not attained))
        return low_fits and high_fits


@dataclass(frozen=True)
class Field:
    """One parameter.

    Attributes
    ----------
    key, unit, text : str
        Its name in a scenario file, its unit, and what it means.
    domain : Domain
    neutral : float
        What the model gets where the parameter plays no part.
    """

    key: str
    unit: str
    domain: Domain
    text: str
    neutral: float = 0.0

    def __str__(self) -> str:
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.text}{unit} in {self.domain}"


_D = Domain

WORLD_FIELDS: tuple[Field, ...] = (
    Field("price_usd_mtok", "USD/Mtok", _D.POSITIVE, "list price of a million output tokens"),
    Field("input_price_ratio", "ratio", _D.RATIO, "price of an input over an output token"),
    Field("cached_price_ratio", "ratio", _D.SHARE, "price of a cached over an input token"),
    Field("price_fall", "1/year", _D.MARGIN, "yearly fall of the market price"),
    Field("in_out_ratio", "tokens", _D.NONNEGATIVE, "input tokens per output token"),
    Field("in_len", "tokens", _D.POSITIVE, "prompt of a request"),
    Field("out_len", "tokens", _D.POSITIVE, "answer of a request"),
    Field("cache_hit", "share", _D.SHARE, "input tokens read from the prefix cache"),
    Field("cached_work", "share", _D.SHARE, "work of a cached over a computed input token"),
    Field("imbalance", "ratio", _D.AT_LEAST_ONE, "busiest over mean expert rank", 1.0),
    Field("wafer_usd", "USD", _D.POSITIVE, "price of a 5 nm class wafer"),
    Field("hbm_usd_gb", "USD/GB", _D.POSITIVE, "price of high-bandwidth memory"),
    Field("yield_alpha", "", _D.POSITIVE, "clustering of defects on a wafer"),
    Field("hardware_fall", "1/year", _D.MARGIN, "yearly fall of an owner's hardware cost"),
    Field("rent_fall", "1/year", _D.MARGIN, "yearly fall of rental prices"),
    Field("software_fall", "1/year", _D.MARGIN, "yearly fall of cost through faster software"),
    Field("api_pass_through", "ratio", _D.RATIO, "share of the price fall an API buyer is passed"),
)

PLAYER_FIELDS: tuple[Field, ...] = (
    Field("wafer_ratio", "ratio", _D.POSITIVE, "wafer price over that of a 5 nm class wafer", 1.0),
    Field("die_mm2", "mm2", _D.DIE, "area of one die", 100.0),
    Field("dies_per_chip", "dies", _D.POSITIVE, "logic dies in one accelerator", 1.0),
    Field("defects_per_cm2", "1/cm2", _D.NONNEGATIVE, "defects on the wafer"),
    Field("recovered_share", "share", _D.SHARE, "bad dies sold with units switched off"),
    Field("hbm_gb", "GB", _D.NONNEGATIVE, "memory of one accelerator"),
    Field("package_usd", "USD", _D.NONNEGATIVE, "package and its assembly"),
    Field("assembly_yield", "share", _D.BUSY_SHARE, "good packages", 1.0),
    Field("test_usd", "USD", _D.NONNEGATIVE, "test of one accelerator"),
    Field("partner_margin", "share of price", _D.MARGIN, "design house on an owned chip"),
    Field("design_usd", "USD", _D.NONNEGATIVE, "one-time engineering of an owned chip"),
    Field("chip_volume", "chips", _D.POSITIVE, "chips that share the engineering", 1.0),
    Field("chip_margin", "share of price", _D.MARGIN, "vendor of a bought chip"),
    Field("chip_price_usd", "USD", _D.POSITIVE, "price of a bought accelerator"),
    Field("server_other_usd", "USD", _D.NONNEGATIVE, "server parts beside the accelerator"),
    Field("server_margin", "share of price", _D.MARGIN, "maker of a bought server"),
    Field("network_share", "share", _D.BELOW_ONE, "network in the cluster's capital"),
    Field("spare_share", "share", _D.NONNEGATIVE, "spare servers per server in service"),
    Field("it_life_years", "years", _D.POSITIVE, "life of servers and network", 1.0),
    Field("site_life_years", "years", _D.POSITIVE, "life of the data centre", 1.0),
    Field("wacc", "1/year", _D.BELOW_ONE, "cost of capital"),
    Field("residual_share", "share", _D.SHARE, "resale value of servers at the end of life"),
    Field("kw", "kW", _D.NONNEGATIVE, "power per accelerator at the wall, before PUE"),
    Field("pue", "ratio", _D.AT_LEAST_ONE, "power usage effectiveness", 1.0),
    Field("load", "share", _D.SHARE, "mean over full power"),
    Field("power_usd_kwh", "USD/kWh", _D.NONNEGATIVE, "electricity"),
    Field("site_usd_w", "USD/W", _D.NONNEGATIVE, "building the data centre"),
    Field("colo_usd_kw_month", "USD/kW/month", _D.POSITIVE, "colocation rent"),
    Field("site_margin", "share of price", _D.MARGIN, "owner of a bought data centre"),
    Field("operations_share", "1/year", _D.NONNEGATIVE, "staff and repair, of cluster capital"),
    Field("sold_share", "share", _D.BUSY_SHARE, "hours the cloud sells", 1.0),
    Field("cloud_margin", "share of price", _D.MARGIN, "cloud that rents out"),
    Field("rent_usd_h", "USD/h", _D.POSITIVE, "rent of an accelerator"),
    Field("utilisation", "share", _D.BUSY_SHARE, "busy share of the paid hours", 1.0),
    Field("decode_tok_s", "tokens/s", _D.POSITIVE, "decode speed", 1.0),
    Field("prefill_tok_s", "tokens/s", _D.POSITIVE, "prompt speed", 1.0),
    Field("decode_ratio", "ratio", _D.POSITIVE, "decode speed over the model's", 1.0),
    Field("prefill_ratio", "ratio", _D.POSITIVE, "prompt speed over the model's", 1.0),
    Field("accept_len", "tokens", _D.AT_LEAST_ONE, "tokens accepted per decode step", 1.0),
    Field("research_usd", "USD", _D.NONNEGATIVE, "research and training of the model"),
    Field("research_mtok", "Mtok", _D.POSITIVE, "output tokens that share it", 1.0),
    Field("api_margin", "share of price", _D.MARGIN, "maker of a bought model"),
    Field("api_price_ratio", "ratio", _D.POSITIVE, "API price over the market price"),
    Field("app_margin", "share of price", _D.MARGIN, "reseller to the user"),
)

WORLD = {field.key: field for field in WORLD_FIELDS}
PLAYER = {field.key: field for field in PLAYER_FIELDS}
