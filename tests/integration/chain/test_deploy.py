"""A network on a real chain: what is deployed is what was configured and compiled."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
from eth_account import Account
from tests.integration.deployed import DeployedNetwork, describe_validators

from tallystick.chain.artifacts import is_deployed_code, load_artifact
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import deployment
from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.creation_checks import check_creations
from tallystick.chain.decode import EventDecoder, fact_of
from tallystick.chain.deployment_checks import check_code, check_deployment
from tallystick.chain.discovery import discover_network, find_network
from tallystick.chain.errors import DeploymentFailed, EndpointBehind, NetworkMismatch
from tallystick.chain.reader import ask, expect, read, read_views
from tallystick.chain.rpc import Rpc
from tallystick.core.facts import FactBook
from tallystick.core.settlement import Cursor
from tallystick.core.tariff import resolve_rates

pytestmark = pytest.mark.integration

NOW_MS = 1_700_000_000_000


def test_deployment_is_found_again_from_its_ledger(deployed: DeployedNetwork) -> None:
    async def discover(at_least: int) -> object:
        rpc = Rpc([deployed.url])
        try:
            ledger = deployed.network.addresses.ledger.upper()
            return await discover_network(rpc, ledger, at_least=at_least)
        finally:
            await rpc.aclose()

    assert find_network(deployed.w3, deployed.network.addresses.ledger) == deployed.network
    head = deployed.w3.eth.block_number
    assert asyncio.run(discover(head)) == deployed.network
    with pytest.raises(EndpointBehind):
        asyncio.run(discover(head + 1))


@pytest.mark.parametrize("kind", ["nothing", "registry"])
def test_network_is_not_found_when_no_ledger_is_there(deployed: DeployedNetwork, kind: str) -> None:
    address = "0x" + "12" * 20 if kind == "nothing" else deployed.network.addresses.registry
    with pytest.raises(NetworkMismatch):
        find_network(deployed.w3, address)


def test_deployed_code_is_the_compiled_one(deployed: DeployedNetwork) -> None:
    check_code(deployed.w3, deployed.network.addresses)


def test_code_check_fails_when_two_contracts_are_swapped(deployed: DeployedNetwork) -> None:
    addresses = deployed.network.addresses
    with pytest.raises(DeploymentFailed):
        check_code(
            deployed.w3,
            replace(addresses, registry=addresses.tariff, tariff=addresses.registry),
        )


def test_code_differs_when_one_byte_of_it_is_changed(deployed: DeployedNetwork) -> None:
    artifact = load_artifact("Registry")
    registry = deployed.network.addresses.registry
    code = expect(ask(deployed.w3, "eth_getCode", (registry, "latest")))
    found = bytearray.fromhex(code[2:])
    assert is_deployed_code(artifact, bytes(found))
    found[100] ^= 1
    assert not is_deployed_code(artifact, bytes(found))


def test_deployment_is_not_as_configured_when_the_founding_was_another(
    deployed: DeployedNetwork,
) -> None:
    network, tariff, founding = load_network_config(), load_tariff_config(), deployed.founding
    stranger = str(Account.create().address).lower()
    gpt = tariff.resources["gpt-4o"]
    dearer = {
        **tariff.resources,
        "gpt-4o": type(gpt)(gpt.kind, gpt.basis, replace(gpt.rates, w_in=1)),
    }
    wrong = [
        (founding, type(tariff)(tariff.bounds, dearer)),
        (replace(founding, network_id=bytes(32)), tariff),
        (replace(founding, validators=founding.validators[::-1]), tariff),
        (replace(founding, registrar=stranger), tariff),
        (replace(founding, guardian=stranger), tariff),
        (replace(founding, seats=founding.seats[1:]), tariff),
    ]
    check_deployment(deployed.w3, deployed.network.addresses, founding, network, tariff)
    for other_founding, other_tariff in wrong:
        with pytest.raises(DeploymentFailed):
            check_deployment(
                deployed.w3, deployed.network.addresses, other_founding, network, other_tariff
            )


def test_creation_is_refused_when_a_contract_asks_a_stranger(deployed: DeployedNetwork) -> None:
    """Masked, its code is the artifact's; its validators would sign whatever they like."""
    at = deployed.network.addresses
    strangers = (at.authority, at.registry, at.seats, at.budgets)
    made = deployed.registrar.send(deployment("Corrections", *strangers)).contract_address
    assert made is not None
    other = replace(at, corrections=made)
    check_code(deployed.w3, other)
    with pytest.raises(DeploymentFailed, match="created in another way"):
        check_creations(deployed.w3, other, deployed.founding, load_network_config(), start_block=0)


@pytest.mark.parametrize(
    ("part", "values"),
    [("governance", {"voting_period_s": 31}), ("index", {"epoch_s": 172_800})],
)
def test_creation_is_refused_when_the_configuration_was_another(
    deployed: DeployedNetwork, part: str, values: dict[str, int]
) -> None:
    config = load_network_config()
    changed = msgspec.structs.replace(getattr(config, part), **values)
    other = msgspec.structs.replace(config, **{part: changed})
    at = deployed.network.addresses
    with pytest.raises(DeploymentFailed, match="created in another way"):
        check_creations(deployed.w3, at, deployed.founding, other, start_block=0)


def test_creation_is_refused_when_it_lies_before_the_deployment(deployed: DeployedNetwork) -> None:
    at, config = deployed.network.addresses, load_network_config()
    with pytest.raises(DeploymentFailed, match="not created"):
        check_creations(deployed.w3, at, deployed.founding, config, start_block=5)


def test_rates_on_chain_equal_the_configured_ones(deployed: DeployedNetwork) -> None:
    tariff = Tariff(deployed.network.addresses.tariff)
    registry = Registry(deployed.network.addresses.registry)
    for slug, resource in load_tariff_config().resources.items():
        resource_id = read(deployed.w3, registry.resource_by_slug(slug))
        registered = read(deployed.w3, registry.resource_of(resource_id))
        voted, version = read(deployed.w3, tariff.voted_rates_at(resource_id, NOW_MS))
        assert (voted, version) == (resource.rates, 1)
        assert read(deployed.w3, tariff.rates_at(resource_id, 0)) == resolve_rates(resource.rates)
        assert registered.index_class == resource.index_class
        assert registered.bounds == load_tariff_config().bounds[resource.basis]


def test_events_announce_every_first_fact(deployed: DeployedNetwork) -> None:
    decoder = EventDecoder(deployed.network.addresses)
    wanted = {"fromBlock": "0x0", "address": decoder.addresses(), "topics": [decoder.topics()]}
    logs = expect(ask(deployed.w3, "eth_getLogs", (wanted,)))
    book = FactBook()
    for log in logs:
        fact = fact_of(decoder.decode(log))
        if fact is not None:
            book.announce(int(log["blockNumber"], 16), [fact])
    facts = book.at(10**9)
    tariff = load_tariff_config()
    found = facts.validators_at(2**47)
    assert found.validators == describe_validators(deployed.validators)
    assert facts.rules_at(0).window_ms == load_network_config().rules.window_ms
    slugs = [facts.resources[number].values[0].slug for number in sorted(facts.resources)]
    assert slugs == list(tariff.resources)
    resolved = facts.resolved_at(slugs.index("h100") + 1, NOW_MS)
    assert resolved == resolve_rates(tariff.resources["h100"].rates)


def test_reads_of_the_node_answer_for_one_block(deployed: DeployedNetwork) -> None:
    cursors = Cursors(deployed.network.addresses.cursors)
    validators = Validators(deployed.network.addresses.validators)

    async def ask_all() -> tuple[int, list[object]]:
        rpc = Rpc([deployed.url])
        rpc.require_chain(deployed.network.chain_id, deployed.network.genesis_hash)
        try:
            return await read_views(
                rpc,
                [cursors.cursors_of([1, 7]), cursors.batch_count(), validators.version_at(2**47)],
            )
        finally:
            await rpc.aclose()

    block, found = asyncio.run(ask_all())
    assert block > 0
    assert found == [(Cursor(), Cursor()), 0, 1]


def test_rpc_refuses_an_endpoint_of_another_chain(deployed: DeployedNetwork) -> None:
    async def ask_head() -> object:
        rpc = Rpc([deployed.url])
        rpc.require_chain(deployed.network.chain_id, "0x" + "00" * 32)
        try:
            return await rpc.call("eth_blockNumber")
        finally:
            await rpc.aclose()

    with pytest.raises(NetworkMismatch):
        asyncio.run(ask_head())
