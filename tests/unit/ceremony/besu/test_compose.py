import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tallystick.ceremony.besu.compose import compute_compose, format_compose
from tallystick.ceremony.besu.monitoring_services import format_targets
from tallystick.ceremony.besu.plan import MAX_VALIDATORS, Plan
from tallystick.chain.config import load_network_config

ROOT = Path(__file__).resolve().parents[4]
OWN_ROOTS = ("./network/", "./operations/")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(4, "./network", load_network_config("besu").chain.id)


@pytest.fixture(scope="module")
def services(plan: Plan) -> dict[str, Any]:
    document: dict[str, Any] = compute_compose(plan)
    return dict(document["services"])


def list_mounts(service: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in service.get("volumes", ()) if isinstance(one, dict)]


def test_compose_file_of_the_repository_is_fresh(plan: Plan) -> None:
    assert (ROOT / "docker-compose.yml").read_text() == format_compose(plan)


def test_compose_reads_as_what_was_computed(plan: Plan) -> None:
    assert yaml.safe_load(format_compose(plan)) == compute_compose(plan)


def test_compose_has_four_of_each_and_what_watches_them(services: dict[str, Any]) -> None:
    expected = {f"{kind}-{number}" for kind in ("besu", "node") for number in range(1, 5)}
    started = {name for name, service in services.items() if "profiles" not in service}
    assert started == {*expected, "found", "prometheus", "grafana"}


def test_block_explorer_starts_by_its_profile_only(services: dict[str, Any]) -> None:
    names = {name for name, one in services.items() if one.get("profiles") == ["blockscout"]}
    assert names == {"blockscout", "blockscout-db", "blockscout-frontend", "blockscout-proxy"}
    assert services["blockscout"]["image"].endswith(":10.2.6")


def test_every_image_is_of_an_exact_version(services: dict[str, Any]) -> None:
    for service in services.values():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"v?\d+\.\d+", tag), service["image"]


def test_every_port_is_published_to_this_machine_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in published)
    machine_ports = [port.split(":")[1] for port in published]
    assert len(set(machine_ports)) == len(machine_ports) > 0


def test_no_container_has_privileges_or_unbounded_memory(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert {"mem_limit", "pids_limit", "logging"} <= set(service)
        assert {"privileged", "cap_add", "network_mode", "pid"}.isdisjoint(service)


def test_containers_that_write_into_themselves_are_two(services: dict[str, Any]) -> None:
    writing = {name for name, service in services.items() if not service["read_only"]}
    assert writing == {"blockscout", "blockscout-frontend"}


def test_no_secret_stands_in_the_file(services: dict[str, Any], plan: Plan) -> None:
    document = compute_compose(plan)
    used = {name for service in services.values() for name in service.get("secrets", ())}
    assert used == set(document["secrets"])
    assert all(set(secret) == {"file"} for secret in document["secrets"].values())
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "TOKEN" in name or "PASSPHRASE" in name:
                assert value.startswith("/run/secrets/")


def test_chain_node_sees_its_own_key_and_no_other(services: dict[str, Any]) -> None:
    for number in range(1, 5):
        sources = [one["source"] for one in list_mounts(services[f"besu-{number}"])]
        assert sources == [f"./network/besu/besu-{number}", "./network/besu/shared"]


def test_validator_sees_its_own_keys_and_no_other(services: dict[str, Any]) -> None:
    for number in range(1, 5):
        mounts = list_mounts(services[f"node-{number}"])
        name = f"validator-{number}"
        assert [(one["source"], one["read_only"]) for one in mounts] == [
            (f"./network/members/{name}", True),
            (f"./network/nodes/{name}", False),
        ]


def test_operators_containers_see_no_members_keys(services: dict[str, Any]) -> None:
    for name in ("found", "cli"):
        hidden = {one.partition(":")[0] for one in services[name]["tmpfs"]}
        assert {"/network/besu", "/network/members", "/network/secrets"} <= hidden


def test_validator_asks_its_own_chain_node_first(services: dict[str, Any]) -> None:
    for number in range(1, 5):
        urls = json.loads(services[f"node-{number}"]["environment"]["TALLYSTICK_NODE_RPC_URLS"])
        assert urls[0] == f"http://besu-{number}:8545"
        assert len(set(urls)) == 4


def test_addresses_of_containers_differ_up_to_the_largest_network() -> None:
    pairs = Plan(MAX_VALIDATORS, "./network", 1).pairs
    addresses = [address for pair in pairs for address in (pair.chain_address, pair.node_address)]
    assert len(set(addresses)) == 2 * MAX_VALIDATORS
    assert all(int(address.rpartition(".")[2]) < 255 for address in addresses)


def test_targets_are_every_node_of_both_kinds(plan: Plan) -> None:
    groups = {name: json.loads(content) for name, content in format_targets(plan).items()}
    assert groups["nodes.json"][0]["targets"] == [f"node-{number}:7300" for number in range(1, 5)]
    assert groups["besu.json"][0]["targets"] == [f"besu-{number}:9545" for number in range(1, 5)]


def test_mounts_are_of_the_bundle_or_the_checkout(services: dict[str, Any]) -> None:
    mounts = [one for service in services.values() for one in list_mounts(service)]
    assert all(f"{one['source']}/".startswith(OWN_ROOTS) for one in mounts)
    assert all(one["bind"] == {"create_host_path": False} for one in mounts)
