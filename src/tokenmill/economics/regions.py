"""Regions: what a place decides about a token, which is its power, its cooling and its chips.

Cheap power is worth little beside a chip: at 0.085 USD/kWh it is a twelfth of an H100's hour. What
a region cannot buy is worth more, so both are compared at once, by the token.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from .owned_hour import HourCost, owned_hour
from .token import usd_per_mtok


class Place(Protocol):
    """What a region has to say of itself; the catalogue's regions do."""

    @property
    def power_usd_kwh(self) -> float:
        """Tariff of an industrial customer."""

    @property
    def pue(self) -> float:
        """Power of the whole site over that of the machines, >= 1."""

    @property
    def accelerators(self) -> Collection[str]:
        """Ids of what can be bought there."""


class Offer(NamedTuple):
    """An accelerator as it is bought: outlay and kW of one, and its speed on the workload."""

    capex_usd: float
    kw: float
    tokens_per_s: float


@dataclass(frozen=True)
class RegionCost:
    """What an accelerator costs in a region: an owned hour, and a million output tokens."""

    region: str
    accelerator: str
    hour: HourCost
    usd_mtok: float


def compare_regions(
    regions: Mapping[str, Place],
    offers: Mapping[str, Offer],
    *,
    utilisation: float,
    wacc: float,
    it_life_years: float,
    load: float,
    **hour: Any,
) -> tuple[RegionCost, ...]:
    """Return what a token costs with every accelerator in every region that can buy it.

    Parameters
    ----------
    regions : mapping of name to Place
    offers : mapping of accelerator id to Offer
        `tokens_per_s` from a serving model or a measurement, on one workload for all.
    utilisation : float
        Busy share of the hours, in [0, 1].
    wacc, it_life_years, load, **hour
        As in :func:`~tokenmill.economics.owned_hour`, the same everywhere.

    Returns
    -------
    tuple of RegionCost
        Cheapest token first, then by name. A region that can buy none of the offers is not in it.

    Raises
    ------
    ValueError
        A region's power or PUE, or an offer, is out of range; the message names it.
    """
    for accelerator, offer in offers.items():
        for field, value in offer._asdict().items():
            _check(f"offers[{accelerator!r}].{field}", value, 0.0)
    found = []
    for region, place in regions.items():
        _check(f"regions[{region!r}].power_usd_kwh", place.power_usd_kwh, 0.0)
        _check(f"regions[{region!r}].pue", place.pue, 1.0)
        for accelerator in sorted(set(offers) & set(place.accelerators)):
            offer = offers[accelerator]
            cost = owned_hour(
                offer.capex_usd,
                wacc,
                it_life_years,
                offer.kw,
                place.pue,
                load,
                place.power_usd_kwh,
                **hour,
            )
            token = usd_per_mtok(cost.total, offer.tokens_per_s, utilisation)
            found.append(RegionCost(region, accelerator, cost, token))
    return tuple(sorted(found, key=lambda one: (one.usd_mtok, one.region, one.accelerator)))


def _check(name: str, value: float, least: float) -> None:
    if not least <= value < math.inf:
        raise ValueError(f"{name}: expected a number >= {least:g}, found {value!r}")
