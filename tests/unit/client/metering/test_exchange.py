"""Which requests of a wrapped client are calls."""

import pytest

from tallystick.client.metering.attribution import Attribution, attributing, get_current
from tallystick.client.metering.exchange import find_call_route


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/chat/completions", "openai-chat"),
        ("/openai/deployments/my-model/chat/completions", "openai-chat"),
        ("/api/v1/chat/completions", "openai-chat"),
        ("/llm/v1/responses", "openai-responses"),
        ("/openai/v1/embeddings", "openai-embeddings"),
        ("/completions", "openai-completions"),
        ("/v1/messages", "anthropic-messages"),
        ("/proxy/anthropic/v1/messages", "anthropic-messages"),
    ],
)
def test_route_is_found_whatever_lies_before_it(path: str, dialect: str) -> None:
    route = find_call_route("post", path)
    assert route is not None
    assert route.dialect.name == dialect


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chat/completions"),
        ("GET", "/v1/models"),
        ("POST", "/v1/messages/count_tokens"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("POST", "/v1/images/generations"),
        ("POST", "/v1/audio/transcriptions"),
    ],
)
def test_route_is_none_when_it_is_no_call(method: str, path: str) -> None:
    assert find_call_route(method, path) is None


def test_innermost_attribution_wins_where_it_says_something() -> None:
    assert get_current() == Attribution()
    with attributing(Attribution(project="a/b", step=1)), attributing(Attribution(step=2)):
        assert get_current() == Attribution(project="a/b", step=2)
        with attributing(Attribution(step=0, user="")):
            assert get_current() == Attribution(project="a/b", step=0, user="")
    assert get_current() == Attribution()
