"""JSON-RPC to the chain over several endpoints: what the follower, the submitter and reads share.

An endpoint that fails is passed over for a while and the next one is asked; a node's own "no" is an
answer, not a failure, and is never retried elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from tallystick.chain.errors import (
    AnswerMalformed,
    ChainUnreachable,
    NetworkMismatch,
    RpcRefused,
)

MAX_BATCH_CALLS: Final = 100
MAX_BATCH_BYTES: Final = 1_500_000
"""anvil takes bodies of 2 MB, Besu of 5 MB."""
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""A hundred of the largest settlement transactions take 24 MB."""
REST_S: Final = 5.0
"""How long an endpoint that failed is asked last; doubled by each further failure in a row."""
MAX_REST_S: Final = 60.0
CONNECT_S: Final = 2.0
VANISHED_S: Final = 4.0
"""A machine that does not even acknowledge bytes for so long has gone, whatever it was asked."""
LIMIT_EXCEEDED: Final = -32005

Call = tuple[str, Sequence[object]]


class _Failure(msgspec.Struct):
    code: int
    message: str = ""
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | None = None
    result: Any = None
    error: _Failure | None = None


_decode_answers = msgspec.json.Decoder(list[_Answer] | _Answer).decode


@dataclass(slots=True)
class _Endpoint:
    url: str
    failed_at_s: float | None = None
    failures: int = 0
    """In a row, those while it rests counted once."""
    is_verified: bool = False

    def is_resting(self, now_s: float) -> bool:
        """Whether others are asked first."""
        rest_s = min(REST_S * 2 ** max(self.failures - 1, 0), MAX_REST_S)
        return self.failed_at_s is not None and now_s - self.failed_at_s < rest_s

    def note_failure(self, now_s: float) -> None:
        """It failed just now."""
        if not self.is_resting(now_s):
            self.failures += 1
        self.failed_at_s = now_s
        self.is_verified = False

    def note_answer(self) -> None:
        """It answered just now."""
        self.failed_at_s = None
        self.failures = 0


class Rpc:
    """A pool of endpoints of one chain.

    Args:
        urls: in the order of preference.
        timeout_s: for one exchange with one endpoint.
        transport: replaces the network in tests.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        timeout_s: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._endpoints = [_Endpoint(url) for url in urls]
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)),
            transport=transport or httpx.AsyncHTTPTransport(socket_options=_list_socket_options()),
            trust_env=False,
            headers={"content-type": "application/json"},
        )
        self._identity: tuple[int, str] | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """The endpoints in the order of preference."""
        return tuple(endpoint.url for endpoint in self._endpoints)

    def require_chain(self, chain_id: int, genesis_hash: str) -> None:
        """From now on, only endpoints of this chain are used.

        Each is asked who it is before its first call and again after every failure.
        """
        self._identity = (chain_id, genesis_hash.lower())
        for endpoint in self._endpoints:
            endpoint.is_verified = False

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        """The node's result.

        Raises:
            RpcRefused: the node answered with an error.
            ChainUnreachable: no endpoint answered.
            NetworkMismatch: those that answered belong to another chain.
        """
        answer = (await self._exchange(encode_call(0, method, params), 1))[0]
        if isinstance(answer, RpcRefused):
            raise answer
        return answer

    async def call_many(self, calls: Sequence[Call]) -> list[Any | RpcRefused]:
        """The node's results in the order of the calls; a refused call's error stands in its place.

        Sent as JSON-RPC batches of at most 100 calls and 1.5 MB, so calls of one request may be
        answered at different blocks: name the block in the calls where that matters.

        Raises:
            ChainUnreachable: no endpoint answered.
        """
        answers: list[Any | RpcRefused] = []
        for part in split_batches(calls):
            body = b"[" + b",".join(part) + b"]"
            answers += await self._exchange(body, len(part))
        return answers

    async def send_to_all(self, method: str, *params: object) -> list[Any | RpcRefused]:
        """What every reachable endpoint answers; for rebroadcasting a transaction."""
        answers: list[Any | RpcRefused] = []
        for endpoint in self._endpoints:
            try:
                body = encode_call(0, method, params)
                answers += decode_answers(await self._post_verified(endpoint, body), 1)
            except (httpx.TransportError, httpx.HTTPStatusError, NetworkMismatch):
                self._note_failure(endpoint)
        return answers

    async def aclose(self) -> None:
        """Every connection is closed."""
        await self._client.aclose()

    async def _exchange(self, body: bytes, count: int) -> list[Any | RpcRefused]:
        failures: list[str] = []
        mismatch: NetworkMismatch | None = None
        for endpoint in self._in_order():
            try:
                answer = await self._post_verified(endpoint, body)
            except NetworkMismatch as error:
                mismatch = error
                self._note_failure(endpoint)
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                failures.append(f"{endpoint.url}: {type(error).__name__} {error}".strip())
                self._note_failure(endpoint)
            else:
                endpoint.note_answer()
                return decode_answers(answer, count)
        if mismatch is not None and not failures:
            raise mismatch
        raise ChainUnreachable("no chain endpoint answered", actual=", ".join(failures) or "none")

    def _in_order(self) -> Iterable[_Endpoint]:
        now_s = asyncio.get_running_loop().time()
        return sorted(self._endpoints, key=lambda endpoint: endpoint.is_resting(now_s))

    def _note_failure(self, endpoint: _Endpoint) -> None:
        endpoint.note_failure(asyncio.get_running_loop().time())

    async def _post_verified(self, endpoint: _Endpoint, body: bytes) -> bytes:
        if self._identity is not None and not endpoint.is_verified:
            await self._verify(endpoint, *self._identity)
        try:
            return await self._post(endpoint.url, body)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # The node closed a kept-alive connection while we wrote to it: once more, on a new one.
            return await self._post(endpoint.url, body)

    async def _verify(self, endpoint: _Endpoint, chain_id: int, genesis_hash: str) -> None:
        calls = [
            encode_call(0, "eth_chainId", ()),
            encode_call(1, "eth_getBlockByNumber", ("0x0", False)),
        ]
        body = b"[" + b",".join(calls) + b"]"
        found_id, genesis = decode_answers(await self._post(endpoint.url, body), 2)
        found_hash = genesis.get("hash", "").lower() if isinstance(genesis, dict) else ""
        if found_id != hex(chain_id) or found_hash != genesis_hash:
            raise NetworkMismatch(
                f"the endpoint {endpoint.url} serves another chain",
                expected=f"chain {chain_id} from {genesis_hash}",
                actual=f"chain {found_id} from {found_hash}",
            )
        endpoint.is_verified = True

    async def _post(self, url: str, body: bytes) -> bytes:
        async with self._client.stream("POST", url, content=body) as response:
            chunks: list[bytes] = []
            size = 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise RpcRefused(
                        LIMIT_EXCEEDED, f"the answer is too large, over {MAX_ANSWER_BYTES} bytes"
                    )
                chunks.append(chunk)
            answer = b"".join(chunks)
            if response.is_error and not answer.lstrip().startswith((b"{", b"[")):
                response.raise_for_status()
            return answer


def _list_socket_options() -> list[tuple[int, int, int]]:
    """Connections to vanished machines end by themselves where the kernel can do that."""
    option: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
    return [] if option is None else [(socket.IPPROTO_TCP, option, int(VANISHED_S * 1000))]


def encode_call(call_id: int, method: str, params: Sequence[object]) -> bytes:
    """One JSON-RPC request."""
    return msgspec.json.encode(
        {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}
    )


def split_batches(calls: Sequence[Call]) -> Iterator[list[bytes]]:
    """The calls encoded, in batches inside the limits; ids count from 0 in each.

    A call that alone is over the limit travels alone.
    """
    part: list[bytes] = []
    size = 0
    for method, params in calls:
        encoded = encode_call(len(part), method, params)
        if part and (len(part) == MAX_BATCH_CALLS or size + len(encoded) > MAX_BATCH_BYTES):
            yield part
            part, size = [], 0
            encoded = encode_call(0, method, params)
        part.append(encoded)
        size += len(encoded) + 1
    if part:
        yield part


def decode_answers(body: bytes, count: int) -> list[Any | RpcRefused]:
    """The results in the order of their ids; an error in the place of a refused call.

    Args:
        body: what the node sent.
        count: calls that were asked.

    Raises:
        RpcRefused: the node refused the whole batch.
        AnswerMalformed: no JSON-RPC, or not one answer per call.
    """
    try:
        answers = _decode_answers(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerMalformed("a chain node sent no JSON-RPC", actual=repr(body[:80])) from error
    if isinstance(answers, _Answer):
        if count > 1 and answers.error is not None:
            raise _read_refusal(answers.error)
        answers = [answers]
    by_id = {answer.id: answer for answer in answers}
    if count == 1 and len(answers) == 1:
        by_id = {0: answers[0]}  # a refused request may come back without its id
    if len(by_id) != count or any(call_id not in by_id for call_id in range(count)):
        raise AnswerMalformed(
            "a chain node left calls unanswered", expected=count, actual=len(by_id)
        )
    return [_read_answer(by_id[call_id]) for call_id in range(count)]


def _read_answer(answer: _Answer) -> Any | RpcRefused:  # noqa: ANN401 - JSON
    return answer.result if answer.error is None else _read_refusal(answer.error)


def _read_refusal(failure: _Failure) -> RpcRefused:
    return RpcRefused(failure.code, failure.message, failure.data)
