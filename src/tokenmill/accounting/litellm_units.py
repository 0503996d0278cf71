"""What a LiteLLM entry bills by other counts than tokens, and where a request runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .imported import Fields
from .litellm_batch import TIER
from .rates import Price, Rate

_SECOND = Fraction(1, 1000)
"""Units count milliseconds, the file prices seconds."""

_PLAIN = (
    ("input_cost_per_character", "input_characters", Fraction(1)),
    ("output_cost_per_character", "output_characters", Fraction(1)),
    ("input_cost_per_text_message", "input_text_messages", Fraction(1)),
    ("input_cost_per_image", "input_images", Fraction(1)),
    ("output_cost_per_image", "output_images", Fraction(1)),
    ("input_cost_per_pixel", "input_pixels", Fraction(1)),
    ("output_cost_per_pixel", "output_pixels", Fraction(1)),
    ("input_cost_per_audio_per_second", "input_audio_milliseconds", _SECOND),
    ("input_cost_per_video_per_second", "input_video_milliseconds", _SECOND),
    ("output_cost_per_video_per_second", "output_video_milliseconds", _SECOND),
    ("input_cost_per_request", "requests", Fraction(1)),
    ("google_maps_grounding_cost_per_query", "maps_queries", Fraction(1)),
    ("code_interpreter_cost_per_session", "code_sessions", Fraction(1)),
    ("citation_cost_per_token", "citation", Fraction(1)),
)

# What a second or a query is depends on what the model does.
_INPUT_SECONDS = {
    "audio_transcription": "input_audio_milliseconds",
    "realtime": "input_audio_milliseconds",
}
_OUTPUT_SECONDS = {
    # LiteLLM bills a transcription by either key, for the same seconds.
    "audio_transcription": "input_audio_milliseconds",
    "audio_speech": "output_audio_milliseconds",
    "video_generation": "output_video_milliseconds",
}
_QUERIES = {
    "rerank": "rerank_searches",
    "search": "web_searches",
    "vector_store": "storage_searches",
    "embedding": "requests",
}
_SEARCH = "search_context_cost_per_query"
_OWN = "provider_specific_entry"
SEARCH_SIZES = ("low", "medium", "high")


@dataclass(frozen=True)
class _Found:
    unit: str
    price: Price
    tier: str = ""


def other_rates(fields: Fields, mode: str, search_size: str) -> tuple[Rate, ...]:
    """Return the rates of characters, images, seconds, pages, searches and requests.

    Where two keys price one unit, the first that is not zero holds.
    """
    found: dict[tuple[str, str], Price] = {}
    for one in (*_plain(fields), *_by_mode(fields, mode), *_pages(fields)):
        if not found.get((one.unit, one.tier)):
            found[(one.unit, one.tier)] = one.price
    search = _search(fields, search_size)
    if search is not None:
        found.setdefault(("web_searches", ""), search)
    return tuple(Rate(unit, price, tier) for (unit, tier), price in sorted(found.items()))


def _plain(fields: Fields) -> Iterator[_Found]:
    for key, unit, count in _PLAIN:
        price = fields.price(key)
        if price is not None:
            yield _Found(unit, _times(price, count))


def _by_mode(fields: Fields, mode: str) -> Iterator[_Found]:
    for key, units, count in (
        ("output_cost_per_second", _OUTPUT_SECONDS, _SECOND),
        ("input_cost_per_second", _INPUT_SECONDS, _SECOND),
        ("input_cost_per_query", _QUERIES, Fraction(1)),
    ):
        if mode in units:
            price = fields.price(key)
            if price is not None:
                yield _Found(units[mode], _times(price, count))


def _pages(fields: Fields) -> Iterator[_Found]:
    """Yield the prices of pages; LiteLLM bills an annotated page as a page and an annotation."""
    for suffix, tier in (("", ""), ("_batches", TIER)):
        page = fields.price("ocr_cost_per_page" + suffix)
        annotation = fields.price("annotation_cost_per_page" + suffix)
        if page is not None:
            yield _Found("input_pages", page, tier)
        if annotation is not None:
            yield _Found("input_annotated_pages", _sum(annotation, page), tier)


def _times(price: Price, count: Fraction) -> Price:
    return price * count if isinstance(price, Fraction) else price


def _sum(price: Price, other: Price | None) -> Price:
    if isinstance(price, Fraction) and isinstance(other, Fraction):
        return price + other
    return price


def _search(fields: Fields, size: str) -> Price | None:
    """Return the price of a web search at one of the three sizes; other prices are noted."""
    prices = fields.raw(_SEARCH)
    if prices is None:
        return None
    if not isinstance(prices, dict):
        fields.ignore(_SEARCH, "no object")
        return None
    sizes = Fields(fields.notes, fields.model, prices, _SEARCH + ".")
    key = f"search_context_size_{size}"
    for other in sizes.keys:
        if other != key and sizes.keys[other] != sizes.keys.get(key):
            sizes.ignore(other, f"searches have the price of size {size}")
    return sizes.price(key)


def region_factors(fields: Fields) -> Iterator[tuple[str, str, Fraction]]:
    """Yield (axis, value, factor) of the multipliers of an entry.

    Regions are ``eu`` and ``us``, and ``regional`` for any location of Vertex AI but ``global``.
    """
    for key, region in (
        ("regional_processing_uplift_multiplier_eu", "eu"),
        ("regional_processing_uplift_multiplier_us", "us"),
        ("regional_endpoint_uplift_multiplier", "regional"),
    ):
        yield from _factor(fields, key, "region", region)
    own = fields.raw(_OWN)
    if isinstance(own, dict):
        inner = Fields(fields.notes, fields.model, own, _OWN + ".")
        yield from _factor(inner, "us", "region", "us")
        yield from _factor(inner, "fast", "service_tier", "fast")
        for key in inner.unread():
            inner.ignore(key, "not read")
    elif own is not None:
        fields.ignore(_OWN, "no object")


def _factor(fields: Fields, key: str, axis: str, value: str) -> Iterator[tuple[str, str, Fraction]]:
    factor = fields.price(key)
    if isinstance(factor, Fraction):
        yield axis, value, factor
    elif factor is not None:
        fields.ignore(key, "a negative factor")
