"""The batch rates of a LiteLLM entry: its `_batches` prices, else half of the standard ones.

Source: the behaviour of `batch_cost_calculator` of litellm 1.106.2, with two differences where an
entry has no batch price of input: the half is that of the request's context tier, and cached tokens
without any price cost what batch input does (LiteLLM halves the base price and forgets them).
"""

from __future__ import annotations

from fractions import Fraction

from .litellm_rates import ABOVE, KEYS, MODALITIES, Entry, join_caches, token_rates, tokens
from .rate_cells import Cell
from .rates import Price, Special

TIER = "batch"
_SUFFIX = "_batches"
_INHERIT = Special.INHERIT


def batch_cells(entry: Entry, window: str, points: list[int]) -> dict[Cell, dict[str, Price]]:
    """Return the batch rates from each point on; a window never changes them."""
    return {(window, TIER, above): _rates(entry, above) for above in points}


def _rates(entry: Entry, above: int) -> dict[str, Price]:
    """Return the batch rates of one context tier, by unit."""
    standard = token_rates(entry, "", above, is_open=False)
    own = _batch(entry, "input", above)
    rates = _halved(standard) if own is None else _own_input(entry, own, above)
    output = _batch(entry, "output", above)
    if output is not None:
        rates |= {unit: _INHERIT for unit in standard if _is_output(unit)}
        rates["output"] = output
    image = entry.price(f"output_cost_per_image_token{_SUFFIX}")
    if image is None:
        image = half(entry.price("output_cost_per_image_token"))
    if image is not None:
        rates["output_image"] = image
    # Of writes LiteLLM knows one batch price, however long they live.
    rates["cache_write_1h"] = _INHERIT
    return rates


def _halved(standard: dict[str, Price]) -> dict[str, Price]:
    return {unit: half(price) or price for unit, price in standard.items()}


def _own_input(entry: Entry, own: Price, above: int) -> dict[str, Price]:
    """Return the rates of input where it has a batch price: what has none costs that."""
    standard = token_rates(entry, "", above, is_open=False)
    rates = {
        unit: _INHERIT if not _is_output(unit) else half(price) or price
        for unit, price in standard.items()
    }
    rates["input"] = own
    for unit in ("cache_read", "cache_write"):
        price = _batch(entry, unit, above)
        rates[unit] = _INHERIT if price is None else price
    for name in MODALITIES:
        price = entry.price(f"input_cost_per_{name}_token{_SUFFIX}")
        if price is not None:
            rates[f"input_{name}"] = price
            join_caches(rates, name)
    return rates


def _batch(entry: Entry, unit: str, above: int) -> Price | None:
    """Return the batch price at the highest threshold of its own that is passed, else the flat one.

    Batch thresholds are read key by key: one of input says nothing of output.
    """
    passed = {}
    for key, value in entry.fields.keys.items():
        parts = ABOVE.fullmatch(key)
        if parts and parts[1] == KEYS[unit] and parts[4] == _SUFFIX and value is not None:
            passed[entry.above(tokens(parts))] = key
    highest = max((at for at in passed if at <= above), default=None)
    price = None if highest is None else entry.price(passed[highest])
    return entry.price(KEYS[unit] + _SUFFIX) if price is None else price


def half(price: Price | None) -> Price | None:
    """Return half of a price; what is no number stays as it is."""
    return price / 2 if isinstance(price, Fraction) else price


def _is_output(unit: str) -> bool:
    return unit == "reasoning" or unit.startswith("output")
