import json
import tomllib
from typing import Any

import pytest
from tests.unit.ceremony.besu.published import load_published, read_published

from tallystick.ceremony.besu.peers import format_permissions, format_static_nodes
from tallystick.ceremony.members import FORMAT, Member

NODES = load_published("nodes.json")["nodes"]


@pytest.mark.parametrize("node", NODES, ids=lambda one: one["host"])
def test_chain_node_of_a_card_is_as_published(node: dict[str, Any]) -> None:
    zero = "0x" + "00" * 20
    member = Member(FORMAT, "m", "http://m", zero, zero, "00" * 32, zero, node["enode"])
    assert member.chain_key == bytes.fromhex(node["public_key"])
    assert member.chain_address == node["address"]


def test_published_nodes_are_the_validators_of_the_published_extra_data() -> None:
    assert [node["address"] for node in NODES] == load_published("extra_data.json")[0]["validators"]


def test_static_nodes_read_as_published() -> None:
    published = load_published("static-nodes.json")["example"]
    assert json.loads(format_static_nodes(published)) == published


def test_permissions_read_as_published() -> None:
    published = tomllib.loads(read_published("permissions_config.toml"))
    written = format_permissions(published["nodes-allowlist"], published["accounts-allowlist"])
    assert tomllib.loads(written) == published


def test_permissions_of_nobody_are_two_empty_arrays() -> None:
    assert tomllib.loads(format_permissions([], [])) == {
        "accounts-allowlist": [],
        "nodes-allowlist": [],
    }
