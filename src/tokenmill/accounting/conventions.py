"""How providers and tools count usage: their names, and which count contains which.

Sources: the API references of OpenAI, Anthropic and Gemini as genai-prices' extractors read them
(2026-08-21); OpenTelemetry semantic conventions for generative AI (2026-08-20); LiteLLM 1.106.2.
"""

from __future__ import annotations

from .nearest import listed_nearest
from .rules import UsageConvention

_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
_GIVEN = (
    ("text_tokens", "input_text"),
    ("audio_tokens", "input_audio"),
    ("image_tokens", "input_image"),
    ("cached_tokens", "cache_read"),
    ("cached_tokens_details.text_tokens", "cache_text_read"),
    ("cached_tokens_details.audio_tokens", "cache_audio_read"),
    ("cached_tokens_details.image_tokens", "cache_image_read"),
    ("cache_write_tokens", "cache_write"),
)
_MADE = (
    ("text_tokens", "output_text"),
    ("audio_tokens", "output_audio"),
    ("image_tokens", "output_image"),
    ("reasoning_tokens", "reasoning"),
)
_OPENAI = (
    ("prompt_tokens", "input"),
    ("input_tokens", "input"),
    ("completion_tokens", "output"),
    ("output_tokens", "output"),
    ("cached_tokens", "cache_read"),
    ("cached_input_tokens", "cache_read"),
    ("cache_write_tokens", "cache_write"),
    ("reasoning_tokens", "reasoning"),
    ("input_audio_tokens", "input_audio"),
    ("output_audio_tokens", "output_audio"),
    *((f"{group}.{name}", unit) for group in _INPUT_DETAILS for name, unit in _GIVEN),
    *((f"{group}.{name}", unit) for group in _OUTPUT_DETAILS for name, unit in _MADE),
)
_ANTHROPIC = (
    ("input_tokens", "input"),
    ("output_tokens", "output"),
    ("cache_read_input_tokens", "cache_read"),
    ("cache_creation_input_tokens", "cache_write"),
    ("ephemeral_5m_input_tokens", "cache_write_5m"),
    ("ephemeral_1h_input_tokens", "cache_write_1h"),
    ("cache_creation.ephemeral_5m_input_tokens", "cache_write_5m"),
    ("cache_creation.ephemeral_1h_input_tokens", "cache_write_1h"),
    ("output_tokens_details.thinking_tokens", "reasoning"),
    ("thinking_tokens", "reasoning"),
    ("server_tool_use.web_search_requests", "web_searches"),
    ("web_search_requests", "web_searches"),
)
_GEMINI = (
    ("modelVersion", "model"),
    ("trafficType", "service_tier"),
    ("promptTokenCount", "input"),
    ("cachedContentTokenCount", "cache_read"),
    ("candidatesTokenCount", "output"),
    ("thoughtsTokenCount", "reasoning"),
    ("toolUsePromptTokenCount", "input_tool"),
)
_OTEL = (
    ("gen_ai.provider.name", "provider"),
    ("gen_ai.response.model", "model"),
    ("openai.response.service_tier", "service_tier"),
    ("openai.request.service_tier", "requested_service_tier"),
    ("gen_ai.usage.input_tokens", "input"),
    ("gen_ai.usage.output_tokens", "output"),
    ("gen_ai.usage.cache_read.input_tokens", "cache_read"),
    ("gen_ai.usage.cache_creation.input_tokens", "cache_write"),
    ("gen_ai.usage.reasoning.output_tokens", "reasoning"),
    ("gen_ai.usage.prompt_tokens", "input"),
    ("gen_ai.usage.completion_tokens", "output"),
)
_LITELLM = (
    *_OPENAI,
    ("custom_llm_provider", "provider"),
    ("cache_read_input_tokens", "cache_read"),
    ("cache_creation_input_tokens", "cache_write"),
    ("ephemeral_5m_input_tokens", "cache_write_5m"),
    ("ephemeral_1h_input_tokens", "cache_write_1h"),
    ("prompt_tokens_details.video_tokens", "input_video"),
    ("prompt_tokens_details.cache_creation_tokens", "cache_write"),
    (
        "prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens",
        "cache_write_5m",
    ),
    (
        "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
        "cache_write_1h",
    ),
    ("completion_tokens_details.video_tokens", "output_video"),
)


def _genai_prices() -> tuple[tuple[str, str], ...]:
    """Return its usage keys: a unit's words in its own order, with ``tokens`` behind."""
    pairs = []
    for modality in ("", "_text", "_audio", "_image", "_video"):
        for part in ("read", "write", "write_5m", "write_1h"):
            pairs.append((f"cache{modality}_{part}_tokens", f"cache{modality}_{part}"))
        pairs.append((f"input{modality}_tokens", f"input{modality}"))
        pairs.append((f"input{modality}_tool_tokens", f"input{modality}_tool"))
        pairs.append((f"output{modality}_tokens", f"output{modality}"))
        for kind in ("reasoning", "citation"):
            own = f"output{modality}_{kind}" if modality else kind
            pairs.append((f"output{modality}_{kind}_tokens", own))
    return tuple(pairs)


CONVENTIONS: dict[str, UsageConvention] = {
    "native": UsageConvention("native"),
    "openai": UsageConvention("openai", columns=_OPENAI),
    "anthropic": UsageConvention("anthropic", cache_in_input=False, columns=_ANTHROPIC),
    # Tokens of tool results are counted beside the prompt, as thoughts are beside candidates.
    "gemini": UsageConvention(
        "gemini",
        reasoning_in_output=False,
        columns=_GEMINI,
        added=(("toolUsePromptTokenCount", "input"),),
    ),
    "otel": UsageConvention("otel", columns=_OTEL),
    "litellm": UsageConvention("litellm", writes="replace", overlap="litellm", columns=_LITELLM),
    "genai_prices": UsageConvention("genai_prices", columns=_genai_prices()),
}


def convention_of(convention: str | UsageConvention) -> UsageConvention:
    """Return a convention, or the shipped one of that name.

    Raises
    ------
    TypeError
        Neither a name nor a convention.
    ValueError
        No convention has that name.
    """
    if isinstance(convention, UsageConvention):
        return convention
    if not isinstance(convention, str):
        raise TypeError(f"convention: expected a name or a UsageConvention, found {convention!r}")
    if convention not in CONVENTIONS:
        raise ValueError(
            f"convention: expected one of {', '.join(CONVENTIONS)}, found {convention!r}"
            + listed_nearest(convention, CONVENTIONS)
        )
    return CONVENTIONS[convention]
