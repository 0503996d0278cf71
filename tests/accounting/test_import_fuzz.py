"""Whatever a file holds, an importer returns a book or raises ValueError."""

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill.accounting.genai_prices import from_genai_prices
from tokenmill.accounting.litellm import from_litellm

NUMBERS = st.one_of(
    st.integers(), st.floats(), st.text("0123456789.eE+-", max_size=8), st.just(10**400)
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8))
LITELLM_KEYS = st.sampled_from(
    [
        "litellm_provider",
        "mode",
        "input_cost_per_token",
        "output_cost_per_token_flex",
        "input_cost_per_token_above_9k_tokens",
        "input_cost_per_token_above_9_tokens_batches",
        "cache_creation_input_token_cost_above_1hr",
        "tiered_pricing",
        "range",
        "off_peak_pricing",
        "windows",
        "hours_utc",
        "weekdays",
        "weekday_timezone",
        "search_context_cost_per_query",
        "provider_specific_entry",
        "us",
        "ocr_cost_per_page",
        "threshold_inclusive",
    ]
)
GENAI_KEYS = st.sampled_from(
    [
        "id",
        "models",
        "match",
        "prices",
        "constraint",
        "start_date",
        "start_time",
        "end_time",
        "input_mtok",
        "base",
        "tiers",
        "start",
        "price",
        "or",
        "equals",
        "regex",
    ]
)


def objects(keys):
    def inside(children):
        return st.one_of(
            st.lists(children, max_size=3), st.dictionaries(keys, children, max_size=6)
        )

    return st.recursive(LEAVES, inside, max_leaves=20)


@given(st.dictionaries(st.text(max_size=4), st.dictionaries(LITELLM_KEYS, objects(LITELLM_KEYS))))
@settings(deadline=None)
def test_litellm(entries):
    with contextlib.suppress(ValueError):
        from_litellm(entries)


@given(objects(LITELLM_KEYS))
@settings(deadline=None)
def test_litellm_of_any_shape(source):
    if not isinstance(source, str):
        with contextlib.suppress(ValueError):
            from_litellm(source)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.text(max_size=3),
                "models": st.lists(
                    st.fixed_dictionaries(
                        {
                            "id": st.text(max_size=3),
                            "match": objects(GENAI_KEYS),
                            "prices": objects(GENAI_KEYS),
                        }
                    ),
                    max_size=2,
                ),
            }
        ),
        max_size=2,
    )
)
@settings(deadline=None)
def test_genai_prices(providers):
    with contextlib.suppress(ValueError):
        from_genai_prices(providers)


@given(objects(GENAI_KEYS))
@settings(deadline=None)
def test_genai_prices_of_any_shape(source):
    if not isinstance(source, str):
        with contextlib.suppress(ValueError):
            from_genai_prices(source)


@given(st.binary(max_size=200), st.sampled_from([from_litellm, from_genai_prices]))
@settings(deadline=None)
def test_files_of_any_bytes(tmp_path_factory, data, read):
    path = tmp_path_factory.mktemp("fuzz") / "prices.json"
    path.write_bytes(data)
    with contextlib.suppress(ValueError):
        read(path)


@given(st.data())
@settings(deadline=None)
def test_a_good_file_with_one_byte_changed(tmp_path_factory, data):
    good = json.dumps(
        {
            "m": {
                "litellm_provider": "xai",
                "input_cost_per_token": 1e-6,
                "tiered_pricing": [{"range": [0, 9], "input_cost_per_token": 2e-6}],
                "off_peak_pricing": {"hours_utc": "01:00-02:00", "input_cost_per_token": 0},
            }
        }
    ).encode()
    at = data.draw(st.integers(0, len(good) - 1))
    path = tmp_path_factory.mktemp("fuzz") / "prices.json"
    path.write_bytes(good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :])
    with contextlib.suppress(ValueError):
        from_litellm(path)
