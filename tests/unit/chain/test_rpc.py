"""The endpoint pool: failover, identity, batches, bounded answers, refusals told apart."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx
import pytest

from tallystick.chain import rpc as rpc_module
from tallystick.chain.errors import (
    AnswerMalformed,
    ChainUnreachable,
    NetworkMismatch,
    Refusal,
    RpcRefused,
    classify_refusal,
)
from tallystick.chain.rpc import Rpc, decode_answers, split_batches

Result = TypeVar("Result")
Handler = Callable[[httpx.Request], httpx.Response]
A, B = "http://a/", "http://b/"


def answer(request: httpx.Request, compute: Callable[[str, list[Any]], Any]) -> httpx.Response:
    """A well-behaved node: one answer per call, batches in reverse order."""
    body = json.loads(request.content)

    def one(call: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": call["id"], **compute(call["method"], call["params"])}

    if isinstance(body, list):
        return httpx.Response(200, json=[one(call) for call in reversed(body)])
    return httpx.Response(200, json=one(body))


def echo(_: str, params: list[Any]) -> dict[str, Any]:
    return {"result": params}


def run(
    handler: Handler, work: Callable[[Rpc], Coroutine[Any, Any, Result]], urls: tuple[str, ...]
) -> Result:
    async def go() -> Result:
        rpc = Rpc(urls, transport=httpx.MockTransport(handler))
        try:
            return await work(rpc)
        finally:
            await rpc.aclose()

    return asyncio.run(go())


def test_call_returns_the_result() -> None:
    result = run(lambda request: answer(request, echo), lambda rpc: rpc.call("m", 1, "x"), (A,))
    assert result == [1, "x"]


def test_call_raises_the_refusal_with_its_meaning() -> None:
    refuse = {"error": {"code": -32003, "message": "nonce too low"}}
    with pytest.raises(RpcRefused) as caught:
        run(lambda request: answer(request, lambda *_: refuse), lambda rpc: rpc.call("m"), (A,))
    assert caught.value.refusal is Refusal.NONCE_TOO_LOW
    assert caught.value.rpc_code == -32003


def test_call_asks_the_next_endpoint_when_one_fails() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if str(request.url) == A:
            raise httpx.ConnectError("refused")
        return answer(request, echo)

    async def work(rpc: Rpc) -> list[Any]:
        return [await rpc.call("m", 1), await rpc.call("m", 2)]

    assert run(handler, work, (A, B)) == [[1], [2]]
    assert asked == [A, B, B]  # the one that failed rests


def test_endpoint_rests_longer_with_each_failure_in_a_row() -> None:
    endpoint = rpc_module._Endpoint(A)
    now_s, rests_s = 0.0, []
    for _ in range(6):
        endpoint.note_failure(now_s)
        endpoint.note_failure(now_s)  # of a call that was under way at the same time
        rests_s.append(
            next(rest_s for rest_s in range(100) if not endpoint.is_resting(now_s + rest_s))
        )
        now_s += rests_s[-1]
    assert rests_s == [5, 10, 20, 40, 60, 60]
    endpoint.note_answer()
    assert not endpoint.is_resting(now_s)
    endpoint.note_failure(now_s)
    assert not endpoint.is_resting(now_s + 5)


def test_call_asks_the_next_endpoint_when_one_is_overloaded() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if str(request.url) == A:
            return httpx.Response(503, text="busy")
        return answer(request, echo)

    assert run(handler, lambda rpc: rpc.call("m", 1), (A, B)) == [1]


def test_call_reconnects_once_when_a_kept_connection_was_closed() -> None:
    calls = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise httpx.RemoteProtocolError("server disconnected")
        return answer(request, echo)

    assert run(handler, lambda rpc: rpc.call("m", 1), (A,)) == [1]


def test_call_raises_unreachable_when_no_endpoint_answers() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow")

    with pytest.raises(ChainUnreachable) as caught:
        run(handler, lambda rpc: rpc.call("m"), (A, B))
    assert A in str(caught.value)
    assert caught.value.exit_code == 75


def test_call_never_repeats_a_refused_call_elsewhere() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer(request, lambda *_: {"error": {"code": 3, "message": "execution reverted"}})

    with pytest.raises(RpcRefused):
        run(handler, lambda rpc: rpc.call("m"), (A, B))
    assert asked == [A]


def test_call_passes_over_an_endpoint_of_another_chain() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        chain = "0x1" if str(request.url) == A else "0x2"
        return answer(
            request,
            lambda method, _: {"result": chain if method == "eth_chainId" else {"hash": "0xAA"}},
        )

    async def work(rpc: Rpc) -> object:
        rpc.require_chain(2, "0xaa")
        return await rpc.call("eth_chainId")

    assert run(handler, work, (A, B)) == "0x2"
    with pytest.raises(NetworkMismatch):
        run(handler, work, (A,))


def test_call_many_orders_answers_and_keeps_refusals_in_place() -> None:
    def compute(_: str, params: list[Any]) -> dict[str, Any]:
        if params == [1]:
            return {"error": {"code": -32000, "message": "already known"}}
        return {"result": params[0]}

    answers = run(
        lambda request: answer(request, compute),
        lambda rpc: rpc.call_many([("m", [i]) for i in range(250)]),
        (A,),
    )
    assert answers[0] == 0
    assert isinstance(answers[1], RpcRefused)
    assert answers[1].refusal is Refusal.ALREADY_KNOWN
    assert answers[2:] == list(range(2, 250))


def test_call_many_without_calls_sends_nothing() -> None:
    assert run(lambda _: httpx.Response(500), lambda rpc: rpc.call_many([]), (A,)) == []


def test_send_to_all_reaches_every_endpoint_that_answers() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if str(request.url) == A:
            raise httpx.ConnectError("refused")
        return answer(request, echo)

    assert run(handler, lambda rpc: rpc.send_to_all("m", 7), (A, B)) == [[7]]


def test_answer_is_refused_when_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_module, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(RpcRefused) as caught:
        run(
            lambda request: answer(request, lambda *_: {"result": "x" * 200}),
            lambda rpc: rpc.call("m"),
            (A,),
        )
    assert caught.value.refusal is Refusal.OVER_LIMIT


def test_batches_stay_inside_calls_and_bytes() -> None:
    calls = [("m", ["x" * 400_000])] * 7 + [("m", [1])] * 250
    batches = list(split_batches(calls))
    assert sum(map(len, batches)) == len(calls)
    assert all(len(batch) <= 100 for batch in batches)
    assert all(sum(map(len, batch)) <= 1_500_000 for batch in batches)
    assert [json.loads(call)["id"] for call in batches[-1]] == list(range(len(batches[-1])))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'[{"id":0,"result":"\xff"},{"id":1,"result":1}]',
        b'[{"id":0,"result":' + b"[" * 100_000,
        b"[]",
        b'[{"id":0,"result":1},{"id":0,"result":2}]',
        b'[{"id":0,"result":1},{"id":2,"result":2}]',
    ],
)
def test_answers_are_malformed_when_one_is_missing(body: bytes) -> None:
    with pytest.raises(AnswerMalformed):
        decode_answers(body, 2)


def test_answers_raise_when_the_whole_batch_was_refused() -> None:
    with pytest.raises(RpcRefused):
        decode_answers(b'{"error":{"code":-32600,"message":"batch too large"}}', 2)


@pytest.mark.parametrize(
    ("rpc_code", "words", "refusal"),
    [
        (-32001, "Nonce too low", Refusal.NONCE_TOO_LOW),
        (-32000, "nonce too low: next nonce 5, tx nonce 4", Refusal.NONCE_TOO_LOW),
        (-32003, "transaction already imported", Refusal.ALREADY_KNOWN),
        (-32000, "Known transaction", Refusal.ALREADY_KNOWN),
        (-32000, "replacement transaction underpriced", Refusal.UNDERPRICED),
        (-32009, "Gas price below configured minimum", Refusal.UNDERPRICED),
        (-32004, "Upfront cost exceeds account balance", Refusal.UNFUNDED),
        (-32006, "Transaction nonce is too distant", Refusal.NONCE_TOO_HIGH),
        (-32007, "Sender account not authorized to send transactions", Refusal.NOT_ALLOWED),
        (-32005, "Requested range exceeds maximum RPC range limit", Refusal.OVER_LIMIT),
        (3, "execution reverted: custom error", Refusal.REVERTED),
        (-32603, "Internal error", Refusal.OTHER),
    ],
)
def test_refusal_is_told_from_words_and_code(rpc_code: int, words: str, refusal: Refusal) -> None:
    assert classify_refusal(rpc_code, words) is refusal
