"""LiteLLM's rules, one small entry each; prices in dollars per token as LiteLLM writes them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.accounting.evaluate import is_open, price_of, resolve
from tokenmill.accounting.litellm import from_litellm, read_litellm
from tokenmill.accounting.rates import Special

MICRO = Fraction(1, 10**6)


def model_of(provider="openai", mode="chat", **keys):
    (model,) = from_litellm({"m": {"litellm_provider": provider, "mode": mode, **keys}}).models
    return model


def micro(model, unit, tier="", basis=1, window="", region=""):
    """The price of a unit in millionths of a dollar."""
    rates = model.periods[0].rates
    return price_of(unit, resolve(model, rates, tier, basis, window, region)) / MICRO


FLAT = {"input_cost_per_token": 4e-6, "output_cost_per_token": 8e-6}


@pytest.mark.parametrize(
    ("keys", "unit", "tier", "basis", "expected"),
    [
        # No price: input and output are free, cached and written tokens cost what input does.
        ({}, "input", "", 1, 0),
        (FLAT, "cache_read", "", 1, 4),
        (FLAT, "cache_write_1h", "", 1, 4),
        (FLAT | {"cache_creation_input_token_cost": 5e-6}, "cache_write_1h", "", 1, 5),
        (FLAT | {"cache_read_input_token_cost": 0.0}, "cache_read", "", 1, 0),
        (FLAT | {"cache_read_input_token_cost": None}, "cache_read", "", 1, 4),
        ({"output_cost_per_image_token": 3e-5}, "output", "", 1, 30),
        # Service tiers: their own price, else the standard one; fast is priority.
        (FLAT | {"input_cost_per_token_flex": 2e-6}, "input", "flex", 1, 2),
        (FLAT | {"input_cost_per_token_flex": 2e-6}, "cache_read", "flex", 1, 2),
        (FLAT | {"input_cost_per_token_flex": 2e-6}, "output", "flex", 1, 8),
        (FLAT | {"input_cost_per_token_priority": 7e-6}, "input", "fast", 1, 7),
        # Thresholds are passed, not reached, and go by number: 90k is before 128k.
        (FLAT | {"input_cost_per_token_above_128k_tokens": 9e-6}, "input", "", 128_000, 4),
        (FLAT | {"input_cost_per_token_above_128k_tokens": 9e-6}, "input", "", 128_001, 9),
        (FLAT | {"input_cost_per_token_above_500_tokens": 9e-6}, "input", "", 501, 9),
        (
            FLAT
            | {
                "input_cost_per_token_above_90k_tokens": 6e-6,
                "input_cost_per_token_above_128k_tokens": 9e-6,
            },
            "input",
            "",
            100_000,
            6,
        ),
        # A threshold of batches or of another service tier is none.
        (FLAT | {"input_cost_per_token_above_9_tokens_batches": 1e-6}, "input", "", 10, 4),
        (FLAT | {"input_cost_per_token_above_9_tokens_priority": 1e-6}, "input", "flex", 10, 4),
        (FLAT | {"input_cost_per_token_above_9_tokens_priority": 1e-6}, "input", "priority", 10, 1),
        # Flex above a threshold that only the standard tier has pays the standard price.
        (
            FLAT | {"input_cost_per_token_flex": 2e-6, "input_cost_per_token_above_9_tokens": 6e-6},
            "input",
            "flex",
            10,
            6,
        ),
        # The price of an hour's write ignores the service tier, but not above a threshold.
        (
            FLAT
            | {
                "cache_creation_input_token_cost_above_1hr": 6e-6,
                "cache_creation_input_token_cost_above_1hr_flex": 3e-6,
                "cache_creation_input_token_cost_above_1hr_above_9_tokens_flex": 5e-6,
            },
            "cache_write_1h",
            "flex",
            9,
            6,
        ),
        (
            FLAT
            | {
                "cache_creation_input_token_cost_above_1hr": 6e-6,
                "cache_creation_input_token_cost_above_1hr_above_9_tokens_flex": 5e-6,
            },
            "cache_write_1h",
            "flex",
            10,
            5,
        ),
        # Reasoning: the tier's own, else the tier's output, else the standard one, else output.
        (FLAT, "reasoning", "", 1, 8),
        (FLAT | {"output_cost_per_reasoning_token": 9e-6}, "reasoning", "flex", 1, 9),
        (
            FLAT | {"output_cost_per_reasoning_token": 9e-6, "output_cost_per_token_flex": 3e-6},
            "reasoning",
            "flex",
            1,
            3,
        ),
        # Audio has no thresholds; cached audio costs what cached tokens do.
        (FLAT | {"input_cost_per_audio_token": 5e-5}, "input_audio", "", 1, 50),
        (FLAT | {"input_cost_per_audio_token": 5e-5}, "cache_audio_read", "", 1, 4),
        (FLAT | {"input_cost_per_audio_token": 5e-5}, "cache_audio_write_1h", "", 1, 4),
        (FLAT | {"cache_read_input_audio_token_cost": 1e-6}, "cache_audio_read", "", 1, 1),
        # Batch: its own price, else half; cached tokens without one cost what batch input does.
        (FLAT, "input", "batch", 1, 2),
        (FLAT, "reasoning", "batch", 1, 4),
        (FLAT | {"input_cost_per_token_above_9_tokens": 6e-6}, "input", "batch", 10, 3),
        (
            FLAT | {"input_cost_per_token_batches": 3e-6, "cache_read_input_token_cost": 1e-6},
            "cache_read",
            "batch",
            1,
            3,
        ),
        (
            FLAT
            | {
                "input_cost_per_token_batches": 3e-6,
                "input_cost_per_token_above_9_tokens": 6e-6,
                "input_cost_per_token_above_9_tokens_batches": 5e-6,
            },
            "input",
            "batch",
            10,
            5,
        ),
    ],
)
def test_rates(keys, unit, tier, basis, expected):
    assert micro(model_of(**keys), unit, tier, basis) == expected


@pytest.mark.parametrize(
    ("provider", "keys"), [("xai", {}), ("openai", {"threshold_inclusive": True})]
)
def test_some_thresholds_are_reached(provider, keys):
    model = model_of(provider, **FLAT, input_cost_per_token_above_200k_tokens=9e-6, **keys)
    assert micro(model, "input", basis=199_999) == 4
    assert micro(model, "input", basis=200_000) == 9


def test_fireworks_reads_from_the_cache_at_half_of_standard_input():
    keys = FLAT | {"input_cost_per_token_priority": 6e-6}
    model = model_of("fireworks_ai", **keys)
    assert micro(model, "cache_read") == micro(model, "cache_read", "priority") == 2
    assert micro(model, "cache_read", "batch") == 1
    batch = model_of("fireworks_ai", **keys, input_cost_per_token_batches=3e-6)
    assert micro(batch, "cache_read", "batch") == 3


ROWS = [
    {"range": [32_000, 128_000], "input_cost_per_token": 2e-6, "output_cost_per_token": 4e-6},
    {
        "range": [0, 32_000],
        "input_cost_per_token": 1e-6,
        "cache_creation_input_token_cost": 3e-6,
        "output_cost_per_reasoning_token": 7e-6,
    },
]


@pytest.mark.parametrize(
    ("unit", "tier", "basis", "expected"),
    [
        ("input", "", 0, 4),  # no input: the flat prices
        ("input", "", 1, 1),
        ("input", "", 32_000, 1),
        ("input", "", 32_001, 2),
        ("input", "", 900_000, 2),  # beyond the last row: the last row
        ("input", "flex", 0, 3),
        ("input", "flex", 1, 1),  # a row has no service tiers
        ("input", "batch", 40_000, 1),
        ("cache_read", "", 1, 1),  # never the flat price of the cache
        ("cache_write", "", 1, 3),
        ("cache_write_1h", "", 1, 3),
        ("cache_write_1h", "", 40_000, 2),
        ("output", "", 1, 8),  # a row without output: the flat one
        ("reasoning", "", 1, 7),
        ("reasoning", "", 40_000, 4),
    ],
)
def test_rows_of_tiered_pricing(unit, tier, basis, expected):
    model = model_of(
        **FLAT,
        input_cost_per_token_flex=3e-6,
        cache_read_input_token_cost=5e-7,
        tiered_pricing=ROWS,
    )
    assert micro(model, unit, tier, basis) == expected


def test_a_row_without_input_leaves_the_flat_prices():
    model = model_of(**FLAT, tiered_pricing=[{"range": [0, 9], "output_cost_per_token": 1}])
    assert micro(model, "output", basis=5) == 8


BLOCK = {
    "input_cost_per_token": 1e-6,
    "output_cost_per_token": 2e-6,
    "hours_utc": "22:00-02:00",
    "windows": [{"hours_utc": ["09:00-10:00"], "weekdays": ["sat", 7, "1"]}],
    "weekday_timezone": "Asia/Shanghai",
}


@pytest.mark.parametrize(
    ("unit", "tier", "expected"),
    [
        ("input", "", 1),
        ("input", "priority", 1),  # an open window replaces what a service tier pays
        ("cache_read", "", 1),
        ("cache_write_1h", "", 6),  # never the write of an hour
        ("input_audio", "", 50),
        ("reasoning", "", 2),
        ("input", "batch", 2),
    ],
)
def test_an_open_window_replaces_prices_field_by_field(unit, tier, expected):
    model = model_of(
        **FLAT,
        input_cost_per_token_priority=9e-6,
        cache_creation_input_token_cost_above_1hr=6e-6,
        input_cost_per_audio_token=5e-5,
        off_peak_pricing=BLOCK,
    )
    assert micro(model, unit, tier, window="off_peak") == expected


def test_a_window_keeps_the_cache_rates_of_a_row():
    model = model_of(tiered_pricing=ROWS, off_peak_pricing=BLOCK)
    assert micro(model, "cache_read", basis=40_000, window="off_peak") == 2
    assert micro(model, "input", basis=40_000, window="off_peak") == 1


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-01-07 21:59", False),
        ("2026-01-07 22:00", True),
        ("2026-01-08 01:59", True),
        ("2026-01-08 02:00", False),
        ("2026-01-10 09:30", True),  # a Saturday
        ("2026-01-12 09:30", True),  # a Monday, as a digit
        ("2026-01-13 09:30", False),
    ],
)
def test_when_a_window_is_open(time, expected):
    window = model_of(**FLAT, off_peak_pricing=BLOCK).windows["off_peak"]
    assert is_open(window, datetime.fromisoformat(time).replace(tzinfo=UTC)) is expected


def test_weekdays_are_of_their_own_zone():
    block = {"windows": [{"weekdays": [6]}], "weekday_timezone": "Asia/Shanghai"}
    window = model_of(off_peak_pricing=block).windows["off_peak"]
    assert is_open(window, datetime(2026, 1, 9, 16, 0, tzinfo=UTC))  # Saturday in Shanghai
    assert not is_open(window, datetime(2026, 1, 10, 16, 0, tzinfo=UTC))


def test_malformed_windows_never_open_and_are_listed():
    block = {
        "hours_utc": ["25:00-26:00", "8-9", 7],
        "windows": ["x", {"hours_utc": "08:00-09:00", "weekdays": "mon"}],
        "weekday_timezone": "Nowhere/Here",
    }
    report = read_litellm({"m": FLAT | {"off_peak_pricing": block}})
    (model,) = report.book.models
    assert not model.windows
    keys = [one.key.removeprefix("off_peak_pricing") for one in report.ignored]
    hours = [".hours_utc"] * 3
    assert keys == [*hours, ".weekday_timezone", ".windows[0]", ".windows[1].weekdays", ""]


def test_factors():
    model = model_of(
        **FLAT,
        regional_processing_uplift_multiplier_eu=1.1,
        regional_endpoint_uplift_multiplier=1.2,
        input_cost_per_token_priority=9e-6,
        provider_specific_entry={"us": 1.5, "fast": 2},
    )
    assert micro(model, "input", region="eu") == Fraction("4.4")
    assert micro(model, "input", region="regional") == Fraction("4.8")
    assert micro(model, "input", region="us") == 6
    assert micro(model, "input", "fast") == 8
    assert micro(model, "input", "priority") == 9


@pytest.mark.parametrize(
    ("mode", "key", "unit", "dollars"),
    [
        ("chat", "input_cost_per_image", "input_images", "1"),
        ("image_generation", "output_cost_per_image", "output_images", "1"),
        ("image_generation", "input_cost_per_pixel", "input_pixels", "1"),
        ("audio_speech", "input_cost_per_character", "input_characters", "1"),
        ("audio_transcription", "input_cost_per_second", "input_audio_milliseconds", "0.001"),
        ("audio_transcription", "output_cost_per_second", "input_audio_milliseconds", "0.001"),
        ("audio_speech", "output_cost_per_second", "output_audio_milliseconds", "0.001"),
        ("video_generation", "output_cost_per_second", "output_video_milliseconds", "0.001"),
        (
            "video_generation",
            "output_cost_per_video_per_second",
            "output_video_milliseconds",
            ".001",
        ),
        ("embedding", "input_cost_per_audio_per_second", "input_audio_milliseconds", "0.001"),
        ("rerank", "input_cost_per_query", "rerank_searches", "1"),
        ("search", "input_cost_per_query", "web_searches", "1"),
        ("ocr", "ocr_cost_per_page", "input_pages", "1"),
        ("ocr", "annotation_cost_per_page", "input_annotated_pages", "1"),
        ("chat", "input_cost_per_request", "requests", "1"),
        ("chat", "google_maps_grounding_cost_per_query", "maps_queries", "1"),
        ("chat", "code_interpreter_cost_per_session", "code_sessions", "1"),
        ("chat", "citation_cost_per_token", "citation", "1"),
    ],
)
def test_other_units(mode, key, unit, dollars):
    report = read_litellm({"m": {"mode": mode, key: 1}})
    (model,) = report.book.models
    assert not report.ignored
    assert price_of(unit, resolve(model, model.periods[0].rates, "", 1, "")) == Fraction(dollars)


def test_searches_have_the_price_of_one_size():
    entry = {
        "m": {
            "search_context_cost_per_query": {
                "search_context_size_low": 1,
                "search_context_size_medium": 2,
            }
        }
    }
    report = read_litellm(entry)
    assert micro(report.book.models[0], "web_searches") == 2 / MICRO
    assert [one.key[-3:] for one in report.ignored] == ["low"]
    assert micro(from_litellm(entry, search_size="low").models[0], "web_searches") == 1 / MICRO


def test_a_negative_price_is_dynamic():
    model = model_of(input_cost_per_token=-1)
    assert resolve(model, model.periods[0].rates, "", 1, "")["input"] is Special.DYNAMIC
    assert resolve(model, model.periods[0].rates, "batch", 1, "")["input"] is Special.DYNAMIC


def test_names():
    book = from_litellm(
        {
            "sample_spec": {"input_cost_per_token": 1},
            "azure/gpt": {"litellm_provider": "azure"},
            "azure/own": {"litellm_provider": "azure"},
            "own": {"litellm_provider": "azure"},
            "bare": {},
        }
    )
    found = [(model.provider, model.name, model.aliases) for model in book.models]
    assert found == [
        ("", "bare", ()),
        ("azure", "azure/gpt", ("gpt",)),
        ("azure", "azure/own", ()),
        ("azure", "own", ()),
    ]
    assert book.rules.name == "litellm"


def test_noise_is_repaired_and_listed(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text('{"m": {"input_cost_per_token": 5.0000000000000004E-8}}')
    report = read_litellm(path)
    assert micro(report.book.models[0], "input") == Fraction("0.05")
    assert [(r.model, r.key, r.found, r.used) for r in report.repairs] == [
        ("m", "input_cost_per_token", "5.0000000000000004E-8", "5E-8")
    ]
    exact = read_litellm(str(path), repair="none")
    assert micro(exact.book.models[0], "input") == Fraction("0.050000000000000004")
    assert not exact.repairs


def test_money_that_is_not_read_is_listed_and_other_keys_are_not():
    report = read_litellm(
        {"m": {"max_tokens": 8, "input_dbu_cost_per_token": 1, "output_cost_per_token": "x"}}
    )
    assert [(one.key, one.reason) for one in report.ignored] == [
        ("output_cost_per_token", "no number: 'x'"),
        ("input_dbu_cost_per_token", "not read"),
    ]


@pytest.mark.parametrize("value", ["4e-6", " 4E-6 ", 4e-6, Decimal("0.000004")])
def test_prices_may_be_text(value):
    assert micro(model_of(input_cost_per_token=value), "input") == 4


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ([], "expected entries by model"),
        ({"m": 3}, "expected an object for 'm'"),
        ({3: {}}, "expected an object for 3"),
        ({"m": {3: 4}}, "keys of text"),
        ({"m": {str(i): 1 for i in range(1001)}}, "at most 1000 keys"),
    ],
)
def test_refusals(source, words):
    with pytest.raises(ValueError, match=words):
        from_litellm(source)


@pytest.mark.parametrize(
    "text", ["", "[", "\xff", "NaN", '{"m": {"x": Infinity}}', "[" * 100_000, '{"m": []}']
)
def test_malformed_files(tmp_path, text):
    path = tmp_path / "prices.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="expected"):
        from_litellm(path)


def test_options_are_checked():
    with pytest.raises(ValueError, match='repair: expected "15" or "none", found 15'):
        from_litellm({}, repair=15)
    with pytest.raises(ValueError, match="search_size: expected one of low, medium, high"):
        from_litellm({}, search_size="huge")
    assert from_litellm({}).models == ()


def test_numbers_that_would_fill_the_memory_are_no_prices(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(
        json.dumps({"m": {"input_cost_per_token": "1e99"}}).replace('"1e99"', "1e999999")
    )
    report = read_litellm(path)
    assert [one.key for one in report.ignored] == ["input_cost_per_token"]


BATCH = FLAT | {
    "input_cost_per_token_batches": 3e-6,
    "output_cost_per_token_batches": 5e-6,
    "cache_creation_input_token_cost": 5e-6,
    "cache_creation_input_token_cost_above_1hr": 9e-6,
    "cache_creation_input_token_cost_batches": 2e-6,
    "output_cost_per_reasoning_token": 9e-6,
    "output_cost_per_image_token": 4e-5,
    "input_cost_per_audio_token": 5e-5,
    "input_cost_per_image_token": 6e-5,
    "input_cost_per_image_token_batches": 7e-5,
}


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("output", 5),
        ("reasoning", 5),  # what has no batch price of its own costs what batch output does,
        ("output_image", 20),  # but for images: half
        ("input_audio", 3),
        ("input_image", 70),
        ("cache_write", 2),
        ("cache_write_1h", 2),  # one batch price of writes, however long they live
        ("cache_image_read", 3),
    ],
)
def test_batch_prices_of_an_entry(unit, expected):
    assert micro(model_of(**BATCH), unit, "batch") == expected


def test_half_of_what_has_no_batch_price():
    keys = {key: price for key, price in BATCH.items() if not key.endswith("_batches")}
    units = ("cache_write", "cache_write_1h", "input_audio", "output")
    found = [micro(model_of(**keys), unit, "batch") for unit in units]
    assert found == [Fraction("2.5"), Fraction("2.5"), 25, 4]
