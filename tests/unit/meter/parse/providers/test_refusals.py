"""Refusals make each provider's official client raise its own error, with our details in it."""

import json
from typing import Any

import anthropic
import httpx2
import ollama
import openai
import pytest
from google.genai import errors as gemini_errors
from mistralai.client.errors import SDKError

from tallystick.meter.parse.dialects import Dialect
from tallystick.meter.parse.routes import DIALECTS, find_dialect

DETAILS: dict[str, int | str] = {"remaining_ucr": 12, "needed_ucr": 340, "account": "acme/web"}


def refuse(name: str, status: int) -> dict[str, Any]:
    body = find_dialect(name).format_refusal(status, "budget_exhausted", "No credits left", DETAILS)
    refusal: dict[str, Any] = json.loads(body)
    return refusal


def respond(body: dict[str, Any], status: int) -> httpx2.Response:
    return httpx2.Response(status, json=body, request=httpx2.Request("POST", "http://gateway"))


OPENAI_ERRORS = [
    (400, openai.BadRequestError),
    (401, openai.AuthenticationError),
    (403, openai.PermissionDeniedError),
    (404, openai.NotFoundError),
    (429, openai.RateLimitError),
    (503, openai.InternalServerError),
]


@pytest.mark.parametrize(("status", "kind"), OPENAI_ERRORS)
@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "openai-embeddings"])
def test_refusal_raises_openais_error(name: str, status: int, kind: type[Exception]) -> None:
    with openai.OpenAI(api_key="x", base_url="http://gateway/v1") as client:
        error = client._make_status_error_from_response(respond(refuse(name, status), status))
    assert type(error) is kind
    assert (error.code, error.message.count("No credits left")) == ("budget_exhausted", 1)
    assert isinstance(error.body, dict)
    assert error.body["tallystick"] == {"code": "budget_exhausted", **DETAILS}


ANTHROPIC_ERRORS = [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (401, anthropic.AuthenticationError, "authentication_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"),
    (404, anthropic.NotFoundError, "not_found_error"),
    (413, anthropic.RequestTooLargeError, "request_too_large"),
    (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"),
    (503, anthropic.ServiceUnavailableError, "overloaded_error"),
]


@pytest.mark.parametrize(("status", "kind", "word"), ANTHROPIC_ERRORS)
def test_refusal_raises_anthropics_error(status: int, kind: type[Exception], word: str) -> None:
    body = refuse("anthropic-messages", status)
    with anthropic.Anthropic(api_key="x", base_url="http://gateway") as client:
        error = client._make_status_error_from_response(respond(body, status))
    assert type(error) is kind
    assert isinstance(error.body, dict)
    assert error.body["error"] == {"type": word, "message": "No credits left"}
    assert error.body["tallystick"]["remaining_ucr"] == 12


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (400, gemini_errors.ClientError, "INVALID_ARGUMENT"),
        (429, gemini_errors.ClientError, "RESOURCE_EXHAUSTED"),
        (503, gemini_errors.ServerError, "UNAVAILABLE"),
    ],
)
def test_refusal_raises_googles_error(status: int, kind: type[Exception], word: str) -> None:
    with pytest.raises(kind) as caught:
        gemini_errors.APIError.raise_error(status, refuse("gemini", status), None)
    error = caught.value
    assert isinstance(error, gemini_errors.APIError)
    assert (error.code, error.status, error.message) == (status, word, "No credits left")
    assert error.details["error"]["tallystick"]["needed_ucr"] == 340
    assert error.details["error"]["details"][0]["metadata"]["needed_ucr"] == "340"


def test_refusal_is_shown_by_mistrals_error() -> None:
    body = refuse("mistral-chat", 429)
    response = respond(body, 429)
    error = SDKError("API error occurred", response, response.text)
    assert "No credits left" in str(error)
    assert body["tallystick"]["code"] == "budget_exhausted"


def test_refusal_is_shown_by_ollamas_error() -> None:
    error = ollama.ResponseError(json.dumps(refuse("ollama", 429)), 429)
    assert (error.error, error.status_code) == ("No credits left", 429)


def test_refusal_has_bedrocks_shape() -> None:
    assert refuse("bedrock-converse", 429)["__type"] == "ThrottlingException"
    assert refuse("bedrock-converse", 500)["__type"] == "InternalServerException"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 503, 504])
def test_refusal_says_why_whatever_its_status(dialect: Dialect, status: int) -> None:
    body = refuse(dialect.name, status)
    text = json.dumps(body)
    assert "No credits left" in text
    assert '"remaining_ucr": 12' in text
    assert "budget_exhausted" in text
