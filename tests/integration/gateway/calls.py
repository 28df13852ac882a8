"""One call of every route, as the official clients send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """A call of one route."""

    path: str
    body: dict[str, Any]
    model: str
    stream_path: str = ""
    """Where its stream is asked for; "" = in the body."""

    @property
    def streamed(self) -> Sample:
        """The same call, its answer in pieces."""
        if self.stream_path:
            return Sample(self.stream_path, self.body, self.model)
        return Sample(self.path, self.body | {"stream": True}, self.model)


MESSAGES = [{"role": "user", "content": "Say tick."}]
CONTENTS = [{"role": "user", "parts": [{"text": "Say tick."}]}]

CHAT = Sample("/v1/chat/completions", {"model": "gpt-4o", "messages": MESSAGES}, "gpt-4o")
COMPLETION = Sample("/v1/completions", {"model": "gpt-4o", "prompt": "Say tick."}, "gpt-4o")
RESPONSE = Sample("/v1/responses", {"model": "gpt-4o", "input": "Say tick."}, "gpt-4o")
EMBEDDING = Sample("/v1/embeddings", {"model": "embedder", "input": "tick"}, "embedder")
MESSAGE = Sample(
    "/v1/messages", {"model": "claude", "max_tokens": 64, "messages": MESSAGES}, "claude"
)
GEMINI = Sample(
    "/v1beta/models/gemini:generateContent",
    {"contents": CONTENTS},
    "gemini",
    "/v1beta/models/gemini:streamGenerateContent?alt=sse",
)
GEMINI_ARRAY = Sample(
    "/v1beta/models/gemini:generateContent",
    {"contents": CONTENTS},
    "gemini",
    "/v1beta/models/gemini:streamGenerateContent",
)
MISTRAL = Sample("/v1/chat/completions", {"model": "mistral", "messages": MESSAGES}, "mistral")
OLLAMA = Sample("/api/chat", {"model": "llama", "messages": MESSAGES, "stream": False}, "llama")
GENERATE = Sample("/api/generate", {"model": "llama", "prompt": "tick", "stream": False}, "llama")

PLAIN = [
    CHAT,
    COMPLETION,
    RESPONSE,
    EMBEDDING,
    MESSAGE,
    GEMINI,
    MISTRAL,
    OLLAMA,
    GENERATE,
]
STREAMS = [
    each.streamed
    for each in (
        CHAT,
        COMPLETION,
        RESPONSE,
        MESSAGE,
        GEMINI,
        GEMINI_ARRAY,
        MISTRAL,
        OLLAMA,
        GENERATE,
    )
]


def name_sample(sample: object) -> str:
    """A test's id."""
    return sample.path if isinstance(sample, Sample) else str(sample)
