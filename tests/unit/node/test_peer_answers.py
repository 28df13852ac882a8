"""What a peer may answer: whatever it is, nobody but the peer is worse off."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from nacl.signing import SigningKey
from tests.unit.core.builders import NOW_MS

from tallystick.core.facts import Validator
from tallystick_node.peers.client import PeerClient

PEER = Validator("0x" + "11" * 20, "0x" + "22" * 20, bytes(32), "validator-2", "http://peer")
BAD_DOCUMENTS = [
    b"",
    b"\x00",
    b"[]",
    b'{"attestation": 1}',
    b'{"attestation": "0x\xff"}',
    b'{"code": "\xff\xfe"}',
    b'{"more": ' + b"[" * 4_000,
    b'{"more": ' + b'{"a":' * 800,
    b'{"more": 1e99999}',
    b'{"attestation": "0xzz"}',
    b'{"time_ms": ' + b"9" * 4_000 + b"}",
    b'{"time_ms": ' + b"9" * 400 + b"}",
    b'{"time_ms": 1e300}',
]


def answering(body: bytes) -> PeerClient:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(body)))
    return PeerClient(
        SigningKey(bytes(32)), bytes(32), lambda: NOW_MS, {}, timeout_s=5.0, transport=transport
    )


@pytest.fixture(params=BAD_DOCUMENTS, ids=lambda body: repr(body[:24]))
def client(request: pytest.FixtureRequest) -> Iterator[PeerClient]:
    client = answering(request.param)
    yield client
    asyncio.run(client.aclose())


def test_attestation_is_none_when_the_answer_is_no_document(client: PeerClient) -> None:
    assert asyncio.run(client.ask_attestation(PEER, 0, 1, b"batch", "/v1/attestations")) is None


def test_peer_is_probed_whatever_it_says_of_its_clock(client: PeerClient) -> None:
    asyncio.run(client.probe(PEER))
    ahead_ms = client.read_ahead_ms(PEER)
    assert ahead_ms is None or abs(ahead_ms) < 2**63
