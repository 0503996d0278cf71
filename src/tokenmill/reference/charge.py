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
CACHED_PARTS = ("cache_audio_read", "cache_image_read", "cache_video_read", "cache_text_read")
KNOWN = frozenset(
    ("input", "input_text", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h")
    + (*INPUT_PARTS, *CACHED_PARTS, "output", "output_text", *OUTPUT_PARTS)
)


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


def specific(usage: Mapping[str, int], units: Mapping[str, Properties]) -> dict[str, int]:
    """Return what each counted unit counts and no counted part of it does."""
    found: dict[str, int] = {}
    for name in sorted(usage, key=lambda unit: -len(units[unit])):
        parts = [leaf for other, leaf in found.items() if units[name] < units[other]]
        found[name] = usage[name] - sum(parts)
    return found


def litellm_leaves(usage: Mapping[str, int], units: Mapping[str, Properties]) -> dict[str, int]:
    """Return what LiteLLM's generic path charges for each unit: it cuts what exceeds a total.

    Only a total that is counted cuts. Text that is counted apart is charged as such. Parts that
    LiteLLM does not know come out of the part it knows; citations are billed beside the output.
    """
    cached_parts = sum(usage.get(name, 0) for name in CACHED_PARTS)
    cached = usage.get("cache_read", cached_parts)
    split = usage.get("cache_write_5m", 0) + usage.get("cache_write_1h", 0)
    written = usage.get("cache_write", 0) or split
    prompt = usage.get("input", 0)
    parts = {
        name: max(usage.get(name, 0) - usage.get(f"cache_{name[6:]}_read", 0), 0)
        for name in INPUT_PARTS
    }
    given = max(usage.get("input_text", 0) - usage.get("cache_text_read", 0), 0)
    text = given
    exceeds = text + cached + written + sum(parts.values()) > prompt
    if "input" in usage and (cached or written) and exceeds:
        left = max(prompt - cached - written, 0)
        for name in INPUT_PARTS:
            parts[name] = min(parts[name], left)
            left -= parts[name]
        text = left
    elif not text:
        text = max(prompt - cached - written - sum(parts.values()), 0)
    spoken = usage.get("output_text", 0)
    made = sum(usage.get(name, 0) for name in OUTPUT_PARTS)
    known = {
        **{name: usage[name] for name in usage if name in KNOWN},
        **parts,
        "input": text,
        "output": spoken or max(usage.get("output", 0) - made, 0),
        "cache_read": max(cached - cached_parts, 0),
        "cache_write": 0 if split else usage.get("cache_write", 0),
    }
    found = specific(usage, units)
    inside = dict.fromkeys(known, 0)
    for name in usage.keys() - KNOWN:
        home = _home_of(name, usage, units)
        if home is not None:
            inside[{"input_text": "input", "output_text": "output"}.get(home, home)] += found[name]
    known = {name: max(count - inside[name], 0) for name, count in known.items()}
    known["input_text"] = known["output_text"] = 0
    if given:
        known |= {"input": 0, "input_text": known["input"]}
    if spoken:
        known |= {"output": 0, "output_text": known["output"]}
    return found | {name: count for name, count in known.items() if name in usage}


def _home_of(name: str, usage: Mapping[str, int], units: Mapping[str, Properties]) -> str | None:
    """Return the most specific counted unit that LiteLLM knows and that holds another."""
    if is_citation(name, units):
        return None
    return owner(name, KNOWN & usage.keys(), units)


def is_citation(name: str, units: Mapping[str, Properties]) -> bool:
    """Return whether a unit counts citations, which LiteLLM bills beside the output."""
    return ("type", "citation") in units[name]


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
