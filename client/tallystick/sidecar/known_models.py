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
    """A model of the default tariff: whose it is, and how many tokens it reads and writes."""

    upstream: str
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
    "gpt-4o": KnownModel("openai", 128_000, 16_384),
    "claude-3.5-sonnet": KnownModel("anthropic", 200_000, 8_192),
    "gemini-1.5-pro": KnownModel("gemini", 2_097_152, 8_192),
    "mistral-large-2": KnownModel("mistral", 131_072, 131_072),
    "llama-3.1-405b": KnownModel("vllm", 131_072, 131_072),
    "llama-3.1-70b": KnownModel("vllm", 131_072, 131_072),
}

UNKNOWN_MODEL: Final = KnownModel("", 1_048_576, 131_072)
"""Limits of a model that nobody described: beyond those of any that is offered today."""
