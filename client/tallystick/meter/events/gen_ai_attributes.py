"""Names of OpenTelemetry's GenAI attributes, by what they mean and since which version.

The conventions are still in development: names change between versions, and what is in the field
is a mix of them. Everything that reads a span asks this table; a new name is one more line here.

Source: OpenTelemetry semantic conventions, registry of `gen_ai` attributes, 1.25 to 1.41.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

VERSION: Final = "1.41"
"""The newest version of the conventions that the table knows."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an attribute.

    Args:
        key: as spans have it.
        since: first version of the conventions; empty = never part of them, but in use.
        until: the version that replaced it; empty = in force.
    """

    key: str
    since: str
    until: str = ""


GEN_AI: Final[Mapping[str, tuple[Name, ...]]] = {
    "operation": (Name("gen_ai.operation.name", "1.27"),),
    "provider": (
        Name("gen_ai.provider.name", "1.37"),
        Name("gen_ai.system", "1.25", "1.37"),
    ),
    "request_model": (Name("gen_ai.request.model", "1.25"),),
    "response_model": (Name("gen_ai.response.model", "1.25"),),
    "input": (
        Name("gen_ai.usage.input_tokens", "1.27"),
        Name("gen_ai.usage.prompt_tokens", "1.25", "1.27"),
    ),
    "output": (
        Name("gen_ai.usage.output_tokens", "1.27"),
        Name("gen_ai.usage.completion_tokens", "1.25", "1.27"),
    ),
    "cached": (
        Name("gen_ai.usage.cache_read.input_tokens", "1.40"),
        Name("gen_ai.usage.cache_read_input_tokens", ""),
        Name("gen_ai.usage.cached_input_tokens", ""),
        Name("gen_ai.usage.input_tokens.cached", ""),
    ),
    "written": (
        Name("gen_ai.usage.cache_creation.input_tokens", "1.40"),
        Name("gen_ai.usage.cache_write.input_tokens", ""),
        Name("gen_ai.usage.cache_creation_input_tokens", ""),
        Name("gen_ai.usage.input_tokens.cache_write", ""),
    ),
    "reasoning": (
        Name("gen_ai.usage.reasoning.output_tokens", "1.41"),
        Name("gen_ai.usage.reasoning_tokens", ""),
        Name("gen_ai.usage.output_tokens.reasoning", ""),
    ),
    "total": (Name("gen_ai.usage.total_tokens", ""),),
    "tier": (
        Name("openai.response.service_tier", "1.37"),
        Name("gen_ai.openai.response.service_tier", "1.27", "1.37"),
    ),
    "user": (Name("user.id", "1.26"), Name("enduser.id", "1.0")),
    # Ours: whom to bill is nothing that the conventions know.
    "project": (Name("tallystick.project", ""),),
    "resource": (Name("tallystick.resource", ""),),
    "step": (Name("tallystick.step", ""),),
}

USAGE_PREFIX: Final = "gen_ai.usage."
USAGE_KEYS: Final = frozenset(
    name.key for names in GEN_AI.values() for name in names if name.key.startswith(USAGE_PREFIX)
)
"""Every usage attribute that is read; another one that holds a number is pointed out."""

INFERENCE_OPERATIONS: Final = frozenset(
    {"chat", "text_completion", "generate_content", "embeddings"}
)
"""Operations that are one call to a model.

`invoke_agent`, `create_agent` and `execute_tool` add up what calls below them report themselves.
"""
