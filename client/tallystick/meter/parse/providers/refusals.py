"""Refusals as each provider words them, so that its own clients raise their own errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

Details = Mapping[str, int | str]

_OPENAI_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "insufficient_quota",
}
_ANTHROPIC_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_GOOGLE_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_AWS_TYPES: Final = {
    400: "ValidationException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}


def refuse_openai(status: int, code: str, message: str, details: Details) -> bytes:
    """The body of `openai.APIStatusError`; `error.body["tallystick"]` holds the details."""
    kind = _OPENAI_TYPES.get(status, _fall_back(status, "invalid_request_error", "api_error"))
    error = {
        "message": message,
        "type": kind,
        "param": None,
        "code": code,
        "tallystick": _join(code, details),
    }
    return msgspec.json.encode({"error": error})


def refuse_anthropic(status: int, code: str, message: str, details: Details) -> bytes:
    """The body of `anthropic.APIStatusError`; `error.body["tallystick"]` holds the details."""
    kind = _ANTHROPIC_TYPES.get(status, _fall_back(status, "invalid_request_error", "api_error"))
    body = {
        "type": "error",
        "error": {"type": kind, "message": message},
        "tallystick": _join(code, details),
    }
    return msgspec.json.encode(body)


def refuse_gemini(status: int, code: str, message: str, details: Details) -> bytes:
    """The body of `google.genai.errors.APIError`; details also as Google's ErrorInfo."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": code.upper(),
        "domain": "tallystick",
        "metadata": {name: str(value) for name, value in details.items()},
    }
    error = {
        "code": status,
        "message": message,
        "status": _GOOGLE_STATUSES.get(status, _fall_back(status, "INVALID_ARGUMENT", "INTERNAL")),
        "details": [info],
        "tallystick": _join(code, details),
    }
    return msgspec.json.encode({"error": error})


def refuse_mistral(status: int, code: str, message: str, details: Details) -> bytes:
    """The body of `mistralai`'s SDKError, which shows it whole."""
    kind = _OPENAI_TYPES.get(status, _fall_back(status, "invalid_request_error", "api_error"))
    body = {
        "object": "error",
        "message": message,
        "type": kind,
        "param": None,
        "code": code,
        "tallystick": _join(code, details),
    }
    return msgspec.json.encode(body)


def refuse_ollama(status: int, code: str, message: str, details: Details) -> bytes:  # noqa: ARG001
    """The body of `ollama.ResponseError`."""
    return msgspec.json.encode({"error": message, "tallystick": _join(code, details)})


def refuse_bedrock(status: int, code: str, message: str, details: Details) -> bytes:
    """The body of a Bedrock exception."""
    kind = _AWS_TYPES.get(
        status, _fall_back(status, "ValidationException", "InternalServerException")
    )
    return msgspec.json.encode(
        {"__type": kind, "message": message, "tallystick": _join(code, details)}
    )


def _fall_back(status: int, callers_fault: str, ours: str) -> str:
    return callers_fault if status < 500 else ours  # noqa: PLR2004 - HTTP's own line


def _join(code: str, details: Details) -> dict[str, int | str]:
    return {"code": code, **details}
