"""How tools split the counts of a row, in fractions: for the readable twin of the charge kernel.

Sources: genai-prices' unit registry (2026-08), whose counts overlap; the generic path of LiteLLM
(1.106.2), which splits usage in its own way; marginal tiers as ccusage has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

Properties = frozenset[tuple[str, str]]

INPUT_PARTS = ("input_audio", "input_image", "input_video")
OUTPUT_PARTS = ("output_audio", "reasoning", "output_image", "output_video")


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


def marginal(count: int, base: Fraction, steps: Iterable[tuple[int, Fraction]]) -> Fraction:
    """Return the cost of `count` where what is beyond each threshold has that step's price."""
    cost, previous = count * base, base
    for above, price in sorted(steps):
        cost += max(count - above, 0) * (price - previous)
        previous = price
    return cost
