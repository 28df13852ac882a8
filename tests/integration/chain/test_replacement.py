"""The drill: a vote replaces the ledger under running validators; nothing is lost or changed."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from tests.integration.node.nodes import NodeGroup, NodeProcess, read_blocks, run_nodes, wait_until
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import SettlingNetwork, found_network

from tallystick.chain.bindings import authority as roles
from tallystick.chain.bindings.authority import Authority
from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.ledger import Ledger
from tallystick.chain.calls import Write, deployment
from tallystick.chain.discovery import find_network
from tallystick.chain.reader import read
from tallystick.chain.rpc import Rpc
from tallystick.core.batches import decode_batch
from tallystick.core.frames import Frame
from tallystick.verify import verify_ledger
from tallystick.verify.verdict import Verdict

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def deploy_ledger(network: SettlingNetwork) -> str:
    """Another UsageLedger on the same parts; nobody has given it a role yet."""
    addresses = network.network.addresses
    parts = read(network.w3, Ledger(addresses.ledger).parts())
    write = deployment(
        "UsageLedger",
        addresses.authority,
        parts.registry,
        parts.validators,
        parts.tariff,
        parts.cursors,
        parts.budgets,
    )
    address = network.registrar.send(write).contract_address
    assert address is not None
    return address


def list_role_moves(network: SettlingNetwork, new: str) -> list[Write[None]]:
    """What the vote decides: the new ledger moves cursors and charges, the old one no longer."""
    old = network.network.addresses.ledger
    authority = Authority(network.network.addresses.authority)
    return [
        authority.set_function_role("UsageLedger", new, ["settle"], roles.PUBLIC),
        *(authority.revoke_role(role, old) for role in (roles.LEDGER, roles.CHARGER)),
        *(authority.grant_role(role, new) for role in (roles.LEDGER, roles.CHARGER)),
    ]


def verify(network: SettlingNetwork, ledger: str) -> Verdict:
    async def run() -> Verdict:
        rpc = Rpc([network.url])
        try:
            return await verify_ledger(rpc, ledger)
        finally:
            await rpc.aclose()

    return asyncio.run(run())


def list_settled_signatures(network: SettlingNetwork) -> dict[str, list[bytes]]:
    """Of every settled segment, by the ledger that settled it."""
    found: dict[str, list[bytes]] = {}
    for block in read_blocks(network):
        for settlement in block.settlements:
            segments = decode_batch(settlement.data).segments
            found.setdefault(settlement.ledger, []).extend(
                segment.signature
                for place, segment in enumerate(segments)
                if settlement.settled_bitmap >> place & 1
            )
    return found


def sign(network: SettlingNetwork, first: int) -> Frame:
    return network.sign(network.records(4, first=first), first_seq=first)


def test_new_ledger_takes_over_and_spooled_frames_settle_on_it_untouched(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    w3, old = network.w3, network.network.addresses.ledger
    cursors = Cursors(network.network.addresses.cursors)
    frames = [sign(network, first) for first in range(0, 16, 4)]
    with run_nodes(network, tmp_path) as nodes:
        settle(nodes, frames[0])
        assert nodes[0].send(frames[2]).status_code == 200  # waits for the one before it
        before = read(w3, cursors.accumulator())

        new = deploy_ledger(network)
        network.vote(*list_role_moves(network, new))
        for node in nodes.nodes:
            wait_rebuilt(node)
        assert read(w3, cursors.accumulator()) == before
        network.network = find_network(w3, old)
        assert (network.network.addresses.ledger, network.network.former_ledgers) == (new, (old,))

        assert nodes[0].send(frames[1]).status_code == 200
        nodes.wait_settled(12)
        settle(nodes, frames[3])
        assert list_settled_signatures(network) == {
            old: [frames[0].signature],
            new: [frame.signature for frame in frames[1:]],
        }
        assert [(first, end) for first, end, _ in read_settled(nodes, 0)] == [
            (frame.first_seq, frame.end_seq) for frame in frames
        ]
        check_index(nodes)
    assert read(w3, cursors.batch_count()) == sum(
        len(block.settlements) for block in read_blocks(network)
    )
    check_old_ledger_settles_nothing(network, old)
    for ledger in (old, new):
        verdict = verify(network, ledger)
        assert verdict.first_disagreement is None, verdict.first_disagreement
        assert verdict.records == 16


def wait_rebuilt(node: NodeProcess) -> None:
    wait_until(lambda: len(node.events("node_started")) == 2, "built anew", node.log)
    node.wait_ready()


def settle(nodes: NodeGroup, frame: Frame) -> None:
    assert nodes[0].send(frame).status_code == 200
    nodes.wait_settled(frame.end_seq)


def check_index(nodes: NodeGroup) -> None:
    """The index of a node holds what both ledgers settled."""
    params = {"meter": str(nodes.network.meters[0].id), "seq": "0"}

    def shows(seq: int) -> bool:
        url = f"{nodes[1].url}/v1/corrections/records"
        return httpx.get(url, params={**params, "seq": str(seq)}).status_code == 200

    for seq in (0, 15):
        wait_until(partial(shows, seq), f"record {seq} is in the index", nodes[1].log)


def check_old_ledger_settles_nothing(network: SettlingNetwork, old: str) -> None:
    """Attested for the old ledger by everyone, a batch moves neither cursors nor credits."""
    authority = Authority(network.network.addresses.authority)
    assert not read(network.w3, authority.has_role(roles.LEDGER, old))
    current = network.network
    addresses = replace(current.addresses, ledger=old)
    network.network = replace(
        current, addresses=addresses, former_ledgers=(current.addresses.ledger,)
    )
    cursor = Cursors(current.addresses.cursors).cursors_of([network.meters[0].id])
    spent = Budgets(current.addresses.budgets).budget_of(network.projects[0])
    before = read(network.w3, cursor), read(network.w3, spent)
    try:
        with pytest.raises(AssertionError, match="settle reverted"):
            asyncio.run(network.settle([sign(network, 16)]))
    finally:
        network.network = current
    assert (read(network.w3, cursor), read(network.w3, spent)) == before
