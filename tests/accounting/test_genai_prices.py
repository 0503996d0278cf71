"""genai-prices' rules, one small list each; prices in dollars per unit of the key."""

from datetime import date
from fractions import Fraction

import pytest

from tests.accounting.evaluate import period_rates, price_of, resolve
from tokenmill.accounting.genai_match import read_match
from tokenmill.accounting.genai_prices import from_genai_prices, read_genai_prices
from tokenmill.accounting.genai_rates import unit_of
from tokenmill.accounting.imported import Notes
from tokenmill.accounting.rates import Hours, Special


def listed(prices, match=None, **keys):
    model = {"id": "m", "match": match or {"equals": "m"}, "prices": prices, **keys}
    return [{"id": "p", "models": [model]}]


def model_of(prices):
    (model,) = from_genai_prices(listed(prices)).models
    return model


def per_million(model, unit, basis=1, window="", day=None):
    prices = resolve(model, period_rates(model, day), "", basis, window)
    price = price_of(unit, prices)
    return None if price is None else price * 10**6


@pytest.mark.parametrize(
    ("key", "unit", "price"),
    [
        ("input_mtok", "input", "0.000001"),
        ("cache_audio_write_1h_mtok", "cache_audio_write_1h", "0.000001"),
        ("input_text_tool_mtok", "input_text_tool", "0.000001"),
        ("output_reasoning_mtok", "reasoning", "0.000001"),
        ("output_text_reasoning_mtok", "output_text_reasoning", "0.000001"),
        ("output_citation_mtok", "citation", "0.000001"),
        ("web_searches_kcount", "web_searches", "0.001"),
        ("requests_kcount", "requests", "0.001"),
        ("input_text_messages_kcount", "input_text_messages", "0.001"),
        ("input_gpixels", "input_pixels", "0.000000001"),
        ("input_mchars", "input_characters", "0.000001"),
        ("input_annotated_document_kpages", "input_annotated_pages", "0.001"),
    ],
)
def test_units(key, unit, price):
    assert unit_of(key) == (unit, Fraction(price))


def test_hours_are_priced_by_the_millisecond():
    assert unit_of("input_audio_hours") == ("input_audio_milliseconds", Fraction(1, 3_600_000))
    assert unit_of("audio_hours") == ("audio_milliseconds", Fraction(1, 3_600_000))


@pytest.mark.parametrize("key", ["", "mtok", "input", "input_tokens", "nothing_mtok", "x_y"])
def test_other_keys_have_no_unit_and_are_listed(key):
    assert unit_of(key) is None
    report = read_genai_prices(listed({key: 1}))
    assert [one.reason for one in report.ignored] == ["no unit has this price"]


def test_tiers_go_by_the_whole_input_and_are_passed():
    model = model_of({"input_mtok": {"base": 3, "tiers": [{"start": 200, "price": 6}]}})
    assert per_million(model, "input", 200) == 3
    assert per_million(model, "input", 201) == 6


DATED = [
    {"prices": {"input_mtok": 1, "cache_read_mtok": 1}},
    {"constraint": {"start_date": "2026-06-01"}, "prices": {"input_mtok": 4}},
    {"constraint": {"start_date": "2026-03-01"}, "prices": {"input_mtok": 3}},
]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 2, 28), 1),
        (date(2026, 3, 1), 3),
        (date(2026, 5, 31), 3),
        (date(2026, 6, 1), 3),  # the last of the list that has begun, not the latest
    ],
)
def test_dates(day, expected):
    model = model_of(DATED)
    assert per_million(model, "input", day=day) == expected


def test_a_date_leaves_no_old_price_behind():
    assert per_million(model_of(DATED), "cache_read", day=date(2026, 4, 1)) == 3


def daily(start, end, price):
    constraint = {"start_time": start, "end_time": end}
    return {"constraint": constraint, "prices": {"input_mtok": price}}


def hours_of(model):
    return {
        per_million(model, "input", window=name): window.hours
        for name, window in model.windows.items()
    }


def test_daily_hours():
    model = model_of(
        [{"prices": {"input_mtok": 1, "output_mtok": 9}}, daily("00:30:00Z", "16:30", 2)]
    )
    assert hours_of(model) == {2: (Hours(((30, 990),)),)}
    assert per_million(model, "input") == 1
    (name,) = model.windows
    # What only the other prices have costs nothing while the hours last.
    assert per_million(model, "output", window=name) is None


def test_later_hours_go_before_earlier_ones():
    always = {"prices": {"input_mtok": 1}}
    model = model_of([always, daily("01:00", "05:00", 2), daily("02:00", "03:00", 3)])
    assert hours_of(model) == {
        2: (Hours(((60, 120), (180, 300))),),
        3: (Hours(((120, 180),)),),
    }


def test_hours_before_what_always_holds_are_never_looked_at():
    model = model_of([daily("01:00", "05:00", 2), {"prices": {"input_mtok": 1}}])
    assert not model.windows
    assert per_million(model, "input") == 1


def test_where_nothing_holds_the_first_prices_do():
    model = model_of([daily("01:00", "05:00", 2), daily("02:00", "06:00", 3)])
    assert per_million(model, "input") == 2
    assert hours_of(model) == {3: (Hours(((120, 360),)),)}
    late = model_of([{"constraint": {"start_date": "2026-06-01"}, "prices": {"input_mtok": 5}}])
    assert per_million(late, "input", day=date(2020, 1, 1)) == 5


def test_hours_and_dates_meet():
    model = model_of([*DATED, daily("01:00", "05:00", 2)])
    (name,) = model.windows
    for day in (date(2026, 1, 1), date(2026, 3, 1)):
        assert per_million(model, "input", window=name, day=day) == 2


def test_hours_of_another_zone_are_turned_to_utc():
    model = model_of([{"prices": {}}, daily("06:00:00+08:00", "10:00:00+08:00", 2)])
    assert hours_of(model) == {2: (Hours(((0, 120), (1320, 1440))),)}


def test_hours_that_end_before_they_start_never_hold():
    report = read_genai_prices(listed([{"prices": {"input_mtok": 1}}, daily("16:00", "00:30", 2)]))
    assert not report.book.models[0].windows
    assert [one.key for one in report.ignored] == ["prices[1]"]


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ({"equals": "A"}, ("a",)),
        ({"starts_with": "a"}, ("a*",)),
        ({"ends_with": "a"}, ("*a",)),
        ({"contains": "a"}, ("*a*",)),
        ({"or": [{"equals": "a"}, {"or": [{"equals": "b"}]}, {"equals": "a"}]}, ("a", "b")),
        ({"and": [{"equals": "a"}]}, ("a",)),
        ({"regex": r"^gpt-4\.1$"}, ("gpt-4.1",)),
        ({"regex": r"gpt\-4"}, ("*gpt-4*",)),
        ({"regex": "^a"}, ("a*",)),
        # What is more than names and stars is left out.
        ({"regex": r"^a-\d{8}$"}, ()),
        ({"regex": r"a.b"}, ()),
        ({"regex": r"a\d"}, ()),
        ({"regex": "(a|b)"}, ()),
        ({"regex": "A"}, ()),
        ({"regex": "a\\$"}, ("*a$*",)),
        ({"and": [{"starts_with": "a"}, {"contains": "b"}]}, ()),
        ({"equals": "a*"}, ()),
        ({"equals": ""}, ()),
        ({"equals": 3}, ()),
        ({"or": []}, ()),
        ({"equals": "a", "contains": "b"}, ()),
        ({"sounds_like": "a"}, ()),
        ("a", ()),
    ],
)
def test_match_rules(rule, texts):
    notes = Notes("15")
    assert read_match(notes, "m", rule) == texts
    assert bool(notes.ignored) is not bool(texts)


def test_a_deep_rule_is_left_out():
    rule = {"equals": "a"}
    for _ in range(50):
        rule = {"or": [rule]}
    notes = Notes("15")
    assert read_match(notes, "m", rule) == ()
    assert len(notes.ignored) == 1


def test_a_name_goes_to_the_first_model_that_claims_it():
    models = [
        {"id": "a", "match": {"or": [{"equals": "x"}, {"equals": "b"}]}, "prices": {}},
        {"id": "b", "match": {"or": [{"equals": "x"}, {"starts_with": "b"}]}, "prices": {}},
    ]
    report = read_genai_prices([{"id": "p", "models": models}])
    found = [(model.aliases, model.patterns) for model in report.book.models]
    assert found == [(("x",), ()), ((), ("b*",))]
    assert [one.model for one in report.ignored] == ["p/a", "p/b"]
    assert report.book.rules.date_zone == "timestamp"


def test_noise_is_repaired_and_listed(tmp_path):
    path = tmp_path / "data.json"
    text = '[{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}, "prices": '
    path.write_text(text + '{"input_mtok": 0.18000000000000002}}]}]')
    report = read_genai_prices(path)
    assert per_million(report.book.models[0], "input") == Fraction("0.18")
    assert [(r.model, r.key, r.used) for r in report.repairs] == [
        ("p/m", "prices.input_mtok", "0.18")
    ]
    exact = read_genai_prices(path, repair="none")
    assert per_million(exact.book.models[0], "input") == Fraction("0.18000000000000002")


def test_a_negative_price_is_dynamic():
    model = model_of({"input_mtok": -1})
    assert model.periods[0].rates[0].price is Special.DYNAMIC


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (3, "expected prices or a list"),
        ([], "expected prices or a list"),
        ([3], "expected prices, found 3"),
        ([{"prices": 3}], "expected prices"),
        ([{"prices": {}, "constraint": {}}], "expected a date or times"),
        ([{"prices": {}, "constraint": {"start_date": "soon"}}], "expected a date"),
        ([daily("1:00", "2:00", 1)], "expected whole minutes"),
        ([daily("01:00:30", "02:00", 1)], "expected whole minutes"),
        ([daily("24:00", "25:00", 1)], "expected whole minutes"),
        ([daily(1, 2, 1)], "expected whole minutes"),
        ({"input_mtok": "x"}, "expected a price, found 'x'"),
        ({"input_mtok": {"base": 1}}, "expected base and tiers"),
        ({"input_mtok": {"base": 1, "tiers": 3}}, "expected base and tiers"),
        ({"input_mtok": {"base": 1, "tiers": [3]}}, "expected start and price"),
        ({"input_mtok": {"base": 1, "tiers": [[1.5, 2]]}}, "rising whole starts"),
        ({"input_mtok": {"base": 1, "tiers": [[5, 2], [5, 3]]}}, "rising whole starts"),
        ({"input_mtok": {"base": 1, "tiers": [[-1, 2]]}}, "rising whole starts"),
        ({"input_mtok": {"base": 1, "tiers": [[1, None]]}}, "expected a price"),
    ],
)
def test_malformed_prices(prices, words):
    with pytest.raises(ValueError, match=words):
        from_genai_prices(listed(prices))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({}, "expected a list of providers"),
        ([3], "expected providers with an id"),
        ([{"id": 3}], "expected providers with an id"),
        ([{"id": "p", "models": 3}], "expected a list of models"),
        ([{"id": "p", "models": [3]}], "expected models with an id"),
        ([{"id": "p", "models": [{"id": "m", "prices": {}}] * 2}], "expected each model once"),
    ],
)
def test_refusals(source, words):
    with pytest.raises(ValueError, match=words):
        from_genai_prices(source)


def test_empty_lists_are_books():
    assert from_genai_prices([]).models == ()
    assert from_genai_prices([{"id": "p"}]).models == ()
