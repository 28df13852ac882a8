"""What a gateway offers: models, the upstreams behind them, the resources they are priced as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tallystick.meter.gateway.secrets import Secret

Provider = Literal["openai", "anthropic", "gemini", "mistral", "ollama", "bedrock"]
"""Whose wire an upstream speaks; vLLM, SGLang and every compatible server are `openai`."""


@dataclass(frozen=True, slots=True)
class UpstreamTimeouts:
    """How long the gateway waits for an upstream, in seconds."""

    connect_s: float = 10.0
    """Until a connection stands, TLS included."""
    idle_s: float = 600.0
    """Between two pieces of an answer, and until its first."""


DEFAULT_TIMEOUTS: Final = UpstreamTimeouts()


@dataclass(frozen=True, slots=True)
class Upstream:
    """A provider's API as the gateway reaches it."""

    name: str
    url: str
    """Scheme, host, port and an optional path prefix without a final slash; the route is added."""
    provider: Provider = "openai"
    api_key: Secret = field(default_factory=lambda: Secret(""))
    """Shown to the upstream in the provider's own header; empty = none is sent."""
    injects_usage: bool = True
    """Whether `stream_options.include_usage` is asked for where the client did not."""
    timeouts: UpstreamTimeouts = DEFAULT_TIMEOUTS


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that applications can ask for by name."""

    model: str
    """What calls name."""
    upstream: Upstream
    resource: int
    """What its use is recorded as."""
    max_input_tokens: int
    max_output_tokens: int
    """Of one choice; what a call is reserved for where it names no smaller number."""
    upstream_model: str | None = None
    """What the upstream calls it, where that differs."""
    variants: Mapping[str, int] = field(default_factory=dict)
    """Resource by price tier as answers name it (`flex`, `priority`, `batch`)."""
