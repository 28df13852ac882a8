"""Only what can be metered has a route."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.parse.errors import DialectUnknown
from tallystick.meter.parse.routes import DIALECTS, dialect_for, find_dialect, find_route

GEMINI = "/v1beta/models/gemini-2.5-pro"


@pytest.mark.parametrize(
    ("path", "dialect", "model", "is_stream"),
    [
        ("/v1/chat/completions", "openai-chat", None, None),
        ("/v1/completions", "openai-completions", None, None),
        ("/v1/responses", "openai-responses", None, None),
        ("/v1/embeddings", "openai-embeddings", None, None),
        ("/v1/messages", "anthropic-messages", None, None),
        ("/v1/fim/completions", "mistral-chat", None, None),
        ("/api/chat", "ollama", None, None),
        ("/api/generate", "ollama", None, None),
        ("/api/embed", "ollama", None, None),
        (f"{GEMINI}:generateContent", "gemini", "gemini-2.5-pro", False),
        (f"{GEMINI}:streamGenerateContent", "gemini", "gemini-2.5-pro", True),
        ("/v1/models/gemini-2.5-pro:generateContent", "gemini", "gemini-2.5-pro", False),
        (f"{GEMINI}%3AgenerateContent", "gemini", "gemini-2.5-pro", False),
        (f"{GEMINI}:batchEmbedContents", "gemini", "gemini-2.5-pro", False),
        (f"{GEMINI}:embedContent", "gemini", "gemini-2.5-pro", False),
        ("/model/a.b-v1%3A0/converse", "bedrock-converse", "a.b-v1:0", False),
        ("/model/a.b-v1:0/converse-stream", "bedrock-converse", "a.b-v1:0", True),
    ],
)
def test_route_is_found(path: str, dialect: str, model: str | None, is_stream: bool | None) -> None:
    route = find_route("POST", path)
    assert route is not None
    assert (route.dialect.name, route.model, route.is_stream) == (dialect, model, is_stream)
    assert route.path == path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/messages/count_tokens"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/images/generations"),
        ("POST", "/api/pull"),
        ("POST", f"{GEMINI}:countTokens"),
        ("POST", f"{GEMINI}:batchGenerateContent"),
        ("POST", "/v1beta/models/..%2f..%2fx:generateContent"),
        ("POST", "/v1beta/models/../x:generateContent"),
        ("POST", "/v1beta/models/.hidden:generateContent"),
        ("POST", "/v1beta/models/a%20b:generateContent"),
        ("POST", "/v1beta/models/a%0d%0ab:generateContent"),
        ("POST", "/model/../converse"),
        ("POST", "/model/a%2Fb/converse"),
        ("POST", "/model/" + "m" * 300 + "/converse"),
        ("POST", ""),
    ],
)
def test_route_is_none_when_calls_could_not_be_metered(method: str, path: str) -> None:
    assert find_route(method, path) is None


@given(st.text(max_size=30))
def test_route_is_none_for_anything_else(path: str) -> None:
    assert find_route("POST", f"/v9/{path}") is None


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (f"{GEMINI}:streamGenerateContent", "/v1beta/models/own%2Fname:streamGenerateContent"),
        (f"{GEMINI}%3AgenerateContent", "/v1beta/models/own%2Fname:generateContent"),
        ("/model/a.b-v1%3A0/converse", "/model/own%2Fname/converse"),
        ("/v1/chat/completions", "/v1/chat/completions"),
    ],
)
def test_upstream_path_names_the_upstreams_model(path: str, sent: str) -> None:
    route = find_route("POST", path)
    assert route is not None
    assert route.upstream_path("own/name") == sent
    assert route.upstream_path(None) == path
    assert route.upstream_path(route.model) == path


def test_mistral_speaks_its_own_dialect_on_openai_routes() -> None:
    expected = {"/v1/chat/completions": "mistral-chat", "/v1/embeddings": "mistral-embeddings"}
    for path, name in expected.items():
        route = find_route("POST", path)
        assert route is not None
        assert dialect_for(route, "mistral").name == name
        assert dialect_for(route, "vllm") is route.dialect


def test_dialect_is_found_by_its_name() -> None:
    assert [find_dialect(dialect.name) for dialect in DIALECTS] == list(DIALECTS)
    with pytest.raises(DialectUnknown) as caught:
        find_dialect("telegraph")
    assert "openai-chat" in str(caught.value)
