"""One row of usage charged by the letter, in fractions: the readable twin of the charge kernel.

The decomposition is that of genai-prices' unit registry (2026-08): the counts of a row overlap, and

    leaf(U) = usage(U) - sum of leaf(V) over the priced parts V of U

is what is charged at U's own price. LiteLLM's generic path (1.106.2) splits usage in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

Properties = frozenset[tuple[str, str]]

INPUT_PARTS = ("input_audio", "input_image", "input_video")
OUTPUT_PARTS = ("output_audio", "reasoning", "output_image", "output_video")


class ChargeError(ValueError):
    """A row that cannot be charged; its message is the name of the status."""


def usage_of(
    counts: Mapping[str, int],
    units: Mapping[str, Properties],
    cache_in_input: bool = True,
    reasoning_in_output: bool = True,
) -> dict[str, int]:
    """Return inclusive counts: input with what was cached, output with what was thought."""
    found = dict(counts)
    if not cache_in_input:
        found["input"] = counts.get("input", 0) + _outermost(counts, units, "cache_")
    if not reasoning_in_output:
        found["output"] = counts.get("output", 0) + _outermost(counts, units, "reasoning")
    return found


def _outermost(counts: Mapping[str, int], units: Mapping[str, Properties], word: str) -> int:
    """Return the sum of the units named so that are part of no other of them."""
    tokens = ("kind", "tokens")
    named = [name for name in counts if word in name and tokens in units[name]]
    return sum(
        counts[name] for name in named if not any(units[other] < units[name] for other in named)
    )


def leaves(
    usage: Mapping[str, int], priced: Iterable[str], units: Mapping[str, Properties]
) -> dict[str, int]:
    """Return what each priced unit charges.

    Raises
    ------
    ChargeError
        Parts exceed their total.
    """
    found: dict[str, int] = {}
    for name in sorted(priced, key=lambda unit: -len(units[unit])):
        parts = sum(leaf for other, leaf in found.items() if units[name] < units[other])
        found[name] = usage.get(name, 0) - parts
        if found[name] < 0:
            raise ChargeError("SUBSET_EXCEEDS_TOTAL")
    return found


def litellm_leaves(usage: Mapping[str, int]) -> dict[str, int]:
    """Return what LiteLLM's generic path charges for each unit: it cuts what exceeds a total."""
    found = dict(usage)
    cached = usage.get("cache_read", 0)
    split = usage.get("cache_write_5m", 0) + usage.get("cache_write_1h", 0)
    written = usage.get("cache_write", 0) or split
    prompt = usage.get("input", 0)
    parts = {
        name: max(usage.get(name, 0) - usage.get(f"cache_{name[6:]}_read", 0), 0)
        for name in INPUT_PARTS
    }
    text = usage.get("input_text", 0)
    if (cached or written) and text + cached + written + sum(parts.values()) > prompt:
        left = max(prompt - cached - written, 0)
        for name in INPUT_PARTS:
            parts[name] = min(parts[name], left)
            left -= parts[name]
        text = left
    elif not text:
        text = max(prompt - cached - written - sum(parts.values()), 0)
    if split:
        found["cache_write"] = 0
    cached_parts = sum(usage.get(f"cache_{name[6:]}_read", 0) for name in INPUT_PARTS)
    found |= {"input": text, "cache_read": max(cached - cached_parts, 0), **parts}
    made = sum(usage.get(name, 0) for name in OUTPUT_PARTS)
    found["output"] = usage.get("output_text", 0) or max(usage.get("output", 0) - made, 0)
    found.pop("input_text", None)
    found.pop("output_text", None)
    return found


def owner(name: str, priced: Iterable[str], units: Mapping[str, Properties]) -> str | None:
    """Return the most specific priced unit that is `name` or contains it."""
    holding = [other for other in priced if units[other] <= units[name]]
    typed = {other: any(axis == "type" for axis, _ in units[other]) for other in holding}
    return max(holding, key=lambda other: (len(units[other]), typed[other]), default=None)


def cost_of(
    charged: Mapping[str, int], prices: Mapping[str, Fraction], units: Mapping[str, Properties]
) -> dict[str, Fraction]:
    """Return the cost of each charged unit at the price of what holds it."""
    found = {}
    for name, count in charged.items():
        holder = owner(name, prices, units)
        found[name] = count * prices[holder] if holder is not None else Fraction(0)
    return found


def marginal(count: int, base: Fraction, steps: Iterable[tuple[int, Fraction]]) -> Fraction:
    """Return the cost of `count` where what is beyond each threshold has that step's price."""
    cost, previous = count * base, base
    for above, price in sorted(steps):
        cost += max(count - above, 0) * (price - previous)
        previous = price
    return cost
