"""Questions to validators are answered as long as one of them comes back in time."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from tallystick.client import node_reads
from tallystick.client.errors import NodesUnreachable
from tallystick.client.node_reads import NodeReads
from tallystick.client.wire import Wire

HEAD = 17
URLS = ["http://validator-1", "http://validator-2"]


@pytest.fixture
def wire() -> Wire:
    """A chain whose newest block is `HEAD`."""
    rpc = SimpleNamespace(call=lambda method: method)
    loop = SimpleNamespace(run=lambda _: hex(HEAD))
    return cast("Wire", SimpleNamespace(rpc=rpc, loop=loop))


def open_reads(wire: Wire, answer: Callable[[httpx.Request], httpx.Response]) -> NodeReads:
    return NodeReads(wire, URLS, transport=httpx.MockTransport(answer))


def answer_well(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/v1/status":
        return httpx.Response(200, json={"index_block": HEAD})
    return httpx.Response(200, json={"records": 5, "host": request.url.host})


def test_question_goes_to_the_next_validator_when_one_is_silent(wire: Wire) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "validator-1":
            raise httpx.ConnectError("refused")
        return answer_well(request)

    assert open_reads(wire, answer).totals()["host"] == "validator-2"


def test_question_is_asked_anew_when_all_validators_hang_up_at_one_moment(wire: Wire) -> None:
    hung_up: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host not in hung_up:
            hung_up.add(request.url.host)
            raise httpx.RemoteProtocolError("server disconnected")
        return answer_well(request)

    assert open_reads(wire, answer).totals()["records"] == 5
    assert len(hung_up) == len(URLS)


def test_question_fails_when_no_validator_comes_back(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(node_reads, "ROUNDS_S", 0.5)
    with pytest.raises(NodesUnreachable, match="no validator answered"):
        open_reads(wire, answer).totals()
