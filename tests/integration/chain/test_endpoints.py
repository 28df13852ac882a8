"""Several endpoints of one chain: one that is silent is passed over, and not asked first again."""

import pytest
from tests.integration.deployed import DeployedNetwork

from tallystick.chain.bindings.registry import Registry
from tallystick.chain.errors import ChainUnreachable
from tallystick.chain.reader import ask, connect, expect, read_together
from tallystick.local.ports import find_free_ports, format_url

pytestmark = pytest.mark.integration


def test_next_endpoint_is_asked_when_one_is_silent(deployed: DeployedNetwork) -> None:
    silent = format_url(find_free_ports(1)[0])
    w3 = connect(silent, deployed.url)
    assert int(expect(ask(w3, "eth_chainId", ())), 16) == deployed.network.chain_id
    registry = Registry(deployed.network.addresses.registry)
    _, (found, again) = read_together(w3, [registry.network_id(), registry.network_id()])
    assert found == again == deployed.network.network_id


def test_silence_is_said_when_no_endpoint_answers() -> None:
    w3 = connect(*map(format_url, find_free_ports(2)))
    with pytest.raises(ChainUnreachable):
        ask(w3, "eth_chainId", ())
