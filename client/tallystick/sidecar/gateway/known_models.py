"""Providers and models that need no words in a configuration.

Limits are the providers' published ones; a configuration may state smaller or larger ones. They
bound what a call can cost before it is sent, so that a limit stated too small would admit too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.meter.gateway.offers import Provider


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """A provider's public API; `key_env` is where its own clients look for a key."""

    provider: Provider
    url: str
    key_env: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model by the name that its provider knows it by."""

    upstream: str
    resource: str
    """What it is priced as in the default tariff; empty: its own name."""
    max_input_tokens: int
    max_output_tokens: int


KNOWN_PROVIDERS: Final[Mapping[str, KnownProvider]] = {
    "openai": KnownProvider("openai", "https://api.openai.com", "OPENAI_API_KEY"),
    "anthropic": KnownProvider("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "gemini": KnownProvider(
        "gemini", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY"
    ),
    "mistral": KnownProvider("mistral", "https://api.mistral.ai", "MISTRAL_API_KEY"),
    "ollama": KnownProvider("ollama", "http://127.0.0.1:11434", ""),
    "vllm": KnownProvider("openai", "http://127.0.0.1:8000", ""),
}

KNOWN_MODELS: Final[Mapping[str, KnownModel]] = {
    "gpt-4o": KnownModel("openai", "gpt-4o", 128_000, 16_384),
    "gpt-4o-2024-11-20": KnownModel("openai", "gpt-4o", 128_000, 16_384),
    "gpt-4o-2024-08-06": KnownModel("openai", "gpt-4o", 128_000, 16_384),
    "claude-3-5-sonnet-20241022": KnownModel("anthropic", "claude-3.5-sonnet", 200_000, 8_192),
    "claude-3-5-sonnet-20240620": KnownModel("anthropic", "claude-3.5-sonnet", 200_000, 8_192),
    "gemini-1.5-pro": KnownModel("gemini", "gemini-1.5-pro", 2_097_152, 8_192),
    "gemini-1.5-pro-002": KnownModel("gemini", "gemini-1.5-pro", 2_097_152, 8_192),
    "mistral-large-2407": KnownModel("mistral", "mistral-large-2", 131_072, 131_072),
    "meta-llama/Llama-3.1-405B-Instruct": KnownModel("vllm", "llama-3.1-405b", 131_072, 131_072),
    "meta-llama/Llama-3.1-70B-Instruct": KnownModel("vllm", "llama-3.1-70b", 131_072, 131_072),
    "llama3.1:405b": KnownModel("ollama", "llama-3.1-405b", 131_072, 131_072),
    "llama3.1:70b": KnownModel("ollama", "llama-3.1-70b", 131_072, 131_072),
}

UNKNOWN_MODEL: Final = KnownModel("", "", 1_048_576, 131_072)
"""Limits of a model that nobody described: beyond those of any that is offered today."""


def find_limits(model: str, resource: str) -> KnownModel:
    """What is known of a model by its name, else by what it is priced as."""
    by_resource = (known for known in KNOWN_MODELS.values() if known.resource == resource)
    return KNOWN_MODELS.get(model) or next(by_resource, UNKNOWN_MODEL)
