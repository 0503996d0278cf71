"""Regions: power, cooling and what can be bought, by the token."""

from math import inf, nan
from typing import NamedTuple

import pytest

from tokenmill import economics as e
from tokenmill.serving import catalogue


class Region(NamedTuple):
    power_usd_kwh: float
    pue: float
    accelerators: tuple[str, ...]


REGIONS = {
    "us": Region(0.085, 1.22, ("H100", "GB200")),
    "cn": Region(0.056, 1.25, ("H20", "Ascend910C")),
    "free power": Region(0.0, 1.0, ("H20",)),
    "nothing": Region(0.05, 1.1, ()),
}
OFFERS = {
    "H100": e.Offer(35_000.0, 1.73, 2_000.0),
    "GB200": e.Offer(60_000.0, 2.10, 9_000.0),
    "H20": e.Offer(16_000.0, 0.95, 600.0),
}
MONEY = {"utilisation": 0.5, "wacc": 0.09, "it_life_years": 5.0, "load": 0.8, "site_usd_w": 10.5}


def test_who_can_buy_what() -> None:
    found = e.compare_regions(REGIONS, OFFERS, **MONEY)
    pairs = [(one.region, one.accelerator) for one in found]
    assert pairs == [("us", "GB200"), ("us", "H100"), ("free power", "H20"), ("cn", "H20")]
    assert [one.usd_mtok for one in found] == sorted(one.usd_mtok for one in found)


def test_a_cost_is_that_of_the_owned_hour() -> None:
    found = e.compare_regions(REGIONS, OFFERS, **MONEY)
    one = next(cost for cost in found if cost.region == "cn")
    hour = e.owned_hour(16_000.0, 0.09, 5.0, 0.95, 1.25, 0.8, 0.056, 10.5)
    assert one.hour == hour
    assert one.usd_mtok == e.usd_per_mtok(hour.total, 600.0, 0.5)
    # The tariff alone tells the two apart, but for the cooling.
    free = next(cost for cost in found if cost.region == "free power")
    assert one.hour.total - free.hour.total == pytest.approx(hour.power, rel=1e-12)


def test_cheap_power_is_worth_a_few_percent_of_a_chip() -> None:
    same = {"us": Region(0.085, 1.22, ("H100",)), "cn": Region(0.056, 1.22, ("H100",))}
    cheap, dear = e.compare_regions(same, OFFERS, **MONEY)
    assert (cheap.region, dear.region) == ("cn", "us")
    assert 0.02 < 1 - cheap.usd_mtok / dear.usd_mtok < 0.05


def test_nothing_to_compare_and_nothing_used() -> None:
    assert e.compare_regions({}, OFFERS, **MONEY) == ()
    assert e.compare_regions(REGIONS, {}, **MONEY) == ()
    idle = e.compare_regions(REGIONS, OFFERS, **{**MONEY, "utilisation": 0.0})
    assert {one.usd_mtok for one in idle} == {inf}
    assert [one.region for one in idle] == ["cn", "free power", "us", "us"]


@pytest.mark.parametrize(
    ("region", "offer", "words"),
    [
        ({"power_usd_kwh": -0.1}, {}, r"regions\['us'\].power_usd_kwh: expected a number >= 0"),
        ({"pue": 0.9}, {}, r"regions\['us'\].pue: expected a number >= 1, found 0.9"),
        ({"pue": nan}, {}, r"regions\['us'\].pue: expected a number >= 1, found nan"),
        ({}, {"kw": inf}, r"offers\['H100'\].kw: expected a number >= 0, found inf"),
        ({}, {"tokens_per_s": nan}, r"offers\['H100'\].tokens_per_s: expected a number >= 0"),
    ],
)
def test_what_is_out_of_range_is_refused(
    region: dict[str, float], offer: dict[str, float], words: str
) -> None:
    places = {"us": REGIONS["us"]._replace(**region)}
    with pytest.raises(ValueError, match=words):
        e.compare_regions(places, {"H100": OFFERS["H100"]._replace(**offer)}, **MONEY)


def test_the_regions_of_the_catalogue() -> None:
    offers = {**OFFERS, "Ascend910C": e.Offer(25_000.0, 1.46, 1_400.0)}
    found = e.compare_regions(catalogue.regions(), offers, **MONEY)
    pairs = {(one.region, one.accelerator) for one in found}
    american, chinese = ("H100", "GB200"), ("H20", "Ascend910C")
    assert pairs == {("us", name) for name in american} | {("china", name) for name in chinese}
