"""Which parameters a player's cost depends on, and which layers it can be switched at."""

from __future__ import annotations

from collections.abc import Collection

from .fields import LAYERS, WORLD

# A quote replaces the supplier's cost and margin where its layer is not owned.
QUOTES = {
    "chip_price_usd": "chip",
    "colo_usd_kw_month": "site",
    "rent_usd_h": "cloud",
    "api_price_ratio": "model",
}

# What the seller of a layer adds to its cost.
_SELLERS = {
    "chip": ("chip_margin",),
    "server": ("server_margin",),
    "site": ("site_margin",),
    "cloud": ("sold_share", "cloud_margin"),
    "model": ("api_margin",),
    "app": ("app_margin",),
}

_SERVING = ("utilisation", "research_usd", "research_mtok")
_STATED_SPEED = ("decode_tok_s", "prefill_tok_s")
_COMPUTED_SPEED = ("decode_ratio", "prefill_ratio", "accept_len")
_CHIP = (
    "wafer_ratio",
    "die_mm2",
    "dies_per_chip",
    "defects_per_cm2",
    "recovered_share",
    "hbm_gb",
    "package_usd",
    "assembly_yield",
    "test_usd",
    "design_usd",
    "chip_volume",
)
_HOUR = (
    "server_other_usd",
    "network_share",
    "spare_share",
    "it_life_years",
    "wacc",
    "residual_share",
    "kw",
    "pue",
    "load",
    "power_usd_kwh",
    "operations_share",
)


def needed_keys(
    owns: frozenset[str], quotes: frozenset[str], *, computes: bool = False
) -> tuple[str, ...]:
    """Return the parameters that a player's cost depends on.

    Parameters
    ----------
    owns : frozenset of str
        Layers the player owns, out of `LAYERS`.
    quotes : frozenset of str
        Quotes that are given, out of `QUOTES`; those for owned layers do not count.
    computes : bool
        Whether its speed is computed by the serving model, and not stated.
    """
    valid = {quote for quote in quotes if QUOTES[quote] not in owns}
    keys = [] if "app" in owns else ["app_margin"]
    if "api_price_ratio" in valid:
        return ("api_price_ratio", *keys)
    keys += [*_SERVING, *(_COMPUTED_SPEED if computes else _STATED_SPEED)]
    keys += [] if "model" in owns else ["api_margin"]
    if "rent_usd_h" in valid:
        return ("rent_usd_h", *keys)
    keys += _HOUR
    keys += [] if "cloud" in owns else ["sold_share", "cloud_margin"]
    keys += [] if "server" in owns else ["server_margin"]
    if "colo_usd_kw_month" in valid:
        keys.append("colo_usd_kw_month")
    else:
        keys += ["site_usd_w", "site_life_years"]
        keys += [] if "site" in owns else ["site_margin"]
    if "chip_price_usd" in valid:
        keys.append("chip_price_usd")
    else:
        keys += [*_CHIP, "partner_margin" if "chip" in owns else "chip_margin"]
    return tuple(keys)


def useful_layers(owns: frozenset[str], quotes: frozenset[str]) -> frozenset[str]:
    """Return the owned layers that bear on the cost: a quote hides the layers below it."""
    valid = {QUOTES[quote] for quote in quotes if QUOTES[quote] not in owns}
    hidden = max((LAYERS.index(layer) for layer in valid - {"chip", "site"}), default=-1)
    return frozenset(layer for layer in owns if LAYERS.index(layer) > hidden)


def needed_world_keys(given: Collection[str], *, computes: bool = False) -> tuple[str, ...]:
    """Return the parameters of the world that a race depends on.

    Parameters
    ----------
    given : collection of str
        What the file states: lengths of a request, or their ratio.
    computes : bool
        Whether the speed of a player is computed by the serving model.
    """
    lengths = ("in_len", "out_len")
    without = {*lengths, "imbalance"}
    if computes:
        without = {"in_out_ratio"}
    elif set(lengths) & set(given):
        without = {"in_out_ratio", "imbalance"}
    return tuple(key for key in WORLD if key not in without)


def buys_tokens(owns: frozenset[str], quotes: frozenset[str]) -> bool:
    """Say whether the player buys tokens from an API, so that it has no speed of its own."""
    return "model" not in owns and "api_price_ratio" in quotes


def switch_keys(owns: frozenset[str], quotes: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the layers whose ownership can be switched, each with the parameters that it takes.

    An owned layer is switched to its supplier's margin; a bought one to the owner's cost, which is
    the quote without the seller's margin where there is a quote. A layer below a quoted price is
    somebody else's and not known.
    """
    valid = {QUOTES[quote] for quote in quotes if QUOTES[quote] not in owns}
    hidden = max((LAYERS.index(layer) for layer in valid - {"chip", "site"}), default=0)
    return {layer: _other_side(layer, layer in owns, layer in valid) for layer in LAYERS[hidden:]}


def _other_side(layer: str, is_owned: bool, is_quoted: bool) -> tuple[str, ...]:
    """Return the parameters that a layer takes when its ownership is the other way round."""
    if is_owned:
        return _SELLERS[layer]
    if is_quoted:  # a rent has the unsold hours in it
        return _SELLERS[layer][-1:]
    return ("partner_margin",) if layer == "chip" else ()
