"""A validator's keys rotated by vote under load: the node goes on with the next ones by itself."""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey
from tests.integration.node.nodes import NodeGroup, NodeProcess, read_blocks, run_nodes, wait_until
from tests.integration.settling import found_network

from tallystick.chain.bindings.validators import Validators
from tallystick.chain.key_sources import NodeKeys
from tallystick.chain.keys import write_private
from tallystick.chain.signer import KeySigner
from tallystick.core.facts import Validator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PLACE: Final = 0
SECRETS: Final = {
    name: bytes([number]) * 32
    for number, name in enumerate(("attest_key", "send_key", "transport_key"), start=70)
}
NEXT: Final = NodeKeys(
    KeySigner(PrivateKey(SECRETS["attest_key"])),
    KeySigner(PrivateKey(SECRETS["send_key"])),
    SigningKey(SECRETS["transport_key"]),
)


@dataclass
class Meter:
    """Sends frame after frame to one validator until it is told to stop."""

    nodes: NodeGroup
    acknowledged: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopping.wait(0.1):
            first, network = self.acknowledged, self.nodes.network
            frame = network.sign(network.records(2, first=first), first_seq=first)
            try:
                answer = self.nodes[PLACE].send(frame)
            except httpx.TransportError:
                continue
            if answer.is_success:
                self.acknowledged += 2


def write_next_keys(node: NodeProcess) -> None:
    path = node.folder / "next.json"
    write_private(
        path, json.dumps({name: secret.hex() for name, secret in SECRETS.items()}).encode()
    )
    rewrite_settings(node, next_keys_file=str(path))


def rewrite_settings(node: NodeProcess, **changes: str | None) -> None:
    path = node.folder / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def describe_next(former: Validator) -> Validator:
    return Validator(
        attester=NEXT.attester,
        sender=NEXT.send_signer.address,
        transport_key=bytes(NEXT.transport_key.verify_key),
        name=former.name,
        url=former.url,
    )


def read_index(node: NodeProcess) -> int | None:
    try:
        found: int | None = httpx.get(f"{node.url}/v1/status").json()["index"]
    except httpx.TransportError:
        return None
    return found


def test_validator_goes_on_with_its_next_keys_once_they_are_voted_in(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    members = [keys.describe(place) for place, keys in enumerate(network.validators)]
    members[PLACE] = describe_next(members[PLACE])
    with run_nodes(network, tmp_path) as nodes:
        node = nodes[PLACE]
        node.stop()
        write_next_keys(node)
        node.start()
        node.wait_ready()
        meter = Meter(nodes)
        thread = threading.Thread(target=meter.run)
        thread.start()
        try:
            nodes.wait_settled(20)
            network.vote(Validators(network.network.addresses.validators).set_validators(members))
            wait_until(lambda: len(node.events("keys_rotated")) > 0, "rotated", node.log)
            known = meter.acknowledged
            wait_until(lambda: meter.acknowledged > known + 20, "it takes frames", node.log)
        finally:
            meter.stopping.set()
            thread.join()
        for place in range(4):
            nodes.wait_settled(meter.acknowledged, at=place)
        assert [read_index(each) for each in nodes.nodes] == [0, 1, 2, 3]
        settlements = [s for block in read_blocks(network) for s in block.settlements]
        assert settlements[0].sender == network.validators[PLACE].describe(PLACE).sender
        assert settlements[-1].sender == NEXT.send_signer.address
        assert node.process is not None, "the same process all the time"

        # The operator puts the files in order; what was voted stays in force.
        node.stop()
        rewrite_settings(node, keys_file=str(node.folder / "next.json"), next_keys_file=None)
        node.start()
        node.wait_ready()
        assert read_index(node) == PLACE
