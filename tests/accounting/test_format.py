"""Price books as text: exact round trips, what is refused and how, the schema."""

import json
import random
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.accounting.books import books
from tokenmill.accounting import book_file, format, price_forms, window_forms
from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.book_file import toml
from tokenmill.accounting.rates import Hours, Rate, Special, Window
from tokenmill.accounting.rules import PRICE_RULES

CATALOGUE = resources.files("tokenmill.catalogue")
EXAMPLE = (CATALOGUE / "prices" / "example.toml").read_text(encoding="utf-8")
SCHEMA = json.loads((CATALOGUE / "schemas" / "price_book.schema.json").read_text(encoding="utf-8"))
relaxed = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))

BOOK = """
name = "house"
rounding = "half_even"
fee = 0.001
discounts = {openai = "19/20"}

[[units]]
name = "x"

[[models]]
provider = "openai"
name = "gpt"
regions = {eu = "1.1"}
service_tiers = {flex = 0.5}
fallbacks = [{unit = "cache_write_1h", source = "input", factor = 2}]
windows = {night = {hours = "16:30-00:30", weekdays = [1, 5], time_zone = "Asia/Shanghai"}}

[models.prices]
input = 2.50
"input@batch" = "1.25"
output = {base = "10", ">272000" = "15", ">=300000" = 20}
audio_milliseconds = {price = "0.017", per = 60000}
cache_read = "inherit"
web_searches = "dynamic"
x = "1e-3"

[models.window_prices.night]
input = "0"
"""


def test_every_form_reads_as_it_says() -> None:
    book = PriceBook.from_text(BOOK)
    (model,) = book.models
    (period,) = model.periods
    million = Fraction(1, 10**6)
    assert set(period.rates) == {
        Rate("input", Fraction(5, 2) * million),
        Rate("input", Fraction(0), window="night"),
        Rate("input", Fraction(5, 4) * million, "batch"),
        Rate("output", 10 * million),
        Rate("output", 15 * million, above=272_000),
        Rate("output", 20 * million, above=299_999),
        Rate("audio_milliseconds", Fraction(17, 60_000_000)),
        Rate("cache_read", Special.INHERIT),
        Rate("web_searches", Special.DYNAMIC),
        Rate("x", million / 1000),
    }
    hours = Hours(((990, 30),), frozenset({1, 5}))
    assert dict(model.windows) == {"night": Window((hours,), "Asia/Shanghai")}
    assert model.multipliers == (
        ("region", "eu", Fraction(11, 10)),
        ("service_tier", "flex", Fraction(1, 2)),
    )
    assert model.fallbacks == (("cache_write_1h", "input", Fraction(2)),)
    assert (book.fee, book.discounts) == (Fraction(1, 1000), (("openai", Fraction(19, 20)),))


def test_the_example_is_a_book_of_dated_sources() -> None:
    book = PriceBook.from_text(EXAMPLE)
    assert all(period.name for model in book.models for period in model.periods)
    assert isinstance(book.lookup("deepseek", "deepseek-reasoner"), int)


@relaxed
@given(books)
def test_a_book_reads_back_equal_from_every_form(book: PriceBook) -> None:
    table = book.to_dict()
    for other in (
        PriceBook.from_dict(table),
        PriceBook.from_text(toml(table)),
        PriceBook.from_text(json.dumps(table), "json"),
    ):
        assert other == book
        assert other.fingerprint == book.fingerprint
        assert other.to_dict() == table


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_file_is_written_whole_and_reads_back(tmp_path: Path, suffix: str) -> None:
    book = PriceBook.from_text(BOOK)
    path = tmp_path / f"book.{suffix}"
    path.write_text("what was there")
    book.write(path)
    assert PriceBook.read(path) == book
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_json_price_keeps_its_digits() -> None:
    book = PriceBook.from_text('{"models": [{"name": "m", "prices": {"input": 0.1}}]}', "json")
    assert book.models[0].periods[0].rates[0].price == Fraction(1, 10**7)
    decimal = PriceBook.from_dict({"models": [{"name": "m", "prices": {"input": Decimal("0.1")}}]})
    assert decimal == book


MODEL = '[[models]]\nname = "m"\n'
WRONG = {
    "unknown key": ('nmae = "x"', "did you mean 'name'"),
    "unknown unit": (
        f'{MODEL}prices = {{inptu = "1"}}',
        r"models\[0\] \(/m\).prices.inptu.*'input'",
    ),
    "negative price": (
        f'{MODEL}prices = {{input = "-1"}}',
        "/m, .*price of input.*0 or more",
    ),
    "no tier": (f'{MODEL}prices = {{input = {{">2k" = "1"}}}}', "base, '>N' or '>=N'"),
    "empty tiers": (f"{MODEL}prices = {{input = {{}}}}", "an empty table"),
    "no service": (f'{MODEL}prices = {{"input@" = "1"}}', "a service tier after '@'"),
    "twice": (f'{MODEL}prices = {{input = {{">5" = "1", ">=6" = "2"}}}}', "one rate of each"),
    "per": (f'{MODEL}prices = {{input = {{price = "1", per = 0}}}}', "per: expected an integer"),
    "no window": (f'{MODEL}window_prices = {{n = {{input = "1"}}}}', "a window of the model"),
    "two forms": (f"{MODEL}prices = {{}}\nperiods = []", "beside periods"),
    "falling": (f"{MODEL}periods = [{{start = 2026-01-02}}, {{start = 2026-01-01}}]", "rising"),
    "naive": (f"{MODEL}periods = [{{start = 2026-01-01T00:00:00}}]", "with a time zone"),
    "hours": (f'{MODEL}windows = {{w = {{hours = "8-9"}}}}', "hours such as"),
    "hour 24": (f'{MODEL}windows = {{w = {{hours = "24:30-01:00"}}}}', "a start in"),
    "weekday": (f"{MODEL}windows = {{w = {{hours = [], weekdays = [0]}}}}", "Monday"),
    "zone": (f'{MODEL}windows = {{w = {{hours = "0:00-0:00", time_zone = "X"}}}}', "IANA"),
    "nan": ("fee = nan", "NaN"),
    "huge": (f'{MODEL}prices = {{input = "1e999"}}', "exact price"),
    "long": (f'fee = "{"9" * 61}"', "an exact number"),
    "loop": (
        f'{MODEL}fallbacks = [{{unit = "input", source = "output"}}, '
        '{unit = "output", source = "input"}]',
        "no fallback that comes back",
    ),
    "rules": ('rules = "natve"', "did you mean 'native'"),
    "rule": ("rules = {tier_reach = 'x'}", "rules.tier_reach: expected one of whole"),
    "format": ("format = 2", "format: expected 1"),
    "same model": (MODEL + MODEL, "one model of each"),
    "stars": (f'{MODEL}patterns = ["a**"]', "single stars"),
    "nested list book": ("[public.public]", "a known key"),
    "currency": ('currency = "usd"', "ISO 4217"),
    "boolean": (f"{MODEL}prices = {{input = true}}", "found True"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_by_its_place(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PriceBook.from_text(text)


def test_a_float_is_no_price() -> None:
    with pytest.raises(ValueError, match="float is not exact"):
        PriceBook.from_dict({"models": [{"name": "m", "prices": {"input": 0.1}}]})


def test_a_json_key_stands_once() -> None:
    with pytest.raises(ValueError, match="'name' twice"):
        PriceBook.from_text('{"name": "a", "name": "b"}', "json")


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(book_file, "LARGEST_FILE", 10)
    monkeypatch.setattr(format, "MOST_MODELS", 1)
    with pytest.raises(ValueError, match="at most 10 bytes"):
        PriceBook.from_text(" " * 11)
    with pytest.raises(ValueError, match="at most 1 models"):
        PriceBook.from_dict({"models": [{"name": "a"}, {"name": "b"}]})
    monkeypatch.setattr(format, "MOST_RATES", 1)
    with pytest.raises(ValueError, match="at most 1 rates"):
        PriceBook.from_dict({"models": [{"name": "a", "prices": {"input": 1, "output": 1}}]})
    with pytest.raises(ValueError, match=r"ends in .toml or .json"):
        PriceBook.read(tmp_path / "book.yaml")


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=200), st.sampled_from(["toml", "json"]))
@example("[" * 100_000, "json")
@example("[" * 100_000, "toml")
@example('{"a":' * 100_000, "json")
@example("a." * 10_000 + "b = 1", "toml")
@example('{"fee": 1' + "0" * 5000 + "}", "json")
@example('{"fee": 1e' + "9" * 30 + "}", "json")
@example('{"name": "\\ud800"}', "json")
def test_no_text_does_anything_but_read_or_be_refused(text: str | bytes, form: str) -> None:
    try:
        PriceBook.from_text(text, form)
    except ValueError:
        pass


@pytest.mark.parametrize("form", ["toml", "json"])
def test_a_damaged_file_reads_or_is_refused(form: str) -> None:
    table = PriceBook.from_text(EXAMPLE).to_dict()
    whole = (toml(table) if form == "toml" else json.dumps(table)).encode()
    generator = random.Random(7)
    for _ in range(300):
        damaged = bytearray(whole[: generator.randrange(len(whole))])
        for _ in range(generator.randrange(3)):
            damaged[generator.randrange(len(damaged) or 1) : 1] = generator.randbytes(2)
        try:
            PriceBook.from_text(bytes(damaged), form)
        except ValueError:
            continue


def test_the_schema_knows_every_key_of_the_format() -> None:
    parts = SCHEMA["$defs"]

    def keys(*path: str) -> set[str]:
        found: Any = parts
        for key in path:
            found = found[int(key)] if isinstance(found, list) else found[key]
        return set(found["properties"])

    assert keys("book") == set(format.BOOK_KEYS)
    assert keys("model") == set(format.MODEL_KEYS)
    assert keys("period") == set(format.PERIOD_KEYS)
    assert keys("unit") == set(format.UNIT_KEYS)
    assert keys("window") == set(window_forms.WINDOW_KEYS)
    assert keys("window", "properties", "rules", "items") == set(window_forms.RULE_KEYS)
    assert keys("fallbacks", "items") == set(format.FALLBACK_KEYS)
    assert keys("price", "anyOf", "2") == set(price_forms.QUOTE_KEYS)
    assert keys("rules", "anyOf", "1") == set(format.RULE_KEYS)
    assert set(parts["rules"]["anyOf"][0]["enum"]) == set(PRICE_RULES)
    assert set(parts["price"]["anyOf"][1]["enum"]) == {special.value for special in Special}


@relaxed
@given(books)
def test_the_schema_accepts_what_is_written(book: PriceBook) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    jsonschema.Draft202012Validator(SCHEMA).validate(book.to_dict())


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for wrong in (
        {"nmae": "x"},
        {"models": [{"name": "m", "prices": {"input": "-1"}}]},
        {"models": [{"name": "m", "prices": {"input": {">2k": "1"}}}]},
        {"models": [{"name": "m", "prices": {}, "periods": []}]},
        {"models": [{"name": "m", "windows": {"w": {"hours": "8-9"}}}]},
        {"models": [{"name": "m", "patterns": ["a**"]}]},
        {"currency": "usd"},
        {"rules": "natve"},
    ):
        assert not validator.is_valid(wrong)
        with pytest.raises(ValueError, match="expected"):
            PriceBook.from_dict(wrong)
