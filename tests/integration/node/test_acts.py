"""What a quorum does besides settling: freezes, releases and credits, with four real validators."""

import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey
from tests.integration.anvil import run_anvil
from tests.integration.node.nodes import NodeGroup, read_blocks, run_nodes, wait_until
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import REGISTRAR_KEY, found_network

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.corrections import Corrections
from tallystick.chain.bindings.guardian import Guardian, sign_suspension
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.reader import read
from tallystick.core.batches import decode_batch
from tallystick.core.corrections import Credit, compute_credit_digest
from tallystick.core.frames import Frame, sign_frame
from tallystick.core.typed_data import sign_typed_digest
from tallystick.core.usage import Reason

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NO_REASON: Final = "0x" + "00" * 32
OWNER: Final = PrivateKey(REGISTRAR_KEY)
"""Controls the organisation, and is its registrar."""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeGroup]:
    """Four ready validators and a meter for each of the tests."""
    folder = tmp_path_factory.mktemp("acts")
    with run_anvil(folder) as url, run_nodes(found_network(url, meters=6), folder) as group:
        yield group


def is_frozen(nodes: NodeGroup, meter: int) -> bool:
    network = nodes.network
    registry = Registry(network.network.addresses.registry)
    return read(network.w3, registry.meter_of(network.meters[meter].id)).frozen


def settle(nodes: NodeGroup, meter: int, *frames: Frame, at: int = 0) -> None:
    answer = nodes[at].send(*frames)
    assert answer.status_code == 200, answer.text
    nodes.wait_settled(frames[-1].end_seq, meter=meter, at=at)


def ask_record(nodes: NodeGroup, meter: int, seq: int, *, at: int = 0) -> dict[str, Any]:
    """The record as the node's index shows it, once it does."""
    params = {"meter": str(nodes.network.meters[meter].id), "seq": str(seq)}
    url = f"{nodes[at].url}/v1/corrections/records"

    def has_come() -> bool:
        return httpx.get(url, params=params).status_code == 200

    wait_until(has_come, "the index shows the record", nodes[at].log)
    found: dict[str, Any] = httpx.get(url, params=params).json()
    return found


def post(nodes: NodeGroup, what: str, document: object, *, at: int = 0) -> httpx.Response:
    return httpx.post(f"{nodes[at].url}/v1/corrections/{what}", json=document, timeout=60)


def sign_credit(nodes: NodeGroup, credit: Credit, key: PrivateKey) -> str:
    network = nodes.network.network
    contract = bytes.fromhex(network.addresses.corrections[2:])
    digest = compute_credit_digest(credit, network.chain_id, contract)
    return "0x" + sign_typed_digest(key, digest).hex()


def describe_credit(
    nodes: NodeGroup, record: dict[str, Any], amount_ucr: int, **keys: PrivateKey
) -> dict[str, Any]:
    """The document that asks for a credit, signed by owner and registrar."""
    credit = Credit(
        record["meter"],
        record["seq"],
        record["project"],
        record["cost_ucr"],
        amount_ucr,
        bytes.fromhex(record["record_hash"][2:]),
        bytes(32),
    )
    return {
        "meter": credit.meter,
        "seq": credit.seq,
        "project": credit.project,
        "cost_ucr": credit.cost_ucr,
        "amount_ucr": amount_ucr,
        "record_hash": record["record_hash"],
        "reason": NO_REASON,
        "owner_signature": sign_credit(nodes, credit, keys.get("owner", OWNER)),
        "registrar_signature": sign_credit(nodes, credit, keys.get("registrar", OWNER)),
    }


def balance_ucr(nodes: NodeGroup, project: int) -> int:
    network = nodes.network
    budgets = Budgets(network.network.addresses.budgets)
    return int(read(network.w3, budgets.budget_of(project)).general_ucr)


def test_meter_that_signs_two_histories_is_frozen_without_anyone_asking(nodes: NodeGroup) -> None:
    network, meter = nodes.network, 0
    one = network.sign(network.records(4, first=7), first_seq=4, meter=meter)
    other = network.sign(network.records(4, first=8), first_seq=4, meter=meter)
    # Both wait for what comes before them, so that neither settles meanwhile.
    assert nodes[2].send(one).status_code == 200
    answer = nodes[2].send(other)
    assert (answer.status_code, answer.json()["code"]) == (409, "sequence_conflict")
    wait_until(lambda: is_frozen(nodes, meter), "the meter is frozen", nodes[2].log)
    wait_until(lambda: bool(nodes[2].events("meter_frozen")), "and said so", nodes[2].log)
    settle(nodes, meter, network.sign(network.records(4), first_seq=0, meter=meter))
    wait_until(lambda: nodes[0].cursor(network.meters[meter].id) >= 4, "settled", nodes[0].log)
    assert read_settled(nodes, meter)[0] == (0, 4, [Reason.METER_FROZEN] * 4)


def test_peers_refuse_to_freeze_when_the_frames_prove_nothing(nodes: NodeGroup) -> None:
    """Nobody but a validator can even ask; see `test_signing`."""
    network = nodes.network
    forged = sign_frame(
        SigningKey(bytes([9]) * 32),
        network_id=network.network.network_id,
        meter=network.meters[1].id,
        key_index=0,
        first_seq=0,
        records=network.records(2),
    )
    assert nodes[0].send(forged).json()["code"] == "bad_signature"
    answer = httpx.post(f"{nodes[0].url}/v1/attestations/freezes", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (401, "peer_unknown")
    assert not is_frozen(nodes, 1)


def test_quarantined_record_is_released_once_its_facts_are_right(nodes: NodeGroup) -> None:
    network, meter = nodes.network, 1
    registry = Registry(network.network.addresses.registry)
    late = max(network.projects) + 1  # accounts are numbered in order: this one comes next
    records = network.records(2)
    records["project"][1] = late
    settle(nodes, meter, network.sign(records, first_seq=0, meter=meter))
    record = ask_record(nodes, meter, 1)
    assert (record["reason"], record["cost_ucr"], record["release_ucr"]) == (
        "project_unknown",
        0,
        None,
    )
    name = {"meter": network.meters[meter].id, "seq": 1}
    refused = post(nodes, "releases", name)
    assert (refused.status_code, refused.json()["code"]) == (400, "not_releasable")

    create = registry.create_account(network.organisation, "late", network.registrar.address)
    organisation_project = network.registrar.send(create).outcome
    assert organisation_project == late
    wait_until(
        lambda: ask_record(nodes, meter, 1, at=3)["release_ucr"] is not None,
        "the facts have come",
        nodes[3].log,
    )
    cost_ucr = ask_record(nodes, meter, 1, at=3)["release_ucr"]
    answer = post(nodes, "releases", name, at=3)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["project"], answer.json()["cost_ucr"]) == (late, cost_ucr)
    budgets = Budgets(network.network.addresses.budgets)
    assert read(network.w3, budgets.budget_of(late)).spent_lifetime_ucr == cost_ucr

    again = post(nodes, "releases", name, at=1)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists"), again.text
    valued = post(nodes, "releases", {**name, "seq": 0})
    assert (valued.status_code, valued.json()["code"]) == (400, "not_releasable")
    unknown = post(nodes, "releases", {**name, "seq": 99})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "record_unknown")


def test_settled_record_is_credited_on_all_signatures(nodes: NodeGroup) -> None:
    network, meter = nodes.network, 2
    settle(nodes, meter, network.sign(network.records(1), first_seq=0, meter=meter))
    record = ask_record(nodes, meter, 0, at=1)
    half_ucr = record["cost_ucr"] // 2
    stranger = PrivateKey(bytes([77]) * 32)
    for keys in ({"owner": stranger}, {"registrar": stranger}):
        refused = post(nodes, "credits", describe_credit(nodes, record, half_ucr, **keys), at=1)
        assert (refused.status_code, refused.json()["code"]) == (403, "signer_refused")
    too_much = describe_credit(nodes, record, record["cost_ucr"] + 1)
    refused = post(nodes, "credits", too_much, at=1)
    assert (refused.status_code, refused.json()["code"]) == (400, "not_creditable")

    before_ucr = balance_ucr(nodes, record["project"])
    document = describe_credit(nodes, record, half_ucr)
    tampered = post(nodes, "credits", {**document, "amount_ucr": half_ucr + 1}, at=1)
    assert tampered.json()["code"] == "signer_refused"
    answer = post(nodes, "credits", document, at=1)
    assert answer.status_code == 200, answer.text
    assert balance_ucr(nodes, record["project"]) == before_ucr + half_ucr
    corrections = Corrections(network.network.addresses.corrections)
    assert read(network.w3, corrections.is_credited(network.meters[meter].id, 0))
    again = post(nodes, "credits", document)
    assert again.json()["code"] == "already_exists"


def test_suspended_validator_is_neither_asked_nor_counted(nodes: NodeGroup) -> None:
    network, meter = nodes.network, 3
    addresses, chain_id = network.network.addresses, network.network.chain_id
    attester = network.validators[2].describe(2).attester
    until_s = int(time.time()) + 3_600
    signature = sign_suspension(
        network.validators[1].attest, addresses.guardian, chain_id, attester, until_s
    )
    guardian = Guardian(addresses.guardian)
    network.guardian.send(guardian.suspend_key(attester, until_s, 1, signature))
    try:
        for place in range(3):
            frame = network.sign(network.records(3), first_seq=3 * place, meter=meter)
            settle(nodes, meter, frame, at=place)
        assert set(read_signers(nodes, meter)) == {0b1011}
    finally:
        network.guardian.send(guardian.end_suspension())


def read_signers(nodes: NodeGroup, meter: int) -> list[int]:
    """The signers of every settlement that holds a frame of the meter."""
    meter_id = nodes.network.meters[meter].id
    settlements = (each for block in read_blocks(nodes.network) for each in block.settlements)
    return [
        settlement.signer_bitmap
        for settlement in settlements
        if meter_id in {segment.meter for segment in decode_batch(settlement.data).segments}
    ]
