"""Validators whose keys lie with a signer, or encrypted: they settle as all others do."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest
from coincurve import PrivateKey
from tests.integration.anvil import run_anvil
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


@pytest.fixture(scope="module")
def mixed(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[NodeGroup, Web3Signer]]:
    """Three nodes of four: the first behind a signer, the second with keystores, one as ever."""
    folder = tmp_path_factory.mktemp("mixed")
    passphrase_file = folder / "passphrase"
    write_private(passphrase_file, PASSPHRASE.encode())
    with run_anvil(folder) as url:
        network = found_network(url, meters=5)
        keys = network.validators[0]
        with (
            run_web3signer([keys.attest, PrivateKey(bytes(keys.send.key))]) as signer,
            run_nodes(
                network, folder, absent=EVERYBODY, passphrase_file=str(passphrase_file)
            ) as nodes,
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


def send(nodes: NodeGroup, at: int, first: int, *, meter: int) -> None:
    network = nodes.network
    frame = network.sign(network.records(4, first=first), first_seq=first, meter=meter)
    answer = nodes[at].send(frame)
    assert answer.status_code == 200, answer.text


def count_events(node: NodeProcess, name: str) -> int:
    return len(node.events(name))


def has_more_events(node: NodeProcess, name: str, known: int) -> bool:
    return count_events(node, name) > known


def list_senders(nodes: NodeGroup) -> list[str]:
    return [each.sender for block in read_blocks(nodes.network) for each in block.settlements]


def test_records_settle_when_keys_lie_with_a_signer_or_encrypted(
    mixed: tuple[NodeGroup, Web3Signer],
) -> None:
    nodes, signer = mixed
    send(nodes, 0, 0, meter=0)
    send(nodes, 1, 0, meter=1)
    nodes.wait_settled(4, meter=0)
    nodes.wait_settled(4, at=1, meter=1)
    validators = nodes.network.validators
    assert set(list_senders(nodes)) == {validators[at].describe(at).sender for at in (0, 1)}
    sizes = [len(message) for message in signer.signed]
    assert sizes.count(66) >= 2, "it attested its own batch and another's"
    assert max(sizes) > 66, "it sent one"

    shown = nodes[1].log.read_text()
    assert not [text for text in (validators[1].attest.to_hex(), PASSPHRASE) if text in shown]


def test_records_wait_and_none_is_lost_while_a_signer_is_away_or_lies(
    mixed: tuple[NodeGroup, Web3Signer],
) -> None:
    nodes, signer = mixed
    for first, misdeed in ((0, answer_text(b"busy", 503)), (4, sign_with_high_s)):
        signer.standing = misdeed
        before = count_events(nodes[0], "own_attestation_missed")
        send(nodes, 0, first, meter=2)
        has_missed = partial(has_more_events, nodes[0], "own_attestation_missed", before)
        wait_until(has_missed, "nobody signs", nodes[0].log)
        assert nodes[0].cursor(nodes.network.meters[2].id) == first
        signer.standing = None
        nodes.wait_settled(first + 4, meter=2)
    assert [(first, end) for first, end, _ in read_settled(nodes, 2)] == [(0, 4), (4, 8)]


def test_batch_waits_with_its_nonce_while_only_its_sending_key_is_away(
    mixed: tuple[NodeGroup, Web3Signer],
) -> None:
    nodes, signer = mixed
    send_key = PrivateKey(bytes(nodes.network.validators[0].send.key))
    withheld = signer.keys.pop(name_key(send_key))
    before = count_events(nodes[0], "submission_unsigned")
    send(nodes, 0, 0, meter=3)
    is_unsigned = partial(has_more_events, nodes[0], "submission_unsigned", before)
    wait_until(is_unsigned, "unsigned", nodes[0].log)
    send(nodes, 1, 0, meter=4)
    nodes.wait_settled(4, at=1, meter=4)  # others are not held up
    signer.keys[name_key(send_key)] = withheld
    nodes.wait_settled(4, meter=3)
    assert list_senders(nodes)[-1] == nodes.network.validators[0].describe(0).sender
