"""Everything that was ever sent, sent again."""

from __future__ import annotations

import secrets
from collections import Counter
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.integration.node.nodes import read_blocks
from tests.network.capture import read_raw_transactions, recording
from tests.network.faults import Drill
from tests.network.ground import Ground, wait_until
from tests.network.impostor import Heard

from tallystick.chain.errors import RpcRefused
from tallystick.chain.reader import ask

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

CAPTURED: Final = 30
OWN_HEADERS: Final = ("Host", "Content-Length", "Connection")


@pytest.fixture
def meter(ground: Ground) -> int:
    """A meter that nobody else uses."""
    return ground.register_meter(f"edge-{secrets.token_hex(4)}")


def test_nothing_happens_when_every_captured_message_is_sent_again(
    network: Path, ground: Ground, tmp_path: Path
) -> None:
    with Drill(network, "every captured message is sent again") as drill:
        place = drill.chance.randrange(len(ground.urls))
        with recording(ground, place, tmp_path) as heard:
            drill.inject(0)
            drill.recovered()
            wait_until(lambda: len(heard) > CAPTURED, "enough was captured")
            captured = list(heard)
            statuses: Counter[tuple[str, str]] = Counter()
            with httpx.Client(timeout=60.0) as client:
                for at in range(len(ground.urls)):
                    for each in captured:
                        answer = repeat(client, ground.urls[at], each)
                        statuses[each.path, describe_answer(answer)] += 1
                        drill.injected += 1
            print(dict(statuses))
            attested = [count for (_, said), count in statuses.items() if said == "attested"]
            assert not attested, statuses
        hashes = [
            settlement.tx_hash
            for block in read_blocks(ground.net)[-CAPTURED:]
            for settlement in block.settlements
        ]
        for raw in read_raw_transactions(ground, hashes):
            drill.injected += 1
            refusal = ask(ground.net.w3, "eth_sendRawTransaction", (raw,))
            assert isinstance(refusal, RpcRefused), refusal
        drill.inject(0)
        drill.recovered()


def repeat(client: httpx.Client, url: str, heard: Heard) -> httpx.Response:
    """The answer to a captured request, sent again as it was."""
    headers = {name: heard.headers[name] for name in heard.headers if name not in OWN_HEADERS}
    return client.post(url + heard.path, content=heard.body, headers=headers)


def describe_answer(answer: httpx.Response) -> str:
    """What a validator made of it."""
    document = answer.json()
    if "attestation" in document:
        return "attested"
    if "frames" in document and answer.is_success:
        return ",".join(sorted({frame["status"] for frame in document["frames"]}))
    return str(document["code"])
