"""What each convention's columns mean, from usage as the providers' interfaces report it."""

from typing import Any

import pytest

from tokenmill.accounting.conventions import CONVENTIONS, convention_of
from tokenmill.accounting.ledger import Ledger
from tokenmill.accounting.rules import UsageConvention
from tokenmill.accounting.units import UNITS

FIELDS = {"provider", "model", "service_tier", "requested_service_tier", "region"}
# One answer of each interface, its numbers distinct so that none can stand for another.
ANSWERS: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    "openai chat": (
        "openai",
        {
            "prompt_tokens": [100],
            "completion_tokens": [50],
            "total_tokens": [150],
            "prompt_tokens_details": {"cached_tokens": [40], "audio_tokens": [7]},
            "completion_tokens_details": {"reasoning_tokens": [30], "audio_tokens": [3]},
        },
        {
            "input": 100,
            "output": 50,
            "cache_read": 40,
            "input_audio": 7,
            "reasoning": 30,
            "output_audio": 3,
        },
    ),
    "openai responses": (
        "openai",
        {
            "input_tokens": [100],
            "output_tokens": [50],
            "input_tokens_details": {"cached_tokens": [40]},
            "output_tokens_details": {"reasoning_tokens": [30]},
        },
        {"input": 100, "output": 50, "cache_read": 40, "reasoning": 30},
    ),
    "openai flat": (
        "openai",
        {"prompt_tokens": [100], "completion_tokens": [50], "cached_tokens": [40]},
        {"input": 100, "output": 50, "cache_read": 40},
    ),
    "anthropic": (
        "anthropic",
        {
            "input_tokens": [10],
            "cache_read_input_tokens": [20],
            "cache_creation_input_tokens": [30],
            "cache_creation": {
                "ephemeral_5m_input_tokens": [18],
                "ephemeral_1h_input_tokens": [12],
            },
            "output_tokens": [5],
            "server_tool_use": {"web_search_requests": [2]},
        },
        {
            "input": 10,
            "cache_read": 20,
            "cache_write": 30,
            "cache_write_5m": 18,
            "cache_write_1h": 12,
            "output": 5,
            "web_searches": 2,
        },
    ),
    "gemini": (
        "gemini",
        {
            "promptTokenCount": [100],
            "cachedContentTokenCount": [40],
            "candidatesTokenCount": [50],
            "thoughtsTokenCount": [30],
            "toolUsePromptTokenCount": [9],
        },
        {"input": 109, "cache_read": 40, "output": 50, "reasoning": 30, "input_tool": 9},
    ),
    "otel": (
        "otel",
        {
            "gen_ai.usage.input_tokens": [100],
            "gen_ai.usage.cache_read.input_tokens": [40],
            "gen_ai.usage.cache_creation.input_tokens": [6],
            "gen_ai.usage.output_tokens": [50],
            "gen_ai.usage.reasoning.output_tokens": [30],
        },
        {"input": 100, "cache_read": 40, "cache_write": 6, "output": 50, "reasoning": 30},
    ),
    "litellm": (
        "litellm",
        {
            "prompt_tokens": [100],
            "completion_tokens": [50],
            "cache_read_input_tokens": [40],
            "cache_creation_input_tokens": [6],
        },
        {"input": 100, "output": 50, "cache_read": 40, "cache_write": 6},
    ),
    "genai_prices": (
        "genai_prices",
        {
            "input_tokens": [100],
            "cache_audio_read_tokens": [4],
            "input_text_tool_tokens": [5],
            "output_tokens": [50],
            "output_reasoning_tokens": [30],
            "output_image_reasoning_tokens": [2],
            "web_searches": [3],
        },
        {
            "input": 100,
            "cache_audio_read": 4,
            "input_text_tool": 5,
            "output": 50,
            "reasoning": 30,
            "output_image_reasoning": 2,
            "web_searches": 3,
        },
    ),
    "native": ("native", {"input": [100], "reasoning": [3]}, {"input": 100, "reasoning": 3}),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_counts_of_an_answer(answer: str) -> None:
    convention, usage, expected = ANSWERS[answer]
    (batch,) = Ledger({"model": ["m"], **usage}, convention)
    assert {unit: counts.tolist() for unit, counts in batch.counts.items()} == {
        unit: [count] for unit, count in expected.items()
    }


def test_gemini_without_a_prompt_has_the_tokens_of_tools_alone() -> None:
    (batch,) = Ledger({"model": ["m", "m"], "toolUsePromptTokenCount": [9, None]}, "gemini")
    assert batch.counts["input"].tolist() == [9, 0]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_name_stands_for_something(name: str) -> None:
    convention = CONVENTIONS[name]
    assert convention.name == name
    assert {unit for _column, unit in convention.columns} <= {*UNITS, *FIELDS}
    names = [column for column, _unit in convention.columns]
    assert len(names) == len(set(names))


def test_what_contains_what() -> None:
    exclusive = {name for name, found in CONVENTIONS.items() if not found.cache_in_input}
    additive = {name for name, found in CONVENTIONS.items() if not found.reasoning_in_output}
    assert (exclusive, additive) == ({"anthropic"}, {"gemini"})
    assert (CONVENTIONS["litellm"].writes, CONVENTIONS["litellm"].overlap) == ("replace", "litellm")


def test_two_names_of_one_count_are_refused() -> None:
    usage = {"model": ["m"], "prompt_tokens": [1], "input_tokens": [2]}
    with pytest.raises(ValueError, match="expected one column for input, found 'prompt_tokens'"):
        Ledger(usage, "openai")
    (batch,) = Ledger(usage, "openai", columns={"input_tokens": None})
    assert batch.counts["input"].tolist() == [1]


def test_a_convention_of_ones_own() -> None:
    own = UsageConvention("own", columns=(("in", "input"),))
    assert convention_of(own) is own
    (batch,) = Ledger({"model": ["m"], "in": [4]}, own)
    assert batch.counts["input"].tolist() == [4]


def test_an_unknown_convention_is_refused() -> None:
    with pytest.raises(ValueError, match="found 'openia'; did you mean 'openai'"):
        convention_of("openia")
    with pytest.raises(TypeError, match="convention: expected a name or a UsageConvention"):
        convention_of(3)  # type: ignore[arg-type]
