"""Leases that validators bring to the chain for meters, which hold no key but the lease key."""

import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from coincurve import PrivateKey
from tests.integration.anvil import run_anvil
from tests.integration.node.nodes import NodeGroup, run_nodes, wait_until
from tests.integration.settling import found_network

from tallystick.chain.bindings.leases import (
    Lease,
    LeaseEnd,
    LeaseRequest,
    Leases,
    sign_lease,
    sign_lease_end,
)
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.reader import read
from tallystick.core.attestation import compute_address

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

KEY: Final = PrivateKey(bytes([7]) * 32)
METERS: Final = 6
MILLION: Final = 1_000_000


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeGroup]:
    """Four ready validators, and meters whose lease key is known."""
    folder = tmp_path_factory.mktemp("leases")
    with run_anvil(folder) as url:
        network = found_network(url, meters=METERS)
        registry = Registry(network.network.addresses.registry)
        for meter in network.meters:
            address = compute_address(KEY.public_key)
            network.registrar.send(registry.set_lease_key(meter.id, address))
        with run_nodes(network, folder) as group:
            yield group


def contract(nodes: NodeGroup) -> Leases:
    return Leases(nodes.network.network.addresses.leases)


def lease_of(nodes: NodeGroup, meter: int) -> Lease:
    project, number = nodes.network.projects[0], nodes.network.meters[meter].id
    return read(nodes.network.w3, contract(nodes).lease_of(project, number))


def ask(
    nodes: NodeGroup,
    meter: int,
    amount_ucr: int = MILLION,
    *,
    nonce: int = 1,
    lasts_s: int = 600,
    key: PrivateKey = KEY,
) -> dict[str, Any]:
    """The document that asks for a lease of the first project."""
    network = nodes.network
    request = LeaseRequest(
        network.projects[0],
        network.meters[meter].id,
        amount_ucr,
        int(time.time()) + lasts_s,
        nonce,
    )
    signature = sign_lease(key, contract(nodes).address, network.network.chain_id, request)
    return {
        "project": request.project,
        "meter": request.meter,
        "amount_ucr": amount_ucr,
        "admit_until_s": request.admit_until_s,
        "nonce": nonce,
        "signature": "0x" + signature.hex(),
    }


def tell_end(nodes: NodeGroup, meter: int, last_seq: int, *, nonce: int = 1) -> dict[str, Any]:
    """The document that declares a meter's last number."""
    network = nodes.network
    end = LeaseEnd(network.projects[0], network.meters[meter].id, last_seq, nonce)
    signature = sign_lease_end(KEY, contract(nodes).address, network.network.chain_id, end)
    return {
        "project": end.project,
        "meter": end.meter,
        "last_seq": last_seq,
        "nonce": nonce,
        "signature": "0x" + signature.hex(),
    }


def name(nodes: NodeGroup, meter: int) -> dict[str, int]:
    return {"project": nodes.network.projects[0], "meter": nodes.network.meters[meter].id}


def post(nodes: NodeGroup, path: str, document: object, *, at: int = 0) -> httpx.Response:
    return httpx.post(f"{nodes[at].url}/v1/leases{path}", json=document, timeout=60)


def test_lease_is_refused_when_it_is_not_signed_by_the_meter(nodes: NodeGroup) -> None:
    stranger = PrivateKey(bytes([9]) * 32)
    answer = post(nodes, "", ask(nodes, 0, key=stranger))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_authorised")
    assert not lease_of(nodes, 0).is_open


def test_lease_is_refused_when_there_is_no_room(nodes: NodeGroup) -> None:
    answer = post(nodes, "", ask(nodes, 0, 10**15))
    assert (answer.status_code, answer.json()["code"]) == (409, "funds_insufficient")
    assert not lease_of(nodes, 0).is_open


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signature", "0x00"),
        ("signature", "zz"),
        ("amount_ucr", -1),
        ("amount_ucr", 2**64),
        ("nonce", "1"),
        ("more", 1),
    ],
)
def test_lease_is_refused_when_the_body_is_malformed(
    nodes: NodeGroup, field: str, value: object
) -> None:
    answer = post(nodes, "", {**ask(nodes, 0), field: value})
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_invalid")


def test_lease_is_open_when_any_validator_was_asked(nodes: NodeGroup) -> None:
    answer = post(nodes, "", ask(nodes, 1), at=2)
    assert answer.status_code == 200, answer.text
    assert answer.json()["left_ucr"] == MILLION
    assert answer.json()["nonce"] == 1
    assert lease_of(nodes, 1).left_ucr == MILLION


def test_lease_is_opened_once_when_it_is_asked_for_at_two_validators(nodes: NodeGroup) -> None:
    document = ask(nodes, 2)
    answers = [post(nodes, "", document, at=at) for at in (0, 0, 1)]
    assert answers[0].status_code == 200, answers[0].text
    assert [answer.json()["code"] for answer in answers[1:]] == ["value_refused"] * 2
    assert lease_of(nodes, 2).left_ucr == MILLION


def test_lease_returns_when_the_cursor_has_passed_its_last_number(nodes: NodeGroup) -> None:
    meter = 3
    assert post(nodes, "", ask(nodes, meter)).status_code == 200
    early = post(nodes, "/releases", name(nodes, meter))
    assert (early.status_code, early.json()["code"]) == (400, "value_refused")
    answer = post(nodes, "/declarations", tell_end(nodes, meter, 3), at=1)
    assert answer.status_code == 200, answer.text
    network = nodes.network
    assert nodes[0].send(network.sign(network.records(4), first_seq=0, meter=meter)).is_success
    nodes.wait_settled(4, meter=meter)
    answer = post(nodes, "/releases", name(nodes, meter), at=3)
    assert answer.status_code == 200, answer.text
    assert not lease_of(nodes, meter).is_open


def test_lease_opens_again_when_it_was_released_before(nodes: NodeGroup) -> None:
    meter = 4
    network = nodes.network
    assert nodes[0].send(network.sign(network.records(1), first_seq=0, meter=meter)).is_success
    nodes.wait_settled(1, meter=meter)
    for nonce in (1, 2):  # the same release is asked for twice, of two different leases
        assert post(nodes, "", ask(nodes, meter, nonce=nonce)).status_code == 200
        assert post(nodes, "/declarations", tell_end(nodes, meter, 0, nonce=nonce)).is_success
        wait_until(
            lambda: (
                post(nodes, "/releases", name(nodes, meter)).is_success
                or not lease_of(nodes, meter).is_open
            ),
            "the lease is released",
            nodes[0].log,
        )
        assert not lease_of(nodes, meter).is_open
