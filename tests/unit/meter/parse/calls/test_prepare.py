"""Bodies change where they must, and nowhere else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.parse.calls.members import find_members
from tallystick.meter.parse.dialects import CallRequest
from tallystick.meter.parse.providers.openai_chat import OPENAI_CHAT
from tallystick.meter.parse.routes import find_route

TEXT = b'{"model": "m", "messages": [{"role": "user", "content": "say \\"stream_options\\": {"}]'


def read(
    body: bytes, *, injects_usage: bool = True, upstream_model: str | None = None
) -> CallRequest:
    route = find_route("POST", "/v1/chat/completions")
    assert route is not None
    return OPENAI_CHAT.read_request(
        route, body, injects_usage=injects_usage, upstream_model=upstream_model
    )


def test_usage_is_asked_for_in_front_of_everything_else() -> None:
    body = TEXT + b', "stream": true}'
    request = read(body)
    assert request.body == b'{"stream_options":{"include_usage":true},' + body[1:]
    assert request.hides_usage


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (b"null", b'{"include_usage":true}'),
        (b"{}", b'{"include_usage":true}'),
        (b'{"include_usage": false}', b'{"include_usage":true}'),
        (b'{"include_usage": null, "x": [1]}', b'{"include_usage":true,"x":[1]}'),
        (b'{"include_obfuscation":false}', b'{"include_obfuscation":false,"include_usage":true}'),
    ],
)
def test_usage_is_asked_for_inside_the_callers_options(options: bytes, sent: bytes) -> None:
    body = TEXT + b', "stream_options": ' + options + b' , "stream": true}'
    request = read(body)
    assert request.body == TEXT + b', "stream_options":' + sent + b', "stream": true}'
    assert request.hides_usage


@pytest.mark.parametrize(
    ("rest", "injects_usage"),
    [
        (b', "stream": true, "stream_options": {"include_usage": true}}', True),
        (b', "stream": true}', False),
        (b', "stream": false}', True),
        (b"}", True),
    ],
)
def test_usage_is_not_asked_for_when_there_is_no_need(rest: bytes, injects_usage: bool) -> None:
    body = TEXT + rest
    request = read(body, injects_usage=injects_usage)
    assert request.body is body
    assert not request.hides_usage


def test_model_is_named_as_the_upstream_has_it() -> None:
    body = b'{"x": {"model": "m"}, "model" : "m" , "messages": ["model"]}'
    request = read(body, upstream_model='a"b')
    assert request.body == b'{"x": {"model": "m"}, "model" :"a\\"b", "messages": ["model"]}'
    assert request.model == "m"


names = st.text("abc\\\"'{}[]:, \n\u00e9", max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(names, values, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_members_are_found_where_they_lie(
    document: dict[str, Any], indent: int | None, is_ascii: bool
) -> None:
    body = json.dumps(document, indent=indent, ensure_ascii=is_ascii).encode()
    members = find_members(body)
    assert {name: json.loads(body[span.start : span.end]) for name, span in members.items()} == (
        document
    )


@given(st.dictionaries(names, values, max_size=4), st.booleans(), st.booleans())
def test_changed_body_differs_in_two_members_only(
    rest: dict[str, Any], injects: bool, renames: bool
) -> None:
    document = {**rest, "model": "m", "stream": True, "messages": []}
    request = read(
        json.dumps(document).encode(),
        injects_usage=injects,
        upstream_model="up" if renames else None,
    )
    expected = {**document, "model": "up" if renames else "m"}
    if injects:
        expected["stream_options"] = {"include_usage": True}
    assert json.loads(request.body) == expected
