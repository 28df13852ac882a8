"""What intakes are sent that they must not take: malformed bytes, too many, too slowly."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.network.byzantine import ByzantineValidator, Claims
from tests.network.crowd import crowding, raise_descriptors
from tests.network.faults import Drill
from tests.network.forgery import compose
from tests.network.ground import Ground
from tests.network.malformed import mutate, mutate_document, send_raw_requests
from tests.network.memory import PeakMemory
from tests.network.settled_segments import read_settled

from tallystick.core.batches import encode_batch
from tallystick.core.frames import encode_frame
from tallystick_node.peers.question import (
    BATCHES_PATH,
    CREDITS_PATH,
    FREEZES_PATH,
    RELEASES_PATH,
)

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

CONNECTIONS: Final = 10_000
GROWTH_BYTES: Final = 256 << 20
MALFORMED_GROWTH_BYTES: Final = 96 << 20
ASKED: Final = 20
MALFORMED: Final = 150
UNSIGNED: Final = 0.2
ENDLESS_PARTS: Final = 500
REFUSED_BODIES: Final = (None, 401, 408, 413)
FOR_NOW: Final = ("rate_limited", "reference_unknown", "chain_behind")
WORD: Final = "0x" + "11" * 32
SIGNATURE: Final = "0x" + "22" * 65
CREDIT: Final[dict[str, Any]] = {
    "meter": 1,
    "seq": 0,
    "project": 2,
    "cost_ucr": 10,
    "amount_ucr": 5,
    "record_hash": WORD,
    "reason": WORD,
    "owner_signature": SIGNATURE,
    "registrar_signature": SIGNATURE,
}
DOCUMENTS: Final[dict[str, dict[str, Any]]] = {
    RELEASES_PATH: {
        "meter": 1,
        "seq": 0,
        "project": 2,
        "resource": 1,
        "user": 0,
        "cost_ucr": 5,
        "record_hash": WORD,
    },
    CREDITS_PATH: CREDIT,
    "/v1/corrections/releases": {"meter": 4_000_000_000, "seq": 1},
    "/v1/corrections/credits": CREDIT,
    "/v1/leases": {
        "project": 1,
        "meter": 1,
        "amount_ucr": 1,
        "admit_until_s": 1,
        "nonce": 0,
        "signature": SIGNATURE,
    },
    "/v1/leases/declarations": {
        "project": 1,
        "meter": 1,
        "last_seq": 1,
        "nonce": 0,
        "signature": SIGNATURE,
    },
    "/v1/leases/releases": {"project": 4_000_000_000, "meter": 4_000_000_000},
}
POST_PATHS: Final = ("/v1/frames", BATCHES_PATH, FREEZES_PATH, *DOCUMENTS)


@pytest.fixture
def meter(ground: Ground) -> int:
    """A meter that nobody else uses."""
    return ground.register_meter(f"edge-{secrets.token_hex(4)}")


def test_others_are_served_beside_crowds_and_endless_bodies(network: Path, ground: Ground) -> None:
    with Drill(network, "10,000 connections, slow clients, oversized bodies") as drill:
        place = drill.chance.randrange(len(ground.urls))
        memory = PeakMemory({ground.names[place]: drill.parts.find(ground.names[place]).pid})
        drill.inject(reached := asyncio.run(ask_beside_crowd(ground.urls[place])))
        print(f"{reached} connections to {ground.names[place]}")
        drill.recovered()
        for path in POST_PATHS:
            drill.inject()
            assert send_endless(ground.urls[place] + path) in REFUSED_BODIES, path
        drill.recovered()
        memory.check(GROWTH_BYTES)


async def ask_beside_crowd(url: str) -> int:
    """How many connections stood while new ones were served."""
    async with crowding(url, raise_descriptors(CONNECTIONS)) as reached:
        for _ in range(ASKED):
            async with httpx.AsyncClient(timeout=30.0) as client:
                answer = await client.post(f"{url}/v1/frames", content=b"x")
                assert (answer.status_code, answer.json()["code"]) == (400, "frame_malformed")
    return reached


def send_endless(url: str) -> int | None:
    """The status with which a body without an end is refused; None where the line was cut."""

    def endless() -> Iterator[bytes]:
        for _ in range(ENDLESS_PARTS):
            yield bytes(65_536)

    try:
        return httpx.post(url, content=endless(), timeout=60.0).status_code
    except httpx.TransportError:
        return None


def test_malformed_bytes_are_refused_with_a_code(network: Path, ground: Ground, meter: int) -> None:
    with Drill(network, "malformed bytes at a validator") as drill:
        chance = drill.chance
        place = chance.randrange(len(ground.urls))
        memory = PeakMemory({ground.names[place]: drill.parts.find(ground.names[place]).pid})
        frame = ground.net.sign(ground.net.records(3), first_seq=0, meter=meter)
        liar = ByzantineValidator(ground, (place + 1) % len(ground.urls))
        batch = encode_batch(compose(ground.net, [frame]))
        url = ground.urls[place]
        found: Counter[tuple[int, str]] = Counter()
        is_acknowledged = False
        with httpx.Client(timeout=60.0) as client:
            for _ in range(MALFORMED):
                for path, body in make_bodies(chance, encode_frame(frame), batch):
                    claims = Claims() if path.startswith(BATCHES_PATH) else None
                    headers = liar.sign(place, path, body, claims) if claims else {}
                    if claims and chance.random() < UNSIGNED:
                        headers = {name: mutate_text(chance, headers[name]) for name in headers}
                    answer = client.post(url + path, content=body, headers=headers)
                    check_refused(answer, body)
                    found[answer.status_code, answer.json()["code"]] += 1
                    # Whole frames before the first that is none are taken, and the refusal says so.
                    is_acknowledged = is_acknowledged or bool(answer.json().get("accepted"))
                    drill.injected += 1
        for request, said in send_raw_requests("127.0.0.1", int(url.rpartition(":")[2])):
            status = said.split(b" ", 2)[1:2]
            assert not said or status[0].startswith(b"4"), (request[:80], said[:200])
            drill.injected += 1
        print(dict(found))
        drill.inject(0)
        drill.recovered()
        memory.check(MALFORMED_GROWTH_BYTES)
        assert is_acknowledged or read_settled(ground, meter) == []


def make_bodies(chance: random.Random, frame: bytes, batch: bytes) -> Iterator[tuple[str, bytes]]:
    """For every route that takes a body one that it must refuse."""
    yield "/v1/frames", mutate(chance, frame)
    yield BATCHES_PATH, mutate(chance, batch)
    yield FREEZES_PATH, mutate(chance, frame * 2)
    for path, document in DOCUMENTS.items():
        yield path, mutate_document(chance, document)


def mutate_text(chance: random.Random, text: str) -> str:
    """A header's value that is not what it was."""
    return chance.choice(("", "-1", "x", "9" * 4_000, "1e3", text[:-1], text + "0"))


def check_refused(answer: httpx.Response, body: bytes) -> None:
    """Refused with a code, and for a reason that is the sender's."""
    document = answer.json()
    is_refused = 400 <= answer.status_code < 500 or document.get("code") in FOR_NOW
    assert is_refused, (answer.status_code, document, body[:200])
    assert document["code"] not in ("internal_error", ""), (document, body[:200])
