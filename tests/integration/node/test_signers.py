"""Validators whose keys lie with a signer, or encrypted: they settle as all others do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from coincurve import PrivateKey
from tests.integration.node.nodes import NodeGroup, NodeProcess, read_blocks, run_nodes, wait_until
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import SettlingNetwork, found_network
from tests.upstream.web3signer import (
    Web3Signer,
    answer_text,
    name_key,
    run_web3signer,
    sign_with_high_s,
)

from tallystick.chain.keys import write_private
from tallystick.chain.keystore import write_keystore

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

EVERYBODY: Final = (0, 1, 2, 3)
ABSENT: Final = 3
"""Without it a quorum needs each of the others."""
PASSPHRASE: Final = "correct horse battery"


@contextmanager
def run_mixed_nodes(folder: Path, chain_url: str) -> Iterator[tuple[NodeGroup, Web3Signer]]:
    """Three nodes of four: the first behind a signer, the second with keystores, one as ever."""
    network = found_network(chain_url, meters=2)
    keys = network.validators[0]
    passphrase_file = folder / "passphrase"
    write_private(passphrase_file, PASSPHRASE.encode())
    with (
        run_web3signer([keys.attest, PrivateKey(bytes(keys.send.key))]) as signer,
        run_nodes(network, folder, absent=EVERYBODY, passphrase_file=str(passphrase_file)) as nodes,
    ):
        leave_to_signer(network, nodes[0], signer)
        encrypt_keys(network, nodes[1])
        for node in nodes.nodes[:ABSENT]:
            node.start()
        for node in nodes.nodes[:ABSENT]:
            node.wait_ready()
        yield nodes, signer


def leave_to_signer(network: SettlingNetwork, node: NodeProcess, signer: Web3Signer) -> None:
    keys = network.validators[0]
    rewrite_keys(
        node,
        attest_key={"signer": signer.url, "public_key": name_key(keys.attest)},
        send_key={"signer": signer.url, "public_key": name_key(PrivateKey(bytes(keys.send.key)))},
    )


def encrypt_keys(network: SettlingNetwork, node: NodeProcess) -> None:
    keys = network.validators[1]
    secrets = {
        "attest_key": keys.attest.secret,
        "send_key": bytes(keys.send.key),
        "transport_key": bytes(keys.transport),
    }
    for name, secret in secrets.items():
        write_keystore(
            node.folder / f"{name}.json", secret, PASSPHRASE, address=None, scrypt_n=1 << 12
        )
    rewrite_keys(node, **{name: {"keystore": f"{name}.json"} for name in secrets})


def rewrite_keys(node: NodeProcess, **changes: dict[str, str]) -> None:
    path = node.folder / "keys.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def send(nodes: NodeGroup, at: int, first: int, count: int = 4, *, meter: int = 0) -> None:
    network = nodes.network
    frame = network.sign(network.records(count, first=first), first_seq=first, meter=meter)
    answer = nodes[at].send(frame)
    assert answer.status_code == 200, answer.text


def count_events(node: NodeProcess, name: str) -> int:
    return len(node.events(name))


def test_records_settle_when_keys_lie_with_a_signer_or_encrypted(
    tmp_path: Path, chain_url: str
) -> None:
    with run_mixed_nodes(tmp_path, chain_url) as (nodes, signer):
        send(nodes, 0, 0)
        send(nodes, 1, 0, meter=1)
        nodes.wait_settled(4, at=0)
        nodes.wait_settled(4, at=1, meter=1)
        senders = {
            block.settlements[0].sender for block in read_blocks(nodes.network) if block.settlements
        }
        expected = {nodes.network.validators[place].describe(place).sender for place in (0, 1)}
        assert senders == expected
        sizes = [len(message) for message in signer.signed]
        assert sizes.count(66) >= 2, "it attested its own batch and another's"
        assert max(sizes) > 66, "it sent one"

        secrets = [nodes.network.validators[1].attest.to_hex(), PASSPHRASE]
        shown = nodes[1].log.read_text()
        assert not [secret for secret in secrets if secret in shown]


def test_records_wait_and_none_is_lost_while_a_signer_is_away_or_lies(
    tmp_path: Path, chain_url: str
) -> None:
    with run_mixed_nodes(tmp_path, chain_url) as (nodes, signer):
        send(nodes, 0, 0)
        nodes.wait_settled(4)
        for first, misdeed in ((4, answer_text(b"busy", 503)), (8, sign_with_high_s)):
            signer.standing = misdeed
            before = count_events(nodes[0], "own_attestation_missed")
            send(nodes, 0, first)
            wait_until(
                lambda known=before: count_events(nodes[0], "own_attestation_missed") > known,
                "nobody signs",
                nodes[0].log,
            )
            assert nodes[0].cursor(nodes.network.meters[0].id) == first
            signer.standing = None
            nodes.wait_settled(first + 4)
        assert [(first, end) for first, end, _ in read_settled(nodes, 0)] == [
            (0, 4),
            (4, 8),
            (8, 12),
        ]


def test_batch_waits_with_its_nonce_while_only_its_sending_key_is_away(
    tmp_path: Path, chain_url: str
) -> None:
    with run_mixed_nodes(tmp_path, chain_url) as (nodes, signer):
        send_key = name_key(PrivateKey(bytes(nodes.network.validators[0].send.key)))
        withheld = signer.keys.pop(send_key)
        send(nodes, 0, 0)
        wait_until(
            lambda: count_events(nodes[0], "submission_unsigned") > 0, "unsigned", nodes[0].log
        )
        send(nodes, 1, 0, meter=1)
        nodes.wait_settled(4, at=1, meter=1)  # others are not held up
        signer.keys[send_key] = withheld
        nodes.wait_settled(4)
        assert [
            block.settlements[0].sender for block in read_blocks(nodes.network) if block.settlements
        ][-1] == nodes.network.validators[0].describe(0).sender
