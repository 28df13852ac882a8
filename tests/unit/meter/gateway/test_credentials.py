import pickle

import pytest
from multidict import CIMultiDict

from tallystick.meter.gateway.credentials import (
    MAX_SECRET_CHARS,
    create_upstream_headers,
    drop_key_parameter,
    read_secret,
)
from tallystick.meter.gateway.offers import Provider, Upstream
from tallystick.meter.gateway.secrets import Secret


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "Bearer tsk_one"}, ""),
        ({"Authorization": "bearer  tsk_one "}, ""),
        ({"X-Api-Key": "tsk_one"}, ""),
        ({"api-key": "tsk_one"}, "api-version=2025"),
        ({"x-goog-api-key": "tsk_one"}, ""),
        ({}, "alt=sse&key=tsk_one"),
        ({}, "key=tsk%5Fone"),
    ],
)
def test_secret_is_found_where_official_clients_put_it(headers: dict[str, str], query: str) -> None:
    assert read_secret(CIMultiDict(headers), query) == "tsk_one"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": "Bearer "}]
)
def test_secret_is_empty_when_none_is_shown(headers: dict[str, str]) -> None:
    assert read_secret(CIMultiDict(headers), "keys=tsk_one") == ""


def test_secret_is_bounded() -> None:
    shown = CIMultiDict({"x-api-key": "a" * 5000})
    assert len(read_secret(shown, "")) == MAX_SECRET_CHARS


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("key=tsk_one", ""),
        ("alt=sse&key=tsk_one", "alt=sse"),
        ("%6bey=tsk_one&alt=sse", "alt=sse"),
        ("api-version=2025-01-01&x=%20&x=+", "api-version=2025-01-01&x=%20&x=+"),
    ],
)
def test_key_parameter_is_dropped_and_nothing_else_changes(query: str, kept: str) -> None:
    assert drop_key_parameter(query) == kept


@pytest.mark.parametrize(
    ("provider", "header"),
    [
        ("openai", ("Authorization", "Bearer sk-up")),
        ("mistral", ("Authorization", "Bearer sk-up")),
        ("ollama", ("Authorization", "Bearer sk-up")),
        ("anthropic", ("x-api-key", "sk-up")),
        ("gemini", ("x-goog-api-key", "sk-up")),
    ],
)
def test_upstream_key_is_shown_in_its_providers_style(
    provider: Provider, header: tuple[str, str]
) -> None:
    upstream = Upstream("up", "http://up", provider, Secret("sk-up"))
    assert create_upstream_headers(upstream) == [header]


def test_upstream_without_a_key_is_shown_none() -> None:
    assert create_upstream_headers(Upstream("up", "http://up")) == []


def test_secret_is_in_no_text_of_an_upstream() -> None:
    upstream = Upstream("up", "http://up", api_key=Secret("sk-up"))
    assert "sk-up" not in f"{upstream} {upstream!r} {upstream.api_key}"


def test_secret_is_not_serialised() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("sk-up"))
