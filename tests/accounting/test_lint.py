from collections import Counter
from datetime import date
from fractions import Fraction

import pytest

from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.genai_prices import from_genai_prices
from tokenmill.accounting.lint import lint
from tokenmill.accounting.litellm import from_litellm
from tokenmill.accounting.rates import Hours, ModelPrices, Period, Rate, Window

MICRO = Fraction(1, 10**6)


def rates(tier="", window="", above=-1, **prices):
    """Rates of units in millionths."""
    return tuple(
        Rate(unit, Fraction(price) * MICRO, tier, above, window) for unit, price in prices.items()
    )


def model(*found, name="m", provider="p", **keys):
    periods = keys.pop("periods", (Period(None, tuple(found)),))
    return ModelPrices(provider, name, periods, **keys)


def rules(*models):
    """What is found, as (severity, rule, model, unit)."""
    return [(f.severity, f.rule, f.model, f.unit) for f in lint(PriceBook("b", models))]


PLAIN = rates(input=2, output=8)


def test_a_plain_book_is_clean():
    usual = rates(input=2, output=8, cache_read="0.2", cache_write="2.5", cache_write_1h=4)
    half = rates("batch", input=1, output=4)
    assert rules(model(*usual, *half)) == []
    assert rules() == []


def test_a_price_per_thousand_stands_out_from_its_provider():
    usual = [model(*PLAIN, name=f"m{i}") for i in range(6)]
    odd = model(*rates(input=2000, output=8000), name="odd")
    assert rules(*usual, odd) == [
        ("error", "unit_error", "odd", "input"),
        ("error", "unit_error", "odd", "output"),
    ]
    # A provider of dear models, and few of them: the whole book says what is usual.
    others = [model(*PLAIN, name=f"m{i}", provider="q") for i in range(6)]
    assert ("error", "unit_error", "odd", "input") in rules(*others, odd)
    dear = [model(*rates(input=2000, output=2000), name=f"d{i}") for i in range(6)]
    assert rules(*dear) == []


@pytest.mark.parametrize(
    ("unit", "price"),
    [
        ("cache_read", 3),
        ("cache_read", "0.01"),
        ("cache_write", 18),
        ("cache_write", "1.004"),
        ("cache_write_1h", 6),
        ("output", 50),
        ("output", "0.5"),
    ],
)
def test_odd_ratios(unit, price):
    found = model(*rates(**({"input": 2, "output": 8} | {unit: price})))
    assert rules(found) == [("warning", "odd_ratio", "m", unit)]


def test_batch_beside_standard_in_the_same_context_tier():
    plain = (*PLAIN, *rates("batch", input=1, output=4))
    assert rules(model(*plain)) == []
    long = (*rates(above=9, input=4, output=16), *rates("batch", above=9, input=1, output=8))
    assert rules(model(*plain, *long)) == [("warning", "odd_ratio", "m", "input")]
    dearer = rates("batch", input=3, output=4)
    assert rules(model(*PLAIN, *dearer)) == [("warning", "odd_ratio", "m", "input")]


def test_free_writes():
    found = model(*PLAIN, *rates(cache_write=0))
    assert rules(found) == [("warning", "free_cache_write", "m", "cache_write")]
    assert rules(model(*rates(input=0, output=0, cache_write=0))) == []


def test_prices_that_are_no_short_decimals():
    third = model(*PLAIN, Rate("cache_read", MICRO / 3))
    long = model(*PLAIN, Rate("cache_read", MICRO / 2**20), *rates(cache_write=2), name="n")
    found = [f for f in lint(PriceBook("b", (third, long))) if f.rule == "inexact_price"]
    assert [(f.model, f.found) for f in found] == [("m", "1/3000000"), ("n", "26 decimals")]


def test_what_is_two_things_at_once_has_a_price():
    parts = rates(input=2, output=8, input_audio=10, cache_read=1)
    assert rules(model(*parts)) == [("note", "missing_join", "m", "cache_audio_read")]
    assert rules(model(*parts, *rates(cache_audio_read=3))) == []


def test_a_part_without_its_whole():
    assert rules(model(*rates(input=2, reasoning=3))) == [("error", "missing_total", "m", "output")]


def window(*minutes, zone="UTC", days=range(1, 8)):
    return Window((Hours(minutes, frozenset(days)),), zone)


def windowed(**windows):
    found = [rate for name in windows for rate in rates(window=name, input=1)]
    return model(*PLAIN, *found, windows=windows)


def test_windows():
    assert rules(windowed(a=window((60, 120)), b=window((120, 180)))) == []
    overlap = windowed(a=window((60, 121)), b=window((120, 180)))
    assert rules(overlap) == [("error", "window_overlap", "m", "")]
    apart = windowed(a=window((60, 121), days=[1]), b=window((120, 180), days=[2]))
    assert rules(apart) == []
    moving = windowed(a=window((60, 120), zone="Europe/Berlin"))
    assert rules(moving) == [("warning", "moving_window", "m", "")]
    assert rules(windowed(a=window((60, 120), zone="Asia/Shanghai"))) == []


def test_a_period_that_changes_nothing():
    periods = (Period(None, PLAIN), Period(date(2026, 1, 1), tuple(reversed(PLAIN))))
    assert rules(model(periods=periods)) == [("note", "idle_period", "m", "")]


def test_wildcards_that_match_the_same_names():
    wide, narrow = model(*PLAIN, patterns=("a*",)), model(*PLAIN, name="n", patterns=("ab*",))
    assert rules(wide, narrow) == [("note", "shadowed_pattern", "m", "")]
    twice = model(*PLAIN, name="n", patterns=("a*",))
    assert rules(wide, twice) == [("error", "shadowed_pattern", "m", "")]
    apart = model(*PLAIN, name="n", patterns=("b*",))
    assert rules(wide, apart) == []
    elsewhere = model(*PLAIN, provider="q", patterns=("a*",))
    assert rules(wide, elsewhere) == []


def test_names_that_differ_in_signs_alone():
    dotted, dashed = model(*PLAIN, name="a-4.5"), model(*rates(input=3, output=8), name="a-4-5")
    assert rules(dotted, dashed) == [("warning", "twin_names", "a-4.5", "")]
    assert rules(dotted, model(*PLAIN, name="a-4-5")) == []


def stored(data_folder, name):
    path = data_folder / "accounting" / name
    if not path.is_file():
        pytest.skip(f"no price list at {path}")
    return path


def test_the_known_errors_of_litellms_list(data_folder):
    found = lint(from_litellm(stored(data_folder, "litellm_1.106.2_cost_fields.json")))
    assert Counter((f.severity, f.rule) for f in found) == {
        ("error", "unit_error"): 3,
        ("warning", "odd_ratio"): 77,
        ("warning", "free_cache_write"): 40,
        ("warning", "twin_names"): 1,
        ("note", "missing_join"): 108,
        ("note", "inexact_price"): 29,
    }
    errors = {f.model for f in found if f.rule == "unit_error"}
    assert errors == {"azure_ai/jais-30b-chat", "watsonx/core42/jais-13b-chat"}
    writes = Counter(f.found for f in found if f.unit == "cache_write" and f.rule == "odd_ratio")
    assert writes["9 of input"] == 3
    assert writes["0.5018 of input"] >= 4
    free = [f.model for f in found if f.rule == "free_cache_write"]
    assert "deepseek/deepseek-chat" in free


def test_genai_prices_list(data_folder):
    found = lint(from_genai_prices(stored(data_folder, "genai_prices_v2_data.json")))
    assert Counter((f.severity, f.rule) for f in found) == {
        ("warning", "odd_ratio"): 19,
        ("warning", "twin_names"): 1,
        ("note", "inexact_price"): 6,
    }
